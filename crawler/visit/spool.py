"""Answers of a night as they came, until it is known which are evidence."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from crawler.http.exchange import Exchange

MOST_OF_A_SITE = 32 * 1024 * 1024
_HIT, _SEEN = "hit", "seen"


@dataclass(frozen=True, slots=True)
class Spool:
    """A folder that all workers of a night write to.

    What shows something of ours is kept; of the rest of a site, the newest within a bound of bytes.
    """

    folder: Path
    most: int = MOST_OF_A_SITE

    def put(self, site: int, url: str, exchanges: tuple[Exchange, ...], *, is_hit: bool) -> None:
        """Keep the answers that one address led to, redirects first.

        A full disk loses them, never the visit: what is missing later is asked for again.
        """
        place = self._place(site, url, _HIT if is_hit else _SEEN)
        with suppress(OSError):
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not is_hit:
                self._make_room(place.parent, sum(len(one.answer) for one in exchanges))
            handle, name = tempfile.mkstemp(dir=place.parent)
            with os.fdopen(handle, "wb") as file:
                for one in exchanges:
                    data = one.to_bytes()
                    file.write(len(data).to_bytes(8) + data)
            Path(name).replace(place)

    def get(self, site: int, url: str) -> tuple[Exchange, ...]:
        """Give what was kept of an address, or nothing where it is not whole."""
        for kind in (_HIT, _SEEN):
            try:
                data = self._place(site, url, kind).read_bytes()
                return tuple(Exchange.from_bytes(one) for one in _parts(data))
            except (OSError, ValueError):
                continue
        return ()

    def _make_room(self, folder: Path, wanted: int) -> None:
        there = [(one.stat().st_mtime_ns, one.stat().st_size, one) for one in folder.iterdir()]
        size = sum(bytes_ for _, bytes_, _ in there) + wanted
        for _, bytes_, one in sorted(there):
            if size <= self.most:
                return
            one.unlink(missing_ok=True)
            size -= bytes_

    def _place(self, site: int, url: str, kind: str) -> Path:
        return self.folder / str(site) / kind / hashlib.sha256(url.encode()).hexdigest()


def _parts(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        size = int.from_bytes(data[start : start + 8])
        if start + 8 + size > len(data):
            raise ValueError("an answer was cut")
        yield data[start + 8 : start + 8 + size]
        start += 8 + size

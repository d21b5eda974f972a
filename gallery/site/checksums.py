"""The SHA-256 of every file of the site, for `sha256sum --check`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SUMS = "site.sha256"
_SUMS_TO_COME = "site.sha256.next"


def announce_sums(folder: Path, sums: Mapping[str, str]) -> None:
    """Write down the sums of a site that is about to stand.

    Should the machine stop between the site's exchange and `keep_sums`, `verify` knows the new site by these.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{_SUMS}.new"
    lines = (f"{value}  {address}\n" for address, value in sorted(sums.items()))
    unfinished.write_text("".join(lines), encoding="utf-8", newline="\n")
    unfinished.replace(folder / _SUMS_TO_COME)


def keep_sums(folder: Path, sums: Mapping[str, str]) -> None:
    """Write down the sums of the site that stands."""
    announce_sums(folder, sums)
    settle_sums(folder)


def settle_sums(folder: Path) -> None:
    """Say that the site whose sums were announced stands."""
    (folder / _SUMS_TO_COME).replace(folder / _SUMS)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of the site's files: their sums by address, and its own SHA-256."""

    sums: Mapping[str, str]
    digest: str


def lists(folder: Path) -> list[Listed]:
    """Give the list of the site that stands, and that of one about to stand."""
    found = []
    for place in (folder / _SUMS, folder / _SUMS_TO_COME):
        sums, digest = _read_sums(place), digest_of_list(place)
        if sums is not None and digest:
            found.append(Listed(sums, digest))
    return found


def kept_sums(folder: Path) -> dict[str, str] | None:
    """Give the sums of the last build's files, None before the first."""
    return _read_sums(folder / _SUMS)


def newest_digest(folder: Path) -> str | None:
    """Give the SHA-256 of the newest list, announced or kept, or None."""
    return digest_of_list(folder / _SUMS_TO_COME) or digest_of_list(folder / _SUMS)


def digest_of_list(place: Path) -> str | None:
    """Give the SHA-256 of a list, or None."""
    try:
        return hashlib.sha256(place.read_bytes()).hexdigest()
    except OSError:
        return None


def _read_sums(place: Path) -> dict[str, str] | None:
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    parted = (line.partition("  ") for line in text.splitlines())
    return {address: value for value, _, address in parted}

"""Looks at files before anything is written: is each a picture, and which? Runs in worker processes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gallery.model import Digest
from gallery.parallel import in_parallel
from gallery.vault import digest_of
from watermark.errors import WatermarkError
from watermark.pixels import Limits, open_picture, read_facts

_GLANCE_PX = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file that can be imported: whole, readable, within limits."""

    digest: Digest
    bytes: int
    width: int
    height: int
    format: str
    taken_at: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that cannot be imported, and why, in a sentence."""

    reason: str


def check_file(path: Path) -> Checked | Refused:
    """Read a file to its last byte and decode it, small; nothing is kept."""
    limits = Limits()
    try:
        if path.stat().st_size > limits.max_bytes:
            return Refused(f"is larger than {limits.max_bytes // 2**20} MiB")
        data = path.read_bytes()
    except FileNotFoundError:
        return Refused("is not there")
    except (OSError, ValueError) as error:
        return Refused(f"cannot be read: {getattr(error, 'strerror', None) or error}")
    try:
        facts = read_facts(data, limits)
        open_picture(data, limits, longest=_GLANCE_PX)
    except WatermarkError as error:
        return Refused(str(error))
    return Checked(
        digest=digest_of(data),
        bytes=len(data),
        width=facts.width,
        height=facts.height,
        format=facts.format,
        taken_at=facts.taken_at.isoformat() if facts.taken_at else "",
    )


def check_files(paths: Iterable[Path]) -> Iterator[Checked | Refused]:
    """Check files on every core, in order."""
    yield from in_parallel(check_file, list(paths))

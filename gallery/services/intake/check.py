"""Looks at files before anything is written: is each a picture, and which? Runs in worker processes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gallery.model import Digest
from gallery.parallel import in_parallel
from gallery.store.vault import digest_of
from watermark.errors import WatermarkError
from watermark.picture.decode import DecodeLimits, Header, open_picture, read_header

INTAKE_LIMITS = DecodeLimits(max_pixels=60_000_000)  # more than cameras of practices have; a bomb has more
_GLANCE_PX = 256
_SMALL_PX = 100
_STILL = ("mpo", "heif")  # cameras keep previews and depth beside the photograph


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file that can be imported: whole, readable, within limits."""

    digest: Digest
    bytes: int
    width: int
    height: int
    format: str
    taken_at: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that cannot be imported, and why, in a sentence."""

    reason: str


def check_file(path: Path) -> Checked | Refused:
    """Read a file to its last byte and decode it, small; nothing is kept."""
    limits = INTAKE_LIMITS
    try:
        if path.stat().st_size > limits.max_bytes:
            return Refused(f"is larger than {limits.max_bytes // 2**20} MiB")
        data = path.read_bytes()
    except FileNotFoundError:
        return Refused("is not there")
    except (OSError, ValueError) as error:
        return Refused(f"cannot be read: {getattr(error, 'strerror', None) or error}")
    try:
        facts = read_header(data, limits)
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
        note=note_on(facts),
    )


def note_on(facts: Header) -> str:
    """Say what a person should know of a file that is taken as it is; mostly nothing."""
    if facts.frames > 1 and facts.format not in _STILL:
        return f"has {facts.frames} pictures; only the first is taken"
    if min(facts.width, facts.height) < _SMALL_PX:
        return f"is only {facts.width} by {facts.height} pixels: copies of it may not be recognised"
    return ""


def check_files(paths: Iterable[Path]) -> Iterator[Checked | Refused]:
    """Check files on every core, in order."""
    yield from in_parallel(check_file, list(paths))

"""Reads the files of an import, each once, in worker processes."""

import pickle
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PureWindowsPath

from gallery.model import Digest
from gallery.parallel import in_parallel
from gallery.services.fingerprints import WHOLE_PX
from gallery.store.vault import Vault, digest_of
from watermark.errors import WatermarkError
from watermark.matching.fingerprint import fingerprint
from watermark.picture.decode import DecodeLimits, Header
from watermark.picture.perceptual_hash import Look
from watermark.picture.pixels import Picture
from watermark.picture.sandbox import sandbox

INTAKE_LIMITS = DecodeLimits(max_seconds=60.0)  # a panorama on a busy machine
GLANCE_PX = 256
_SMALL_PX = 100
_STILL = ("mpo", "heif")  # cameras keep previews and depth beside the photograph


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file that can be imported.

    Attributes:
        look: How the whole looks.
        staged: Its copy in the vault, to be sealed; None where the vault has it.
        fingerprint: Where its pickled fingerprint is; None where none was made.
    """

    digest: Digest
    bytes: int
    width: int
    height: int
    format: str
    taken_at: str
    look: Look
    note: str = ""
    staged: Path | None = None
    fingerprint: Path | None = None

    def discard(self) -> None:
        """Remove what was kept of it and not sealed."""
        for place in filter(None, (self.staged, self.fingerprint)):
            place.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that cannot be imported, and why, in a sentence."""

    reason: str


def find_file(beside: Path, name: str) -> Path | Refused:
    """Find a listed file, however another machine spells its path.

    The name as it is comes first; then with slashes for backslashes, letters composed or not, in either case, as
    Windows and macOS take them. Two files that differ only so are never guessed between.

    Args:
        beside: The folder of the list.
        name: As the list has it.
    """
    place = beside / name
    if _is_there(place):
        return place
    spelled = PureWindowsPath(name)
    if spelled.drive or (spelled.root and "\\" in name):
        return Refused(
            "is a path on another machine: name it as it lies beside the list, such as photos/name.jpg"
        )
    place = beside
    for part in spelled.parts:
        if part in {"..", "/", "\\"} or _is_there(place / part):
            place /= part
            continue
        alike = [found for found in _inside(place) if _folded(found) == _folded(part)]
        exact = [found for found in alike if _composed(found) == _composed(part)]
        chosen = exact if len(exact) == 1 else alike
        if len(chosen) != 1:
            found = f": {' and '.join(sorted(chosen)[:2])} are both alike" if chosen else ""
            return Refused(f"is not there{found}")
        place /= chosen[0]
    return place


def _is_there(place: Path) -> bool:
    try:
        return place.exists()
    except (OSError, ValueError):
        return False


def _inside(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(entry.name for entry in folder.iterdir())
    except (OSError, ValueError):
        return ()


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _folded(name: str) -> str:
    return _composed(_composed(name).casefold())


def check_file(originals: Path, path: Path | Refused, *, keep: bool) -> Checked | Refused:
    """Read a file and decode it in a process of its own.

    Args:
        originals: The folder of the vault.
        path: The file; or why it was not found.
        keep: Whether a copy is staged in the vault and fingerprinted; else the file is only looked at.
    """
    if isinstance(path, Refused):
        return path
    limits = INTAKE_LIMITS
    try:
        if path.stat().st_size > limits.max_bytes:
            return Refused(f"is larger than {limits.max_bytes // 2**20} MiB")
        data = path.read_bytes()
    except FileNotFoundError:
        return Refused("is not there")
    except (OSError, ValueError) as error:
        return Refused(f"cannot be read: {getattr(error, 'strerror', None) or error}")
    staged = Vault(originals).stage(data) if keep else None
    try:
        opened = sandbox().open_first(data, limits, longest=WHOLE_PX if staged else GLANCE_PX)
    except WatermarkError as error:
        if staged:
            staged.unlink(missing_ok=True)
        return Refused(str(error))
    facts = opened.header
    return Checked(
        digest=digest_of(data),
        bytes=len(data),
        width=facts.width,
        height=facts.height,
        format=facts.format,
        taken_at=facts.taken_at.isoformat() if facts.taken_at else "",
        look=Look.of(opened.frames[0].picture),
        note=note_on(facts),
        staged=staged,
        fingerprint=_fingerprinted(opened.frames[0].picture, staged) if staged else None,
    )


def _fingerprinted(picture: Picture, beside: Path) -> Path | None:
    """Write a picture's fingerprint beside its staged copy.

    What makes the matcher stumble is said when the index is caught up.
    """
    place = beside.with_suffix(".fingerprint")
    try:
        place.write_bytes(pickle.dumps(fingerprint(picture)))
    except Exception:  # noqa: BLE001 (whatever in its bytes makes the matcher stumble)
        return None
    return place


def note_on(facts: Header) -> str:
    """Say what is odd about a file that is taken as it is."""
    return "; ".join(_oddities(facts))


def _oddities(facts: Header) -> Iterator[str]:
    if facts.lost:
        share = max(1, round(100 * facts.lost))
        yield f"IS DAMAGED, {share} % of its data are zeros and part of the picture is lost: look at it first"
    elif facts.cut_off and facts.missing:
        share = max(1, round(100 * facts.missing))
        yield f"is cut off, {share} % of the picture at its lower edge are missing: look for a whole copy"
    elif facts.cut_off:
        yield "is cut off: its last bytes are missing"
    if facts.guessed_bits:
        yield (
            f"says 16 bits and uses {facts.guessed_bits}, so its white was taken from that: compare its brightness"
        )
    if facts.pages > 1:
        yield f"has {facts.pages} pages; only page {facts.page} is taken"
    if facts.frames > 1 and facts.format not in _STILL:
        yield f"has {facts.frames} pictures; only the first is taken"
    if min(facts.width, facts.height) < _SMALL_PX:
        yield f"is only {facts.width} by {facts.height} pixels: copies of it may not be recognised"


def check_files(
    originals: Path, paths: Iterable[Path | Refused], *, keep: bool
) -> Iterator[Checked | Refused]:
    """Check files on every core, in order; arguments as `check_file` has."""
    yield from in_parallel(partial(check_file, originals, keep=keep), list(paths))

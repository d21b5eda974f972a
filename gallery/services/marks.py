"""What copies carry of our marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from gallery.model import Photo
from gallery.settings import DataFolder
from gallery.store.hidden_marks import HiddenMarkRow
from gallery.store.keys import mark_key
from gallery.store.vault import Vault
from watermark.marking.design import Design
from watermark.matching.evidence import Copy, Evidence, Known, read_evidence

_DESIGNS = 3  # the newest ones; older files of a photo are seldom still about
_AT_ONCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class MarksRead:
    """What a copy carries, and the publication that its hidden layer names."""

    evidence: Evidence
    publication: HiddenMarkRow | None

    @property
    def is_proof(self) -> bool:
        """Whether a hidden mark of ours was read, which makes the file a copy of ours."""
        return bool(self.publication or self.evidence.traced)

    def to_json(self) -> dict[str, object]:
        """Give it as plain values."""
        named = self.publication
        published = {"channel": named.channel, "day": named.day.isoformat()} if named else None
        return {**self.evidence.to_json(), "publication": published}


def read_copy(
    folder: DataFolder,
    copy: Copy,
    *,
    photo: Photo,
    designs: Sequence[Design],
    rows: Sequence[HiddenMarkRow],
) -> MarksRead | None:
    """Read what a copy of a photo carries; None where it was published in no way that is known.

    Args:
        folder: The practice's data.
        copy: A copy, laid on the photo.
        photo: Of ours.
        designs: How it was published, the newest first.
        rows: The hidden marks that it was published with.

    Raises:
        GalleryError: The original is missing or was changed.
    """
    key = mark_key(folder)
    known = Known(
        key=key,
        subject=photo.digest,
        payloads=tuple(row.payload for row in rows if row.key_name == key.name and not row.recipient),
        recipients=tuple(row.recipient for row in rows if row.key_name == key.name and row.recipient),
        complete=_complete(photo, rows, key.name),
    )
    original = Vault(folder.originals).get(photo.digest)
    evidence = read_evidence(copy, original, designs[:_DESIGNS], known)
    if evidence is None:
        return None
    named = next((row for row in rows if row.payload == evidence.payload), None)
    return MarksRead(evidence, named)


def _complete(photo: Photo, rows: Sequence[HiddenMarkRow], key_name: str) -> bool:
    """Whether every file of a photo that was ever public carries a hidden mark that this key reads."""
    first = photo.first_published_at
    marked = min((row.recorded_at for row in rows if row.recorded_at), default=None)
    ours = all(row.key_name == key_name for row in rows)
    return bool(ours and first and marked and marked <= first + _AT_ONCE)

"""What files carry of our marks, how a mark would look, and what the hidden ones survive."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from gallery.errors import NotFoundError
from gallery.model import PUBLIC_CHANNEL, Digest, Photo
from gallery.parallel import Progress, silently
from gallery.services.lookup import Identification, Lookup
from gallery.settings import DataFolder, load_settings
from gallery.site.renditions import recipe_for
from gallery.store.catalog import Catalog
from gallery.store.database import open_database
from gallery.store.hidden_marks import HiddenMarkRow, HiddenMarks
from gallery.store.keys import mark_key
from gallery.store.vault import Vault
from watermark.marking.crossing import Crossing, contrast, crop_cost, strokes_for
from watermark.marking.hidden import blind
from watermark.marking.hidden.lattice import Search
from watermark.marking.hidden.layers import has_room, hide
from watermark.marking.hidden.strength import luma
from watermark.marking.hidden.survival import Survived, survival
from watermark.picture.credit import read_credit
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture
from watermark.picture.sandbox import sandbox

CreditState = Literal["kept", "stripped", "changed"]
_READ_AT = 1700  # pixels on the long side; the blind layer needs no more
_MEASURED_AT = 960


@dataclass(frozen=True, slots=True)
class FileMarks:
    """What one file carries.

    Attributes:
        blind: The publication that the file alone names; None where it names none.
        photo: Which photo that is; None for none.
        found: What comparing it with the catalogue says.
        credit: What became of the ownership metadata.
    """

    file: str
    blind: HiddenMarkRow | None
    photo: Photo | None
    found: Identification
    credit: CreditState

    def to_json(self) -> dict[str, object]:
        """Give it as plain values."""
        named = self.blind
        alone = {
            "payload": f"{named.payload:016x}",
            "channel": named.channel,
            "day": named.day.isoformat(),
            "recipient": named.recipient or None,
            "photo": self.photo.file if self.photo else None,
            "case": self.photo.case if self.photo else None,
            "stage": self.photo.stage if self.photo else None,
        } if named else None  # fmt: skip
        answer = self.found.to_json()
        told = {key: answer[key] for key in ("verdict", "photo", "case", "stage", "mark", "marks")}
        return {"file": self.file, "read_alone": alone, "credit": self.credit, **told}

    def lines(self) -> list[str]:
        """Say it in sentences."""
        named, marks = self.blind, self.found.marks
        of = f"patient {self.photo.case}, {self.photo.stage}" if self.photo else "a photo that is no more"
        said = [
            f"The file alone: {_from(named)}; {of}."
            if named
            else "The file alone: no hidden mark of ours can be read.",
            f"Compared: {self.found.explanation}",
        ]
        if marks and marks.publication:
            said.append(f"Laid on our photo: {_from(marks.publication)}.")
        if marks and marks.evidence.traced:
            named_all = ", ".join(one.recipient for one in marks.evidence.traced)
            said.append(f"Laid on our photo: made from what was handed to {named_all}.")
        said.append(f"Credit in the file: {self.credit}.")
        return said


def _from(row: HiddenMarkRow) -> str:
    if row.recipient:
        return f"made from the copy handed to {row.recipient} on {row.day} ({row.channel})"
    return f"made from the file for {row.channel}, published since {row.day}"


def read_file(folder: DataFolder, lookup: Lookup, data: bytes, name: str) -> FileMarks:
    """Read what a file carries: alone, and compared with the catalogue.

    Raises:
        WatermarkError: It is no readable picture, or one beyond the limits.
    """
    picture = sandbox().open_picture(data, lookup.limits, longest=_READ_AT)
    read = blind.read(Search(luma(picture.rgb)), mark_key(folder))
    found = lookup.identify(data, name)
    with closing(open_database(folder.database)) as database:
        row = None if read.payload is None else HiddenMarks(database).find(read.payload)
        photos = {photo.id: photo for photo in Catalog(database).photos()} if row else {}
    photo = photos.get(row.photo_id) if row else None
    return FileMarks(name, row, photo, found, _credit(data, load_settings(folder).practice))


def _credit(data: bytes, owner: str) -> CreditState:
    credit = read_credit(data)
    if credit is None:
        return "stripped"
    return "kept" if owner in (credit.owner, credit.creator) else "changed"


@dataclass(frozen=True, slots=True)
class Preview:
    """A marked picture as PNG; the least contrast of its strokes; the share of it that cropping the mark away costs."""

    png: bytes
    contrast: float
    cost: float


def preview_mark(folder: DataFolder, data: bytes, *, crossing: bool, now: datetime) -> Preview:
    """Draw the practice's mark on a file, and say how well it stands out and what cropping it away costs.

    Raises:
        WatermarkError: It is no readable picture.
    """
    settings = load_settings(folder)
    picture = sandbox().open_picture(data, longest=_READ_AT)
    chosen = replace(settings, mark_style="crossing" if crossing else settings.mark_style)
    photo = _unpublished(picture)
    channel = settings.channels[PUBLIC_CHANNEL]
    design = replace(recipe_for(photo, channel, chosen, None, now, mark_key(folder).name).design, label=None)
    marked, seed = design.draw(picture), design.mark.seed if design.mark else None
    strokes = luma(marked.rgb) != luma(picture.rgb)
    if design.mark and design.mark.crossing:
        drawn = strokes_for((picture.width, picture.height), Crossing(text=design.mark.text), seed or 0)
    else:
        drawn = strokes.astype("float32")
    everywhere = strokes | ~strokes
    return Preview(
        encode(marked, format="png"), contrast(picture, marked, drawn), crop_cost(drawn, everywhere)
    )


def _unpublished(picture: Picture) -> Photo:
    return Photo(
        case=1, stage="", view="preview", file="preview", digest=Digest("sha256:" + "0" * 64), bytes=0,
        width=picture.width, height=picture.height, format="png",
    )  # fmt: skip


def survival_card(
    folder: DataFolder, most: int, *, now: datetime, progress: Progress = silently
) -> dict[str, list[Survived]]:
    """Measure what the hidden layers survive on the practice's own photos, at most so many.

    Raises:
        NotFoundError: The catalogue has no photo that is large enough.
    """
    settings, key = load_settings(folder), mark_key(folder)
    with closing(open_database(folder.database)) as database:
        photos = Catalog(database).photos()
    channel = replace(settings.channels[PUBLIC_CHANNEL], sizes=(_MEASURED_AT,))
    card: dict[str, list[Survived]] = {}
    for measured in progress(_measured(folder, photos, most), min(most, len(photos)), "Measuring"):
        photo, plain = measured
        recipe = recipe_for(photo, channel, settings, None, now, key.name)
        seen, mark = recipe.design.draw(plain), recipe.hidden(key)
        published = _as_published(hide(seen, key, mark), channel.quality)
        for change, one in survival(published, seen, key, mark).items():
            card.setdefault(change, []).append(one)
    if not card:
        raise NotFoundError(
            "expected photos of at least 160 pixels to measure on, found none",
            hint="take some in with: pairwatch import",
        )
    return card


def _measured(folder: DataFolder, photos: list[Photo], most: int) -> Iterator[tuple[Photo, Picture]]:
    vault, apart = Vault(folder.originals), max(1, len(photos) // max(1, most))
    for photo in photos[::apart][:most]:
        picture = sandbox().open_picture(vault.get(photo.digest), longest=_MEASURED_AT)
        if has_room(picture):
            yield photo, picture


def _as_published(picture: Picture, quality: int) -> Picture:
    return sandbox().open_picture(encode(picture, format="jpeg", quality=quality))


def card_lines(card: Mapping[str, list[Survived]]) -> list[str]:
    """Write the survival card as a table."""
    count = len(next(iter(card.values())))
    lines = [f"{'what was done to the file':28} {'read alone':>12} {'laid on our photo':>18}"]
    for change, found in card.items():
        alone, known = sum(one.blind for one in found), sum(one.informed for one in found)
        lines.append(f"{change:28} {alone:>5} of {count:<4} {known:>11} of {count:<4}")
    return lines

"""Gathers what must never be public."""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from pathlib import PurePath

from gallery.errors import RefusedError
from gallery.model import Photo
from gallery.rules.leaks import Secrets
from gallery.settings import DataFolder
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog
from gallery.store.keys import ChartLock
from gallery.store.vault import Vault
from watermark.picture.metadata import Block, embedded_blocks

NEVER_PUBLISH = "never-publish.txt"
"""A file in the data folder: one name a line that must not appear anywhere on the site."""

# Words that file names and captions share without naming anybody.
_COMMON = frozenset(
    (
        "after", "back", "before", "case", "chin", "clinic", "close", "crown", "day", "days", "donor", "down",
        "eye", "eyebrow", "face", "final", "follow", "followup", "front", "grafts", "hair", "hairline", "head",
        "img", "image", "later", "left", "line", "low", "months", "neck", "norwood", "oblique", "one", "open",
        "page", "patient", "photo", "picture", "post", "pre", "profile", "result", "right", "scalp", "scar",
        "session", "sessions", "shaved", "side", "smp", "strip", "temple", "three", "top", "two", "up",
        "vertex", "view", "weeks", "year", "years", "camera", "olympus", "sony", "digital",
    )
)  # fmt: skip
_HEAD_BYTES = 256 * 1024  # cameras and programs write what they know of a picture before its pixels
_OWN_NAME = re.compile(r"[A-Z][a-z\u00e0-\u017f'-]{2,}")
_NAMING_TAGS = re.compile(
    r"(\{.*\})?(CameraOwnerName|OwnerName|XPAuthor|XPTitle|XPSubject|XPComment|XPKeywords|ImageDescription|UserComment|title"
    r"|description|PersonInImage|subject|COM|2:5|2:25|2:105|2:120)|tEXt .*"
)


def list_digest(folder: DataFolder) -> str:
    """Digest the practice's own list of what must not be public."""
    place = folder.root / NEVER_PUBLISH
    return hashlib.sha256(place.read_bytes() if place.is_file() else b"").hexdigest()


def secrets_of(
    folder: DataFolder, catalog: Catalog, casework: Casework, looked_into: Iterable[Photo] = ()
) -> Secrets:
    """Gather what must not be found on the site.

    File names, days and chart numbers of the whole catalogue are secret. Originals that are `looked_into` are opened
    for the names, places and serial numbers in their metadata.
    """
    taken = catalog.files_and_days()
    files = frozenset(file.replace("\\", "/").rpartition("/")[2] for file, _ in taken)
    blocks = [block for photo in looked_into for block in _blocks_of(folder, photo)]
    written = [
        *(PurePath(file).stem for file in files),
        *(_text(block) for block in blocks if _may_name(block)),
    ]
    return Secrets(
        names=frozenset({*_listed(folder), *_names_in(written, _trade_words(catalog))}),
        chart_numbers=frozenset(_chart_numbers(folder, casework)),
        dates=frozenset(date.fromisoformat(day) for day in {at[:10] for _, at in taken if at}),
        file_names=files,
        serials=frozenset(_text(block) for block in blocks if "Serial" in block.name),
        places=frozenset(_places(blocks)),
    )


def _listed(folder: DataFolder) -> Iterator[str]:
    try:
        lines = (folder.root / NEVER_PUBLISH).read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return
    except UnicodeDecodeError as error:
        raise RefusedError(
            f"{folder.root / NEVER_PUBLISH} is not UTF-8 text", hint="save it as UTF-8"
        ) from error
    yield from (line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _chart_numbers(folder: DataFolder, casework: Casework) -> Iterator[str]:
    sealed = casework.charts()
    if sealed:
        lock = ChartLock(folder)
        yield from (lock.open(chart) for chart in sealed)


def _names_in(texts: Iterable[str], trade: Collection[str]) -> Iterator[str]:
    """Yield persons' names in file names and metadata.

    A name is two or three capitalized words in a row, none of which belongs to the trade.
    """
    for text in texts:
        row: list[str] = []
        words = re.findall(r"[^\W\d_][^\W\d_'-]*|\d+", text.title() if text.isupper() else text)
        for word in (*words, ""):
            if _OWN_NAME.fullmatch(word) and word.lower() not in trade:
                row.append(word)
                continue
            if len(row) in {2, 3}:
                yield " ".join(row)
            row = []


def _trade_words(catalog: Catalog) -> frozenset[str]:
    """Collect the words that cases share, which betray nobody."""
    return _COMMON | {
        word for text in catalog.shared_words() for word in re.findall(r"[^\W\d_]+", text.lower())
    }


def _blocks_of(folder: DataFolder, photo: Photo) -> list[Block]:
    return embedded_blocks(Vault(folder.originals).head(photo.digest, _HEAD_BYTES)) or []


def _may_name(block: Block) -> bool:
    """Tell whether people write patients' names into such a block."""
    return _NAMING_TAGS.fullmatch(block.name) is not None


def _text(block: Block) -> str:
    data = block.data.removeprefix(b"UNICODE\0").removeprefix(b"ASCII\0\0\0")
    return data.replace(b"\0", b"").decode("utf-8", "replace").strip()


def _places(blocks: Iterable[Block]) -> Iterator[tuple[float, float]]:
    """Turn degrees, minutes and seconds into degrees."""
    found: dict[str, float] = {}
    for block in blocks:
        parts = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", _text(block))]
        if block.name in {"GPSLatitude", "GPSLongitude"} and len(parts) == 3:  # noqa: PLR2004
            found[block.name] = parts[0] + parts[1] / 60 + parts[2] / 3600
            if len(found) == 2:  # noqa: PLR2004
                yield found["GPSLatitude"], found["GPSLongitude"]
                found.clear()

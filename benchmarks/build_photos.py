"""Makes what the build benchmark works on: photographs at a camera's size, and catalogues of them."""

import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gallery.model import PUBLIC_CHANNEL, Case, Consent, Digest, Performer, Photo, Stage
from gallery.settings import DataFolder, load_settings
from gallery.site.renditions import recipe_for
from gallery.store.catalog import Catalog
from gallery.store.database import open_database, transaction
from gallery.store.keys import mark_key
from gallery.store.vault import Vault
from sample_clinic.drawing.clinic import Person, Room, draw_portrait

SIZE = (3000, 4000)  # pixels: an ordinary phone's twelve megapixels, upright
STAGES = ("before", "after session 1 of 2", "one year later")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_PEOPLE = 8
_DRAWN = (1500, 2000)
SETTINGS = '[practice]\nname = "Harbour Clinic"\nweb = "https://harbour.example/rights"\n'
SETTINGS += '[site]\nbase_url = "https://harbour.example/gallery"\n'

Pixels = NDArray[np.uint8]


def photographs(folder: Path, count: int) -> list[Path]:
    """Make `count` different photographs in a folder, or take those that are there.

    Eight people are drawn; each photograph shows one of them from nearer or farther, in a light of its own and
    with a sensor's grain of its own, so that no two share their pixels and each costs what a camera's costs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    places = [folder / f"{number // 3:04}-{number % 3}.jpg" for number in range(count)]
    missing = [number for number, place in enumerate(places) if not place.exists()]
    if missing:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            sources = list(pool.map(_person, range(_PEOPLE)))
            work = partial(_photograph, sources)
            list(pool.map(work, missing, [places[number] for number in missing], chunksize=8))
    return places


def _person(seed: int) -> Pixels:
    stage = ("before", "after", "later")[seed % 3]
    picture = draw_portrait(Person(seed), Room(seed), stage=stage, view="front", size=_DRAWN)
    return np.ascontiguousarray(picture.rgb)


def _photograph(sources: Sequence[Pixels], number: int, place: Path) -> None:
    rng = np.random.default_rng(number)
    source = sources[number % len(sources)]
    kept = rng.uniform(0.8, 1.0)
    height, width = (round(side * kept) for side in source.shape[:2])
    top, left = (int(rng.integers(0, free + 1)) for free in np.subtract(source.shape[:2], (height, width)))
    seen = cv2.resize(source[top : top + height, left : left + width], SIZE, interpolation=cv2.INTER_CUBIC)
    light = np.clip(np.arange(256) * rng.uniform(0.85, 1.15) + rng.uniform(-8, 8), 0, 255).astype(np.uint8)
    grain = rng.normal(0, 5, (512, 512)).astype(np.int8)
    rows, columns = (-(-side // 512) for side in (SIZE[1], SIZE[0]))
    wide = np.tile(grain, (rows, columns))[: SIZE[1], : SIZE[0], None].astype(np.int16)
    shot = np.clip(cv2.LUT(seen, light).astype(np.int16) + wide, 0, 255).astype(np.uint8)
    cv2.imwrite(str(place), shot[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])


def plain_photographs(count: int) -> list[bytes]:
    """Draw photographs with hardly any detail, whose published files are small: 90,000 of them fit everywhere."""
    made = []
    for seed in range(count):
        coarse = np.random.default_rng(seed).integers(60, 200, (4, 3, 3), np.uint8)
        smooth = cv2.resize(coarse, (1200, 1600), interpolation=cv2.INTER_CUBIC)
        made.append(cv2.imencode(".jpg", smooth)[1].tobytes())
    return made


def empty_catalogue(root: Path) -> DataFolder:
    """Start a catalogue with a practice's settings in a folder that is made anew."""
    shutil.rmtree(root, ignore_errors=True)
    folder = DataFolder(root)
    open_database(folder.database).close()
    folder.settings_file.write_text(SETTINGS, "utf-8")
    return folder


def add_photos(folder: DataFolder, contents: Iterator[bytes], *, first_case: int) -> list[Photo]:
    """Seal and catalogue photographs, three stages to a patient, all with consent; nothing is fingerprinted."""
    os.fsync = lambda _file: None  # type: ignore[assignment]  # a benchmark's originals need outlive no power cut
    vault, database = Vault(folder.originals), open_database(folder.database)
    catalog, photos = Catalog(database), []
    with transaction(database):
        for at, data in enumerate(contents):
            case, stage = first_case + at // len(STAGES), STAGES[at % len(STAGES)]
            if stage == STAGES[0]:
                _add_case(catalog, case)
            told = Stage(
                case=case, label=stage, performed_by=Performer.US, procedure="Scalp micropigmentation"
            )
            photos.append(catalog.add_photo(_photo(catalog.add_stage(told), vault.put(data), len(data)), NOW))
    database.close()
    return photos


def _add_case(catalog: Catalog, number: int) -> None:
    tags = ("scalp micropigmentation", ("hairline", "crown", "scar")[number % 3])
    catalog.add_case(
        Case(number=number, region="full head", classification=f"Norwood {number % 7 + 1}", tags=tags), NOW
    )
    catalog.add_consent(Consent(case=number, signed_on=date(2026, 1, 1)), NOW)


def _photo(stage: Stage, digest: Digest, size: int) -> Photo:
    return Photo(
        case=stage.case, stage_id=stage.id, stage=stage.label, stage_position=stage.position,
        view="front", file=f"{digest[7:19]}.jpg",
        digest=digest, bytes=size, width=SIZE[0], height=SIZE[1], format="jpeg",
    )  # fmt: skip


def key_of(folder: DataFolder, photo: Photo) -> str:
    """Name the place in the cache where the build will look for this photo's files."""
    settings = load_settings(folder)
    channel, now = settings.channels[PUBLIC_CHANNEL], datetime.now(UTC)
    return recipe_for(photo, channel, settings, None, now, mark_key(folder).name).key()

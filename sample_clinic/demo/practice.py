"""The demo's practice, its patients, spreadsheet and settings."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from gallery.parallel import Progress, in_parallel
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.picture.encode import encode

SIZE = (1000, 750)
"""Width and height in pixels: large enough for every feature the matcher uses, and drawn in a blink."""

OUR_ROOM = 5
THEIR_ROOM = 9
CASES = 12
LOOK_ALIKE_SEED = 7_000

_FIRST_NUMBER = 51
_PAIR = ("before", "after session 2 of 2")
_STORY = ("before", "after session 1 of 2", "one year later")
_DRAWN_AS = {
    "before": "before",
    "after session 1 of 2": "after",
    "after session 2 of 2": "after",
    "one year later": "later",
}
_VIEWS = (("front",), ("front", "top"), ("front", "left"), ("donor", "front"))
_REGIONS = ("full head", "crown", "temples", "donor scar")
_ELAPSED = {
    "before": "",
    "after session 1 of 2": "immediately",
    "after session 2 of 2": "7 days",
    "one year later": "1 year",
}

SETTINGS = """\
[practice]
name = "Lindenhof Scalp Studio (drawn by the demo)"
web = "https://clinic.example"
contact = "office@clinic.example"

[mark]
text = "clinic.example"

[site]
title = "Before and after"
limits = "Every scalp is different; these results are not promised to anyone else."

[crawler]
delay_s = 0.02
slice_requests = 10
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photograph:
    """One photograph to draw and the file to write."""

    person: int
    room: int
    stage: str
    view: str
    shot: int = 0
    path: Path

    def take(self) -> Path:
        """Draw it and write it as a good JPEG."""
        portrait = draw_portrait(
            Person(self.person),
            Room(self.room),
            stage=_DRAWN_AS.get(self.stage, self.stage),
            view=self.view,
            shot=self.shot,
            size=SIZE,
        )
        self.path.write_bytes(encode(portrait, format="jpeg", quality=93))
        return self.path


def case_photographs(folder: Path) -> Iterator[tuple[int, Photograph]]:
    """List the practice's photographs with their case numbers.

    Every third case has three stages.
    """
    for place in range(CASES):
        number = _FIRST_NUMBER + place
        for stage in _STORY if place % 3 == 0 else _PAIR:
            for view in _VIEWS[place % len(_VIEWS)]:
                name = f"IMG_{number:04d}_{view}_{stage.replace(' ', '-')}.jpg"
                yield (
                    number,
                    Photograph(person=place, room=OUR_ROOM, stage=stage, view=view, path=folder / name),
                )


def look_alike_photographs(folder: Path) -> list[Photograph]:
    """List the photographs of an honest rival's own patients.

    They have our poses, and half of them a room painted like ours.
    """
    return [
        Photograph(
            person=LOOK_ALIKE_SEED + place,
            room=OUR_ROOM if place % 2 else THEIR_ROOM,
            stage=stage,
            view="front" if place < 4 else "top",  # noqa: PLR2004 (two of six from above)
            path=folder / f"patient-{place}-{stage}.jpg",
        )
        for place in range(6)
        for stage in ("before", "after")
    ]


def take_all(photographs: list[Photograph], progress: Progress, label: str) -> list[Path]:
    """Draw every photograph, on every core."""
    return list(progress(in_parallel(Photograph.take, photographs), len(photographs), label))


def draw_practice(folder: Path, today: date, progress: Progress) -> Path:
    """Draw the practice's photographs and write its manifest.

    Returns:
        The manifest's path, a CSV file in `folder`.
    """
    folder.mkdir(parents=True)
    photographs = list(case_photographs(folder))
    take_all([photograph for _, photograph in photographs], progress, "Photographing a drawn clinic")
    manifest = folder / "cases.csv"
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(_row(*photographs[0], today)))
        writer.writeheader()
        writer.writerows(_row(number, photograph, today) for number, photograph in photographs)
    return manifest


def _row(number: int, photograph: Photograph, today: date) -> dict[str, str]:
    place = number - _FIRST_NUMBER
    consented = place != CASES - 1  # the last patient has not signed: catalogued, never published
    return {
        "case": str(number),
        "stage": photograph.stage,
        "view": photograph.view,
        "file": photograph.path.name,
        "procedure": "" if photograph.stage == "before" else "Scalp micropigmentation",
        "performed_by": "" if photograph.stage == "before" else "us",
        "elapsed": _ELAPSED[photograph.stage],
        "alt": f"Head of a shaved patient from the {photograph.view}, {photograph.stage}",
        "caption": f"{photograph.stage.capitalize()}, seen from the {photograph.view}",
        "region": _REGIONS[place % len(_VIEWS)],
        "classification": f"Norwood {3 + number % 4}",
        "hair_length": "shaved",
        "tags": "scalp micropigmentation|"
        + ("scar camouflage" if "donor" in _VIEWS[place % len(_VIEWS)] else "shaved look"),
        "consent_signed": (today - timedelta(days=30)).isoformat() if consented else "",
        "consent_expires": (today + timedelta(days=1800)).isoformat() if consented else "",
    }

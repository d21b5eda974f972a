"""A practice that never was: its patients, its spreadsheet and its settings, all drawn or made up."""

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
class Shoot:
    """One photograph to draw: who, where, when in the story, and the file to write."""

    person: int
    room: int
    stage: str
    view: str
    shot: int = 0
    path: Path

    def take(self) -> Path:
        """Draw it and write it as a camera would: a JPEG of good quality."""
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


def case_shoots(folder: Path) -> Iterator[tuple[int, Shoot]]:
    """List the practice's photographs with the public number of their case: every third case has three stages."""
    for place in range(CASES):
        number = _FIRST_NUMBER + place
        for stage in _STORY if place % 3 == 0 else _PAIR:
            for view in _VIEWS[place % len(_VIEWS)]:
                name = f"IMG_{number:04d}_{view}_{stage.replace(' ', '-')}.jpg"
                yield number, Shoot(person=place, room=OUR_ROOM, stage=stage, view=view, path=folder / name)


def look_alike_shoots(folder: Path) -> list[Shoot]:
    """List an honest rival's own patients: the same poses, half of them in a room painted like ours."""
    return [
        Shoot(
            person=LOOK_ALIKE_SEED + place,
            room=OUR_ROOM if place % 2 else THEIR_ROOM,
            stage=stage,
            view="front" if place < 4 else "top",  # noqa: PLR2004 (two of six from above)
            path=folder / f"patient-{place}-{stage}.jpg",
        )
        for place in range(6)
        for stage in ("before", "after")
    ]


def take_all(shoots: list[Shoot], progress: Progress, label: str) -> list[Path]:
    """Draw every photograph, on every core."""
    return list(progress(in_parallel(Shoot.take, shoots), len(shoots), label))


def draw_practice(folder: Path, today: date, progress: Progress) -> Path:
    """Draw the practice's photographs into `folder` and write its spreadsheet; gives the manifest's path."""
    folder.mkdir(parents=True)
    shoots = list(case_shoots(folder))
    take_all([shoot for _, shoot in shoots], progress, "Photographing a drawn clinic")
    manifest = folder / "cases.csv"
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(_row(*shoots[0], today)))
        writer.writeheader()
        writer.writerows(_row(number, shoot, today) for number, shoot in shoots)
    return manifest


def _row(number: int, shoot: Shoot, today: date) -> dict[str, str]:
    place = number - _FIRST_NUMBER
    consented = place != CASES - 1  # the last patient has not signed: catalogued, never published
    return {
        "case": str(number),
        "stage": shoot.stage,
        "view": shoot.view,
        "file": shoot.path.name,
        "procedure": "" if shoot.stage == "before" else "Scalp micropigmentation",
        "performed_by": "" if shoot.stage == "before" else "us",
        "elapsed": _ELAPSED[shoot.stage],
        "alt": f"Head of a shaved patient from the {shoot.view}, {shoot.stage}",
        "caption": f"{shoot.stage.capitalize()}, seen from the {shoot.view}",
        "region": _REGIONS[place % len(_VIEWS)],
        "classification": f"Norwood {3 + number % 4}",
        "hair_length": "shaved",
        "tags": "scalp micropigmentation|"
        + ("scar camouflage" if "donor" in _VIEWS[place % len(_VIEWS)] else "shaved look"),
        "consent_signed": (today - timedelta(days=30)).isoformat() if consented else "",
        "consent_expires": (today + timedelta(days=1800)).isoformat() if consented else "",
    }

"""A drawn practice's site with all that pages can show: nine photographs of one patient, tags, one case withdrawn.

Lighthouse, the checks of every page and the tests in other browsers look at it.
"""

import csv
from datetime import UTC, datetime
from pathlib import Path

from gallery.parallel import in_parallel
from gallery.services.intake import Wishes, import_manifest
from gallery.services.practice import practice
from gallery.services.withdraw import withdraw_case
from gallery.settings import DataFolder
from gallery.site.build import build_site
from gallery.store.database import open_database
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.picture.encode import encode

NINE = 1  # the case with nine photographs
WITHDRAWN = 8
SIZE = (1200, 1600)
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_VIEWS = ("front", "left", "top")
_STORY = {"before": "before", "after session 1 of 2": "after", "one year later": "later"}
_PAIR = {"before": "before", "after session 2 of 2": "after"}

SETTINGS = """\
[practice]
name = "Harbour Clinic"
web = "https://harbour.example/rights"
contact = "office@harbour.example"

[site]
title = "Before and after"
base_url = "{base_url}"
limits = "Results differ from person to person; these photographs promise nobody the same result."

[channels.website]
sizes = [480, 960, 1600]
formats = ["avif", "webp", "jpeg"]

[channels.review-platform]
sizes = [1200]
formats = ["jpeg"]
mark = false

[tags."hair loss"]
synonyms = ["hairloss", "alopecia"]
text = "Thinning or bald places, whatever their cause."
"""


def show_site(
    folder: Path, *, base_url: str = "https://harbour.example/gallery", size: tuple[int, int] = SIZE
) -> DataFolder:
    """Draw, catalogue and publish the practice in a new folder; eight patients, of whom one withdrew."""
    data, desk = DataFolder(folder / "data"), folder / "desk"
    desk.mkdir(parents=True)
    open_database(data.database).close()
    data.settings_file.write_text(SETTINGS.format(base_url=base_url), "utf-8")
    rows = list(_rows())
    shots = [(desk / str(row["file"]), number, row, size) for number, row in enumerate(rows)]
    list(in_parallel(_draw, shots))
    with (desk / "cases.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    import_manifest(data, desk / "cases.csv", Wishes(actor="show", now=NOW))
    build_site(data, actor="show", now=NOW)
    with practice(data, actor="show", now=NOW) as p:
        withdraw_case(p, WITHDRAWN)
    return data


def _rows() -> list[dict[str, object]]:
    return [
        _row(number, stage, view)
        for number in range(1, WITHDRAWN + 1)
        for stage in (_STORY if number in {NINE, 2} else _PAIR)
        for view in (_VIEWS if number == NINE else _VIEWS[:1])
    ]


def _row(number: int, stage: str, view: str) -> dict[str, object]:
    treated = stage != "before"
    return {
        "case": number, "stage": stage, "view": view, "file": f"{number}-{view}-{stage.replace(' ', '-')}.jpg",
        "procedure": "Scalp micropigmentation" if treated else "",
        "performed_by": ("us", "other", "unknown")[number % 3] if treated else "",
        "elapsed": {"after session 1 of 2": "immediately", "one year later": "1 year"}.get(stage, ""),
        "in_progress": "yes" if number == 2 and treated else "",  # noqa: PLR2004
        "note": "Redness goes away in a day or two" if "1 of 2" in stage else "",
        "region": ("full head", "crown", "temples")[number % 3],
        "classification": f"Norwood {2 + number % 4}" if number % 4 else "Ludwig 2",
        "hair_length": ("shaved", "short", "long")[number % 3],
        "tags": ("hairloss", "scar", "density|hair loss")[number % 3],
        "consent_signed": "2026-01-15", "consent_scope": "website|review-platform" if number < 4 else "website",  # noqa: PLR2004
    }  # fmt: skip


def _draw(shot: tuple[Path, int, dict[str, object], tuple[int, int]]) -> None:
    place, number, row, size = shot
    stage = {**_STORY, **_PAIR}[str(row["stage"])]
    person = Person(100 + int(str(row["case"])))
    picture = draw_portrait(person, Room(5), stage=stage, view=str(row["view"]), shot=number, size=size)
    place.write_bytes(encode(picture, format="jpeg", quality=92))


if __name__ == "__main__":
    import sys

    print(show_site(Path(sys.argv[1])).public)

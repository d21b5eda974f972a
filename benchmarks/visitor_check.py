"""How well the page "Is this photo really ours?" finds copies, in a real browser, and whom it takes for ours wrongly.

    python -m benchmarks.visitor_check [--people 16]

Each published photograph is changed as copiers change them, and given to the page as a visitor would. Strangers are
other drawn people in the same room, which is harder than life. The page looks at whole pictures and their halves with
256 bits: what was cut out or drawn over is for `pairwatch identify` and a `tip`.
"""

import argparse
import csv
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from playwright.sync_api import Page, sync_playwright

from benchmarks.show_site import NOW, SETTINGS
from gallery.services.intake import Wishes, import_manifest
from gallery.settings import DataFolder
from gallery.site.build import build_site
from gallery.store.database import open_database
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.picture.encode import encode

SIZE = (600, 800)
Change = Callable[[Image.Image], Image.Image]


def _cut(share: float) -> Change:
    def cut(image: Image.Image) -> Image.Image:
        width, height = image.size
        edge = share / 2
        return image.crop(
            (round(width * edge), round(height * edge), round(width * (1 - edge)), round(height * (1 - edge)))
        )

    return cut


def _lettered(image: Image.Image) -> Image.Image:
    ImageDraw.Draw(image).rectangle((0, round(image.height * 0.85), image.width, image.height), fill="black")
    return image


def _beside(image: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", (2 * image.width, image.height), "white")
    sheet.paste(image, (0, 0))
    sheet.paste(ImageOps.mirror(image), (image.width, 0))
    return sheet


CHANGES: Mapping[str, Change] = {
    "as published": lambda image: image,
    "shrunk to 240 pixels": lambda image: image.resize((180, 240)),
    "pressed hard (JPEG 30)": lambda image: image,
    "mirrored": ImageOps.mirror,
    "lighter, warmer": lambda image: ImageEnhance.Color(ImageEnhance.Brightness(image).enhance(1.25)).enhance(
        1.4
    ),
    "grey": lambda image: ImageOps.grayscale(image).convert("RGB"),
    "our mark covered by a bar": _lettered,
    "3 % cut off all round": _cut(0.03),
    "10 % cut off all round": _cut(0.10),
    "one half of a collage": _beside,
}
PROMISED = (
    "as published",
    "shrunk to 240 pixels",
    "pressed hard (JPEG 30)",
    "mirrored",
    "grey",
    "one half of a collage",
)


def site_of(folder: Path, people: int) -> DataFolder:
    """Publish a before and an after of each of `people` drawn people."""
    data = DataFolder(folder / "data")
    open_database(data.database).close()
    data.settings_file.write_text(SETTINGS.format(base_url=""), "utf-8")
    with (folder / "cases.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["case", "stage", "view", "file", "consent_signed"])
        for person in range(1, people + 1):
            for stage in ("before", "after"):
                name = f"{person}-{stage}.jpg"
                (folder / name).write_bytes(_drawn(person, stage))
                rows.writerow([person, stage, "front", name, "2026-01-15"])
    import_manifest(data, folder / "cases.csv", Wishes(actor="bench", now=NOW))
    build_site(data, actor="bench", now=NOW)
    return data


def _drawn(person: int, stage: str) -> bytes:
    picture = draw_portrait(Person(person), Room(5), stage=stage, view="front", size=SIZE)
    return encode(picture, format="jpeg", quality=92)


def answer_to(page: Page, image: Image.Image, quality: int) -> str:
    """Give a picture to the page, and what it answers."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    page.evaluate("() => document.querySelector('.ours-answer').replaceChildren()")
    page.set_input_files(
        "input[type=file]", {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}
    )
    page.wait_for_selector(".ours-answer > p")
    return page.inner_text(".ours-answer")


def measure(data: DataFolder, strangers: int) -> dict[str, tuple[int, int]]:
    """Count for each change how many were found (the right patient among the answers), and how many strangers."""
    published = sorted((data.public / "photos").glob("*-600.jpg"))
    named = {}
    for line in (data.public / "assets").glob("known-*.js"):
        entries = json.loads(line.read_text("utf-8").partition("const KNOWN = ")[2].rstrip(";\n"))
        named = {
            Path(picture).name.partition("-")[0]: name.partition(",")[0] for _, _, name, picture in entries
        }
    found = {}
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or sys.exit("no Chromium on PATH")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto((data.public / "really-ours/index.html").as_uri())
        for kind, change in CHANGES.items():
            right = 0
            for place in published:
                with Image.open(place) as ours:
                    said = answer_to(page, change(ours.convert("RGB")), 30 if "30)" in kind else 85)
                right += f"{named[place.name.partition('-')[0]]}," in said
            found[kind] = (right, len(published))
        accused = 0
        for person in range(5_000, 5_000 + strangers):
            with Image.open(io.BytesIO(_drawn(person, "before"))) as other:
                accused += "looks like a photograph of ours" in answer_to(page, other.convert("RGB"), 85)
        found["strangers taken for ours"] = (accused, strangers)
        browser.close()
    return found


def main() -> None:
    """Print how many copies of each kind were found; ends with 1 where what is promised is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=16)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = measure(site_of(Path(name), asked.people), 3 * asked.people)
    if asked.json:
        print(json.dumps(found))
    else:
        for kind, (right, of) in found.items():
            bar = f"bar {of}" if kind in PROMISED else "bar 0" if "strangers" in kind else ""
            print(f"{kind:28} {right:3} of {of:3}   {bar}".rstrip())
    wrong = found["strangers taken for ours"][0] > 0 or any(
        found[kind][0] < found[kind][1] for kind in PROMISED
    )
    sys.exit(wrong)


if __name__ == "__main__":
    main()

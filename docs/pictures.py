"""Take the README's pictures from a fresh demo: the gallery, a case, the report (run by `make pictures`)."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent / "pictures"
GAP = 24
COLOURS = 128
"""Pages are mostly plain ground: a palette of this many colours keeps the pictures small in the repository."""


def shoot(page: Page, place: Path, width: int, height: int, name: str) -> Path:
    """Take a screenshot of a file in a window of this size."""
    page.set_viewport_size({"width": width, "height": height})
    page.goto(place.resolve().as_uri())
    page.wait_for_load_state("networkidle")
    target = HERE / f"{name}.png"
    page.screenshot(path=target)
    return target


def compose(pictures: list[Path], target: Path) -> None:
    """Set pictures of equal height side by side."""
    opened = [Image.open(path).convert("RGB") for path in pictures]
    sheet = Image.new(
        "RGB", (sum(p.width for p in opened) + GAP * (len(opened) - 1), opened[0].height), "white"
    )
    left = 0
    for picture in opened:
        sheet.paste(picture, (left, 0))
        left += picture.width + GAP
    sheet.quantize(COLOURS).save(target, optimize=True)


def main() -> None:
    """Run the demo and photograph what it made."""
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pairwatch-pictures-") as name:
        out = Path(name) / "demo"
        program = Path(sys.executable).with_name("pairwatch")
        subprocess.run([str(program), "demo", "--out", str(out)], check=True)
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page()
            public = out / "data" / "public"
            shots = [
                shoot(page, public / "index.html", 760, 900, "gallery"),
                shoot(page, next(iter(sorted(public.glob("patient-*/index.html")))), 760, 900, "case"),
                shoot(page, next(iter(sorted((out / "report").glob("*.html")))), 900, 900, "report"),
            ]
            browser.close()
    compose(shots, HERE / "overview.png")
    for shot in shots:
        shot.unlink()


if __name__ == "__main__":
    main()

"""Measure the mark that crosses the subject: `python benchmarks/visible_mark.py [--photos FOLDER] [--pictures N]`.

Contrast of its strokes outside and inside a treated region, time, the cost of cropping it away; and what is left of it
when somebody who knows how it lies in each picture (but not how it is bent) subtracts it, beside repairing one picture.
"""
# ruff: noqa: PLR2004 (the bars are numbers, each beside its name)

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import watermark  # noqa: F401, I001 (before numpy, as in the program: it asks for one BLAS thread)

import argparse
import time
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.hidden_marks import SIZE, drawn, photographs, row
from watermark.marking.crossing import (
    Crossing,
    amplitudes,
    contrast,
    crop_cost,
    draw_crossing,
    seed_of,
    strokes_for,
)
from watermark.marking.hidden.strength import Plane, luma
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture

LATTICE_NAME = "for benchmarks alone"
MARK = Crossing(text="© 2026 Seed Clinic")
BENDS = (0.0, 1.0, 2.2)


def legible(pictures: Mapping[str, Picture], treated: NDArray[np.bool_]) -> None:
    """Contrast, time and crop cost."""
    outside, inside, costs, spent = [], [], [], []
    clear = cv2.dilate(treated.astype(np.uint8), np.ones((81, 81), np.uint8)) == 0
    for name, picture in pictures.items():
        start = time.process_time()
        marked = draw_crossing(picture, MARK, seed_of(LATTICE_NAME, name), treated)
        spent.append(time.process_time() - start)
        strokes = strokes_for(SIZE, MARK, seed_of(LATTICE_NAME, name))
        outside.append(contrast(picture, marked, strokes, np.asarray(clear)))
        inside.append(contrast(picture, marked, strokes, treated))
        costs.append(crop_cost(strokes, treated))
    row(
        "contrast outside the drawn region, 1st percentile",
        f"{min(outside):.1f} in the worst picture",
        ">= 20",
        met=min(outside) >= 20,
    )
    row("contrast inside it", f"{min(inside):.1f} in the worst picture", ">= 8", met=min(inside) >= 8)
    row(
        "CPU to draw it, 1200 x 900",
        f"median {1000 * np.median(spent):.0f} ms",
        "<= 40 ms",
        met=float(np.median(spent)) <= 0.04,
    )
    print(f"  treated area lost to whoever crops it away: {100 * min(costs):.0f} % at least")


def removed(pictures: Mapping[str, Picture]) -> None:
    """Subtract the mark as it lies unbent, its height fitted place by place; or repair the picture under it."""
    for bend in BENDS:
        fitted, repaired, before = [], [], []
        for name, picture in pictures.items():
            strokes = strokes_for(SIZE, MARK, seed_of(LATTICE_NAME, name), bend=bend)
            published = _published(picture, strokes, name)
            where = strokes > 0.3
            guess = strokes_for(SIZE, MARK, seed_of(LATTICE_NAME, name), bend=0.0)
            tries = [
                _rms(_subtracted(published, cv2.GaussianBlur(guess, (0, 0), soft)) - luma(picture.rgb), where)
                for soft in (0.5, 1.0, 1.6)
            ]
            fitted.append(min(tries))
            under = cv2.dilate((strokes > 0.1).astype(np.uint8), np.ones((3, 3), np.uint8))
            repair = cv2.inpaint(published.rgb, under, 4, cv2.INPAINT_TELEA)
            repaired.append(_rms(luma(np.asarray(repair, np.uint8)) - luma(picture.rgb), where))
            before.append(_rms(luma(published.rgb) - luma(picture.rgb), where))
        ratio = float(np.mean(fitted) / np.mean(repaired))
        found = f"{np.mean(fitted):.1f} fitted, {np.mean(repaired):.1f} repaired, of {np.mean(before):.1f}: {ratio:.2f}"
        named = f"error left under the strokes, bent by {bend} pixels"
        if bend == BENDS[-1]:
            row(f"{named}, {len(pictures)} pictures", found, ">= 0.9", met=ratio >= 0.9)
        else:
            print(f"  {named}: {found}")


def _published(picture: Picture, strokes: Plane, name: str) -> Picture:
    change = strokes * amplitudes(luma(picture.rgb), MARK, seed_of(LATTICE_NAME, name), None)
    drawn_on = np.clip(picture.rgb + change[..., None], 0, 255).round().astype(np.uint8)
    return open_picture(encode(Picture(drawn_on), format="jpeg", quality=90))


def _subtracted(published: Picture, guess: cv2.typing.MatLike) -> Plane:
    """Fit the guess's height in each neighbourhood of 60 pixels, and take it off."""
    grey = luma(published.rgb)
    seen, known = (plane - cv2.GaussianBlur(plane, (0, 0), 8) for plane in (grey, guess))
    both, power = (cv2.GaussianBlur(plane, (0, 0), 20) for plane in (seen * known, known * known))
    return np.asarray(grey - both / (power + 1e-4) * guess, np.float32)


def _rms(error: Plane, where: NDArray[np.bool_]) -> float:
    return float(np.sqrt(np.mean(error[where] ** 2)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--pictures", type=int, default=24)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = photographs(asked.photos, asked.pictures) if asked.photos else drawn(asked.pictures)
    treated = np.zeros(SIZE[::-1], np.uint8)
    cv2.ellipse(treated, (600, 300), (260, 180), 0, 0, 360, 1, -1)
    legible(pictures, treated > 0)
    removed(pictures)


if __name__ == "__main__":
    main()

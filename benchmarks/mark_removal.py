"""Measure what is said of the visible mark: `python benchmarks/mark_removal.py [--photos FOLDER] [--pictures N]`.

Seven things happen to each published file (kept, cropped, boxed, boxed with another name, blurred, inpainted, never
marked); it is then saved again, shrunk or both; the matcher finds it and the mark is examined, with and without the
hidden layer. The table says how often each answer was right.
"""
# ruff: noqa: PLR2004 (the bars are numbers, each beside its name)

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import watermark  # noqa: F401, I001 (before numpy, as in the program: it asks for one BLAS thread)

import argparse
import time
import zlib
from collections import Counter
from collections.abc import Callable, Mapping

import cv2
import numpy as np

from benchmarks.changes import USUAL, Pixels
from benchmarks.hidden_marks import KEY, Catalogue, drawn, payload_of, photographs
from watermark.marking.hidden import informed
from watermark.marking.hidden.informed import Presence
from watermark.marking.hidden.layers import HiddenMark, hide
from watermark.marking.removal import Examination, examine
from watermark.marking.state import MarkState
from watermark.marking.visible import Mark, draw_mark
from watermark.matching.identify import compared
from watermark.matching.placement import place
from watermark.matching.registration import Query
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture

DESIGN = Mark(text="© 2026 Seed Clinic")
Removal = Callable[[Pixels, Pixels, np.random.Generator], Pixels]


def _box(strokes: Pixels, more: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(strokes.any(1)), np.flatnonzero(strokes.any(0))
    return slice(max(0, rows[0] - more), rows[-1] + more), slice(
        max(0, columns[0] - more), columns[-1] + more
    )


def _cropped(rgb: Pixels, strokes: Pixels, rng: np.random.Generator) -> Pixels:
    top = int(np.flatnonzero(strokes.any(1))[0])
    return rgb[: top - int(rng.integers(5, 40)), int(rng.integers(0, 80)) :].copy()


def _boxed(rgb: Pixels, strokes: Pixels, rng: np.random.Generator) -> Pixels:
    covered = rgb.copy()
    covered[_box(strokes, 8)] = rng.integers(0, 255, 3)
    return covered


def _renamed(rgb: Pixels, strokes: Pixels, rng: np.random.Generator) -> Pixels:
    covered, where = _boxed(rgb, strokes, rng), _box(strokes, 8)
    high = where[0].stop - where[0].start
    light = (255, 255, 255) if covered[where].mean() < 128 else (10, 10, 10)
    place_of = where[1].start + 10, where[0].stop - high // 4
    cv2.putText(covered, "RIVAL INK STUDIO", place_of, cv2.FONT_HERSHEY_DUPLEX, high / 40, light, 2)
    return covered


def _blurred(rgb: Pixels, strokes: Pixels, _: np.random.Generator) -> Pixels:
    where = cv2.GaussianBlur(cv2.dilate(strokes, np.ones((9, 9), np.uint8)).astype(np.float32), (0, 0), 2)[
        ..., None
    ]
    soft = cv2.GaussianBlur(rgb, (0, 0), 8)
    return np.asarray((rgb * (1 - where) + soft * where).round(), np.uint8)


def _inpainted(rgb: Pixels, strokes: Pixels, rng: np.random.Generator) -> Pixels:
    way = (cv2.INPAINT_TELEA, cv2.INPAINT_NS)[int(rng.integers(2))]
    grown = cv2.dilate(strokes, np.ones((5, 5), np.uint8))
    return np.asarray(cv2.inpaint(rgb, grown, 4, way), np.uint8)


REMOVALS: Mapping[str, tuple[Removal, MarkState]] = {
    "kept": (lambda rgb, _strokes, _rng: rgb, MarkState.KEPT),
    "cropped": (_cropped, MarkState.CROPPED),
    "boxed": (_boxed, MarkState.PAINTED_OVER),
    "boxed with another name": (_renamed, MarkState.PAINTED_OVER),
    "blurred": (_blurred, MarkState.PAINTED_OVER),
    "inpainted": (_inpainted, MarkState.PAINTED_OVER),
    "never there": (lambda rgb, _strokes, _rng: rgb, MarkState.NEVER),
}
AFTER = (("as it is",), ("JPEG 70",), ("to 75%", "JPEG 70"), ("to 50%", "JPEG 70"))


def examined(
    catalogue: Catalogue, copy: Pixels, name: str, marked: Picture
) -> tuple[Examination, Examination] | None:
    """Examine a copy without and with the hidden layer; None when the matcher does not find it."""
    query, names = Query(Picture(copy)), list(catalogue.pictures)
    for slot, (record, agreement) in compared(query, catalogue.index).items():
        if names[catalogue.index.key(slot)] == name:
            plain = catalogue.pictures[name]
            placed = place(query, agreement.homography, record.frame, plain)
            left = informed.residual(placed.luma, placed.covered, plain, placed.scale)
            hidden, _ = informed.presence_of(left, placed.luma, KEY, name, [payload_of(name)])
            if hidden == Presence.NOT_THERE and not placed.steady:
                hidden = Presence.UNREADABLE
            without, beside = (
                examine(placed.luma, placed.covered, placed.scale, (plain, marked), known)
                for known in (Presence.UNREADABLE, hidden)
            )
            return without, beside
    return None


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--details", action="store_true", help="print what was measured of each copy")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = photographs(asked.photos, asked.pictures) if asked.photos else drawn(asked.pictures)
    catalogue = Catalogue.of(pictures)
    said: dict[str, tuple[Counter[str], Counter[str]]] = {kind: (Counter(), Counter()) for kind in REMOVALS}
    spent = []
    for name, plain in pictures.items():
        marked = draw_mark(plain, DESIGN)
        published = open_picture(
            encode(
                hide(marked, KEY, HiddenMark(subject=name, payload=payload_of(name))),
                format="jpeg",
                quality=88,
            )
        )
        strokes = (np.abs(marked.rgb.astype(int) - plain.rgb).max(2) > 8).astype(np.uint8)
        for kind, (removal, truth) in REMOVALS.items():
            rng = np.random.default_rng(zlib.crc32(f"{name} {kind}".encode()))
            copy = removal(plain.rgb if truth == MarkState.NEVER else published.rgb, strokes, rng)
            for change in AFTER[int(rng.integers(len(AFTER)))]:
                copy = USUAL[change](copy, rng)
            start = time.process_time()
            answers = examined(catalogue, copy, name, marked)
            spent.append(time.process_time() - start)
            for count, answer in zip(said[kind], answers or (None, None), strict=True):
                count[str(answer.state) if answer else "not found"] += 1
            if asked.details and answers:
                print(f"{name:24} {kind:24} {answers[1]}")
    for way in (1, 0):
        print(f"\n{'with' if way else 'without'} the hidden layer, {len(pictures)} files of each kind")
        for kind, (_, truth) in REMOVALS.items():
            count = said[kind][way]
            right = count[truth] + (0 if way else count[MarkState.UNKNOWN])
            print(f"  {kind:24} right {100 * right / len(pictures):6.1f} %   {dict(count)}")
    print(f"CPU a copy, matcher and registration with it: {np.mean(spent):.2f} s")


if __name__ == "__main__":
    main()

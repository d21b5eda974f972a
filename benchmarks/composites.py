"""How often old side-by-side pictures come apart where they should, and plain photographs are left whole.

    python benchmarks/composites.py [FOLDER OF PLAIN PHOTOGRAPHS]

Composites are pasted from drawn patients; plain photographs are drawn, and read from the folder if one is named.
"""

import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from sample_clinic.drawing.clinic import VIEWS, Person, Room, draw_portrait
from sample_clinic.drawing.everyday import draw_everyday
from watermark.errors import WatermarkError
from watermark.pairs.composite import find_panels
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture, resize

GAPS = (0, 2, 8, 30)
SIZE = (480, 600)
NEAR = 4  # pixels a side may be off


def pasted(seed: int, gap: int) -> tuple[Picture, list[tuple[int, int, int, int]]]:
    """Paste a drawn patient's before and after side by side, shrink and press them as old software did."""
    width, height = SIZE
    canvas = np.full((height, 2 * width + gap, 3), (0, 255)[seed % 2], np.uint8)
    for place, stage in enumerate(("before", "after")):
        left = place * (width + gap)
        canvas[:, left : left + width] = draw_portrait(Person(seed), Room(seed), stage=stage, size=SIZE).rgb
    whole = Picture(canvas)
    small = resize(whole, (1100, 900, 700)[seed % 3])
    scale = small.width / whole.width
    boxes = [
        tuple(round(edge * scale) for edge in box)
        for box in ((0, 0, width, height), (width + gap, 0, 2 * width + gap, height))
    ]
    return open_picture(encode(small, format="jpeg", quality=(60, 75, 90)[seed % 3])), boxes  # type: ignore[return-value]


def main() -> None:
    """Print what came apart and what should not have."""
    found: Counter[int] = Counter()
    seeds, spent = range(20), 0.0
    for gap in GAPS:
        for seed in seeds:
            picture, boxes = pasted(seed, gap)
            started = time.process_time()
            panels = find_panels(picture)
            spent += time.process_time() - started
            right = len(panels.boxes) == len(boxes) and np.abs(np.subtract(panels.boxes, boxes)).max() <= NEAR
            found[gap] += bool(right)
    for gap in GAPS:
        print(f"gutter of {gap:2} px: {found[gap]} of {len(seeds)} come apart to {NEAR} px")
    plain = [draw_portrait(Person(s), Room(s), view=VIEWS[s % len(VIEWS)], size=SIZE) for s in range(40)]
    plain += [draw_everyday(s, (800, 600)) for s in range(40)]
    cut = sum(len(find_panels(picture).boxes) > 1 for picture in plain)
    print(f"drawn plain pictures cut: {cut} of {len(plain)}")
    for folder in sys.argv[1:]:
        wrong, seen = [], 0
        for place in sorted(Path(folder).iterdir()):
            try:
                panels = find_panels(open_picture(place.read_bytes()))
            except WatermarkError:
                continue
            seen += 1
            if len(panels.boxes) > 1:
                wrong.append(place.name)
        print(f"photographs in {Path(folder).name} cut: {len(wrong)} of {seen} {wrong}")
    print(f"{1000 * spent / (len(GAPS) * len(seeds)):.0f} ms of processor a composite")


if __name__ == "__main__":
    main()

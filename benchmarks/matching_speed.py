"""What identifying costs, each figure beside its bar: `python benchmarks/matching_speed.py`.

Real fingerprints of drawn pictures are filed first; the rest of a large catalogue is synthetic: words and signatures
drawn from the real ones with a quarter of the bits changed, so that every list is as long as it would be.

Machines differ and are shared, so the bar in milliseconds is also given in detections: finding SIFT features in the
same pictures at 640 px, alone, by OpenCV, between the searches. The study behind the bar of 120 ms took 30 ms for one.
"""

import watermark  # noqa: F401, I001 (before numpy, as in the program: it asks for one BLAS thread)

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks import worlds
from sample_clinic.copying import ATTACKS
from watermark.matching import codebook
from watermark.matching.index import Index
from watermark.matching.fingerprint import Fingerprint, fingerprint
from watermark.matching.identify import WORKED, identify_opened
from watermark.picture.pixels import Picture, resize
from watermark.matching.result import Answer
from watermark.picture.decode import open_frames, read_header
from watermark.picture.encode import encode
from watermark.picture.sandbox import Opened

FEATURES, SIDE = 480, 1000
YARDSTICK_SIDE, YARDSTICK_FEATURES = 640, 600
BAR, STUDY = 120, 30  # ms: of a search, and of a detection where that bar was set
COPIED = ("jpeg", "mirrored", "cropped-70", "banner", "rotated-3")


def filler(real: list[Fingerprint], rng: np.random.Generator) -> Fingerprint:
    """A photo that never was, with features as real ones have."""
    words_of = np.concatenate([made.words for made in real])
    signed = np.concatenate([made.signatures for made in real])
    chosen = rng.integers(0, len(words_of), FEATURES)
    flips = rng.integers(0, 2**63, FEATURES, np.uint64) & rng.integers(0, 2**63, FEATURES, np.uint64)
    near = np.where(rng.random(FEATURES) < 1 / 2, words_of[chosen], rng.integers(0, codebook.WORDS, FEATURES))
    record = next(made.record for made in real if len(made.words) == FEATURES)
    return Fingerprint(record, near.astype(np.int32), signed[chosen] ^ flips)


def filled(folder: Path, real: list[Fingerprint], photos: int, rng: np.random.Generator) -> Index:
    """A catalogue of this many photos, saved and opened again."""
    index = Index.create(folder)
    index.insert(dict(enumerate(real)))
    for start in range(len(real), photos, 5000):
        index.insert({key: filler(real, rng) for key in range(start, min(start + 5000, photos))})
        index.save()
    index.save()
    return Index.open(folder)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one size of catalogue cost.

    Attributes:
        median: ms of CPU a picture of 1000 px, decoding included.
        mean: the same.
        detection: ms of CPU for finding features in the same picture at 640 px, alone; median.
        added: seconds until 100 more photos were fingerprinted by two processes, filed and saved.
        size: bytes a photo on disk.
        memory: bytes a photo that a process which searched it holds, pages of the mapped files included.
    """

    median: float
    mean: float
    detection: float
    added: float
    size: int
    memory: int


def resident() -> int:
    """Bytes that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _identified(data: bytes, index: Index) -> Answer:
    opened = Opened(read_header(data), tuple(open_frames(data, longest=WORKED)))
    return identify_opened(opened, index)


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def detection(data: bytes) -> float:
    """Milliseconds of CPU for finding features in this picture at 640 px."""
    grey = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE))
    scale = YARDSTICK_SIDE / max(grey.shape)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    sift = cv2.SIFT.create(YARDSTICK_FEATURES, contrastThreshold=0.02)
    return _milliseconds(partial(sift.detectAndCompute, grey, None))


def measured(
    photos: int, real: list[Fingerprint], files: list[bytes], more: list[Picture], queries: int
) -> Cost:
    """Fill a catalogue, search it, add to it."""
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(2) as pool:
        filled(Path(folder), real, photos, np.random.default_rng(4))
        before = resident()
        index = Index.open(Path(folder))
        spent, detections = [], []
        for n in range(queries):
            data = files[n % len(files)]
            spent.append(_milliseconds(partial(_identified, data, index)))
            detections.append(detection(data))
        held = resident() - before
        start = time.perf_counter()
        index.insert({photos + n: made for n, made in enumerate(pool.map(fingerprint, more, chunksize=10))})
        index.save()
        added = time.perf_counter() - start
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return Cost(
        float(np.median(spent)),
        float(np.mean(spent)),
        float(np.median(detections)),
        added,
        size // (photos + len(more)),
        max(0, held) // photos,
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, nargs="*", default=[1000, 10_000, 100_000])
    parser.add_argument("--queries", type=int, default=60)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rng = np.random.default_rng(4)
    world = worlds.clinic_world(61, 8)
    real = [fingerprint(picture) for picture in world.catalogue.values()]
    shown = [ATTACKS[kind](world.published[0], rng) for kind in COPIED] + [p for p, _ in world.strangers[:5]]
    files = [
        encode(resize(p, SIDE) if max(p.width, p.height) > SIDE else p, format="jpeg", quality=85)
        for p in shown
    ]
    more = [picture for picture in world.catalogue.values() for _ in range(100 // len(world.catalogue) + 1)][
        :100
    ]
    costs = {photos: measured(photos, real, files, more, options.queries) for photos in options.photos}
    least = costs[min(costs)]
    print(
        f"{'photos':>8} {'CPU ms':>7} {'mean':>7} {'detections':>11} {'x least':>8} {'100 added s':>12} {'disk B':>8} "
        f"{'memory B':>9}"
    )
    for photos, cost in costs.items():
        ratio = cost.mean / least.mean
        print(
            f"{photos:>8} {cost.median:>7.0f} {cost.mean:>7.0f} {cost.median / cost.detection:>11.2f} {ratio:>8.2f} "
            f"{cost.added:>12.1f} {cost.size:>8} {cost.memory:>9}"
        )
    print(
        f"{'bar':>8} {f'<= {BAR}':>7} {'':>7} {f'<= {BAR / STUDY:.0f}':>11} {'<= 2':>8} {'<= 10':>12} {'<= 40960':>8} "
        f"{'<= 40960':>9}"
    )
    print(f"one detection: {least.detection:.0f} ms here, {STUDY} ms where the bar was set")


if __name__ == "__main__":
    main()

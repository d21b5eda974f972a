"""What identifying costs: `python benchmarks/matching_speed.py [--photos 1000 100000]`: CPU a picture, bytes a photo.

Real fingerprints of drawn pictures are filed first; the rest of a large catalogue is synthetic: words and signatures
drawn from the real ones with a quarter of the bits changed, so that every list is as long as it would be.
"""

import watermark  # noqa: F401, I001 (before numpy, as in the program: it asks for one BLAS thread)

import argparse
import json
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from watermark import bench
from watermark.attacks import ATTACKS
from watermark.fingerprint import record, words
from watermark.fingerprint.index import Index
from watermark.fingerprint.record import Fingerprint
from watermark.identify import identify_file
from watermark.pixels import encode, resize

FEATURES, SIDE = 480, 1000
SECONDS_A_DAY = 86_400


def filler(real: list[Fingerprint], rng: np.random.Generator) -> Fingerprint:
    """A photo that never was, with features as real ones have."""
    words_of = np.concatenate([made.words for made in real])
    signed = np.concatenate([made.signatures for made in real])
    chosen = rng.integers(0, len(words_of), FEATURES)
    flips = rng.integers(0, 2**63, FEATURES, np.uint64) & rng.integers(0, 2**63, FEATURES, np.uint64)
    near = np.where(rng.random(FEATURES) < 1 / 2, words_of[chosen], rng.integers(0, words.WORDS, FEATURES))
    likeness = next(made.likeness for made in real if len(made.words) == FEATURES)
    return Fingerprint(likeness, near.astype(np.int32), signed[chosen] ^ flips)


def filled(folder: Path, real: list[Fingerprint], photos: int, rng: np.random.Generator) -> Index:
    """A catalogue of this many photos, saved and opened again."""
    index = Index.create(folder)
    index.insert(dict(enumerate(real)))
    for start in range(len(real), photos, 5000):
        index.insert({key: filler(real, rng) for key in range(start, min(start + 5000, photos))})
        index.save()
    index.save()
    return Index.open(folder)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--queries", type=int, default=40)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rng = np.random.default_rng(4)
    world = bench.clinic_world(61, 8)
    real = [record.fingerprint(picture) for picture in world.catalogue.values()]
    shown = [
        *(
            ATTACKS[k](world.published[0], rng)
            for k in ("jpeg", "mirrored", "cropped-70", "banner", "rotated-3")
        )
    ]
    shown += [picture for picture, _ in world.strangers[:5]]
    files = [
        encode(resize(p, SIDE) if max(p.width, p.height) > SIDE else p, format="jpeg", quality=85)
        for p in shown
    ]
    for photos in options.photos:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            index = filled(Path(folder), real, photos, rng)
            built = time.perf_counter() - start
            spent = []
            for n in range(options.queries):
                start = time.process_time()
                identify_file(files[n % len(files)], index)
                spent.append(time.process_time() - start)
            start = time.perf_counter()
            index.insert({SECONDS_A_DAY + photos + n: filler(real, rng) for n in range(100)})
            index.save()
            added = time.perf_counter() - start
            size = sum(path.stat().st_size for path in Path(folder).iterdir())
        print(json.dumps({
            "photos": photos, "CPU ms per 1000 px file": round(1000 * float(np.median(spent)), 1),
            "mean": round(1000 * float(np.mean(spent)), 1), "bytes a photo": size // (photos + 100),
            "filled in s": round(built, 1), "100 more, already fingerprinted, in s": round(added, 2),
        }), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()

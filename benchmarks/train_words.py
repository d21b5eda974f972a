"""Train the alphabet of local features: `python benchmarks/train_words.py` rewrites watermark/fingerprint/words.npz.

Trained on photographs that come with scikit-image and scikit-learn, and on pictures drawn by our own code; run it only
to change the alphabet itself: every index has to be rebuilt afterwards, and says so.
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import cv2
import faiss
import numpy as np
from numpy.typing import NDArray

from watermark.fingerprint import local, words
from watermark.samples import clinic, everyday, furniture

OUT = Path(words.__file__).with_name(words.TABLES)
SEED = 20261120
Luma: TypeAlias = NDArray[np.uint8]


def packaged() -> Iterator[Luma]:
    """Photographs inside the wheels of scikit-image and scikit-learn."""
    for package, folder in (("skimage", "data"), ("sklearn", "datasets/images")):
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise SystemExit(f"{package} is missing: pip install -r benchmarks/requirements.txt")
        for path in sorted((Path(spec.origin).parent / folder).glob("*.[jp][pn]g")):
            luma = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            if luma is not None and min(luma.shape) >= 200:
                yield np.asarray(luma, np.uint8)


def drawn() -> Iterator[Luma]:
    """Drawn portraits, everyday scenes and site furniture."""
    for seed in range(60):
        room, person = clinic.Room(9000 + seed % 12), clinic.Person(9100 + seed)
        for stage in ("before", "after"):
            yield local.grey(clinic.draw_portrait(person, room, stage=stage))
        yield local.grey(everyday.draw_everyday(9200 + seed))
    for seed in range(20):
        yield local.grey(furniture.draw_banner(9300 + seed))


def sample(luma: Luma, most: int) -> words.Floats:
    """Descriptors of a picture and its mirror at three sizes."""
    found = []
    for area in (480_000, 120_000, 30_000):
        for flipped in (luma, np.ascontiguousarray(luma[:, ::-1])):
            found.append(local.describe_suspect(flipped, area=area, most=most).described)
    return np.concatenate(found)


def centroids(points: words.Floats, count: int) -> words.Floats:
    """Lloyd's k-means from a fixed seed."""
    means = faiss.Kmeans(points.shape[1], count, niter=25, seed=SEED, max_points_per_centroid=1500)
    means.train(np.ascontiguousarray(points))
    return np.asarray(means.centroids, np.float32)


def main() -> None:
    """Train and write."""
    rng = np.random.default_rng(SEED)
    photographs = np.concatenate([sample(luma, 3000) for luma in packaged()])
    drawings = np.concatenate([sample(luma, 500) for luma in drawn()])
    drawings = rng.permutation(drawings)[: len(photographs)]
    points = rng.permutation(np.concatenate([photographs, drawings]))
    first = centroids(points, words.FIRST)
    rest = points - first[((first**2).sum(1) - 2 * points @ first.T).argmin(1)]
    second = centroids(rest, words.SECOND)
    left = rest - second[((second**2).sum(1) - 2 * rest @ second.T).argmin(1)]
    # principal directions, then a random turn among them so that every bit carries alike
    directions = np.linalg.eigh(np.cov(left.T))[1][:, -64:]
    turn = directions @ np.linalg.qr(rng.standard_normal((64, 64)))[0]
    parts = points.reshape(len(points), words.CODE_BYTES, -1)
    book = np.stack([centroids(parts[:, i], 256) for i in range(words.CODE_BYTES)])
    np.savez_compressed(
        OUT,
        first=first.astype(np.float16),
        second=second.astype(np.float16),
        turn=turn.astype(np.float16),
        codebook=book.astype(np.float16),
    )
    print(
        f"{len(photographs)} descriptors of photographs, {len(drawings)} of drawings: {OUT.stat().st_size} bytes"
    )


if __name__ == "__main__":
    main()

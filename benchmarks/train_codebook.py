"""Train the codebook of local features: `python benchmarks/train_codebook.py` rewrites watermark/matching/codebook.npz.

Trained on photographs that come with scikit-image and scikit-learn. Run it only to change the codebook itself: every
index has to be rebuilt afterwards, and says so.
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import cv2
import faiss
import numpy as np
from numpy.typing import NDArray

from watermark.matching import codebook
from watermark.picture import features

OUT = Path(codebook.__file__).with_name(codebook.TABLES)
SEED = 20261120
LEAST_SIDE = 200
Luma: TypeAlias = NDArray[np.uint8]


def packaged() -> Iterator[Luma]:
    """Photographs inside the wheels of scikit-image and scikit-learn."""
    for package, folder in (("skimage", "data"), ("sklearn", "datasets/images")):
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise SystemExit(f"{package} is missing: pip install -r benchmarks/requirements.txt")
        for path in sorted((Path(spec.origin).parent / folder).glob("*.[jp][pn]g")):
            luma = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            if luma is not None and min(luma.shape) >= LEAST_SIDE:
                yield np.asarray(luma, np.uint8)


def sample(luma: Luma, most: int) -> codebook.Floats:
    """Descriptors of a picture and its mirror image at three sizes."""
    ways = (luma, np.ascontiguousarray(luma[:, ::-1]))
    areas = (480_000, 120_000, 30_000)
    return np.concatenate(
        [features.describe_query(way, area=area, most=most).described for area in areas for way in ways]
    )


def centroids(points: codebook.Floats, count: int) -> codebook.Floats:
    """Lloyd's k-means from a fixed seed."""
    means = faiss.Kmeans(points.shape[1], count, niter=25, seed=SEED, max_points_per_centroid=1500)
    means.train(np.ascontiguousarray(points))
    return np.asarray(means.centroids, np.float32)


def main() -> None:
    """Train and write."""
    rng = np.random.default_rng(SEED)
    points = rng.permutation(np.concatenate([sample(luma, 3000) for luma in packaged()]))
    first = centroids(points, codebook.FIRST)
    rest = points - first[((first**2).sum(1) - 2 * points @ first.T).argmin(1)]
    second = centroids(rest, codebook.SECOND)
    left = rest - second[((second**2).sum(1) - 2 * rest @ second.T).argmin(1)]
    # principal directions, then a random turn among them so that every bit carries alike
    directions = np.linalg.eigh(np.cov(left.T))[1][:, -64:]
    turn = directions @ np.linalg.qr(rng.standard_normal((64, 64)))[0]
    parts = points.reshape(len(points), codebook.CODE_BYTES, -1)
    book = np.stack([centroids(parts[:, i], 256) for i in range(codebook.CODE_BYTES)])
    tables = {"first": first, "second": second, "turn": turn, "codebook": book}
    np.savez_compressed(OUT, **{name: values.astype(np.float16) for name, values in tables.items()})
    print(f"{len(points)} descriptors of photographs: {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()

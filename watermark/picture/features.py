"""Local features of a picture.

Catalogue photos are described at several sizes, so that a copy shrunk to a thumbnail still finds its own kind of
detail; a query is described once, and its mirror image costs a permutation.
"""

from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.picture.pixels import Picture

CATALOGUE_AREAS = (560 * 420, 280 * 210, 140 * 105)
CATALOGUE_SHARES = (0.5, 0.3, 0.2)
CATALOGUE_FEATURES = 480
QUERY_AREA = (
    450 * 340
)  # two thirds of the catalogue's finest: as many copies proposed, at two thirds of the cost
QUERY_FEATURES = 800
SMALLEST_SIDE = 320
cv2.setNumThreads(1)  # one picture, one core: imports and crawls run a process on each
# A descriptor seen in a mirror: rows of its 4 by 4 cells in reverse order, its 8 directions negated.
MIRROR = np.arange(128).reshape(4, 4, 8)[::-1][:, :, [0, 7, 6, 5, 4, 3, 2, 1]].ravel()


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Features of one picture, strongest first.

    Attributes:
        places: float32 (n, 2), x and y in pixels of the picture as it was given.
        sizes: float32 (n,), diameters in the same pixels.
        angles: float32 (n,), degrees.
        described: float32 (n, 128), RootSIFT.
    """

    places: NDArray[np.float32]
    sizes: NDArray[np.float32]
    angles: NDArray[np.float32]
    described: NDArray[np.float32]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.sizes)

    @classmethod
    def join(cls, parts: "list[Features]") -> "Features":
        """Several in one."""
        names = ("places", "sizes", "angles", "described")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def take(self, rows: NDArray[np.intp]) -> "Features":
        """These rows only."""
        return Features(self.places[rows], self.sizes[rows], self.angles[rows], self.described[rows])

    def mirrored(self, width: int) -> "Features":
        """The features that the picture's mirror image has."""
        places = self.places.copy()
        places[:, 0] = width - 1 - places[:, 0]
        return replace(
            self, places=places, angles=(180 - self.angles) % 360, described=self.described[:, MIRROR]
        )


def grey(picture: Picture) -> NDArray[np.uint8]:
    """Luma, uint8 (height, width)."""
    return np.asarray(cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def describe_query(
    luma: NDArray[np.uint8], *, area: int = QUERY_AREA, most: int = QUERY_FEATURES
) -> Features:
    """Describe a picture that is to be identified.

    At one size of at most `area` pixels; `luma` is uint8 (height, width).
    """
    return _detect(luma, area, most)


def describe_original(luma: NDArray[np.uint8]) -> Features:
    """Describe a catalogue photo at several sizes.

    At most 480 features, spread over the picture; `luma` is uint8 (height, width).
    """
    found = []
    for area, share in zip(CATALOGUE_AREAS, CATALOGUE_SHARES, strict=True):
        features = _detect(luma, area, 4 * CATALOGUE_FEATURES)
        found.append(_spread(features, luma.shape, int(share * CATALOGUE_FEATURES)))
    return Features.join(found)


@cache
def _sift(most: int) -> cv2.SIFT:
    return cv2.SIFT.create(
        nfeatures=most,
        nOctaveLayers=3,
        contrastThreshold=0.02,
        edgeThreshold=10,
        sigma=1.6,
        descriptorType=cv2.CV_8U,
    )


def _detect(luma: NDArray[np.uint8], area: int, most: int) -> Features:
    height, width = luma.shape
    scale = min(1.0, float(np.sqrt(area / (height * width))))
    if scale == 1.0 and max(luma.shape) < SMALLEST_SIDE:
        scale = SMALLEST_SIDE / max(luma.shape)
    if scale != 1.0:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        luma = np.asarray(
            cv2.resize(luma, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        )
    points, descriptors = _sift(most).detectAndCompute(luma, None)
    if not len(points):
        return Features(*(np.zeros(s, np.float32) for s in ((0, 2), 0, 0, (0, 128))))
    rows = np.array([(*p.pt, p.size, p.angle, p.response) for p in points], np.float32)
    order = np.argsort(-rows[:, 4], kind="stable")[:most]
    rows = rows[order]
    # pixel centres: (x + .5) / scale - .5
    grown = np.array([luma.shape[1] / width, luma.shape[0] / height], np.float32)
    described = _root(np.asarray(descriptors, np.uint8)[order])
    return Features((rows[:, :2] + 0.5) / grown - 0.5, rows[:, 2] / scale, rows[:, 3], described)


def _spread(features: Features, shape: tuple[int, ...], most: int) -> Features:
    """The strongest features of every part of the picture.

    Rank within its cell first, strength second.
    """
    if len(features) <= most:
        return features
    cells = 6
    column = (features.places[:, 0] * cells / shape[1]).astype(int).clip(0, cells - 1)
    row = (features.places[:, 1] * cells / shape[0]).astype(int).clip(0, cells - 1)
    cell = row * cells + column
    order = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[order], np.arange(cells * cells))
    rank = np.empty(len(cell), int)
    rank[order] = np.arange(len(cell)) - starts[cell[order]]
    # half by strength overall, half fairly over the cells
    score = np.minimum(rank * cells * cells / 2, np.arange(len(cell)))
    return features.take(np.sort(np.argsort(score, kind="stable")[:most]))


def _root(descriptors: NDArray[np.uint8]) -> NDArray[np.float32]:
    """RootSIFT, unit-length square roots of SIFT descriptors, (n, 128).

    Source: Arandjelović and Zisserman, "Three things everyone should know to improve object retrieval", CVPR 2012.
    """
    values = np.asarray(descriptors, np.float32)
    return np.asarray(np.sqrt(values / np.maximum(values.sum(1, keepdims=True), 1e-6)), np.float32)

"""From a candidate's feature pairs to a sub-pixel map.

All maps are 3 by 3, homogeneous, from pixels of the found picture to pixels of the photo's small picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.matching import panels
from watermark.matching.candidates import Candidate
from watermark.matching.fingerprint import Record
from watermark.picture import features
from watermark.picture.features import Features
from watermark.picture.pixels import Picture

NEAR = 24.0  # pixels of the small picture within which a guided match is sought
ALIKE = 0.70  # cosine of RootSIFT descriptors a guided match needs
MOST_STRETCH = 2.5
SMALLEST, LARGEST = 0.02, 40.0  # small-picture pixels per found pixel
LEAST_VOTES, LEAST_PAIRS = 2, 4
SIZES_APART = 0.8  # octaves between features that can be partners
LEAST_BLOCKS, MANY_BLOCKS = 6, 30  # for an affine, for a projective step
LOOSE = 0.6  # of the pairs in place: so few under an affine map may ask for perspective
SLANTED, LEAST_SLANTED = 1.25, 10  # so many more features in place speak for a perspective; so many at least
LEAST_PANELLED = 300_000  # pixels: smaller pictures are seen well enough in the whole
PANEL_FEATURES = 400
STILL = 0.2  # a step that moves no corner by more than this was the last of its level
SIGMA = 1.2  # of the finest detail looked at, pixels of the level
COVERED = 255


@dataclass(frozen=True, slots=True)
class Level:
    """One size at which a map is refined.

    How much smaller, a block's side in pixels, and the free parameters of each pass.
    """

    shrink: int
    block: int
    passes: tuple[int, ...]


ROUGH = (Level(4, 16, (6, 8)),)
FINE = (Level(2, 24, (8, 8)), Level(1, 32, (8,)))
Array: TypeAlias = NDArray[np.float32]
Matrix: TypeAlias = NDArray[np.float64]
Window: TypeAlias = tuple[float, float, float, float]


class Query:
    """A found picture with what is computed of it once."""

    def __init__(self, picture: Picture) -> None:
        """Keep the picture, and compute the rest when asked."""
        self.picture = picture
        self._shrunk: dict[tuple[int, bool], NDArray[np.uint8]] = {}

    @cached_property
    def luma(self) -> NDArray[np.uint8]:
        """Grey, uint8 (height, width)."""
        return features.grey(self.picture)

    @cached_property
    def features(self) -> Features:
        """Its local features, strongest first."""
        return features.describe_query(self.luma)

    @cached_property
    def mirrored(self) -> Features:
        """The features of its mirror image, in the mirror image's pixels."""
        return self.features.mirrored(self.picture.width)

    def panels(self) -> Iterator[tuple[Window, Features]]:
        """The panels of a sheet, page or screenshot that are lost in the whole, with the features of each."""
        if self.picture.width * self.picture.height < LEAST_PANELLED:
            return
        for left, top, right, bottom in panels.panels(self.luma):
            found = features.describe_query(self.luma[top:bottom, left:right], most=PANEL_FEATURES)
            if len(found) >= LEAST_SLANTED:
                window = (float(left), float(top), float(right), float(bottom))
                yield window, replace(found, places=found.places + np.array([left, top], np.float32))

    @property
    def flip(self) -> Matrix:
        """The map from the picture to its mirror image."""
        return np.array([[-1.0, 0, self.picture.width - 1], [0, 1, 0], [0, 0, 1]])

    def shrunk(self, scale: float, *, colour: bool = False) -> NDArray[np.uint8]:
        """Give its luma or colours at a scale or a little more.

        Properly averaged, never enlarged; uint8 (height, width) or (height, width, 3).
        """
        half_octaves = max(0, int(np.floor(-2 * np.log2(max(scale, 1e-3)) + 1e-6)))
        return self._smaller(half_octaves // 2 * 2 if colour else half_octaves, colour=colour)

    def _smaller(self, half_octaves: int, *, colour: bool) -> NDArray[np.uint8]:
        """Average from the size an octave above, a fifth of the cost."""
        if half_octaves == 0:
            return self.picture.rgb if colour else self.luma
        if (half_octaves, colour) not in self._shrunk:
            source = self._smaller(half_octaves - 2 if half_octaves > 1 else 0, colour=colour)
            by = 2 ** (-half_octaves / 2)
            size = (max(1, round(self.picture.width * by)), max(1, round(self.picture.height * by)))
            self._shrunk[half_octaves, colour] = np.asarray(
                cv2.resize(source, size, interpolation=cv2.INTER_AREA), np.uint8
            )
        return self._shrunk[half_octaves, colour]


@dataclass(frozen=True, slots=True, eq=False)
class Homography:
    """How a found picture lies on a photo.

    Attributes:
        matrix: float64 (3, 3), found pixels to small-picture pixels, any mirroring included.
        mirrored: whether it includes one.
        pairs: features that had a partner.
        inliers: distinct places whose partners agree with the map.
        window: the part of the found picture that is looked at: left, top, right, bottom in its pixels.
        crowd: how many other photos of the catalogue had at least half as many votes.
    """

    matrix: Matrix
    mirrored: bool
    pairs: int
    inliers: int
    window: Window | None = None
    crowd: int = 0

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of what is looked at, pixels of the found picture."""
        left, top, right, bottom = self.window or (0.0, 0.0, 0.0, 0.0)
        return (left + right) / 2, (top + bottom) / 2

    @property
    def local(self) -> Matrix:
        """The map's derivative in that middle, (2, 2)."""
        return derivative(self.matrix, self.middle)

    @property
    def scale(self) -> float:
        """Small-picture pixels per found pixel, in that middle."""
        return float(np.sqrt(abs(np.linalg.det(self.local))))


def derivative(matrix: Matrix, at: tuple[float, float]) -> Matrix:
    """How a homography moves points near one of them, float64 (2, 2)."""
    x, y, depth = matrix @ np.array([*at, 1.0])
    place = np.array([x, y]) / depth
    return np.asarray((matrix[:2, :2] - place[:, None] * matrix[2:, :2]) / depth)


def register(
    query: Query, features: Features, record: Record, candidate: Candidate, window: Window | None = None
) -> Homography | None:
    """Fit a map to a candidate's features.

    None where too few agree.

    Args:
        query: the found picture.
        features: of it or of its mirror image, whichever was proposed.
        record: the photo.
        candidate: what was voted for.
        window: the part of the picture that the features are of; None for all.
    """
    photo = record.features()
    here, there = features.places[candidate.pairs[:, 0]], photo.places[candidate.pairs[:, 1]]
    if len(here) < LEAST_VOTES:
        return None
    voted, _ = cv2.estimateAffinePartial2D(here, there, method=cv2.RANSAC, ransacReprojThreshold=8)
    first = np.asarray(voted, np.float64)  # none at all is a single NaN
    if not np.isfinite(first).all():
        return None
    seen = window or (0.0, 0.0, float(query.picture.width), float(query.picture.height))
    fitted = _fitted(features, photo, np.vstack([first, [0, 0, 1]]), seen)
    if fitted is None:
        return None
    matrix, inliers, here = fitted
    if candidate.mirrored:
        matrix = matrix @ query.flip
    return Homography(matrix, candidate.mirrored, len(here), inliers, seen, candidate.crowd)


def _fitted(
    features: Features, photo: Features, first: Matrix, window: Window
) -> tuple[Matrix, int, Array] | None:
    """An affine map, or one with perspective where that holds many more places; how many; what had partners."""
    here, there = _guided(features, photo, first)
    if len(here) < LEAST_PAIRS:
        return None
    found, kept = cv2.estimateAffine2D(
        here, there, method=cv2.RANSAC, ransacReprojThreshold=4, maxIters=1000, confidence=0.995
    )
    affine = np.asarray(found, np.float64)
    if affine.shape != (2, 3) or not plausible(affine):
        return None
    chosen = kept.ravel() > 0
    inliers = min(_places(here[chosen]), _places(there[chosen]))
    if len(here) >= LEAST_SLANTED and chosen.mean() < LOOSE:
        slanted = _slanted(features, photo, (here, there), window)
        if slanted is not None and slanted[1] >= max(LEAST_SLANTED, SLANTED * inliers):
            return slanted
    return (np.vstack([affine, [0, 0, 1]]), inliers, here) if inliers >= LEAST_PAIRS else None


def _slanted(
    features: Features, photo: Features, pairs: tuple[Array, Array], window: Window
) -> tuple[Matrix, int, Array] | None:
    """A map with perspective, how many places it holds, and the features that had a partner under it."""
    best: tuple[Matrix, int, Array] | None = None
    here, there = pairs
    left, top, right, bottom = window
    edges = ((left, top), (right, top), (right, bottom), (left, bottom))
    for _ in range(2):
        if len(here) < LEAST_SLANTED:
            break
        found, kept = cv2.findHomography(here, there, cv2.RANSAC, 5, maxIters=500, confidence=0.99)
        if found is None:
            break
        matrix = np.asarray(found, np.float64)
        if not all(plausible_at(matrix, at) for at in edges):
            break
        chosen = kept.ravel() > 0
        held = min(_places(here[chosen]), _places(there[chosen]))
        if best is None or held > best[1]:
            best = matrix, held, here
        here, there = _guided(features, photo, matrix)
    return best


def register_whole(query: Query, record: Record, *, mirrored: bool) -> Homography:
    """Assume that the whole picture is the whole photo."""
    across = record.frame[0] / query.picture.width
    down = record.frame[1] / query.picture.height
    matrix = np.array([[across, 0, across / 2 - 0.5], [0, down, down / 2 - 0.5], [0, 0, 1]])
    whole = (0.0, 0.0, float(query.picture.width), float(query.picture.height))
    return Homography(matrix @ query.flip if mirrored else matrix, mirrored, 0, 0, whole)


def plausible(matrix: NDArray[np.floating]) -> bool:
    """Whether a map neither tears, flips nor flattens the picture."""
    if not np.isfinite(matrix).all():
        return False
    large, little = np.linalg.svd(matrix[:2, :2], compute_uv=False)
    fair = SMALLEST < little <= large < LARGEST and large / little < MOST_STRETCH
    return bool(fair and np.linalg.det(matrix[:2, :2]) > 0)


def plausible_at(matrix: Matrix, point: tuple[float, float]) -> bool:
    """Whether a map with perspective is plausible there, and the point before the camera."""
    if not np.isfinite(matrix).all() or matrix[2] @ np.array([*point, 1.0]) <= 0:
        return False
    return plausible(derivative(matrix, point))


def warp(
    query: Query, homography: Homography, frame: tuple[int, int], *, colour: bool = False
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The found picture seen in the photo's frame.

    Args:
        query: the found picture.
        homography: where it lies.
        frame: width and height to show.
        colour: in colours, not in grey.

    Returns:
        uint8 (height, width) or (height, width, 3), and uint8 (height, width), 255 where it covers the photo.
    """
    source = query.shrunk(homography.scale, colour=colour)
    grow = scaling(source.shape, (query.picture.height, query.picture.width))
    matrix = homography.matrix @ grow
    laid = cv2.warpPerspective(source, matrix, frame, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid, np.uint8), outline(
        homography.matrix,
        (query.picture.height, query.picture.width),
        (frame[1], frame[0]),
        homography.window,
    )


def outline(
    matrix: Matrix, shape: tuple[int, ...], onto: tuple[int, ...], window: Window | None = None
) -> NDArray[np.uint8]:
    """Draw what one picture covers of another.

    Both shapes are (height, width) in pixels.

    Args:
        matrix: from its pixels to the other's.
        shape: its own.
        onto: the other's.
        window: the part of it that counts; None for all.

    Returns:
        uint8 (height, width), 255 where it covers; nothing where the map turns the picture inside out.
    """
    covered = np.zeros(onto[:2], np.uint8)
    edges = list(corners(shape[1], shape[0]))
    if window is not None:
        left, top, right, bottom = (float(edge) - 0.5 for edge in window)
        edges = [(left, top), (right, top), (right, bottom), (left, bottom)]
    laid = np.array([(*corner, 1.0) for corner in edges]) @ matrix.T
    if (laid[:, 2] > 0).all():
        points = np.clip(laid[:, :2] / laid[:, 2:], -30000, 30000).round().astype(np.int32)
        cv2.fillConvexPoly(covered, points, COVERED)
    return covered


def refine(
    query: Query, photo: NDArray[np.uint8], homography: Homography, levels: tuple[Level, ...]
) -> Homography:
    """Move the map until the pixels agree.

    Affine first, a homography at the end.

    Args:
        query: the found picture.
        photo: the small picture in grey, uint8 (height, width).
        homography: a map that is right to a few pixels of the first level.
        levels: ROUGH, FINE or both in turn.

    Source: Lucas and Kanade's step for all blocks at once (Baker and Matthews, "20 years on", IJCV 2004), joined by
    iteratively reweighted least squares.
    """
    matrix = homography.matrix
    for level in levels:
        if level.shrink < homography.scale / 4:
            break
        small = downsampled(photo, level.shrink)
        to_level = scaling(photo.shape, small.shape)
        sigma = max(SIGMA, 0.6 * homography.scale / level.shrink)
        one = normalised(small, sigma)
        for free in level.passes:
            frame = (small.shape[1], small.shape[0])
            laid, covered = warp(query, replace(homography, matrix=to_level @ matrix), frame)
            flow = block_flow(one, normalised(laid, sigma), covered, sigma, level.block)
            if len(flow.weights) < LEAST_BLOCKS:
                break
            step = _fit(flow, frame, free if len(flow.weights) > MANY_BLOCKS else 6)
            moved = np.linalg.inv(to_level) @ step @ to_level @ matrix
            straight = moved @ query.flip if homography.mirrored else moved
            x, y = homography.middle
            if not plausible_at(
                straight, (query.picture.width - 1 - x, y) if homography.mirrored else (x, y)
            ):
                return replace(homography, matrix=matrix / matrix[2, 2])
            matrix = moved / moved[2, 2]
            if _reach(step, frame) < STILL:
                break
    return replace(homography, matrix=matrix)


def _reach(step: Matrix, frame: tuple[int, int]) -> float:
    """How far a step moves the farthest corner, pixels."""
    before = np.array([(*corner, 1.0) for corner in corners(*frame)])
    moved = before @ step.T
    return float(np.abs(moved[:, :2] / moved[:, 2:] - before[:, :2]).max())


def downsampled(luma: NDArray[np.uint8], shrink: int) -> NDArray[np.uint8]:
    """The picture `shrink` times smaller, averaged."""
    if shrink == 1:
        return luma
    size = (-(-luma.shape[1] // shrink), -(-luma.shape[0] // shrink))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)


def scaling(full: tuple[float, ...], level: tuple[float, ...]) -> Matrix:
    """Map pixel centres of a picture to its smaller version's.

    Shapes are (height, width) in pixels; gives float64 (3, 3).
    """
    across, down = level[1] / full[1], level[0] / full[0]
    return np.array([[across, 0, across / 2 - 0.5], [0, down, down / 2 - 0.5], [0, 0, 1]])


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """How far each block still lies from its place.

    Attributes:
        centres: float32 (n, 2), block centres in small-picture pixels.
        shifts: float32 (n, 2), where to, pixels.
        weights: float32 (n,), how well the block's texture fixes its shift, 0 to 1.
        alike: float32 (n,), how much of what the block shows is in both pictures, 0 to 1.
    """

    centres: Array
    shifts: Array
    weights: Array
    alike: Array


def block_flow(photo: Array, found: Array, covered: NDArray[np.uint8], sigma: float, block: int) -> Flow:
    """Take one Lucas-Kanade step for every block.

    Only blocks that both normalised pictures cover and that have texture both ways.
    """
    half = block // 2
    across, down = (cv2.Sobel(photo, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1)))
    differ = found - photo
    products = (across * across, across * down, down * down, across * differ, down * differ)
    xx, xy, yy, xt, yt = (_blocks(part, half) for part in products)
    apart, there = (_blocks(part, half) for part in (differ * differ, photo * photo + found * found))
    determinant = xx * yy - xy * xy
    middle = (xx + yy) / 2
    weak = middle - np.sqrt(np.maximum(middle * middle - determinant, 0))
    usable = (_blocks(covered, half) == COVERED) & (weak > 2e-3 / sigma**2)
    rows, columns = np.nonzero(usable)
    xx, xy, yy, xt, yt, determinant, weak, apart, there = (
        part[usable] for part in (xx, xy, yy, xt, yt, determinant, weak, apart, there)
    )
    shifts = np.stack([yy * xt - xy * yt, xx * yt - xy * xt], 1) / determinant[:, None]
    reach = 2.0 * sigma
    length = np.linalg.norm(shifts, axis=1)
    shifts *= np.minimum(1, reach / np.maximum(length, 1e-6))[:, None]
    weights = np.minimum(1, weak * sigma**2 / 0.05) * np.exp(-((length / (2 * reach)) ** 2))
    centres = (np.stack([columns, rows], 1) + 1).astype(np.float32) * half
    alike = np.clip(1 - apart / np.maximum(there, 1e-6), 0, 1) ** 2
    return Flow(centres, shifts.astype(np.float32), weights.astype(np.float32), alike)


def _blocks(values: Array | NDArray[np.uint8], half: int) -> Array:
    """Means over overlapping blocks, two half blocks wide.

    One for every inner corner of the grid of half blocks.
    """
    rows, columns = values.shape[0] // half, values.shape[1] // half
    if min(rows, columns) < 2:  # noqa: PLR2004 (no whole block)
        return np.zeros((0, 0), np.float32)
    cells = cv2.resize(
        values[: rows * half, : columns * half], (columns, rows), interpolation=cv2.INTER_AREA
    ).astype(np.float32)
    pairs = cells[:-1] + cells[1:]
    return np.asarray((pairs[:, :-1] + pairs[:, 1:]) / 4, np.float32)


def normalised(luma: NDArray[np.uint8], sigma: float) -> Array:
    """Band-pass, and bring to the same contrast everywhere.

    Light and filters do not matter then. Gives float32 (height, width).
    """
    reach = 2 * int(np.ceil(2.5 * sigma)) + 1
    smooth = np.asarray(cv2.GaussianBlur(luma.astype(np.float32), (reach, reach), sigma), np.float32)
    # what is wide enough to be averaged is averaged on a coarser grid, a fifth of the cost
    cell = max(1, int(2 * sigma))
    band = smooth - _wide(smooth, cell, 5)
    spread = _coarse(band * band, cell, 9) + np.float32(4)
    return np.asarray(band * _back(1 / np.sqrt(spread), band.shape), np.float32)


def _wide(values: Array, cell: int, cells: int) -> Array:
    """The mean around every pixel, `cells` times `cell` pixels wide."""
    return _back(_coarse(values, cell, cells), values.shape)


def _coarse(values: Array, cell: int, cells: int) -> Array:
    size = (max(1, values.shape[1] // cell), max(1, values.shape[0] // cell))
    return np.asarray(
        cv2.blur(cv2.resize(values, size, interpolation=cv2.INTER_AREA), (cells, cells)), np.float32
    )


def _back(values: Array, shape: tuple[int, ...]) -> Array:
    return np.asarray(cv2.resize(values, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)


def _fit(flow: Flow, frame: tuple[int, int], free: int) -> Matrix:
    """The step that most of the blocks ask for.

    Affine with 6 free parameters, projective with 8.
    """
    half = max(frame) / 2
    centre = np.array([frame[0] / 2, frame[1] / 2])
    x, y = ((flow.centres - centre) / half).T.astype(np.float64)
    count = len(x)
    design = np.zeros(
        (8, 2 * count)
    )  # a row for each parameter: contiguous, and twice as fast as the other way
    design[0, :count] = design[3, count:] = x
    design[1, :count] = design[4, count:] = y
    design[2, :count] = design[5, count:] = 1
    design[6, :count], design[6, count:], design[7, :count], design[7, count:] = x * x, x * y, x * y, y * y
    design = design[:free]
    asked = flow.shifts.T.astype(np.float64).ravel() / half
    ridge = np.diag([1e-4] * 6 + [4e-3] * 2)[:free, :free] * (1e-3 + flow.weights.sum())
    weights = trusted = (flow.weights * flow.alike).astype(np.float64)
    found = np.zeros(free)
    for _ in range(5):
        weighed = design * np.concatenate([weights, weights])
        found = np.linalg.solve(weighed @ design.T + ridge, weighed @ asked)
        over = asked - found @ design
        left = np.sqrt(over[:count] ** 2 + over[count:] ** 2) * half
        usual = max(0.3, 1.5 * float(np.partition(left, count // 2)[count // 2]))
        weights = trusted / (1 + (left / usual) ** 2) ** 2
    p = np.zeros(8)
    p[:free] = found
    step = np.array([[1 + p[0], p[1], p[2]], [p[3], 1 + p[4], p[5]], [-p[6], -p[7], 1]])
    norm = np.array([[1 / half, 0, -centre[0] / half], [0, 1 / half, -centre[1] / half], [0, 0, 1]])
    return np.asarray(np.linalg.inv(norm) @ step @ norm)


def _guided(features: Features, photo: Features, first: Matrix) -> tuple[Array, Array]:
    """Mutual best pairs of features near under a first map."""
    laid = features.places @ first[:, :2].T + first[:, 2]
    depth = np.where(np.abs(laid[:, 2]) > SMALLEST, laid[:, 2], SMALLEST)
    moved = np.asarray(laid[:, :2] / depth[:, None], np.float32)
    middle = features.places.mean(0)
    grown = np.sqrt(abs(np.linalg.det(derivative(first, (float(middle[0]), float(middle[1]))))))
    octave = np.log2(np.maximum(features.sizes * grown, 1e-3))
    across = np.argsort(photo.places[:, 0])
    edges = photo.places[across, 0]
    starts, stops = (np.searchsorted(edges, moved[:, 0] + by) for by in (-NEAR, NEAR))
    here = np.repeat(np.arange(len(moved)), stops - starts)
    ends = np.cumsum(stops - starts)
    there = across[np.arange(len(here)) + np.repeat(stops - ends, stops - starts)]
    near = (np.abs(moved[here, 1] - photo.places[there, 1]) < NEAR) & (
        np.abs(octave[here] - np.log2(photo.sizes)[there]) < SIZES_APART
    )
    here, there = here[near], there[near]
    alike = np.zeros((len(moved), len(edges)), np.float32)
    alike[here, there] = np.einsum("nd,nd->n", features.described[here], photo.described[there])
    best = alike.argmax(1)
    how_alike = alike[np.arange(len(alike)), best]
    rows = np.flatnonzero((how_alike > ALIKE) & (how_alike == alike.max(0)[best]))
    return np.ascontiguousarray(features.places[rows]), np.ascontiguousarray(photo.places[best[rows]])


def _places(points: Array) -> int:
    """Distinct places, as several features may share a spot."""
    return len(np.unique(np.round(points / 4), axis=0))


def corners(width: int, height: int) -> Iterator[tuple[float, float]]:
    """The outer corners of a picture, clockwise from top left."""
    yield from ((-0.5, -0.5), (width - 0.5, -0.5), (width - 0.5, height - 0.5), (-0.5, height - 0.5))

"""Where a repeated tile lies in a picture, at what size and turn, told from the picture alone.

The autocorrelation of a tiled picture has peaks on a square lattice; the lattice is found by trying all sizes and
turns. Source of the idea: Kutter, "Watermarking resisting to translation, rotation, and scaling", SPIE 3528, 1998.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.marking.hidden.strength import Plane

PERIOD = 128
"""The tile's side in pixels of the marked picture."""

_LARGEST = 1700  # pixels on the long side; more are not looked at
_SMALLEST_SCALE, _LARGEST_SCALE, _SCALE_STEP = 0.2, 2.1, 0.003  # the step is a ratio
_TURN, _TURN_STEP = 10.0, 0.2  # degrees
_CANDIDATES = 24
_NEIGHBOURS = 4  # tiles
_LEAST_PERIOD = 12.0  # pixels
_MOST_CANONICAL = 2600  # pixels
_CLIP = 2.5  # standard deviations
_FLAT = 3.0  # grey levels between darkest and brightest
_LEAST_SHARE = 0.8  # of a tile that must be there

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """The picture seen as if one size and turn were right, all its tiles added up.

    Attributes:
        matrix: float64 (2, 2), pixels of the marked picture to pixels of the found one.
        evened: float32 (height, width), the picture's fine detail at the marked picture's size, evened.
        spectra: complex64 (8, PERIOD, PERIOD), the whitened spectrum of the sum, of each of its eight turns and flips.
    """

    matrix: Matrix
    evened: Plane
    spectra: NDArray[np.complex64]


class Search:
    """A picture searched for a tile; what needs no key is done once, for any number of keys."""

    def __init__(self, grey: Plane) -> None:
        """Take a picture's brightness: float32 (height, width), 0 to 255."""
        self.shrunk = min(1.0, _LARGEST / max(grey.shape))
        if self.shrunk < 1:
            size = round(grey.shape[1] * self.shrunk), round(grey.shape[0] * self.shrunk)
            grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)
        self._grey = grey
        self._folds: list[Fold] = []
        self._next = self._candidates()

    def folds(self) -> Iterator[Fold]:
        """Give the picture folded at its own size first, then at every likely size and turn, likeliest first."""
        position = 0
        while True:
            if position == len(self._folds):
                fold = next(self._next, None)
                if fold is None:
                    return
                self._folds.append(fold)
            yield self._folds[position]
            position += 1

    def at(self, matrix: Matrix) -> Fold | None:
        """Fold the picture as if `matrix` were right; None where too little of a tile is left."""
        evened = self._canonical(matrix)
        if evened is None or min(evened.shape) < _LEAST_SHARE * PERIOD:
            return None
        return Fold(matrix, evened, _spectra(fold(evened)))

    def _candidates(self) -> Iterator[Fold]:
        for matrix in [np.eye(2), *self._likely]:
            found = self.at(matrix)
            if found is not None:
                yield found

    def _canonical(self, matrix: Matrix) -> Plane | None:
        height, width = self._grey.shape
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ np.linalg.inv(matrix).T
        first, last = corners.min(0), corners.max(0)
        across, down = (min(int(length), _MOST_CANONICAL) for length in np.ceil(last - first))
        if min(across, down) < 1:
            return None
        scale = float(abs(np.linalg.det(matrix)) ** 0.5)
        grey = cv2.GaussianBlur(self._grey, (0, 0), 0.45 * scale) if scale > 1.15 else self._grey  # noqa: PLR2004
        placed = np.column_stack([matrix, matrix @ first])
        way = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        laid = cv2.warpAffine(grey, placed, (across, down), flags=way, borderMode=cv2.BORDER_REFLECT)
        there = cv2.warpAffine(
            np.ones(grey.shape, np.uint8),
            placed,
            (across, down),
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
        )
        inside = cv2.erode(there, np.ones((7, 7), np.uint8), borderValue=0)
        return np.asarray(evened(np.asarray(laid, np.float32), 5.0) * inside, np.float32)

    @cached_property
    def _likely(self) -> list[Matrix]:
        """The sizes and turns at which the autocorrelation has peaks where a lattice would, likeliest first."""
        if float(np.ptp(self._grey)) < _FLAT or min(self._grey.shape) < 2 * _LEAST_PERIOD:
            return []
        heights = _peaks(self._grey)
        turns = np.deg2rad(np.arange(-_TURN, _TURN + 1e-6, _TURN_STEP))
        scored = []
        for scale in np.exp(np.arange(np.log(_SMALLEST_SCALE), np.log(_LARGEST_SCALE), _SCALE_STEP)):
            if _LEAST_PERIOD <= PERIOD * scale <= 0.7 * min(self._grey.shape):
                scores = _lattice_scores(heights, self._grey.shape, PERIOD * scale, turns)
                scored += [(float(scores[i]), float(scale), float(turns[i])) for i in np.argsort(scores)[-3:]]
        chosen: list[tuple[float, float]] = []
        for _, scale, turn in sorted(scored, reverse=True):
            apart = (
                abs(np.log(scale / s)) > 2 * _SCALE_STEP or abs(turn - t) > np.deg2rad(0.5) for s, t in chosen
            )
            if all(apart):
                chosen.append((scale, turn))
            if len(chosen) == _CANDIDATES:
                break
        return [
            scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
            for scale, turn in chosen
        ]


def evened(grey: Plane, reach: float) -> Plane:
    """Keep the fine detail (finer than `reach` pixels), evened to the same contrast everywhere, outliers cut."""
    detail = grey - cv2.GaussianBlur(grey, (0, 0), reach)
    power = cv2.GaussianBlur(detail * detail, (0, 0), max(4.0, reach))
    return np.asarray(np.clip(detail / np.sqrt(power + 0.6), -_CLIP, _CLIP), np.float32)


def fold(plane: Plane) -> Plane:
    """Add up all tiles of a plane that begins with one: float32 (PERIOD, PERIOD)."""
    height, width = plane.shape
    rows, columns = -(-height // PERIOD), -(-width // PERIOD)
    whole = np.zeros((rows * PERIOD, columns * PERIOD), np.float32)
    whole[:height, :width] = plane
    return np.asarray(whole.reshape(rows, PERIOD, columns, PERIOD).sum((0, 2)), np.float32)


def whitened(tile: Plane) -> NDArray[np.complex64]:
    """Give a tile's spectrum, every neighbourhood of frequencies brought to the same power."""
    spectrum = np.fft.fft2(tile)
    power = np.abs(spectrum).astype(np.float32) ** 2
    wrapped = cv2.copyMakeBorder(power, 4, 4, 4, 4, cv2.BORDER_WRAP)
    usual = cv2.blur(wrapped, (9, 9))[4:-4, 4:-4]
    return np.asarray(spectrum / np.sqrt(usual + 1e-9), np.complex64)


def turned(plane: Plane, way: int) -> Plane:
    """Turn by `way & 3` quarters, then mirror if `way & 4`: the eight ways a square can lie."""
    quarter = np.rot90(plane, way & 3)
    return np.ascontiguousarray(quarter[:, ::-1] if way & 4 else quarter)


def turned_back(plane: Plane, way: int) -> Plane:
    """Undo `turned`."""
    return np.ascontiguousarray(np.rot90(plane[:, ::-1] if way & 4 else plane, -(way & 3)))


def _spectra(folded: Plane) -> NDArray[np.complex64]:
    return np.stack([whitened(turned(folded, way)) for way in range(8)])


def _peaks(grey: Plane) -> Plane:
    """Give the autocorrelation, centred, each place measured by what is usual around it."""
    height, width = grey.shape
    taper = np.hanning(height + 2)[1:-1, None] ** 0.25 * np.hanning(width + 2)[None, 1:-1] ** 0.25
    shape = cv2.getOptimalDFTSize(int(height * 1.6)), cv2.getOptimalDFTSize(int(width * 1.6))
    detail = evened(grey, 6.0) * taper.astype(np.float32)
    power = np.abs(np.fft.rfft2(detail, shape)).astype(np.float32) ** 2
    usual = cv2.blur(power, (31, 31), borderType=cv2.BORDER_REFLECT)
    flat = np.minimum(power / (usual + 1e-3 * float(usual.mean())), 12)
    found = np.fft.fftshift(np.fft.irfft2(flat, shape)).astype(np.float32)
    above = found - cv2.GaussianBlur(found, (0, 0), 10)
    spread = np.sqrt(cv2.GaussianBlur(above * above, (0, 0), 20)) + 1e-9
    heights = cv2.GaussianBlur(np.clip(above / spread, -6, 8), (0, 0), 0.8)
    return np.asarray(heights / heights.std(), np.float32)


_STEPS = np.array(
    [
        (down, across)
        for down in range(_NEIGHBOURS + 1)
        for across in range(-_NEIGHBOURS, _NEIGHBOURS + 1)
        if (down > 0 or across > 0) and down**2 + across**2 <= _NEIGHBOURS**2 + 1
    ],
    np.float64,
)


def _lattice_scores(
    heights: Plane, shape: tuple[int, ...], period: float, turns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Say for each turn how high the autocorrelation stands on the lattice of one period (pixels)."""
    down, across = (_STEPS * period).T
    cosine, sine = np.cos(turns)[:, None], np.sin(turns)[:, None]
    x, y = across * cosine - down * sine, across * sine + down * cosine
    height, width = shape
    near = (np.abs(x) < 0.7 * width) & (np.abs(y) < 0.7 * height)
    weights = near * np.clip((1 - np.abs(x) / width) * (1 - np.abs(y) / height), 0, 1)
    middle_y, middle_x = heights.shape[0] // 2, heights.shape[1] // 2
    places = (x + middle_x).astype(np.float32), (y + middle_y).astype(np.float32)
    seen = cv2.remap(heights, *places, cv2.INTER_LINEAR)
    return np.asarray((seen * weights).sum(1) / np.sqrt((weights**2).sum(1) + 1e-9), np.float64)

"""The layer that is read from the picture alone: one keyed tile, repeated over the picture.

It says which page a copy came from before anything else is known of it. As it repeats, somebody who knows how can
find it in a single picture and take it off; the informed layer is the evidence.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.marking.hidden.coding import CODED, Reading, decode, encode, presence
from watermark.marking.hidden.keys import MarkKey
from watermark.marking.hidden.lattice import (
    PERIOD,
    Fold,
    Matrix,
    Search,
    evened,
    fold,
    turned_back,
    whitened,
)
from watermark.marking.hidden.strength import Plane

PRESENT_FROM = 12.5
"""Standard deviations. Of 2^64 code words the best in an unmarked picture reaches 7.4 (measured; most 9.0); the chance
of 12.5 is below 1e-16 by the union bound."""

_RINGS, _PILOTS = 5, 88
_LOWEST = 0.03  # cycles per pixel
_FALL = 0.35  # amplitude falls with frequency to this power
_PLACED_FROM, _PLACED_SURELY = 4.5, 9.0  # the pilot's peak, standard deviations
_REFINED, _REFINEMENTS = 4, 2
_REACH = 8  # pixels by which a window may lie off


@dataclass(frozen=True, slots=True, eq=False)
class _Tile:
    """What a key makes of the tile's frequencies: two numbers (real, imaginary) of each carry a coded bit or a pilot.

    Attributes:
        rows, columns: int (n,), the frequencies, half of the plane.
        bits: int (2 n,), the coded bit that each number carries; -1 for a pilot.
        signs, amplitudes: float (2 n,).
        rings: int (2 n,), which ring of frequencies it is in; each holds every coded bit once.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    bits: NDArray[np.intp]
    signs: NDArray[np.float32]
    amplitudes: NDArray[np.float64]
    rings: NDArray[np.intp]
    pilot: NDArray[np.complex64]

    def spectrum(self, numbers: NDArray[np.floating]) -> NDArray[np.complex128]:
        """Put numbers (2 n,) on their frequencies: complex (PERIOD, PERIOD) of a real tile."""
        placed = np.zeros((PERIOD, PERIOD), np.complex128)
        values = numbers[0::2] + 1j * numbers[1::2]
        placed[self.rows, self.columns] = values
        placed[-self.rows, -self.columns] = np.conj(values)
        return placed

    def read_off(self, spectrum: NDArray[np.complexfloating]) -> NDArray[np.float64]:
        """Give the numbers of a spectrum, their signs undone."""
        values = spectrum[self.rows, self.columns]
        return np.stack([values.real, values.imag], axis=1).ravel().astype(np.float64) * self.signs


@lru_cache(maxsize=32)
def _tile(key: MarkKey) -> _Tile:
    down, across = np.meshgrid(*[np.fft.fftfreq(PERIOD) * PERIOD] * 2, indexing="ij")
    radius = np.hypot(down, across)
    half = (down > 0) | ((down == 0) & (across > 0))
    places = np.argwhere(half & (radius >= _LOWEST * PERIOD))
    ring = CODED + _PILOTS
    nearest = np.argsort(radius[tuple(places.T)], kind="stable")[: _RINGS * ring // 2]
    rows, columns = places[nearest].T
    stream = key.stream("tile")
    roles = np.concatenate([np.arange(CODED), np.full(_PILOTS, -1)])
    bits = np.concatenate([roles[stream.order(ring)] for _ in range(_RINGS)])
    length = np.repeat(radius[rows, columns], 2)
    tile = _Tile(
        rows=rows,
        columns=columns,
        bits=bits,
        signs=stream.signs(len(bits)),
        amplitudes=(length / length.min()) ** -_FALL,
        rings=np.arange(len(bits)) // ring,
        pilot=np.zeros(0, np.complex64),
    )
    pilot = tile.spectrum(np.where(bits < 0, tile.signs * tile.amplitudes, 0))
    return replace(tile, pilot=pilot.astype(np.complex64))


def carrier(key: MarkKey, payload: int, shape: tuple[int, int]) -> Plane:
    """Draw the layer for a picture of (height, width): float32, mean 0 and variance 1."""
    tile, word = _tile(key), encode(payload)
    numbers = np.where(tile.bits < 0, 1.0, word[np.maximum(tile.bits, 0)]) * tile.signs * tile.amplitudes
    one = np.fft.ifft2(tile.spectrum(numbers)).real.astype(np.float32)
    one /= one.std()
    again = -(-shape[0] // PERIOD), -(-shape[1] // PERIOD)
    return np.tile(one, again)[: shape[0], : shape[1]]


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """Where the pilot was found in a fold: how surely, which of the eight ways, and at what shift (pixels)."""

    score: float
    found: Fold
    way: int
    down: int
    across: int


def read(search: Search, key: MarkKey) -> Reading:
    """Read the payload from a picture alone; none unless the presence statistic and the check sum both say so."""
    tile, placed = _tile(key), []
    for found in search.folds():
        placed.append(_placed(tile, found))
        if placed[-1].score > _PLACED_SURELY:
            break
    best = Reading(None, 0.0)
    for one in sorted(placed, key=lambda each: -each.score)[:_REFINED]:
        for reading in _refined(tile, search, one):
            if reading.payload is not None:
                return replace(reading, scale=reading.scale / search.shrunk)
            if reading.score > best.score:
                best = reading
    return best


def read_in_place(grey: Plane, key: MarkKey) -> Reading:
    """Read the payload of a file of ours that nobody cut, turned or resized."""
    tile = _tile(key)
    return _demodulated(tile, whitened(fold(evened(grey, 5.0))), (0, 0), 1.0)


def _refined(tile: _Tile, search: Search, placed: _Placed) -> list[Reading]:
    """Read at a place, and again after mending its size and turn by the pilot."""
    readings: list[Reading] = []
    for _ in range(_REFINEMENTS + 1):
        scale = float(abs(np.linalg.det(placed.found.matrix)) ** 0.5)
        shift = placed.down, placed.across
        reading = _demodulated(tile, placed.found.spectra[placed.way], shift, scale)
        sure = reading.payload is not None and placed.score >= _PLACED_FROM
        readings.append(reading if sure else replace(reading, payload=None))
        mended = None if sure else _mended(tile, placed)
        again = search.at(mended) if mended is not None else None
        if again is None:
            break
        better = _placed(tile, again)
        if better.score < 0.8 * placed.score:
            break
        placed = better
    return readings


def _placed(tile: _Tile, found: Fold) -> _Placed:
    """Find the way and shift at which the pilot stands out most."""
    agreed = np.fft.ifft2(found.spectra * np.conj(tile.pilot)).real
    tops, usual, spread = agreed.max((1, 2)), agreed.mean((1, 2)), agreed.std((1, 2))
    scores = (tops - usual) / np.maximum(spread, 1e-12)
    way = int(scores.argmax())
    down, across = divmod(int(agreed[way].argmax()), PERIOD)
    return _Placed(float(scores[way]), found, way, down, across)


def _demodulated(
    tile: _Tile, spectrum: NDArray[np.complexfloating], shift: tuple[int, int], scale: float
) -> Reading:
    """Read the coded bits at a shift, to half a pixel; rings in which the pilots are clearer count for more."""
    pilots = tile.bits < 0
    numbers = max(
        (tile.read_off(spectrum * _phase(shift[0] + down, shift[1] + across)) for down, across in _HALVES),
        key=lambda seen: float((seen * tile.amplitudes)[pilots].sum()),
    )
    weights = np.zeros(_RINGS)
    for ring in range(_RINGS):
        seen = numbers[pilots & (tile.rings == ring)]
        weights[ring] = max(0.02, float(seen.mean()) / (float(seen.std()) + 1e-9) ** 2)
    values, bits = (numbers * weights[tile.rings])[~pilots], tile.bits[~pilots]
    soft = np.bincount(bits, values, minlength=CODED)
    decoded = decode(soft / (np.abs(soft).mean() + 1e-9))
    score = presence(values, encode(decoded.payload)[bits])
    sure = decoded.checks and score >= PRESENT_FROM
    return Reading(decoded.payload if sure else None, score, scale)


_HALVES = [(down, across) for down in (-0.5, 0.0, 0.5) for across in (-0.5, 0.0, 0.5)]


def _phase(down: float, across: float) -> NDArray[np.complex64]:
    frequencies = np.fft.fftfreq(PERIOD)
    turned_down, turned_across = (np.exp(2j * np.pi * frequencies * by) for by in (down, across))
    return np.asarray(turned_down[:, None] * turned_across[None], np.complex64)


def _mended(tile: _Tile, placed: _Placed) -> Matrix | None:
    """Give a better matrix, from how far the pilot lies off in each window of two tiles; None if they disagree."""
    pilot = np.roll(np.fft.ifft2(tile.pilot).real.astype(np.float32), (placed.down, placed.across), (0, 1))
    reference = np.conj(np.fft.fft2(turned_back(pilot, placed.way)))
    plane = placed.found.evened
    height, width = plane.shape
    places, offsets = [], []
    for top in range(0, max(1, height - PERIOD), PERIOD):
        for left in range(0, max(1, width - PERIOD), PERIOD):
            window = plane[top : top + 2 * PERIOD, left : left + 2 * PERIOD]
            if min(window.shape) < PERIOD:
                continue
            offset = _offset(np.fft.ifft2(whitened(fold(window)) * reference).real)
            if offset is not None:
                places.append((left + window.shape[1] / 2, top + window.shape[0] / 2))
                offsets.append(offset)
    if len(places) < 6:  # noqa: PLR2004 (an affine map has six numbers)
        return None
    here = np.asarray(places, np.float32)
    there = here + np.asarray(offsets, np.float32)
    fitted, kept = cv2.estimateAffine2D(
        here, there, method=cv2.RANSAC, ransacReprojThreshold=1.0, maxIters=2000
    )
    affine = np.asarray(fitted, np.float64)
    if affine.shape != (2, 3) or kept.sum() < max(5, 0.3 * len(here)):
        return None
    mended = placed.found.matrix @ affine[:, :2]
    return mended if abs(np.linalg.det(mended)) > 1e-3 else None  # noqa: PLR2004 (flattened)


def _offset(agreed: NDArray[np.floating]) -> tuple[float, float] | None:
    """Give where a correlation peaks near no shift: (across, down) in pixels; None at the edge of the search."""
    near = np.roll(agreed, (_REACH, _REACH), (0, 1))[: 2 * _REACH + 1, : 2 * _REACH + 1]
    down, across = divmod(int(near.argmax()), near.shape[1])
    if not (0 < down < 2 * _REACH and 0 < across < 2 * _REACH):
        return None
    return (
        across - _REACH + _vertex(near[down, across - 1 : across + 2]),
        down - _REACH + _vertex(near[down - 1 : down + 2, across]),
    )


def _vertex(three: NDArray[np.floating]) -> float:
    """Give where the parabola through three values peaks, from the middle one."""
    before, middle, after = (float(value) for value in three)
    bend = before - 2 * middle + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0

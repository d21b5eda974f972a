"""What other photos of ours explain as well speaks for none."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.matching.agreement import AGREES, DISTINCTIVENESS, FEW, Agreement
from watermark.matching.bands import Side, band_of, cell_at
from watermark.matching.registration import downsampled, outline
from watermark.matching.sides import facing

TWIN = 0.9


def discount_shared(one: Agreement, rivals: Sequence[Agreement]) -> Agreement:
    """Measure what only this photo explains.

    Blocks in which other photos of the catalogue look the same do not count.

    Rooms, walls, labels and logos recur in many of our photos; people do not. Two shots of one session differ where the
    person moved, and there the found picture sides with one of them.
    """
    common = np.zeros(one.fine.shape, bool)
    sides = []
    for rival in rivals:
        shared, theirs = _explained(one, rival)
        if np.isfinite(shared).any() and np.nanmean(shared > AGREES) > TWIN:
            continue  # the same photograph twice in the catalogue
        common |= (shared > AGREES) & (shared > one.fine - 0.15)
        differ = np.isfinite(theirs) & np.isfinite(one.fine) & ~(shared > AGREES)
        if differ.sum() >= FEW:
            sides.append(float(np.mean(one.fine[differ] - theirs[differ])))
    own = one.fine[np.isfinite(one.fine) & ~common]
    known = max(1, int(np.isfinite(one.fine).sum()))
    numbers = one.numbers.copy()
    numbers[-len(DISTINCTIVENESS) :] = [
        len(own) / known,
        float(np.median(own)) if len(own) >= FEW else np.nan,
        float(np.mean(own > AGREES)) if len(own) >= FEW else 0.0,
        float(np.log1p((own > AGREES).sum())),
        min(sides, default=np.nan),
        float(np.log1p(((one.fine > AGREES) & one.subject & ~common).sum())),
        _rest(one, rivals),
    ]
    return replace(one, numbers=numbers)


def _rest(one: Agreement, rivals: Sequence[Agreement]) -> float:
    """How much of another photo's subject agrees, in blocks, where this one is not looked for; NaN where it is all."""
    if not one.split:
        return np.nan
    own = one.homography.window
    explained = [
        float((rival.fine > AGREES)[rival.subject].sum())
        for rival in rivals
        if rival.split and own and rival.homography.window and facing(own, rival.homography.window)
    ]
    return float(np.log1p(max(explained, default=0.0)))


def _explained(one: Agreement, rival: Agreement) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How well another photo agrees with this one's blocks.

    First with this photo, then with the found picture; float32 (rows, columns) each.
    """
    between = one.homography.matrix @ np.linalg.inv(rival.homography.matrix)
    size, level = (one.photo.shape[1], one.photo.shape[0]), one.bands.level
    other = np.asarray(cv2.warpPerspective(rival.photo, between, size), np.uint8)
    mask = downsampled(outline(between, rival.photo.shape, one.photo.shape), 2**level)
    band = Side.of(band_of(other, level), cell_at(level), one.bands.grid)
    shared = replace(one.bands, other=band, covered=mask).correlation()
    theirs = replace(one.bands, one=band, covered=np.minimum(mask, one.bands.covered)).correlation()
    return shared, theirs

"""What was done to a photo, read off the way a copy lies on it: numbers for machines, phrases for people."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark import register
from watermark.compare.decide import Verdict
from watermark.compare.measure import STEP, Agreement, Bands
from watermark.fingerprint.record import Likeness
from watermark.forensics import MarkState
from watermark.identify.answer import Answer, Exhibit, Overlap, Transform
from watermark.pixels import Picture
from watermark.register import Alignment, Suspect

AGREES = 0.5
FEW = 6  # blocks
# What is worth a word: degrees, ratios, shares, grey levels, spread of the colours, a probability.
TURNED, STRETCHED, CUT, FILLING, BRIGHTER, COLOURED, SURE = 1.0, 1.05, 0.03, 0.85, 10, 3, 0.999
LINE = 0.3  # share of a row or column that must agree for it to belong
HALF, PLAIN = 127, 25  # grey levels
SNAP = 40.0  # pixels of the small picture: plain margins that cannot agree are taken as agreeing


@dataclass(frozen=True, slots=True)
class Account:
    """What was done, in numbers and in phrases."""

    transform: Transform
    overlap: Overlap
    changes: tuple[str, ...]


def of(suspect: Suspect, likeness: Likeness, small: NDArray[np.uint8], agreement: Agreement) -> Account:
    """Read off what was done to the photo."""
    transform = _transform(likeness, agreement.alignment)
    left, top, right, bottom = extent(agreement)
    width, height = likeness.frame
    back = np.linalg.inv(agreement.alignment.matrix)
    outline = np.array([[left, top, 1.0], [right, top, 1], [right, bottom, 1], [left, bottom, 1]]) @ back.T
    inside = cv2.intersectConvexConvex(
        (outline[:, :2] / outline[:, 2:]).astype(np.float32),
        np.array(list(register.corners(suspect.picture.width, suspect.picture.height)), np.float32),
    )[0]
    overlap = Overlap(
        of_photo=min(1.0, (right - left) * (bottom - top) / (width * height)),
        of_found=float(min(1.0, inside / (suspect.picture.width * suspect.picture.height))),
    )
    cuts = {
        "left": left / width,
        "top": top / height,
        "right": 1 - right / width,
        "bottom": 1 - bottom / height,
    }
    said = (*_shape(transform), *_cut(cuts, overlap), *_light(suspect, small, agreement))
    return Account(transform, overlap, said)


def extent(agreement: Agreement) -> tuple[float, float, float, float]:
    """The part of the small picture that agrees: left, top, right, bottom in its pixels."""
    height, width = agreement.covered.shape
    across, down = (np.flatnonzero(agreement.covered.any(axis)) for axis in (0, 1))
    if not len(across):
        return 0.0, 0.0, float(width), float(height)
    edges = [float(across[0]), float(down[0]), float(across[-1] + 1), float(down[-1] + 1)]
    covered = cv2.resize(agreement.covered, agreement.fine.shape[::-1], interpolation=cv2.INTER_AREA) > HALF
    agreeing = _agreeing(agreement) & covered
    rows, columns = (
        np.flatnonzero(agreeing.sum(axis) > LINE * np.maximum(covered.sum(axis), 1)) for axis in (1, 0)
    )
    if len(rows) and len(columns):
        seen = [columns[0] * STEP, rows[0] * STEP, (columns[-1] + 1) * STEP, (rows[-1] + 1) * STEP]
        edges = [e if abs(e - s) < SNAP else float(s) for e, s in zip(edges, seen, strict=True)]
    return edges[0], edges[1], edges[2], edges[3]


def _agreeing(agreement: Agreement) -> NDArray[np.bool_]:
    """Blocks that agree in fine detail, and plain ones that are as light as they should be."""
    fine, size = agreement.fine, agreement.fine.shape[::-1]
    photo, found = (
        np.asarray(cv2.resize(p, size, interpolation=cv2.INTER_AREA), np.float32)
        for p in (agreement.photo, agreement.found)
    )
    sure = fine > AGREES
    if sure.sum() < FEW:
        return sure
    slope = float(np.clip(float(np.std(found[sure])) / max(float(np.std(photo[sure])), 1.0), 0.3, 3.0))
    apart = found - slope * photo
    plain = np.isnan(fine) & (np.abs(apart - np.median(apart[sure])) < PLAIN)
    return np.asarray(sure | plain)


def _transform(likeness: Likeness, alignment: Alignment) -> Transform:
    grow = register.shrinking((likeness.frame[1], likeness.frame[0]), (likeness.height, likeness.width))
    matrix = grow @ alignment.matrix
    matrix = matrix / matrix[2, 2]
    straight = matrix[:2, :2] @ np.diag([-1, 1]) if alignment.mirrored else matrix[:2, :2]
    left, sizes, right = np.linalg.svd(straight)
    turn = left @ right
    rows = [(float(a), float(b), float(c)) for a, b, c in matrix]
    return Transform(
        matrix=tuple(rows),
        mirrored=alignment.mirrored,
        rotation=float(-np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))),
        scale=float(np.sqrt(sizes[0] * sizes[1])),
        stretch=float(sizes[0] / sizes[1]),
    )


def _shape(transform: Transform) -> list[str]:
    said = ["mirrored"] if transform.mirrored else []
    if abs(transform.rotation) > TURNED:
        way = "clockwise" if transform.rotation > 0 else "anticlockwise"
        said.append(f"turned {abs(transform.rotation):.0f}° {way}")
    if transform.stretch > STRETCHED:
        said.append(f"stretched by {100 * (transform.stretch - 1):.0f} %")
    return said


def _cut(cuts: dict[str, float], overlap: Overlap) -> list[str]:
    gone = {side: share for side, share in cuts.items() if share > CUT}
    said = []
    if len(gone) == 1:
        side, share = next(iter(gone.items()))
        said.append(f"the {side} {100 * share:.0f} % cut off")
    elif gone:
        said.append(f"cropped to {100 * overlap.of_photo:.0f} % of its area")
    if overlap.of_found < FILLING:
        said.append(f"filling {100 * overlap.of_found:.0f} % of a larger picture")
    return said


def _light(suspect: Suspect, small: NDArray[np.uint8], agreement: Agreement) -> list[str]:
    """Brightness and colour, over what agrees."""
    size = (agreement.fine.shape[1], agreement.fine.shape[0])
    agreeing = agreement.fine > AGREES
    if agreeing.sum() < FEW:
        return []
    photo, found = (
        np.asarray(cv2.resize(p, size, interpolation=cv2.INTER_AREA), np.float32)[agreeing]
        for p in (agreement.photo, agreement.found)
    )
    said = []
    apart = float(np.median(found - photo))
    if abs(apart) > BRIGHTER:
        said.append("brighter" if apart > 0 else "darker")
    shown, ours = suspect.shrunk(64 / max(suspect.luma.shape), colour=True), cv2.resize(small, (64, 64))
    colourless, coloured = (float(np.ptp(p.astype(np.int16), axis=2).mean()) for p in (shown, ours))
    if colourless < COLOURED < coloured:
        said.append("without colour")
    return said


def explain(answer: Answer, subject: str) -> str:
    """One plain sentence; the subject is like "Patient 51's after photo"."""
    if answer.verdict == Verdict.NONE:
        marked = (
            " It carries our mark, but is none of our catalogued photos." if answer.carries_our_mark else ""
        )
        return "None of our catalogued photos is in it." + marked
    if answer.verdict == Verdict.CANNOT_TELL:
        return f"Cannot tell: {answer.why}."
    start = {
        Verdict.COPY: subject,
        Verdict.POSSIBLE: f"Possibly {subject}",
        Verdict.SAME_SCENE: f"Another photograph of the same session as {subject}",
    }[answer.verdict]
    mark = {
        MarkState.KEPT: "with our mark",
        MarkState.CROPPED: "our mark cut off",
        MarkState.PAINTED_OVER: "our mark painted over",
    }.get(answer.mark)
    said = [*answer.changes, *([mark] if mark else [])]
    how = ", ".join(said) if said else "unchanged"
    sure = "more than 99.9" if answer.probability > SURE else f"{100 * answer.probability:.1f}"
    end = f" ({sure} % sure)." if answer.verdict == Verdict.COPY else f" (probability {sure} %)."
    return (start if answer.verdict == Verdict.SAME_SCENE else f"{start}, {how}") + end


def explain_picture(found: Picture, photo: Picture, answer: Answer) -> Exhibit:
    """Lay the found picture on the photo and show where they agree; longest side at most 900 pixels.

    Raises:
        ValueError: the answer names no photo.
    """
    if answer.transform is None:
        raise ValueError("expected an answer that names a photo, found one without a transform")
    scale = min(1.0, 900 / max(photo.width, photo.height))
    frame = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    ours = np.asarray(cv2.resize(photo.rgb, frame, interpolation=cv2.INTER_AREA), np.uint8)
    matrix = register.shrinking((photo.height, photo.width), (frame[1], frame[0])) @ np.array(
        answer.transform.matrix
    )
    alignment = Alignment(matrix, answer.transform.mirrored, 0, 0)
    laid, covered = register.lay(Suspect(found), alignment, frame, colour=True)
    laid = np.where(covered[..., None] > 0, laid, np.uint8(255))
    stripes = (np.arange(frame[0]) // max(8, frame[0] // 12)) % 2 == 0
    overlay = np.where(stripes[None, :, None], laid, ours)
    return Exhibit(Picture(laid), Picture(ours), Picture(overlay), Picture(_tinted(ours, laid, covered)))


def _tinted(
    ours: NDArray[np.uint8], laid: NDArray[np.uint8], covered: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The photo in grey, green where both agree, red where they do not, untinted where nothing can be said."""
    greys = [np.asarray(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), np.uint8) for p in (ours, laid)]
    agreeing = Bands.at(greys[0], greys[1], covered, 1).correlation()
    size = (ours.shape[1], ours.shape[0])
    known = cv2.resize(np.isfinite(agreeing).astype(np.float32), size)
    good = cv2.resize(np.clip(np.nan_to_num(agreeing), 0, 1), size)
    base = np.repeat(greys[0][..., None], 3, 2).astype(np.float32)
    colour = np.stack([255 * (1 - good), 200 * good, np.zeros_like(good)], -1)
    weight = (0.45 * known)[..., None]
    return np.asarray(base * (1 - weight) + colour * weight, np.uint8)

"""Hair, stubble, dots, scars and moles as the camera sees them.

Each is drawn as how much light it takes away.
"""

# ruff: noqa: PLR2004 (a drawing is made of numbers)

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_clinic.drawing.appearance import Follicles, Look, on_surface
from sample_clinic.drawing.head import Pose, Seen
from sample_clinic.drawing.noise import Plane, chance

_SHIFT = 4


def visible(points: Plane, pose: Pose, seen: Seen) -> tuple[Plane, NDArray[np.bool_]]:
    """Project head points to pixels and tell which are seen.

    (3, n) points become (2, n) pixels and (n,) flags.
    """
    pixels, depth = pose.project(points)
    height, width = seen.depth.shape
    inside = (pixels[0] > 1) & (pixels[0] < width - 2) & (pixels[1] > 1) & (pixels[1] < height - 2)
    column = np.clip(pixels[0], 0, width - 1).astype(np.intp)
    row = np.clip(pixels[1], 0, height - 1).astype(np.intp)
    return pixels, inside & (depth > seen.depth[row, column] - 0.05)


def splat(pixels: Plane, weight: Plane, size: tuple[int, int]) -> Plane:
    """Add up weighted points at fractional pixels.

    The plane has shape (height, width).
    """
    width, height = size
    column, row = np.floor(pixels[0]).astype(np.intp), np.floor(pixels[1]).astype(np.intp)
    right, down = pixels[0] - column, pixels[1] - row
    where = np.concatenate(
        [
            row * width + column,
            row * width + column + 1,
            (row + 1) * width + column,
            (row + 1) * width + column + 1,
        ]
    )
    part = np.concatenate([(1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down])
    total = np.bincount(where, part * np.tile(weight, 4), minlength=width * height)
    return total.reshape(height, width).astype(np.float32)


def dots(follicles: Follicles, keep: NDArray[np.bool_], pose: Pose, seen: Seen, length: float) -> Plane:
    """Draw short hairs, or points, as a density.

    `length` is in head units, 0 for points; the density has shape (height, width).
    """
    size = (seen.depth.shape[1], seen.depth.shape[0])
    total = np.zeros((size[1], size[0]), np.float32)
    chosen = np.flatnonzero(keep)
    taps = 1 + int(min(3, length * pose.scale / 1.2))
    for tap in range(taps):
        along = length * (tap / max(1, taps - 1) - 0.2) if taps > 1 else 0.0
        points = follicles.place[:, chosen] + np.float32(along) * follicles.lean[:, chosen]
        pixels, shown = visible(points, pose, seen)
        total += splat(pixels[:, shown], follicles.weight[chosen][shown] / taps**0.5, size)
    spread = max(0.55, 0.0028 * pose.scale)
    blurred = cv2.GaussianBlur(total, (0, 0), spread)
    return np.asarray(blurred * np.float32(2.0 * np.pi * spread * spread * 0.55), np.float32)


def strands(
    look: Look, follicles: Follicles, keep: NDArray[np.bool_], pose: Pose, seen: Seen, sway: float
) -> list[Plane]:
    """Draw long hair in three shades, dark to light.

    Each shade's cover has shape (height, width).
    """
    rng = chance(look.seed, "strands")
    chosen = np.flatnonzero(keep & (rng.random(keep.size) < 0.45))
    root, lean = follicles.place[:, chosen], follicles.lean[:, chosen]
    bend = rng.normal(0, 0.35 + 0.5 * look.curl, (3, chosen.size)).astype(np.float32)
    reach = (look.hair_length * rng.uniform(0.5, 1.1, chosen.size)).astype(np.float32)
    fall = np.array([[sway], [0.9], [0.0]], np.float32)

    def along(t: float) -> Plane:
        curl = 0.25 * look.curl * np.sin(6 * t + 9 * bend)
        grown = reach * t * (lean + t * (0.5 * fall + 0.4 * bend) + curl)
        return np.asarray(root * (1 + 0.06 * np.sin(np.pi * t)) + grown, np.float32)

    path = [along(float(t)) for t in np.linspace(0, 1, 7)]
    _, shown = visible(root, pose, seen)
    lines = np.stack([pose.project(points)[0] for points in path], axis=2)[:, shown]
    shades = rng.integers(0, 3, chosen.size)[shown]
    covers = []
    for shade in range(3):
        mask = np.zeros(seen.depth.shape, np.uint8)
        bundle = (lines[:, shades == shade].transpose(1, 2, 0) * 2**_SHIFT).round().astype(np.int32)
        cv2.polylines(
            mask,
            list(bundle),
            isClosed=False,
            color=255,
            thickness=max(1, round(pose.scale / 230)),
            lineType=cv2.LINE_AA,
            shift=_SHIFT,
        )
        covers.append(np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.6), np.float32) / np.float32(255))
    return covers


def moles(look: Look, pose: Pose, seen: Seen) -> Plane:
    """Draw moles, spots and freckles as a density.

    It has shape (height, width).
    """
    rng = chance(look.seed, "moles")
    freckled = int(400 * look.freckles)
    count = look.moles + freckled
    spots = rng.standard_normal((3, count)).astype(np.float32)
    place = on_surface(look.build, spots / np.linalg.norm(spots, axis=0))
    size = np.concatenate([rng.uniform(0.008, 0.024, look.moles), rng.uniform(0.004, 0.009, freckled)])
    dark = np.concatenate([rng.uniform(0.25, 1.0, look.moles), rng.uniform(0.08, 0.28, freckled)])
    pixels, shown = visible(place, pose, seen)
    total = np.zeros(seen.depth.shape, np.float32)
    for index in np.flatnonzero(shown):
        centre = tuple(int(v) for v in (pixels[:, index] * 2**_SHIFT).round())
        radius = round(size[index] * pose.scale * 2**_SHIFT)
        cv2.circle(total, centre, max(8, radius), float(dark[index]), -1, cv2.LINE_AA, _SHIFT)
    return np.asarray(cv2.GaussianBlur(total, (0, 0), max(0.6, 0.003 * pose.scale)), np.float32)


def scars(look: Look, pose: Pose, seen: Seen) -> Plane:
    """Draw the scars that surgery left at the back of the head.

    Returns:
        float32, shape (height, width), 0 to 1: how much paler the skin is.
    """
    if look.scar == "none":
        return np.zeros(seen.depth.shape, np.float32)
    rng = chance(look.seed, "scar")
    return _strip_scar(look, pose, seen, rng) if look.scar == "strip" else _punch_scars(look, pose, seen, rng)


def _strip_scar(look: Look, pose: Pose, seen: Seen, rng: np.random.Generator) -> Plane:
    total = np.zeros(seen.depth.shape, np.float32)
    around = np.radians(np.linspace(112, 248, 40))
    waves = 0.03 * np.sin(around * 3 + rng.uniform(0, 6)) + 0.10 * np.abs(np.cos(around / 2))
    ray = np.stack([np.sin(around), 0.12 + waves + rng.normal(0, 0.008, 40), np.cos(around)]).astype(
        np.float32
    )
    pixels, shown = visible(on_surface(look.build, ray / np.linalg.norm(ray, axis=0)), pose, seen)
    path = (pixels[:, shown].T * 2**_SHIFT).round().astype(np.int32)
    if len(path) > 1:
        wide = max(1, round(rng.uniform(0.014, 0.03) * pose.scale))
        cv2.polylines(total, [path], False, 1.0, wide, cv2.LINE_AA, _SHIFT)  # noqa: FBT003
    return np.asarray(cv2.GaussianBlur(total, (0, 0), 0.006 * pose.scale), np.float32)


def _punch_scars(look: Look, pose: Pose, seen: Seen, rng: np.random.Generator) -> Plane:
    height, width = seen.depth.shape[0], seen.depth.shape[1]
    around = np.radians(rng.uniform(115, 245, 900))
    ray = np.stack([np.sin(around), rng.uniform(-0.3, 0.45, 900), np.cos(around)]).astype(np.float32)
    pixels, shown = visible(on_surface(look.build, ray / np.linalg.norm(ray, axis=0)), pose, seen)
    points = splat(pixels[:, shown], np.ones(int(shown.sum()), np.float32), (width, height))
    blurred = cv2.GaussianBlur(points, (0, 0), max(0.8, 0.006 * pose.scale))
    return np.asarray(np.clip(blurred * np.float32(3.0 * (0.006 * pose.scale) ** 2), 0, 1), np.float32)

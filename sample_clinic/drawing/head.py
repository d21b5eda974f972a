"""The solid head and shoulders of one drawn person.

Units: half a head's height is 1. Head coordinates: x to the viewer's right, y down, z out of the face; the
origin lies between the ears. The solid is a distance field, met by marching rays (Source: Hart, "Sphere
tracing", 1996; primitives and smooth union after Quilez, "Distance functions").
"""

# ruff: noqa: PLR2004 (a drawing is made of numbers)

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_clinic.drawing.noise import Plane, chance

CAMERA_DISTANCE = 8.0
_STEPS = 24
_COARSE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A person's proportions.

    Radii and places are (x, y, z) in head units.
    """

    skull: tuple[float, float, float]
    crown: float
    jaw: tuple[float, float, float]
    chin: float
    nose: tuple[float, float, float]
    ear: float
    ear_tilt: float
    cheek: float
    brow: float
    neck: float
    shoulders: tuple[float, float]


def build_of(seed: int) -> Build:
    """Draw one person's proportions."""
    rng = chance(seed, "build")

    def vary(middle: float, part: float) -> float:
        return float(middle * (1 + part * np.clip(rng.standard_normal(), -2, 2)))

    return Build(
        skull=(vary(0.74, 0.04), vary(0.80, 0.04), vary(0.93, 0.04)),
        crown=vary(0.24, 0.12),
        jaw=(vary(0.58, 0.06), vary(0.68, 0.05), vary(0.60, 0.05)),
        chin=vary(0.17, 0.2),
        nose=(vary(0.10, 0.2), vary(0.23, 0.1), vary(0.21, 0.15)),
        ear=vary(0.25, 0.12),
        ear_tilt=vary(0.05, 0.5),
        cheek=vary(0.17, 0.12),
        brow=vary(0.10, 0.2),
        neck=vary(0.43, 0.08),
        shoulders=(vary(1.6, 0.08), vary(0.62, 0.08)),
    )


@dataclass(frozen=True, slots=True)
class Pose:
    """How the head is turned and framed.

    Attributes:
        turn: 3 by 3, head coordinates to view coordinates.
        scale: pixels to one unit.
        centre: where the origin lies, (x, y) in pixels.
    """

    turn: NDArray[np.float32]
    scale: float
    centre: tuple[float, float]

    def project(self, points: Plane) -> tuple[Plane, Plane]:
        """Project head points to pixels and depth.

        (3, n) points become (2, n) pixels and (n,) depths towards the camera.
        """
        seen = self.turn @ points
        nearer = CAMERA_DISTANCE / (CAMERA_DISTANCE - seen[2])
        pixels = np.stack(
            [seen[0] * nearer * self.scale + self.centre[0], seen[1] * nearer * self.scale + self.centre[1]]
        )
        return pixels.astype(np.float32), seen[2]

    def within(self, part: tuple[slice, slice]) -> "Pose":
        """Aim at the same head in pixels of a part of the picture."""
        return Pose(self.turn, self.scale, (self.centre[0] - part[1].start, self.centre[1] - part[0].start))


def turned(yaw: float, pitch: float, roll: float) -> NDArray[np.float32]:
    """Compute the rotation from head to view.

    Yaw turns, pitch bows, roll tilts, all in degrees. The matrix has shape (3, 3).
    """
    a, b, c = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y, np.float32)


def _ellipsoid(point: Plane, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Plane:
    size = np.array(radii, np.float32)[:, None]
    unit = (point - np.array(centre, np.float32)[:, None]) / size
    inner = np.sqrt(np.einsum("ij,ij->j", unit, unit))
    unit /= size
    slope = np.sqrt(np.einsum("ij,ij->j", unit, unit))
    return np.asarray(inner * (inner - 1.0) / np.maximum(slope, 1e-4), np.float32)


def _joined(a: Plane, b: Plane, softness: float) -> Plane:
    h = np.clip(0.5 + 0.5 * (b - a) / softness, 0.0, 1.0)
    return np.asarray(b + (a - b) * h - softness * h * (1.0 - h), np.float32)


def head_distance(build: Build, points: Plane) -> Plane:
    """Measure the distance of points from the head's surface.

    `points` has shape (3, n); inside, the distance is negative.
    """
    p = points.copy()
    np.abs(p[0], out=p[0])
    head = _ellipsoid(p, (0, -build.crown, -0.12), build.skull)
    head = _joined(head, _ellipsoid(p, (0, 0.36, 0.16), build.jaw), 0.16)
    head = _joined(head, _ellipsoid(p, (0.36, 0.22, 0.50), (build.cheek, 0.17, 0.18)), 0.22)
    head = _joined(head, _ellipsoid(p, (0.14, -0.10, 0.66), (0.27, 0.08, build.brow)), 0.16)
    head = _joined(head, _ellipsoid(p, (0, 0.92, 0.50), (build.chin, 0.13, 0.15)), 0.2)
    head = -_joined(-head, _ellipsoid(p, (0.29, 0.06, 0.86), (0.16, 0.09, 0.13)), 0.09)
    head = _joined(head, _ellipsoid(p, (0, 0.20, 0.75), build.nose), 0.09)
    head = _joined(head, _ellipsoid(p, (0.06, 0.35, 0.78), (0.07, 0.07, 0.10)), 0.06)
    head = _joined(head, _ellipsoid(p, (0, 0.63, 0.68), (0.20, 0.10, 0.10)), 0.10)
    p[0] += (build.ear_tilt + 0.25) * np.clip(p[2] + 0.05, -0.2, 0.2) * (p[0] > 0.5)
    head = _joined(head, _ellipsoid(p, (build.skull[0] * 0.93, 0.12, -0.10), (0.055, build.ear, 0.14)), 0.06)
    column = np.hypot(points[0] / 1.05, p[2] + 0.22) - build.neck - 0.12 * np.maximum(p[1] - 0.9, 0.0)
    below = 0.35 - p[1]
    return _joined(head, np.maximum(np.maximum(column, below), p[1] - 1.9), 0.22)


def body_distance(build: Build, points: Plane) -> Plane:
    """Distance of body points (3, n) from the shoulders' surface."""
    wide, high = build.shoulders
    chest = _ellipsoid(points, (0, 2.25, -0.2), (wide, high + 0.35, 0.62))
    collar = _ellipsoid(points, (0, 1.62, -0.2), (0.62, 0.26, 0.52))
    return _joined(chest, collar, 0.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the camera meets within one part of the picture.

    Every array is float32.

    Attributes:
        part: rows and columns of the picture that hold the person.
        place: (height, width, 3), head coordinates of the point.
        cover: (height, width) of the person, 0 to 1.
        cloth: (height, width) of the clothes, 0 to 1.
        depth: (height, width) towards the camera.
        normal: coarse (rows, columns, 3), in view coordinates, z towards the camera.
        open: coarse (rows, columns), how much of the surroundings lights the point, 0 to 1.
    """

    part: tuple[slice, slice]
    place: Plane
    cover: Plane
    cloth: Plane
    depth: Plane
    normal: Plane
    open: Plane


def see(
    build: Build, pose: Pose, body_turn: NDArray[np.float32], size: tuple[int, int], halo: float = 0.0
) -> Seen:
    """March rays through the picture and smooth to full size.

    Every fifth pixel of (width, height) gets a ray.

    `halo` widens the part that is looked at by so many head units, for hair that stands off.
    """
    across, down = size[0] // _COARSE + 1, size[1] // _COARSE + 1
    columns, rows = np.meshgrid(np.linspace(0, size[0] - 1, across), np.linspace(0, size[1] - 1, down))
    ray = np.stack(
        [
            (columns.ravel() - pose.centre[0]) / pose.scale,
            (rows.ravel() - pose.centre[1]) / pose.scale,
            np.full(columns.size, -CAMERA_DISTANCE),
        ]
    ).astype(np.float32)
    ray /= np.linalg.norm(ray, axis=0)

    def distances(points: Plane) -> tuple[Plane, Plane]:
        return head_distance(build, pose.turn.T @ points), body_distance(build, body_turn.T @ points)

    far, nearest = _marched(distances, ray)
    nearest = np.asarray(
        cv2.morphologyEx(nearest.reshape(down, across), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    )
    met = _EYE + far * ray
    head, body = distances(met)
    normal = _normals(distances, met)
    reach = np.clip(np.minimum(*distances(met + 0.22 * normal)) / 0.22, 0, 1)
    part, coarse = _part(nearest < halo + 1.5 * _COARSE / pose.scale, size)

    def full(values: Plane) -> Plane:
        small = np.ascontiguousarray(values.T.reshape(down, across, -1)[coarse], np.float32)
        wanted = (part[1].stop - part[1].start, part[0].stop - part[0].start)
        return np.asarray(cv2.resize(small, wanted, interpolation=cv2.INTER_LINEAR), np.float32)

    return Seen(
        part=part,
        place=full(pose.turn.T @ met),
        cover=np.clip(1.4 - full(nearest.ravel()) * np.float32(pose.scale * 0.5), 0.0, 1.0),
        cloth=np.clip(0.5 - full(body - head) * np.float32(pose.scale * 0.35), 0.0, 1.0),
        depth=full(met[2]),
        normal=normal.T.reshape(down, across, 3)[coarse].astype(np.float32),
        open=reach.reshape(down, across)[coarse].astype(np.float32),
    )


_EYE = np.array([0, 0, CAMERA_DISTANCE], np.float32)[:, None]
Distances = Callable[[Plane], tuple[Plane, Plane]]


def _marched(distances: Distances, ray: Plane) -> tuple[Plane, Plane]:
    """Walk along rays from the camera.

    Unit rays (3, n) in; how far each came and how near it passed the surface out.
    """
    far = np.full(ray.shape[1], CAMERA_DISTANCE - 1.7, np.float32)
    nearest = np.full(ray.shape[1], 9.0, np.float32)
    going = np.arange(ray.shape[1])
    for _ in range(_STEPS):
        gap = np.minimum(*distances(_EYE + far[going] * ray[:, going]))
        nearest[going] = np.minimum(nearest[going], gap)
        arrived = gap < 0.003
        nearest[going[arrived]] = np.minimum(nearest[going[arrived]], -0.004)
        far[going] += np.where(gap > 0.012, np.clip(gap * 0.95, 0.035, 1.2), gap)  # grazing rays move on
        going = going[~arrived & (far[going] < CAMERA_DISTANCE + 2.5)]
        if not going.size:
            break
    return np.minimum(far, CAMERA_DISTANCE + 2.5), nearest


def _part(there: NDArray[np.bool_], size: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Find the rows and columns that hold every True cell."""
    whole, coarse = [], []
    for axis, pixels in ((1, size[1]), (0, size[0])):
        cells = np.flatnonzero(there.any(axis=axis))
        count = there.shape[1 - axis]
        low, high = (max(0, int(cells[0]) - 2), min(count, int(cells[-1]) + 3)) if cells.size else (0, count)
        coarse.append(slice(low, high))
        whole.append(slice(low * pixels // count, high * pixels // count))
    return (whole[0], whole[1]), (coarse[0], coarse[1])


def _normals(distances: Distances, points: Plane) -> Plane:
    """Estimate surface normals.

    Four taps at the corners of a tetrahedron.
    """
    total = np.zeros_like(points)
    for corner in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
        tap = np.array(corner, np.float32)[:, None]
        total += tap * np.minimum(*distances(points + 0.015 * tap))
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=0), 1e-6), np.float32)

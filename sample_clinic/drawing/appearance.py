"""What one drawn person looks like, and where hair grows."""

# ruff: noqa: PLR2004 (a drawing is made of numbers)

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sample_clinic.drawing.head import Build, build_of, head_distance
from sample_clinic.drawing.noise import Plane, chance

# sRGB of lit skin, light to dark, between the poles of the six Fitzpatrick types as clinics photograph them.
_TONES = ((238, 205, 184), (226, 184, 155), (206, 157, 124), (176, 124, 92), (134, 90, 66), (92, 60, 46))
_HAIR = (
    (30, 24, 22),
    (52, 38, 30),
    (92, 66, 44),
    (140, 110, 76),
    (120, 118, 116),
    (186, 184, 180),
    (110, 58, 32),
)
_NATURAL = 44_000
_DRAWN = 34_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One person's unchanging traits.

    Colours are sRGB, lengths head units.
    """

    seed: int
    build: Build
    skin: tuple[float, float, float]
    hair: tuple[float, float, float]
    baldness: float
    stubble: float
    hair_length: float
    curl: float
    beard: float
    wrinkles: float
    freckles: float
    moles: int
    scar: str
    eye: tuple[int, int, int]
    eye_gap: float
    brow_weight: float
    mouth_width: float
    lips: float
    glasses: bool
    clothes: tuple[int, int, int]
    weave: int
    shine: float


@lru_cache(maxsize=64)
def look_of(seed: int) -> Look:
    """Draw one person's traits.

    Most are shaved or balding, as in this trade; some wear their hair longer.
    """
    rng = chance(seed, "look")
    tone = np.clip(rng.beta(1.3, 1.6) * 5, 0, 4.999)
    step = int(tone)
    skin = (
        np.array(_TONES[step]) * (1 - tone % 1)
        + np.array(_TONES[step + 1]) * (tone % 1)
        + rng.normal(0, 4, 3)
    )
    dark_hair = step >= 3 or rng.random() < 0.45
    hair = np.array(_HAIR[rng.integers(0, 2) if dark_hair else rng.integers(0, 7)]) + rng.normal(0, 5, 3)
    long_hair = rng.random() < 0.22
    eyes = ((70, 45, 30), (50, 32, 24), (85, 105, 110), (70, 95, 125), (88, 92, 58))
    return Look(
        seed=seed,
        build=build_of(seed),
        skin=_triple(skin),
        hair=_triple(np.clip(hair, 8, 220)),
        baldness=float(rng.uniform(0.25, 1.0)),
        stubble=float(rng.uniform(0.004, 0.02)),
        hair_length=float(rng.uniform(0.12, 0.5)) if long_hair else 0.0,
        curl=float(rng.uniform(0.0, 1.0)),
        beard=float(rng.choice([0.0, 0.0, 0.35, 0.7, 1.0])),
        wrinkles=float(rng.beta(1.5, 1.5)),
        freckles=float(rng.beta(1, 3)),
        moles=int(rng.integers(8, 40)),
        scar=str(rng.choice(["none", "strip", "fue", "none"])),
        eye=eyes[int(rng.integers(0, 2 if step >= 3 else 5))],
        eye_gap=float(rng.normal(0.285, 0.012)),
        brow_weight=float(rng.uniform(0.5, 1.3)),
        mouth_width=float(rng.normal(0.20, 0.02)),
        lips=float(rng.uniform(0.7, 1.4)),
        glasses=bool(rng.random() < 0.12),
        clothes=tuple(int(v) for v in rng.choice([18, 40, 70, 120, 180, 225]) + rng.integers(-14, 15, 3)),  # type: ignore[arg-type]
        weave=int(rng.integers(0, 4)),
        shine=float(rng.uniform(0.1, 0.5)),
    )


def _triple(values: NDArray[np.float64]) -> tuple[float, float, float]:
    red, green, blue = (float(v) for v in values)
    return red, green, blue


@dataclass(frozen=True, slots=True, kw_only=True)
class Follicles:
    """Points on the head that bear hairs or tattooed dots.

    One entry each; never written to.

    Attributes:
        place: (3, n) head coordinates.
        lean: (3, n) unit tangents: where the hair lies.
        rank: (n,) 0 to 1: those below a stage's density show.
        weight: (n,) how dark each is.
        thin: (n,) how far balding has taken the region, 0 to 1.
    """

    place: Plane
    lean: Plane
    rank: Plane
    weight: Plane
    thin: Plane


@lru_cache(maxsize=24)
def scalp_of(seed: int) -> tuple[Follicles, Follicles]:
    """Place a person's own follicles and a treatment's dots."""
    look = look_of(seed)
    return _follicles(look, _NATURAL, "natural"), _follicles(look, _DRAWN, "drawn")


@lru_cache(maxsize=24)
def beard_of(seed: int) -> Follicles:
    """Place the follicles of a beard."""
    look = look_of(seed)
    rng = chance(seed, "beard")
    place = on_surface(look.build, _directions(rng, 24_000, low=-0.15))
    x, y, z = place
    side = np.abs(x)
    field = (y > 0.30) & (z > -0.25) & (y < 1.05) & (y > 0.28 + 0.75 * np.maximum(0.42 - side, 0) * (z > 0.2))
    field &= ~((np.abs(y - 0.63) < 0.075) & (side < look.mouth_width))
    field &= ~((y < 0.50) & (side < 0.36) & (z > 0.3))
    return _kept(rng, place, field, np.zeros(place.shape[1], np.float32))


def _directions(rng: np.random.Generator, count: int, *, low: float) -> Plane:
    """Spread points evenly on the unit sphere.

    Their y goes from `low` to 1; -1 takes all of it.
    """
    y = rng.uniform(low, 1.0, count)
    around = rng.uniform(0, 2 * np.pi, count)
    flat = np.sqrt(1 - y * y)
    return np.stack([flat * np.sin(around), y, flat * np.cos(around)]).astype(np.float32)


def on_surface(build: Build, directions: Plane) -> Plane:
    """Walk inwards until the head is met.

    Both the directions and the answer have shape (3, n).
    """
    far = np.full(directions.shape[1], 1.7, np.float32)
    for _ in range(12):
        far -= head_distance(build, far * directions)
    return np.asarray(far * directions, np.float32)


# Angle around the head in degrees (0 = face, 180 = nape): height y below which no scalp hair grows.
_HAIR_EDGE = (
    (0, -0.56), (20, -0.57), (38, -0.62), (52, -0.55), (66, -0.28),
    (82, 0.1), (90, 0.12), (104, -0.16), (118, 0.2), (180, 0.62),
)  # fmt: skip


def _follicles(look: Look, count: int, kind: str) -> Follicles:
    rng = chance(look.seed, kind)
    place = on_surface(look.build, _directions(rng, count, low=-1.0) * np.array([[1], [-1], [1]], np.float32))
    around = np.degrees(np.arctan2(np.abs(place[0]), place[2])).astype(np.float32)
    edge = np.interp(around, *np.transpose(_HAIR_EDGE)) + rng.normal(0, 0.018, count)
    # Balding: the crown of the horseshoe, from the forehead backwards and from the vertex outwards.
    height = -place[1]
    top = np.clip((height - 0.32 - 0.10 * np.cos(np.radians(around * 2))) / 0.30, 0, 1)
    return _kept(rng, place, place[1] < edge, top.astype(np.float32))


def _kept(rng: np.random.Generator, place: Plane, field: NDArray[np.bool_], thin: Plane) -> Follicles:
    place, thin = place[:, field], thin[field]
    count = place.shape[1]
    down = np.stack([0.15 * place[0], np.ones(count), 0.8 * np.sign(place[2] + 0.35) * (place[1] < -0.3)])
    outward = place / np.linalg.norm(place, axis=0)
    lean: NDArray[np.floating] = down + rng.normal(0, 0.25, (3, count))
    lean = lean - outward * np.einsum("ij,ij->j", down, outward)
    length = np.linalg.norm(lean, axis=0)
    return Follicles(
        place=place,
        lean=np.asarray(lean / length, np.float32),
        rank=np.asarray(rng.random(count), np.float32),
        weight=np.asarray(rng.uniform(0.55, 1.3, count), np.float32),
        thin=thin,
    )

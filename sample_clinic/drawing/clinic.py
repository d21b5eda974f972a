"""Portraits as a scalp or hair practice takes them.

Nobody here ever lived: every head is solid geometry drawn from a seed, so look-alikes are endless.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_clinic.drawing import appearance, face, scalp
from sample_clinic.drawing.backdrop import backdrop_of, draw_backdrop
from sample_clinic.drawing.camera import camera_of, photograph
from sample_clinic.drawing.head import Pose, Seen, see, turned
from sample_clinic.drawing.noise import Plane, chance, look_up, smoothstep, spread, tile
from watermark.picture.pixels import Picture

VIEWS = ("front", "left", "right", "top", "donor", "closeup")
_LONG = 0.2  # head units: hair that shows before any treatment
STAGES = ("before", "after", "later")
_SIDE = 0.12  # head units: z from which the painted face begins


@dataclass(frozen=True, slots=True)
class Person:
    """One drawn person, always the same for the same seed."""

    seed: int


@dataclass(frozen=True, slots=True)
class Room:
    """One practice's room, light, camera and way of posing.

    The same seed always gives the same room.

    Attributes:
        seed: which room.
        like: the seed of a room this one resembles: the same paint, kind of furniture, lamps and poses,
            but other walls, other pieces and another camera. None for a room with a style of its own.
    """

    seed: int
    like: int | None = None

    @property
    def style(self) -> int:
        """The seed that the room's habits come from."""
        return self.seed if self.like is None else self.like


@dataclass(frozen=True, slots=True, kw_only=True)
class _Light:
    """Lamps in view coordinates (towards the lamp) and their strength."""

    key: NDArray[np.float32]
    key_strength: float
    fill: NDArray[np.float32]
    fill_strength: float
    around: float
    warmth: float
    glint: tuple[float, float]


def draw_portrait(
    person: Person,
    room: Room,
    *,
    stage: str = "before",
    view: str = "front",
    shot: int = 0,
    size: tuple[int, int] = (1200, 900),
) -> Picture:
    """Take one photograph.

    Args:
        person: who.
        room: where: background, light, camera, pose.
        stage: how far the treatment is: "before", "after", "later". Only hair, dots and small healing differ.
        view: one of `VIEWS`.
        shot: another number is another photograph of the same session, seconds later: tiny turns, another
            expression, other grain.
        size: (width, height) in pixels.
    """
    look = appearance.look_of(person.seed)
    rng = chance(person.seed, room.seed, stage, view, shot, "moment")
    pose, body_turn = _pose(person, room, stage, view, size, rng)
    hairy = look.hair_length > (_LONG if stage == "before" else 0.0)
    seen = see(look.build, pose, body_turn, size, look.hair_length if hairy else 0.0)
    pose = pose.within(seen.part)
    light = _light(room, rng)
    colour = _skin(look, seen)
    colour *= _hair_and_marks(look, pose, seen, stage)[..., None] ** np.array([0.92, 1.0, 1.06], np.float32)
    _face(look, seen, colour, face.expression_of(rng))
    _clothes(look, seen, colour)
    lit = _lit(look, seen, colour, light)
    if hairy:
        lit = _long_hair(look, pose, seen, lit, rng)
    shift = (float(rng.normal(0, 2.5)), float(rng.normal(0, 2)))
    stand = chance(room.seed, "stand").normal(0, 14 if room.like is not None else 0, 2)
    backdrop = backdrop_of(room.style, None if room.like is None else room.seed)
    scene = draw_backdrop(backdrop, size, (shift[0] + float(stand[0]), shift[1] + float(stand[1])))
    scene *= _shadow(seen, size)[..., None]
    behind = scene[seen.part]
    behind += seen.cover[..., None] * (lit - behind)
    moment = shot * 7 + STAGES.index(stage) * 1009 + VIEWS.index(view) * 101
    return photograph(scene, camera_of(room.seed), person.seed * 31 + room.seed, moment)


def _pose(
    person: Person, room: Room, stage: str, view: str, size: tuple[int, int], rng: np.random.Generator
) -> tuple[Pose, NDArray[np.float32]]:
    """Aim the camera.

    The room says how, the person and the day add a little, and the shot a breath.
    """
    habit, day = chance(room.style, view, "habit"), chance(person.seed, room.seed, stage, view, "day")
    yaw, pitch = {
        "front": (0.0, 6.0),
        "left": (float(habit.choice([-45.0, -62.0, -88.0])), 5.0),
        "right": (float(habit.choice([45.0, 62.0, 88.0])), 5.0),
        "top": (0.0, float(habit.uniform(52, 74))),
        "donor": (180.0, 4.0),
        "closeup": (float(habit.choice([0.0, -25.0, 25.0])), 22.0),
    }[view]
    yaw += float(habit.normal(0, 4) + day.normal(0, 2.5) + rng.normal(0, 1.1))
    pitch += float(habit.normal(0, 4) + day.normal(0, 2.5) + rng.normal(0, 0.9))
    roll = float(day.normal(0, 1.5) + rng.normal(0, 0.5))
    width, height = size
    zoom = {"closeup": 0.62, "top": 0.34, "donor": 0.33}.get(view, 0.295)
    scale = (
        min(height, width * 1.25)
        * zoom
        * float(habit.uniform(0.92, 1.12) * day.normal(1, 0.02) * rng.normal(1, 0.006))
    )
    lift = {"closeup": 0.75, "top": 0.02, "donor": 0.02}.get(view, -0.02)
    centre = (
        width * (0.5 + float(habit.normal(0, 0.02) + day.normal(0, 0.012) + rng.normal(0, 0.004))),
        height * (0.47 + float(day.normal(0, 0.012) + rng.normal(0, 0.004))) + lift * scale,
    )
    return Pose(turned(yaw, pitch, roll), scale, centre), turned(yaw * 0.9, pitch * 0.35, roll * 0.4)


def _light(room: Room, rng: np.random.Generator) -> _Light:
    habit, own = chance(room.style, "light"), chance(room.seed, "lamp")
    key = np.array(
        [habit.uniform(-0.8, 0.8), habit.uniform(-1.0, -0.25), habit.uniform(0.35, 1.0)]
    ) + rng.normal(0, 0.01, 3)
    if room.like is not None:
        key += own.normal(0, 0.06, 3)
    fill = np.array([-key[0] + habit.normal(0, 0.3), habit.uniform(-0.5, 0.3), habit.uniform(0.4, 1.0)])
    return _Light(
        key=(key / np.linalg.norm(key)).astype(np.float32),
        key_strength=float(habit.uniform(0.5, 0.95)),
        fill=(fill / np.linalg.norm(fill)).astype(np.float32),
        fill_strength=float(habit.uniform(0.05, 0.4)),
        around=float(habit.uniform(0.18, 0.40)),
        warmth=float(habit.normal(0, 0.06)),
        glint=(float(rng.uniform(0, 512)), float(rng.uniform(0, 512))),
    )


def _skin(look: appearance.Look, seen: Seen) -> Plane:
    """Colour bare skin in linear light.

    It has blotches, creases and pores at several scales.
    """
    place = seen.place
    coarse, fine = tile(look.seed % 997, 512, 1.15), tile(look.seed % 991 + 1000, 512, 0.55)
    across, down = _wrapped(place)
    slow = _wrapped(np.ascontiguousarray(place[::2, ::2]))
    size = (place.shape[1], place.shape[0])
    blotch = cv2.resize(look_up(coarse, *slow), size)
    red = np.float32(0.02) * cv2.resize(look_up(coarse, slow[0] * 0.7 + 200, slow[1] * 0.7), size)
    grain = look_up(fine, across * np.float32(3.1), down * np.float32(3.0))
    pores = look_up(fine, across * np.float32(9.0) + 31, down * np.float32(9.0))
    side = np.abs(place[..., 0])
    cheek = np.exp(-(((side - 0.36) / 0.2) ** 2) - ((place[..., 1] - 0.33) / 0.2) ** 2) * (place[..., 2] > 0)
    rings = np.sin(np.hypot((place[..., 1] - 0.1) / 0.24, (place[..., 2] + 0.12) / 0.15) * 9.0)
    ear = np.float32(0.22) * np.clip(rings, 0, 1) * smoothstep(0.70, 0.8, side)
    even = (1 + np.float32(0.04) * blotch + np.float32(0.035) * grain + np.float32(0.03) * pores) * (1 - ear)
    warm = 1 - red - np.float32(0.07) * cheek
    tone = (np.array(look.skin, np.float32) / 255) ** 2
    return np.asarray(
        cv2.merge([even * (1 + red) * tone[0], even * warm * tone[1], even * warm * tone[2]]), np.float32
    )


def _wrapped(place: Plane) -> tuple[Plane, Plane]:
    """Unroll the head about the axis through its ears.

    A full turn is 512 units; the neck goes straight down.
    """
    turn = np.asarray(cv2.phase(place[..., 2], place[..., 1]), np.float32) * np.float32(81.5)
    return place[..., 0] * np.float32(110.0), turn + np.float32(60) * np.maximum(
        place[..., 1] - np.float32(0.7), 0
    )


def _hair_and_marks(look: appearance.Look, pose: Pose, seen: Seen, stage: str) -> Plane:
    """Compute what hair and marks leave of the skin's light.

    Stubble, dots, scars and moles count. The factor has shape (height, width).
    """
    own, drawn = appearance.scalp_of(look.seed)
    treated = {"before": 0.0, "after": 0.85, "later": 0.72}[stage]
    kept = own.rank > look.baldness * own.thin
    density = scalp.dots(own, kept, pose, seen, look.stubble * (0.7 if stage == "after" else 1.0))
    if treated:
        density += np.float32(1.5) * scalp.dots(
            drawn, drawn.rank < treated * (0.25 + 0.75 * drawn.thin), pose, seen, 0.0
        )
    if look.beard:
        beard = appearance.beard_of(look.seed)
        density += scalp.dots(beard, beard.rank < look.beard, pose, seen, 0.02)
    paler = scalp.scars(look, pose, seen)
    density *= 1 - paler * np.float32(0.9 if stage == "before" else 0.45)
    contrast = float(np.mean(look.skin) - 0.5 * np.mean(look.hair)) / 255
    marks = scalp.moles(look, pose, seen)
    return np.asarray(
        np.exp(-density * np.float32(1.15 * max(0.25, contrast)) - marks * np.float32(0.7))
        * (1 + 0.10 * paler),
        np.float32,
    )


def _face(look: appearance.Look, seen: Seen, colour: Plane, moment: face.Expression) -> None:
    """Lay the painted face over the head, in place."""
    ahead = (seen.place[..., 2] > _SIDE) & (np.abs(seen.place[..., 0]) < face.REACH)
    part = _around(ahead & (seen.place[..., 1] < face.TOP + 2 * face.REACH))
    if part is None:
        return
    place = seen.place[part]
    unit = np.float32(face.SHEET / (2 * face.REACH))
    columns, rows = (
        (place[..., 0] + np.float32(face.REACH)) * unit,
        (place[..., 1] - np.float32(face.TOP)) * unit,
    )
    within = (columns > 1) & (columns < face.SHEET - 2) & (rows > 1) & (rows < face.SHEET - 2)
    front = (smoothstep(_SIDE, 0.35, place[..., 2]) * within)[..., None]
    paint, cover, shade = face.paint(look, moment)
    painted = cv2.remap(cv2.merge([paint**2, cover]), columns, rows, cv2.INTER_LINEAR)
    factor = cv2.remap(shade, columns, rows, cv2.INTER_LINEAR)
    below = colour[part]
    below *= 1 + (factor - 1) * front
    below += (painted[..., 3:] * front) * (painted[..., :3] - below)


def _around(there: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    """Rows and columns that hold every True pixel, or None."""
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    if not rows.size:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _clothes(look: appearance.Look, seen: Seen, colour: Plane) -> None:
    """Dress the shoulders, in place."""
    part = _around(seen.cloth > 0)
    if part is None:
        return
    place, below = seen.place[part], colour[part]
    tone = (np.array(look.clothes, np.float32) / 255) ** 2 + np.float32(0.012)
    bolt = chance(look.seed, "bolt").uniform(0, 512, 4).astype(np.float32)
    across, down = place[..., 0], place[..., 1]
    weave = look_up(tile(40 + look.weave, 512, 0.35), across * 420 + bolt[0], down * 420 + bolt[1])
    folds = look_up(tile(50 + look.seed % 7, 512, 1.6), across * 70 + bolt[2], down * 35 + bolt[3])
    fabric = np.clip(1 + np.float32(0.10) * weave + np.float32(0.16) * folds, 0.1, 3)[..., None] * tone
    below += seen.cloth[part][..., None] * (fabric - below)


def _lit(look: appearance.Look, seen: Seen, colour: Plane, light: _Light) -> Plane:
    """Light the coloured surface.

    Diffuse light is wrapped, redder where it fades, with a sheen on skin.
    """
    half = light.key + np.array([0, 0, 1], np.float32)
    ways = np.stack([light.key, light.fill, half / np.linalg.norm(half)])
    towards, fill, mirror = np.moveaxis(seen.normal @ ways.T, 2, 0)
    key = np.clip((towards + np.float32(0.18)) / np.float32(1.18), 0, 1)
    around = light.around * (0.75 - 0.25 * seen.normal[..., 1]) + light.fill_strength * np.clip(fill, 0, 1)
    total = (around + light.key_strength * key) * (0.35 + 0.65 * seen.open)
    edge = 0.2 * np.clip(towards + 0.3, 0, 1) * np.clip(0.35 - towards, 0, 1)
    sheen = np.clip(mirror, 0, 1) ** 24 * (look.shine * 0.35 * light.key_strength) * seen.open
    coarse = np.dstack([total * (1 + light.warmth) + edge, total, total * (1 - light.warmth), sheen])
    size = (colour.shape[1], colour.shape[0])
    smooth = cv2.resize(coarse.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    rough = np.clip(1 + np.float32(0.3) * spread(tile(77, 512, 0.5), size, 1.3, light.glint), 0, 2) * (
        1 - seen.cloth
    )
    return np.asarray(colour * smooth[..., :3] + smooth[..., 3:] * rough[..., None], np.float32)


def _long_hair(look: appearance.Look, pose: Pose, seen: Seen, lit: Plane, rng: np.random.Generator) -> Plane:
    own, _ = appearance.scalp_of(look.seed)
    kept = own.rank > look.baldness * 0.6 * own.thin
    covers = scalp.strands(look, own, kept, pose, seen, float(rng.normal(0, 0.02)))
    base = (np.array(look.hair, np.float32) / 255) ** 2
    above = np.ascontiguousarray(np.clip(-seen.normal[..., 1], 0, 1))
    shine = np.float32(0.35) + np.float32(0.9) * cv2.resize(above, (lit.shape[1], lit.shape[0]))
    for cover, shade in zip(covers, (0.5, 1.0, 1.9), strict=True):
        lit += (cover * np.float32(0.95))[..., None] * (base * np.float32(shade) * shine[..., None] - lit)
    np.maximum(seen.cover, np.maximum.reduce(covers), out=seen.cover)
    return lit


def _shadow(seen: Seen, size: tuple[int, int]) -> Plane:
    """Compute the head's soft shadow on the wall.

    It is a factor of shape (height, width) for a size of (width, height).
    """
    whole = np.zeros((size[1], size[0]), np.float32)
    whole[seen.part] = seen.cover
    small = cv2.resize(whole, (size[0] // 8, size[1] // 8), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), size[0] / 176)
    step = np.array([[1, 0, size[0] / 260], [0, 1, size[0] / 300]], np.float32)
    moved = cv2.warpAffine(blurred, step, (small.shape[1], small.shape[0]), borderMode=cv2.BORDER_REPLICATE)
    return 1 - np.float32(0.22) * np.asarray(cv2.resize(moved, size), np.float32)

"""The matcher measured: worlds of photographs whose truth is known, queries made from them, and what was said of each.

A world is one practice's catalogue with everything that must not be taken for it: other shots of the same people, other
people in the same room, other practices' people, everyday pictures, and what web pages are furnished with.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from benchmarks import painted
from sample_clinic.copying import ATTACKS
from sample_clinic.drawing import clinic, everyday, furniture
from watermark.marking.visible import Mark, draw_mark
from watermark.matching.agreement import NUMBERS
from watermark.matching.fingerprint import fingerprint
from watermark.matching.identify import compared
from watermark.matching.index import Index
from watermark.matching.registration import Query
from watermark.picture.pixels import Picture

OUR_ROOM, OUR_WALL = "our room", "part of our room"
VIEWS = ("front", "front", "top", "left", "donor", "closeup")
WORDS = ("Seed Clinic", "HAIRLINE STUDIO", "dots & density", "Dr. Nobody · Scalp", "northlight-hair.example")
# Kinds that are hard to tell, and so are asked more often: what little is left must be weighed well.
OFTEN: Mapping[str, int] = MappingProxyType(
    {
        "cropped-12": 5,
        "cropped-25": 3,
        "photo-of-screen": 4,
        "shrunk-96": 3,
        "jpeg-10": 2,
        "new-background": 3,
        "tile-of-four": 2,
        "several": 6,
    }
)
# Parts of our room behind somebody else: the likeliest accusation there is, so every one of them is asked for.
WALLS = ("cropped-12", "cropped-12", "cropped-25", "half")
Attack = Callable[[Picture, Generator], Picture]


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One practice and its surroundings.

    Attributes:
        name: for tables.
        catalogue: photos by key.
        scenes: the session each catalogue photo belongs to.
        shots: other photographs of those sessions, with the session.
        strangers: pictures that are nobody's copy, with what they are.
        published: what the practice shows of its photos: the same, marked.
        seed: whose mark that is, see `design`.
    """

    name: str
    catalogue: Mapping[int, Picture]
    scenes: Mapping[int, int] = field(default_factory=dict)
    shots: tuple[tuple[Picture, int], ...] = ()
    strangers: tuple[tuple[Picture, str], ...] = ()
    published: Mapping[int, Picture] = field(default_factory=dict)
    seed: int = 0

    def index(self, folder: Path) -> Index:
        """Its catalogue, fingerprinted."""
        index = Index.create(folder)
        index.insert({key: fingerprint(photo) for key, photo in self.catalogue.items()})
        return index


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One picture to be judged, and the truth about it.

    Attributes:
        picture: what was found.
        kind: how it was copied, or what it is.
        photo: the catalogue photo it was made from, if any.
        scene: the session it was taken in, if that is in the catalogue.
        also: further catalogue photos in it.
    """

    picture: Picture
    kind: str
    photo: int | None = None
    scene: int | None = None
    also: tuple[int, ...] = ()


def design(seed: int) -> Mark:
    """The mark of the practice with this seed."""
    return Mark(text=WORDS[seed % len(WORDS)], opacity=(0.35, 0.5, 0.7)[seed % 3])


def clinic_world(seed: int, people: int, *, others: int = 0) -> World:
    """A drawn practice: each person before and after, other shots, uncatalogued people in its room, rivals' people.

    Args:
        seed: of the room, its mark, and everybody in it.
        people: how many are catalogued.
        others: how many uncatalogued people in the room, and how many in rivals' rooms; as many as `people` if 0.
    """
    size = ((1200, 900), (900, 1200), (1200, 900), (1500, 1000))[seed % 4]

    def take(person: int, room: int, stage: str, shot: int) -> Picture:
        view = VIEWS[person % 100 % len(VIEWS)]
        return clinic.draw_portrait(
            clinic.Person(person), clinic.Room(room), stage=stage, view=view, shot=shot, size=size
        )

    return _practice(f"clinic {seed}", seed, people, others or people, take)


def painted_world(seed: int, people: int, *, others: int = 0) -> World:
    """Do the same for a practice painted by another hand."""

    def take(person: int, room: int, stage: str, shot: int) -> Picture:
        return painted.draw_painting(person, room, stage=stage, shot=shot)

    return _practice(f"painted {seed}", seed, people, others or people, take)


def _practice(
    name: str, seed: int, people: int, others: int, take: Callable[[int, int, str, int], Picture]
) -> World:
    """Take everybody's photographs: `take` gets a person, a room, a stage and a shot."""
    mark = partial(draw_mark, mark=design(seed))
    catalogue: dict[int, Picture] = {}
    scenes: dict[int, int] = {}
    shots, strangers = [], []
    for number in range(people):
        person = seed * 1000 + number
        for stage in ("before", "after"):
            key = len(catalogue)
            catalogue[key], scenes[key] = take(person, seed, stage, 0), key
            if number % 2 == 0:
                shots.append((mark(take(person, seed, stage, 1)), key))
            if number % 4 == 1 and stage == "after":  # two shots of one session, both catalogued
                catalogue[key + 1], scenes[key + 1] = take(person, seed, stage, 1), key
    for number in range(others):
        strangers.append((mark(take(seed * 1000 + 500 + number, seed, "after", 0)), OUR_ROOM))
        elsewhere = seed * 77 + 1 + number % 5
        strangers.append((take(seed * 1000 + 700 + number, elsewhere, "after", 0), "rival"))
    published = {key: mark(picture) for key, picture in catalogue.items()}
    return World(name, catalogue, scenes, tuple(shots), tuple(strangers), published, seed)


def everyday_world(seed: int, photos: int) -> World:
    """Drawn everyday pictures, and as strangers other ones and the furniture of web pages."""
    catalogue = {n: everyday.draw_everyday(seed * 1000 + n) for n in range(photos)}
    draws = (furniture.draw_logo, furniture.draw_badge, furniture.draw_banner, furniture.draw_stock)
    strangers = [(draw(seed * 100 + n), "furniture") for n in range(photos // 3) for draw in draws]
    strangers += [(everyday.draw_everyday(seed * 1000 + photos + n), "everyday") for n in range(photos)]
    return World(f"everyday {seed}", catalogue, {n: n for n in catalogue}, (), tuple(strangers), catalogue)


def pictures_world(
    name: str, catalogue: Iterable[Picture], strangers: Iterable[Picture], *, seed: int = 0
) -> World:
    """Given pictures, published under a mark, with second shots of half of them made by moving their parts a little."""
    photos = dict(enumerate(catalogue))
    shots = tuple((second_shot(p, default_rng([seed, n])), n) for n, p in photos.items() if n % 2 == 0)
    return World(
        name, photos, {n: n for n in photos}, shots, tuple((p, "everyday") for p in strangers), photos
    )


def second_shot(picture: Picture, rng: Generator) -> Picture:
    """What the same scene might look like seconds later: parts moved by up to 1.5 %, other grain, other light."""
    height, width = picture.rgb.shape[:2]
    cells = int(rng.integers(3, 6))
    reach = rng.uniform(0.004, 0.015) * max(height, width)
    ways = rng.normal(0, 1, (2, cells, cells)).astype(np.float32)
    across, down = (reach * cv2.resize(way, (width, height), interpolation=cv2.INTER_CUBIC) for way in ways)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    moved = cv2.remap(
        picture.rgb, columns + across, rows + down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    light = 1 + rng.normal(0, 0.04, 3)
    return Picture(np.clip(moved * light + rng.normal(0, 4, moved.shape), 0, 255).astype(np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One photo weighed against one case: what the decision is trained on, and judged by.

    Attributes:
        world: whose.
        case: its number there.
        kind: how it was copied, or what it is.
        truth: the photo it was made from, if any.
        photo: the photo weighed; None where nothing was even proposed.
        label: 2 a copy of this photo, 1 another shot of its session, 0 neither.
        numbers: float32, in the order of `compare.measure.NUMBERS`.
        seconds: of CPU, for the whole case.
    """

    world: str
    case: int
    kind: str
    truth: int | None
    photo: int | None
    label: int
    numbers: NDArray[np.float32]
    seconds: float


def weighed(world: World, index: Index, cases: Iterable[Case]) -> Iterator[Row]:
    """Every photo that was weighed for every case."""
    for number, case in enumerate(cases):
        start = time.process_time()
        found = compared(Query(case.picture), index)
        spent = time.process_time() - start
        if not found:
            nothing = np.full(len(NUMBERS), np.nan, np.float32)
            yield Row(world.name, number, case.kind, case.photo, None, 0, nothing, spent)
        for slot, (_, agreement) in found.items():
            key = index.key(slot)
            same = case.scene is not None and world.scenes.get(key) == case.scene
            label = 2 if key == case.photo or key in case.also else int(same)
            yield Row(world.name, number, case.kind, case.photo, key, label, agreement.numbers, spent)


def copies(
    world: World,
    rng: Generator,
    each: int,
    kinds: Mapping[str, Attack] = ATTACKS,
) -> Iterator[Case]:
    """`each` copies of every kind, more of the hard ones, of photos taken in turn."""
    keys = rng.permutation(list(world.published))
    at = 0
    for kind, attack in kinds.items():
        for _ in range(each * OFTEN.get(kind, 1)):
            key = int(keys[at % len(keys)])
            at += 1
            yield Case(attack(world.published[key], rng), kind, key, world.scenes.get(key))


def innocents(world: World, rng: Generator, each: int = 1, altered: float = 0.7) -> Iterator[Case]:
    """Strangers and other shots, `each` time; a share of them altered as copies are."""
    kinds = [kind for kind in ATTACKS for _ in range(OFTEN.get(kind, 1))]
    for _ in range(each):
        for picture, kind, scene in (
            *((p, "same scene", s) for p, s in world.shots),
            *((p, k, None) for p, k in world.strangers),
        ):
            shown = ATTACKS[str(rng.choice(kinds))](picture, rng) if rng.random() < altered else picture
            yield Case(shown, kind, None, scene)
            for part in WALLS if kind == OUR_ROOM else ():
                yield Case(ATTACKS[part](picture, rng), OUR_WALL, None, scene)

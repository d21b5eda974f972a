"""Practices whose pictures share something with innocents: a room, a stock background, a template; of real people.

People are read from a folder as NNN_XX.jpg, several photographs of person NNN before a plain wall; everyday pictures
from another, as rooms and stock backgrounds. People are split by person, pictures by number: what calibrates never
measures.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from benchmarks import genre, worlds
from benchmarks.worlds import Case, World
from watermark.marking.visible import draw_mark
from watermark.picture.pixels import Picture

Person: TypeAlias = Sequence[Image.Image]
SIDE = 1000
HALVES, UNEVEN = "half and half", "30 and 70"
WALL, STOCK, ALONE, ROOM, TEMPLATE = (
    "bare wall or corner",
    "same stock, other person",
    "stock picture alone",
    "our room, under our mark",
    "same template",
)
OTHERS = "other people's halves, pages, words"
SHOTS, EVERYDAY = "other shot", "everyday"
RELATED = frozenset({WALL, STOCK, ALONE, ROOM, TEMPLATE, OTHERS, EVERYDAY})


@dataclass(frozen=True, slots=True)
class Material:
    """What worlds are made of.

    Attributes:
        people: photographs by person.
        pictures: everyday pictures, as rooms, stock backgrounds and neighbours.
    """

    people: tuple[Person, ...]
    pictures: tuple[Image.Image, ...]


def material(people: Path, pictures: Path, *, held_out: bool, most: int = 400) -> Material:
    """Read one half of the people and of the pictures: every second one is held out."""
    names = sorted({path.name.split("_")[0] for path in people.glob("*.jpg")})[int(held_out) :: 2]
    shots = [[opened(path) for path in sorted(people.glob(f"{name}_*.jpg"))] for name in names]
    chosen = sorted(pictures.glob("*.jpg"))[int(held_out) :: 2][:most]
    return Material(tuple(shots), tuple(opened(path) for path in chosen))


def opened(path: Path) -> Image.Image:
    """Read one picture, not larger than the worlds need it."""
    with Image.open(path) as image:
        shown = image.convert("RGB")
    return genre.longest(shown, SIDE) if max(shown.size) > SIDE else shown


def picture(image: Image.Image) -> Picture:
    """Turn a Pillow image to what the matcher reads."""
    return Picture(np.ascontiguousarray(image.convert("RGB")))


def image(picture: Picture) -> Image.Image:
    """Turn it back."""
    return Image.fromarray(picture.rgb)


def practice(
    name: str,
    catalogued: Sequence[Person],
    strangers: Sequence[tuple[Image.Image, str]],
    seed: int,
    shots: Sequence[tuple[Image.Image, int]] = (),
) -> World:
    """Catalogue people, each with before and after, and publish them under a mark."""
    mark = partial(draw_mark, mark=worlds.design(seed))
    photos = [picture(shown) for person in catalogued for shown in person[:2]]
    pairs = [n // 2 for n in range(len(photos))]
    published = {n: mark(p) for n, p in enumerate(photos)}
    return World(
        name,
        dict(enumerate(photos)),
        dict(enumerate(range(len(pairs)))),
        tuple((mark(picture(shown)), key) for shown, key in shots),
        tuple((mark(picture(shown)), kind) for shown, kind in strangers),
        published,
        seed,
    )


def studio(name: str, people: Sequence[Person], seed: int) -> World:
    """Real people before their plain wall: two thirds catalogued, the others uncatalogued patients of the same room."""
    count = 2 * len(people) // 3
    strangers = [(shown, ROOM) for person in people[count:] for shown in person]
    shots = [(shown, 2 * n) for n, person in enumerate(people[:count]) for shown in person[2:]]
    return practice(name, people[:count], strangers, seed, shots)


def single_shots(name: str, people: Sequence[Person], seed: int) -> World:
    """One photograph of everybody catalogued; the second shows what another shot of a session is."""
    mark = partial(draw_mark, mark=worlds.design(seed))
    photos = {n: picture(person[0]) for n, person in enumerate(people)}
    shots = tuple((mark(picture(person[1])), n) for n, person in enumerate(people))
    return World(
        name, photos, {n: n for n in photos}, shots, (), {n: mark(p) for n, p in photos.items()}, seed
    )


def matte(person: Image.Image) -> Image.Image:
    """Cut a person from a plain wall: a soft mask.

    Source: Rother, Kolmogorov and Blake, "GrabCut", SIGGRAPH 2004, as OpenCV has it.
    """
    small = genre.longest(person, 300)
    pixels = np.ascontiguousarray(np.asarray(small)[..., ::-1])
    high, wide = pixels.shape[:2]
    marks = np.full((high, wide), cv2.GC_PR_BGD, np.uint8)
    inner = np.asarray(genre.silhouette((wide, high))) > 127  # noqa: PLR2004
    marks[inner] = cv2.GC_PR_FGD
    marks[: high // 40, :] = marks[: high // 2, : wide // 14] = marks[: high // 2, -wide // 14 :] = cv2.GC_BGD
    marks[int(0.35 * high) : int(0.6 * high), int(0.42 * wide) : int(0.58 * wide)] = cv2.GC_FGD
    cv2.setRNGSeed(0)
    cv2.grabCut(pixels, marks, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    mask = Image.fromarray(
        np.where((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    )
    return mask.resize(person.size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))


def before_ground(
    person: Image.Image, mask: Image.Image, ground: Image.Image, rng: Generator, loose: float = 0.04
) -> Image.Image:
    """Set a cut-out person before a ground, a little elsewhere each time."""
    shown, side = as_ground(ground, rng), person.width
    by = rng.uniform(0.86, 1.02)
    size = round(by * side), round(by * person.height)
    left, top = round((side - size[0]) / 2 + rng.uniform(-loose, loose) * side), person.height - size[1]
    shown.paste(person.resize(size, Image.Resampling.LANCZOS), (left, top), mask.resize(size))
    return shown


def as_ground(ground: Image.Image, rng: Generator, jitter: float = 0.0) -> Image.Image:
    """Show the ground alone, as the camera's place and light happen to be."""
    wide = ImageOps.fit(ground, (SIDE, SIDE))
    if not jitter:
        return wide
    edge = [rng.uniform(0, jitter) * SIDE for _ in range(4)]
    box = (edge[0], edge[1], SIDE - edge[2], SIDE - edge[3])
    gain = rng.uniform(0.92, 1.08)
    return wide.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box).point(
        [min(255, int(gain * v)) for v in range(256)] * 3
    )


def room(name: str, people: Sequence[Person], ground: Image.Image, seed: int, mild: float) -> World:
    """Cut-out people before one wall: some catalogued, others not, and the wall with nobody before it."""
    rng = default_rng([7, seed])
    wall = Image.blend(
        ground.filter(ImageFilter.GaussianBlur(1.0)), Image.new("RGB", ground.size, genre.ink(rng, 120)), mild
    )
    count = 2 * len(people) // 3

    def taken(person: Person, shot: int) -> Image.Image:
        return before_ground(person[shot], matte(person[shot]), as_ground(wall, rng, 0.012), rng)

    catalogued = [[taken(person, 0), taken(person, 1)] for person in people[:count]]
    strangers = [(taken(person, shot), ROOM) for person in people[count:] for shot in (0, 1)]
    strangers += [(as_ground(wall, rng, 0.03), WALL) for _ in range(2)]
    strangers += [
        (part, WALL) for shown, kind in strangers[: 2 * len(people)] for part in corners(shown, rng)
    ]
    return practice(name, catalogued, strangers, seed)


def corners(shown: Image.Image, rng: Generator) -> Iterator[Image.Image]:
    """Cut both upper corners off a picture, where nobody stands."""
    wide, high = (rng.uniform(0.24, 0.34) * shown.width, rng.uniform(0.3, 0.6) * shown.height)
    yield shown.crop((0, 0, int(wide), int(high)))
    yield shown.crop((int(shown.width - wide), 0, shown.width, int(high)))


def stock(name: str, people: Sequence[Person], grounds: Sequence[Image.Image], seed: int) -> World:
    """People on a stock picture each; strangers before the same pictures, and the pictures alone."""
    rng = default_rng([8, seed])
    count = len(people) // 2
    masks = [[matte(shown) for shown in person[:2]] for person in people]
    catalogued, strangers = [], []
    for n in range(count):
        ground = grounds[n]
        catalogued.append(
            [
                before_ground(shown, mask, ground, rng, 0.08)
                for shown, mask in zip(people[n], masks[n], strict=False)
            ]
        )
        other = count + n % (len(people) - count)
        strangers.append((before_ground(people[other][0], masks[other][0], ground, rng, 0.08), STOCK))
        strangers.append((as_ground(ground, rng), ALONE))
        strangers.append((before_ground(people[other][1], masks[other][1], ground, rng, 0.08), STOCK))
    return practice(name, catalogued, strangers, seed)


def templates(name: str, people: Sequence[Person], seed: int) -> World:
    """People inside an app's frame, a badge, a colour card; strangers inside the same."""
    count = len(people) // 2
    catalogued = [
        [template(shown, seed + n % 3) for shown in person[:2]] for n, person in enumerate(people[:count])
    ]
    strangers = [
        (template(shown, seed + kind), TEMPLATE)
        for person in people[count:]
        for shown in person[:2]
        for kind in range(3)
    ]
    return practice(name, catalogued, strangers, seed)


def template(person: Image.Image, kind: int) -> Image.Image:
    """Lay an app's frame, a badge or a colour card over a photograph, always the same one for one kind."""
    shown = person.copy()
    (_app_frame, _badge, _colour_card)[kind % 3](ImageDraw.Draw(shown), shown.size, default_rng([9, kind]))
    return shown


def _app_frame(brush: ImageDraw.ImageDraw, size: tuple[int, int], rng: Generator) -> None:
    wide, high = size
    brush.rectangle((0, 0, wide, 0.11 * high), fill=genre.ink(rng, 0, 120))
    brush.rectangle((0, 0.86 * high, wide, high), fill=genre.ink(rng, 130))
    genre.written(brush, "SkinTrack Pro", (0.05 * wide, 0.03 * high, 0.5 * wide, 0.09 * high), genre.WHITE, 0)
    for n, word in enumerate(("Scan", "Skin", "Hair", "Share", "Case", "More")):
        x = (0.08 + 0.15 * n) * wide
        brush.rounded_rectangle((x, 0.885 * high, x + 0.1 * wide, 0.97 * high), 14, fill=genre.ink(rng))
        box = (x + 4, 0.91 * high, x + 0.1 * wide - 4, 0.945 * high)
        genre.written(brush, word, box, genre.ink(rng, 0, 60), 0)


def _badge(brush: ImageDraw.ImageDraw, size: tuple[int, int], rng: Generator) -> None:
    wide, high = size
    x, y, reach = 0.84 * wide, 0.16 * high, 0.13 * wide
    for n in range(24):
        turn = 2 * np.pi * n / 24
        dot = x + 1.05 * reach * np.cos(turn), y + 1.05 * reach * np.sin(turn)
        gold = (190, 150, 40) if n % 2 else (220, 180, 60)
        brush.ellipse((dot[0] - 14, dot[1] - 14, dot[0] + 14, dot[1] + 14), fill=gold)
    brush.ellipse((x - reach, y - reach, x + reach, y + reach), fill=genre.ink(rng))
    for n, text in enumerate(("TOP DOCTOR", "2026", "CERTIFIED")):
        top = y + (n - 1.4) * 0.5 * reach
        box = (x - 0.8 * reach, top, x + 0.8 * reach, top + 0.2 * reach)
        genre.written(brush, text, box, genre.WHITE, 0)
    brush.rectangle((0, 0, wide - 1, high - 1), outline=(200, 170, 70), width=round(0.03 * wide))


def _colour_card(brush: ImageDraw.ImageDraw, size: tuple[int, int], rng: Generator) -> None:
    wide, high = size
    cell, left, top = 0.05 * wide, 0.02 * wide, 0.7 * high
    brush.rectangle((left, top, left + 4.4 * cell, top + 5.4 * cell), fill=(20, 20, 20))
    for n in range(20):
        x, y = left + (0.2 + n % 4) * cell, top + (0.2 + n // 4) * cell
        brush.rectangle((x, y, x + 0.85 * cell, y + 0.85 * cell), fill=genre.ink(rng))
    font = ImageFont.load_default(16)
    for n in range(30):
        y, end = (0.3 + 0.02 * n) * high, (0.95 if n % 5 == 0 else 0.96) * wide
        brush.line((0.98 * wide, y, end, y), fill=(0, 0, 0), width=2)
        if n % 5 == 0:
            brush.text((0.92 * wide, y - 8), str(n), font=font, fill=(0, 0, 0))


def everyday(name: str, pictures: Sequence[Image.Image]) -> World:
    """Everyday pictures, half catalogued, half strangers."""
    half = len(pictures) // 2
    photos = {n: picture(shown) for n, shown in enumerate(pictures[:half])}
    strangers = tuple((picture(shown), EVERYDAY) for shown in pictures[half:])
    return World(name, photos, {n: n for n in photos}, (), strangers, photos, 0)


def draws(made: Material, seed: int) -> dict[str, Callable[[], World]]:
    """How each of them is drawn, of one half of the people and pictures, by name."""
    people, grounds = made.people, made.pictures
    third = len(people) // 3
    names = ("studio", "shots", "room", "plain room", "stock", "templates", "pictures")
    drawn: tuple[Callable[[str], World], ...] = (
        lambda name: studio(name, people[third:], seed),
        lambda name: single_shots(name, people, seed),
        lambda name: room(name, people, grounds[0], seed + 1, 0.35),
        lambda name: room(name, people[::-1], grounds[1], seed + 2, 0.8),
        lambda name: stock(name, people, grounds[2:], seed + 3),
        lambda name: templates(name, people, 3 * seed),
        lambda name: everyday(name, grounds[30:110]),
    )
    return {
        f"{name} {seed}": partial(draw, f"{name} {seed}") for name, draw in zip(names, drawn, strict=True)
    }


def copies(world: World, others: Sequence[Image.Image], rng: Generator, each: int) -> Iterator[Case]:
    """Copy published photos in every way of the genre; halves of two stages where a world has pairs."""
    keys, at = rng.permutation(list(world.published)), 0
    for kind, way in genre.WAYS.items():
        for _ in range(each):
            key, at = int(keys[at % len(keys)]), at + 1
            shown = way(image(world.published[key]), rng, others)
            yield Case(picture(shown), kind, key, world.scenes.get(key))
    paired = not world.name.startswith(("pictures", "shots", "everyday", "packaged"))
    for kind, split in ((HALVES, 0.5), (UNEVEN, 0.3)) if paired else ():
        for _ in range(2 * each):
            key = 2 * int(rng.integers(len(world.published) // 2))
            one, other = image(world.published[key]), image(world.published[key + 1])
            if one.size == other.size:
                shown = genre.halves(one, other, rng, split)
                first, second = (key, key + 1) if kind == HALVES else (key + 1, key)
                yield Case(picture(shown), kind, first, world.scenes.get(key), (second,))


def innocents(world: World, others: Sequence[Image.Image], rng: Generator, times: int) -> Iterator[Case]:
    """Show what shares something with ours; the second time and later altered, as copies are."""
    mild = ("saved again", "144 lines", "two lines of words", "tiled mark", "story", "perspective")
    for round_ in range(times):
        for shown, scene in world.shots:
            altered = genre.WAYS["saved again"](image(shown), rng, others)
            yield Case(picture(altered), SHOTS, None, scene)
        for shown, kind in world.strangers:
            way = "saved again" if not round_ and rng.random() < 0.5 else str(rng.choice(mild))  # noqa: PLR2004
            yield Case(picture(genre.WAYS[way](image(shown), rng, others)), kind)
    own = [image(p) for p, kind in world.strangers if kind == ROOM]
    ways = [*(name for name in genre.WAYS if name not in genre.HARD), HALVES]
    for _ in range(times * len(own)):
        way = str(rng.choice(ways))
        first, mate = (own[int(rng.integers(len(own)))] for _ in range(2))
        made = genre.halves(first, mate, rng) if way == HALVES else genre.WAYS[way](first, rng, others)
        yield Case(picture(made), OTHERS)


def seed_of(*words: str) -> int:
    """Give the same chance to the same words."""
    return zlib.crc32(" ".join(words).encode())


def cases(
    drawn: Sequence[World], others: Sequence[Image.Image], each: Mapping[str, int] | int, times: int
) -> Iterator[tuple[World, Case]]:
    """Every copy and every innocent of every world."""
    for world in drawn:
        count = each if isinstance(each, int) else each.get(world.name, 0)
        rng = default_rng(seed_of("genre", world.name))
        if count:
            for case in copies(world, others, rng, count):
                yield world, case
        for case in innocents(world, others, rng, times):
            yield world, case

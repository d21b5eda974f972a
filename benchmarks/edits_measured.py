"""Every phrase that says what was changed, measured on labelled edits: precision and recall, beside their bar.

Run: python -m benchmarks.edits_measured [--people FOLDER] [--cases 300]
Copies are made by up to three edits in a row, each of which is known; what is said and was not done counts against
precision, what was done and is not said against recall. Drawn practices no calibration has seen, and held-out people.
"""

import watermark  # noqa: F401, I001 (before numpy, as in the program: it asks for one BLAS thread)

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from benchmarks import genre, genre_worlds, worlds
from watermark.marking.design import Design, Designs
from watermark.matching.explanation import edit_words
from watermark.matching.identify import identify
from watermark.matching.verdict import Verdict

Edit: TypeAlias = Callable[[Image.Image, Generator], Image.Image]
BAR = 0.95


def _cut(image: Image.Image, rng: Generator) -> Image.Image:
    wide, high = image.size
    edges = [0, 0, wide, high]
    side, share = int(rng.integers(4)), rng.uniform(0.06, 0.3)
    edges[side] = round(edges[side] + (1 if side < 2 else -1) * share * (wide, high)[side % 2])  # noqa: PLR2004
    return image.crop((edges[0], edges[1], edges[2], edges[3]))


def _covered(image: Image.Image, rng: Generator) -> Image.Image:
    shown = image.copy()
    wide, high = image.size
    across, down = rng.uniform(0.2, 0.5), rng.uniform(0.08, 0.25)
    left, top = rng.uniform(0.22, 0.78 - across) * wide, rng.uniform(0.3, 0.75 - down) * high
    box = (left, top, left + across * wide, top + down * high)
    ImageDraw.Draw(shown).rectangle(box, fill=genre.ink(rng))
    genre.written(ImageDraw.Draw(shown), "CALL NOW", box, genre.WHITE, 0)
    return shown


def _blurred(image: Image.Image, rng: Generator) -> Image.Image:
    shown = image.copy()
    wide, high = image.size
    left, top = rng.uniform(0.25, 0.4) * wide, rng.uniform(0.3, 0.45) * high
    box = (int(left), int(top), int(left + 0.35 * wide), int(top + 0.2 * high))
    shown.paste(image.crop(box).filter(ImageFilter.GaussianBlur(0.02 * wide)), box)
    return shown


def _set_in(image: Image.Image, rng: Generator) -> Image.Image:
    wide, high = round(image.width * rng.uniform(1.25, 1.7)), round(image.height * rng.uniform(1.25, 1.7))
    canvas = Image.new("RGB", (wide, high), genre.ink(rng))
    canvas.paste(image, (int(rng.uniform(0.1, 0.9) * (wide - image.width)), int(0.5 * (high - image.height))))
    return canvas


def _turned(image: Image.Image, rng: Generator) -> Image.Image:
    degrees = float(rng.choice([-1, 1]) * rng.uniform(3, 14))
    return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=genre.ink(rng))


def _stretched(image: Image.Image, rng: Generator) -> Image.Image:
    return image.resize((round(image.width * rng.uniform(1.1, 1.35)), image.height))


def _new_ground(image: Image.Image, rng: Generator) -> Image.Image:
    noise = rng.integers(0, 256, (24, 24, 3), np.uint8)
    ground = Image.fromarray(noise).resize(image.size, Image.Resampling.BICUBIC)
    return Image.composite(image, ground, genre.silhouette(image.size))


EDITS: Final[Mapping[str, Edit]] = {
    "mirrored": lambda image, _rng: ImageOps.mirror(image),
    "turned": _turned,
    "stretched": _stretched,
    "cut off": _cut,
    "laid over": _covered,
    "blurred": _blurred,
    "set in a larger picture": _set_in,
    "set on another background": _new_ground,
    "brighter": lambda image, rng: ImageEnhance.Brightness(image).enhance(rng.uniform(1.15, 1.4)),
    "darker": lambda image, rng: ImageEnhance.Brightness(image).enhance(rng.uniform(0.55, 0.85)),
    "without colour": lambda image, _rng: image.convert("L").convert("RGB"),
    "recoloured": lambda image, rng: image.point(
        [int(v * f) for f in rng.permutation([0.8, 1.0, 1.0]) for v in range(256)]
    ),
}
"""Edits by the phrase that says them; a phrase is known by these words in it."""
LIGHT = ("brighter", "darker", "without colour", "recoloured")
TURNS = (
    "turned",
    "set in a larger picture",
    "cut off",
    "set on another background",
)  # one changes what another says


def chosen(rng: Generator) -> list[str]:
    """Choose up to three edits that leave each other's phrases true."""
    order = rng.permutation(list(EDITS)).tolist()
    picked: list[str] = []
    for name in order[: int(rng.integers(0, 4))]:
        group = LIGHT if name in LIGHT else TURNS if name in TURNS else (name,)
        if not set(group) & set(picked):
            picked.append(name)
    return sorted(picked, key=list(EDITS).index)


def measured(
    world: worlds.World, folder: Path, cases: int, rng: Generator
) -> Iterator[tuple[list[str], list[str]]]:
    """For every copy that was found, what was done to it and what is said of it."""
    index, keys = world.index(folder), list(world.published)
    designs = Designs.same(Design(mark=worlds.design(world.seed)))
    for case in range(cases):
        key, names = keys[case % len(keys)], chosen(rng)
        shown = genre_worlds.image(world.published[key])
        for name in names:
            shown = EDITS[name](shown, rng)
        shown = genre.saved(genre.longest(shown, min(1000, max(shown.size))), int(rng.integers(70, 92)))
        answer = identify(genre_worlds.picture(shown), index, designs)
        if answer.verdict == Verdict.COPY and answer.photo == key:
            yield names, edit_words(answer.edits)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=Path, help="folder of NNN_XX.jpg")
    parser.add_argument("--pictures", type=Path, help="folder of everyday pictures")
    parser.add_argument("--cases", type=int, default=300)
    options = parser.parse_args()
    rng = np.random.default_rng(12)
    made = [worlds.clinic_world(76, 4), worlds.painted_world(86, 3)]
    if options.people and options.pictures:
        stock = genre_worlds.material(options.people, options.pictures, held_out=True, most=8)
        made.append(genre_worlds.studio("studio", stock.people[:12], 4))
    with tempfile.TemporaryDirectory() as scratch:
        told = [
            one
            for world in made
            for one in measured(world, Path(scratch) / world.name, options.cases // len(made), rng)
        ]
    untouched = [changes for names, changes in told if not names]
    print(f"{len(told)} copies; {len(untouched)} untouched, of {sum(map(bool, untouched))} something is said")
    print(f"{'phrase':<28}{'done':>6}{'said':>6}{'precision':>11}{'recall':>8}")
    for name in EDITS:
        done = sum(name in names for names, _ in told)
        said = [names for names, changes in told if any(name in change for change in changes)]
        right = sum(name in names for names in said)
        under = "  below the bar" if right < BAR * len(said) else ""
        print(
            f"{name:<28}{done:>6}{len(said):>6}{right / max(1, len(said)):>11.1%}{right / max(1, done):>8.1%}{under}"
        )
    for names, changes in told:
        if any(name not in names and any(name in change for change in changes) for name in EDITS):
            print(f"  done: {', '.join(names) or 'nothing'}; said: {', '.join(changes)}")


if __name__ == "__main__":
    main()

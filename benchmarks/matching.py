"""Compare the matcher with what a practice could use instead: `python benchmarks/matching.py [--json FILE]`.

The same copies and strangers go to every tool in one run, each kept to one thread. For each tool: copies found at its
own default and at the threshold where no stranger is accused, whom the default accuses, CPU per query. The worlds are
judged side by side in a process each: about six minutes on two cores, most of it drawing and the crop-resistant hash.
Tools that are not installed are named and left out (requirements.txt, requirements-perception.txt).
`--photos FOLDER` judges real photographs instead of drawn worlds.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import watermark  # noqa: F401, I001 (before numpy, as in the program: it asks for one BLAS thread)

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks.peers import TOOLS, Opinion, Peer
from benchmarks import worlds
from watermark.picture.pixels import Picture
from sample_clinic.drawing import everyday, furniture

STRANGERS = ("our room", "part of our room", "rival", "everyday", "furniture")
SHOTS = "same scene"


@dataclass(frozen=True, slots=True)
class Judged:
    """One case and one tool's opinion of it."""

    kind: str
    truth: int | None
    opinion: Opinion
    seconds: float


def judged(peer: Peer, cases: Iterable[worlds.Case]) -> Iterator[Judged]:
    """Ask one tool about every case."""
    for case in cases:
        start = time.process_time()
        opinion = peer(case.picture)
        spent = time.process_time() - start
        yield Judged(case.kind, case.photo, opinion, getattr(peer, "seconds", spent))


def summary(said: list[Judged]) -> dict[str, Any]:
    """Recall per kind at the default and where nobody is accused, accusations at the default, CPU."""
    strangers = [one for one in said if one.kind in STRANGERS]
    shots = [one for one in said if one.kind == SHOTS]
    bar = max((one.opinion.score for one in strangers), default=-np.inf)
    kinds: dict[str, list[Judged]] = {}
    for one in said:
        if one.truth is not None:
            kinds.setdefault(one.kind, []).append(one)

    def found(ones: list[Judged], accept: Callable[[Opinion], bool]) -> float:
        return float(np.mean([accept(one.opinion) and one.opinion.photo == one.truth for one in ones]))

    default = {kind: found(ones, lambda o: o.accepted) for kind, ones in kinds.items()}
    silent = {kind: found(ones, lambda o: o.score > bar) for kind, ones in kinds.items()}
    return {
        "found at its default": float(np.mean(list(default.values()))),
        "found with nobody accused": float(np.mean(list(silent.values()))),
        "strangers accused": sum(one.opinion.accepted for one in strangers),
        "strangers": len(strangers),
        "other shots accused": sum(one.opinion.accepted for one in shots),
        "other shots": len(shots),
        "CPU ms per query": 1000 * float(np.mean([one.seconds for one in said])),
        "per kind, at its default": default,
        "per kind, with nobody accused": silent,
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """What one world asked of all tools, and what each said.

    Attributes:
        size: for the heading: how many cases, on how many photos.
        said: by tool; every tool judged the same cases in the same order.
    """

    size: str
    said: dict[str, list[Judged]]


def asked(make: Callable[[], worlds.World], copies: int, names: list[str]) -> Asked:
    """Make one world and ask every named tool about the same cases of it."""
    cv2.setNumThreads(1)
    world = make()
    rng = np.random.default_rng(9)
    cases = [*worlds.copies(world, rng, copies), *worlds.innocents(world, rng)]
    said = {}
    for tool in (tool for tool in TOOLS if tool.name in names):
        said[tool.name] = list(judged(tool.make(dict(world.catalogue)), cases))
        print(f"  {world.name}: {tool.name} judged {len(cases)} cases", file=sys.stderr, flush=True)
    return Asked(f"{len(cases)} cases on {len(world.catalogue)} photos ({world.name})", said)


def makers(photos: Path | None, *, quick: bool) -> list[Callable[[], worlds.World]]:
    """How to make the worlds to judge: never those the calibration was trained on."""
    if photos is not None:
        return [partial(photographs, photos)]
    people = 4 if quick else 16
    return [
        partial(amid, worlds.clinic_world, 71, people),
        partial(amid, worlds.painted_world, 82, people),
    ]


def amid(make: Callable[[int, int], worlds.World], seed: int, people: int) -> worlds.World:
    """A practice, and among its strangers as many everyday pictures and as many pieces of web pages' furniture."""
    world = make(seed, people)
    draws = (furniture.draw_logo, furniture.draw_badge, furniture.draw_banner, furniture.draw_stock)
    more = [(everyday.draw_everyday(seed * 1000 + n), "everyday") for n in range(people)]
    more += [(draws[n % len(draws)](seed * 1000 + n), "furniture") for n in range(people)]
    return replace(world, strangers=(*world.strangers, *more))


def photographs(folder: Path) -> worlds.World:
    """A folder's photographs: half a catalogue, half strangers."""
    pictures = []
    for path in sorted(folder.glob("*.jpg")):
        with Image.open(path) as image:
            pictures.append(Picture(np.asarray(image.convert("RGB"))))
    half = len(pictures) // 2
    return worlds.pictures_world("photographs", pictures[:half], pictures[half:])


def table(results: dict[str, dict[str, Any]]) -> Iterator[str]:
    """One row a tool."""
    yield "| tool | found, default | found, nobody accused | strangers accused | other shots accused | CPU ms |"
    yield "|---|---|---|---|---|---|"
    for name, one in results.items():
        yield (
            f"| {name} | {one['found at its default']:.1%} | {one['found with nobody accused']:.1%} "
            f"| {one['strangers accused']} of {one['strangers']} "
            f"| {one['other shots accused']} of {one['other shots']} | {one['CPU ms per query']:.0f} |"
        )


def kinds_table(results: dict[str, dict[str, Any]]) -> Iterator[str]:
    """One row a way of copying: found at the default / with nobody accused, per cent."""
    yield "| found, its default / nobody accused, % | " + " | ".join(results) + " |"
    yield "|---|" + "---|" * len(results)
    default, silent = "per kind, at its default", "per kind, with nobody accused"
    for kind in next(iter(results.values()))[default]:
        cells = (
            f"{100 * one[default][kind]:.0f} / {100 * one[silent][kind]:.0f}" for one in results.values()
        )
        yield f"| {kind} | " + " | ".join(cells) + " |"


def main() -> None:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small worlds: two minutes instead of six")
    parser.add_argument("--photos", type=Path, help="a folder of JPEG files instead of drawn worlds")
    parser.add_argument("--copies", type=int, help="of every kind, in every world (2; 1 if quick)")
    parser.add_argument("--only", nargs="*", default=[tool.name for tool in TOOLS])
    parser.add_argument("--json", type=Path, help="write all figures here")
    options = parser.parse_args()
    for tool in TOOLS:
        if tool.name in options.only and not tool.there:
            print(f"{tool.name} is left out: {tool.needs} is not there\n")
    names = [tool.name for tool in TOOLS if tool.name in options.only and tool.there]
    each = options.copies or (1 if options.quick else 2)
    with ProcessPoolExecutor(2) as pool:
        making = makers(options.photos, quick=options.quick)
        answers = list(pool.map(asked, making, repeat(each), repeat(names)))
    results = {name: summary([one for answer in answers for one in answer.said[name]]) for name in names}
    print(f"## {' + '.join(answer.size for answer in answers)}", "", *table(results), "", sep="\n")
    print(*kinds_table(results), sep="\n")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

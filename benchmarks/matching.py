"""Compare the matcher with what a practice could use instead: `python benchmarks/matching.py [--json FILE]`.

The same copies and strangers go to every tool in one run. For each tool: copies found at its own default and at the
threshold where no stranger is accused, whom the default accuses, CPU per query. Tools that ask every photo in turn are
slow: all tools judge a smaller set together with them, so that every row of a table stands for the same pictures.
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
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks.peers import TOOLS, Opinion, Peer, Tool
from watermark import bench
from watermark.pixels import Picture

STRANGERS = ("our room", "part of our room", "rival", "everyday", "furniture")
SHOTS = "same scene"


@dataclass(frozen=True, slots=True)
class Judged:
    """One case and one tool's opinion of it."""

    kind: str
    truth: int | None
    opinion: Opinion
    seconds: float


def judged(peer: Peer, cases: Iterable[bench.Case]) -> Iterator[Judged]:
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


def worlds(photos: Path | None, *, quick: bool) -> list[bench.World]:
    """The worlds to judge: never those the calibration was trained on."""
    if photos is None:
        people = 6 if quick else 16
        return [bench.clinic_world(71, people), bench.painted_world(82, people)]
    pictures = []
    for path in sorted(photos.glob("*.jpg")):
        with Image.open(path) as image:
            pictures.append(Picture(np.asarray(image.convert("RGB"))))
    half = len(pictures) // 2
    return [bench.pictures_world("photographs", pictures[:half], pictures[half:])]


def smaller(cases: list[bench.Case], most: int) -> list[bench.Case]:
    """So many cases at most: one copy of every kind first, then strangers and other shots spread over all."""
    first = {case.kind: case for case in reversed(cases) if case.photo is not None}
    others = [case for case in cases if case.photo is None]
    left = max(0, most - len(first))
    chosen = {round(at) for at in np.linspace(0, len(others) - 1, min(left, len(others)))}
    return [*list(first.values())[:most], *(others[at] for at in sorted(chosen))]


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


def compared(
    tools: list[Tool], asked: list[tuple[bench.World, list[bench.Case]]]
) -> dict[str, dict[str, Any]]:
    """Every tool's summary over the same cases of all worlds."""
    results = {}
    for tool in tools:
        said = [one for world, cases in asked for one in judged(tool.make(dict(world.catalogue)), cases)]
        results[tool.name] = summary(said)
        print(f"  {tool.name}: {len(said)} cases", file=sys.stderr, flush=True)
    return results


def main() -> None:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small worlds: a minute instead of several")
    parser.add_argument("--photos", type=Path, help="a folder of JPEG files instead of drawn worlds")
    parser.add_argument("--copies", type=int, default=1, help="of every kind, in every world")
    parser.add_argument("--slow-cases", type=int, default=110, help="of every world, for the smaller set")
    parser.add_argument("--only", nargs="*", default=[tool.name for tool in TOOLS])
    parser.add_argument("--json", type=Path, help="write all figures here")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    tools = [tool for tool in TOOLS if tool.name in options.only and tool.there]
    for tool in TOOLS:
        if tool.name in options.only and not tool.there:
            print(f"{tool.name} is left out: {tool.needs} is not there\n")
    asked = []
    for world in worlds(options.photos, quick=options.quick):
        rng = np.random.default_rng(9)
        asked.append((world, [*bench.copies(world, rng, options.copies), *bench.innocents(world, rng)]))
    sets = {
        "All cases": ([tool for tool in tools if not tool.slow], asked),
        "A smaller set for all tools": (tools, [(w, smaller(c, options.slow_cases)) for w, c in asked]),
    }
    results = {}
    for title, (some, cases) in ((title, one) for title, one in sets.items() if one[0]):
        results[title] = compared(some, cases)
        sizes = ", ".join(f"{len(c)} on {len(w.catalogue)} photos ({w.name})" for w, c in cases)
        print(
            "\n".join(
                [f"## {title}: {sizes}", "", *table(results[title]), "", *kinds_table(results[title]), ""]
            )
        )
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

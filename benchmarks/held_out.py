"""The matcher on what it never saw: each bar beside what was measured.

Run: python -m benchmarks.held_out [--photos FOLDER] [--shift 20]
Rooms, people and other hands' strangers that no calibration has drawn, copied in 38 ways that share no code with
`sample_clinic.copying`, all in one catalogue. `--photos` adds real photographs, half catalogued, half strangers.
"""

import watermark  # noqa: F401, I001 (before numpy, as in the program: it asks for one BLAS thread)

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image

from benchmarks.other_attacks import OTHER_ATTACKS, Attack
from benchmarks import worlds
from benchmarks.worlds import Case, World
from watermark.matching.index import Index
from watermark.matching.fingerprint import fingerprint
from watermark.matching.verdict import Verdict
from watermark.matching.identify import identify
from watermark.picture.pixels import Picture
from watermark.marking.design import Design, Designs
from watermark.marking.visible import Mark, draw_mark

FOUND = (Verdict.COPY, Verdict.POSSIBLE)
ALTERED = 0.7


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one case."""

    kind: str
    copied: bool
    verdict: Verdict
    right: bool
    marked: bool


def attacked(picture: Picture, attack: Attack, rng: Generator) -> Picture:
    """Copy a picture in one of the other ways."""
    return Picture(np.ascontiguousarray(attack(Image.fromarray(picture.rgb), rng).convert("RGB")))


def photographs(folder: Path) -> World:
    """Real photographs: half catalogued and published under a mark, half strangers, second shots simulated."""
    pictures = [Picture(np.asarray(Image.open(path).convert("RGB"))) for path in sorted(folder.glob("*.jpg"))]
    half = len(pictures) // 2
    made = worlds.pictures_world("photographs", pictures[:half], pictures[half:])
    published = {key: draw_mark(picture, worlds.design(0)) for key, picture in made.catalogue.items()}
    return replace(made, published=published)


def cases(world: World, rng: Generator, each: int, again: int) -> Iterator[Case]:
    """`each` copies of every kind, and every innocent `again` times, most of them altered too."""
    keys, at = rng.permutation(list(world.published)), 0
    for kind, attack in OTHER_ATTACKS.items():
        for _ in range(each):
            key, at = int(keys[at % len(keys)]), at + 1
            yield Case(attacked(world.published[key], attack, rng), kind, key, world.scenes.get(key))
    kinds = list(OTHER_ATTACKS)
    innocents: list[tuple[Picture, str, int | None, int]] = []
    innocents += [(p, "other shot", s, 1) for p, s in world.shots]
    innocents += [(p, kind, None, again) for p, kind in world.strangers]
    for picture, kind, scene, times in innocents:
        for _ in range(times):
            attack = OTHER_ATTACKS[kinds[int(rng.integers(len(kinds)))]]
            shown = attacked(picture, attack, rng) if rng.random() < ALTERED else picture
            yield Case(shown, kind, None, scene)


def judge(case: Case, folder: Path, first: int, mark: Mark) -> Said:
    """Identify one case against the whole catalogue; its world's keys start at `first`."""
    answer = identify(case.picture, opened(folder), Designs.same(Design(mark=mark)))
    right = case.photo is not None and answer.photo == case.photo + first
    return Said(case.kind, case.photo is not None, answer.verdict, right, answer.carries_our_mark)


_OPENED: dict[Path, Index] = {}


def opened(folder: Path) -> Index:
    """The catalogue, opened once a process."""
    if folder not in _OPENED:
        _OPENED[folder] = Index.open(folder)
    return _OPENED[folder]


def judged(drawn: list[World], each: int, again: int, pool: ProcessPoolExecutor) -> list[Said]:
    """Everything that was said, over one catalogue of all worlds."""
    said: list[Said] = []
    with tempfile.TemporaryDirectory() as name:
        folder, firsts = Path(name), np.cumsum([0, *(len(world.catalogue) for world in drawn)]).tolist()
        index = Index.create(folder)
        for world, first in zip(drawn, firsts, strict=False):
            prints = pool.map(fingerprint, world.catalogue.values(), chunksize=4)
            index.insert({key + first: made for key, made in zip(world.catalogue, prints, strict=True)})
        index.save()
        for world, first in zip(drawn, firsts, strict=False):
            rng = np.random.default_rng([9, *world.name.encode()])
            asked = partial(judge, folder=folder, first=first, mark=worlds.design(world.seed))
            said += pool.map(asked, cases(world, rng, each, again), chunksize=4)
            print(f"{world.name}: {len(world.catalogue)} photos, {len(said)} cases so far", flush=True)
    return said


def share(said: list[Said], wanted: tuple[Verdict, ...]) -> float:
    """The mean over kinds of the share given one of these verdicts with the right photo."""
    kinds: dict[str, list[bool]] = {}
    for one in said:
        kinds.setdefault(one.kind, []).append(one.verdict in wanted and one.right)
    return float(np.mean([np.mean(values) for values in kinds.values()]))


def table(said: list[Said]) -> list[tuple[str, str, str]]:
    """Measure, measured, bar."""
    copied = [one for one in said if one.copied]
    found = [one for one in copied if one.verdict in FOUND]
    shots = [one for one in said if one.kind == "other shot"]
    strangers = [one for one in said if not one.copied and one.kind != "other shot"]
    given = Counter(one.verdict for one in strangers)
    accused = sum(one.verdict == Verdict.COPY for one in shots)
    same = sum(one.verdict == Verdict.SAME_SCENE for one in shots)
    return [
        (
            f"copies given `copy`, mean over {len({c.kind for c in copied})} kinds",
            f"{share(copied, (Verdict.COPY,)):.2%} of {len(copied)}",
            ">= 97 %",
        ),
        ("copies given `copy` or `possible`", f"{share(copied, FOUND):.2%}", ">= 99 %"),
        ("right photo first, of those found", f"{np.mean([one.right for one in found]):.2%}", ">= 99.5 %"),
        ("strangers given `copy`", f"{given[Verdict.COPY]} of {len(strangers)}", "0"),
        (
            "strangers given `possible`",
            f"{given[Verdict.POSSIBLE]} of {len(strangers)} ({given[Verdict.POSSIBLE] / max(1, len(strangers)):.2%})",
            "<= 0.5 %",
        ),
        ("strangers given `same-scene`", f"{given[Verdict.SAME_SCENE]} of {len(strangers)}", "-"),
        (
            "other shots given `copy`",
            f"{accused} of {len(shots)} ({accused / max(1, len(shots)):.1%})",
            "<= 5 %",
        ),
        ("other shots given `same-scene`", f"{same} of {len(shots)} ({same / max(1, len(shots)):.1%})", "-"),
        ("our mark seen on uncatalogued patients of ours", _marked(said, worlds.OUR_ROOM), "-"),
        (
            "our mark seen where it is not",
            _marked(strangers, *({one.kind for one in strangers} - {worlds.OUR_ROOM})),
            "-",
        ),
    ]


def _marked(said: list[Said], *kinds: str) -> str:
    seen = [one.marked for one in said if one.kind in kinds and not one.copied]
    return f"{sum(seen)} of {len(seen)}"


def main() -> None:
    """Draw, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=24, help="catalogued in each practice")
    parser.add_argument("--each", type=int, default=3, help="copies of every kind in each world")
    parser.add_argument("--again", type=int, default=4, help="times that every stranger is shown")
    parser.add_argument("--shift", type=int, default=0, help="other rooms and people: added to every seed")
    parser.add_argument("--photos", type=Path, help="folder of real photographs (.jpg)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    drawn = [worlds.clinic_world(seed + options.shift, options.people) for seed in (71, 74)]
    drawn += [worlds.painted_world(seed + options.shift, options.people) for seed in (81, 83)]
    drawn += [photographs(options.photos)] if options.photos else []
    with ProcessPoolExecutor(2) as pool:
        said = judged(drawn, options.each, options.again, pool)
    for measure, measured, bar in table(said):
        print(f"{measure:<48} {measured:<24} {bar}")
    missed = Counter(
        one.kind for one in said if one.copied and not (one.verdict == Verdict.COPY and one.right)
    )
    asked = Counter(one.kind for one in said if one.copied)
    print("not given `copy`: " + ", ".join(f"{k} {n}/{asked[k]}" for k, n in missed.most_common()))
    if options.json:
        options.json.write_text(json.dumps(table(said), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

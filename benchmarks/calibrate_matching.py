"""Calibrate the matcher: `python benchmarks/calibrate_matching.py` rewrites the shipped decision and its rates.

Draws worlds, copies their photos in every way, weighs every case, trains the trees leaving one world out at a time, and
writes watermark/matching/model.npz and error_rates.json from what was said of the worlds left out. Needs
benchmarks/requirements.txt. `--people` and `--pictures` add worlds of real people and everyday pictures, the half of
each that `benchmarks.genre_table` does not measure. `--quick` is a tenth of it, and writes nothing.
"""

import watermark  # noqa: F401, I001 (before numpy, as in the program: it asks for one BLAS thread)

import argparse
import importlib.util
import json
import pickle
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from benchmarks import genre_worlds, worlds
from sample_clinic.drawing import everyday
from watermark.matching import model
from watermark.matching.agreement import NUMBERS
from watermark.matching.verdict import name_verdict
from watermark.picture.pixels import Picture

Scores: TypeAlias = NDArray[np.float64]
HERE = Path(model.__file__).parent
SAME_SCENE = "same scene"
# More agreement can only speak for a copy, more leftover motion only against it.
RISING = (
    "fine_",
    "middle_",
    "coarse_",
    "own_50",
    "own_agreeing",
    "own_blocks",
    "agreeing",
    "inliers",
    "centre",
    "colour",
    "sides",
    "part_share",
    "part_blocks",
    "part_10",
    "part_25",
    "part_50",
    "subject_blocks",
    "subject_share",
    "bent_",
    "rest_explained",
)
FALLING = ("moved", "part_moved", "drift", "rough", "stretch", "tilt", "bend", "subject_less", "crowd")
NO_TREES = -20.0
FOLDS = 5
BENT = {"wavy", "head slimmed"}  # as another shot is; possible is asked of them, and they teach nothing
NEIGHBOURS = 12  # pictures that copies are set among
TILE = 220  # pixels, at least
SHOT, COPY = 1, 2  # labels: another shot of the session, a copy
HARD_WEIGHT = 25.0  # other shots are the fewest, and the hardest to tell from copies
LEAST_COPY, LEAST_POSSIBLE, LEAST_SCENE = 0.9, 0.3, 0.8
REPEATED = {"grass", "gravel", "brick"}  # seamless textures: their tiles show one another's parts


def packaged() -> worlds.World:
    """Photographs inside the wheels of scikit-image and scikit-learn, in tiles: half catalogued, half strangers."""
    flat = {
        "logo",
        "phantom",
        "multipage",
        "horse",
        "chessboard_GRAY",
        "chessboard_RGB",
        "color",
        "motorcycle_right",
        "text",
        "page",
    }
    tiles = []
    for package, folder in (("skimage", "data"), ("sklearn", "datasets/images")):
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise SystemExit(f"{package} is missing: pip install -r benchmarks/requirements.txt")
        for path in sorted((Path(spec.origin).parent / folder).glob("*.[jp][pn]g")):
            with Image.open(path) as image:
                pixels = np.asarray(image.convert("RGB"))
            if path.stem in flat | REPEATED or min(pixels.shape[:2]) < TILE:
                continue
            down, across = (min(3, max(1, side // TILE)) for side in pixels.shape[:2])
            tiles += [
                t for band in np.array_split(pixels, down) for t in np.array_split(band, across, axis=1)
            ]
    order = np.random.default_rng(0).permutation(len(tiles))
    pictures = [Picture(np.ascontiguousarray(tiles[i])) for i in order]
    return worlds.pictures_world("packaged", pictures[::2], pictures[1::2], seed=6)


WORLDS: Mapping[str, Callable[[], worlds.World]] = {
    **{f"clinic {seed}": partial(worlds.clinic_world, seed, 8) for seed in range(21, 25)},
    **{f"painted {seed}": partial(worlds.painted_world, seed, 7) for seed in range(31, 35)},
    "everyday 3": partial(worlds.everyday_world, 3, 24),
    "packaged": packaged,
}


def real_worlds(people: Path, pictures: Path) -> dict[str, Callable[[], worlds.World]]:
    """Worlds of real people and everyday pictures, of the half that calibrates."""
    names = genre_worlds.draws(genre_worlds.Material((), ()), 0)
    return {name: partial(real_world, people, pictures, name) for name in names}


def real_world(people: Path, pictures: Path, name: str) -> worlds.World:
    """One of them."""
    return genre_worlds.draws(genre_worlds.material(people, pictures, held_out=False), 0)[name]()


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """All rows as arrays."""

    rows: list[worlds.Row]
    numbers: NDArray[np.float32]
    labels: NDArray[np.int64]
    worlds: NDArray[np.str_]
    weighed: NDArray[np.bool_]
    teaching: NDArray[np.bool_]


def rows_of(
    name: str, draw: Callable[[], worlds.World], keep: Path | None, copies: int, innocents: int
) -> list[worlds.Row]:
    """Draw a world and weigh its cases, or read what was kept of it."""
    kept = keep / f"{name}.rows" if keep else None
    if kept and kept.exists():
        rows: list[worlds.Row] = pickle.loads(kept.read_bytes())  # noqa: S301 (our own file of a moment ago)
        return rows
    world = draw()
    rng = np.random.default_rng([1, *name.encode()])

    others = [genre_worlds.image(everyday.draw_everyday(90_000 + n, (480, 360))) for n in range(NEIGHBOURS)]

    def cases() -> Iterator[worlds.Case]:
        yield from worlds.copies(world, rng, copies)
        yield from genre_worlds.copies(world, others, rng, copies)
        if any(kind in genre_worlds.RELATED - {genre_worlds.EVERYDAY} for _, kind in world.strangers):
            yield from genre_worlds.innocents(world, others, rng, innocents)
        else:
            yield from worlds.innocents(world, rng, innocents)

    with tempfile.TemporaryDirectory() as folder:
        rows = list(worlds.weighed(world, world.index(Path(folder)), cases()))
    spent = {row.case: row.seconds for row in rows}
    print(
        f"{name}: {len(spent)} cases, {1000 * np.mean(list(spent.values())):.0f} ms of CPU each", flush=True
    )
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(rows))
    return rows


def table(rows: list[worlds.Row]) -> Table:
    """Rows as arrays; the smaller part of an uneven composite teaches nothing."""
    rows = [
        r
        for r in rows
        if r.kind != genre_worlds.UNEVEN or r.photo is None or r.label != COPY or r.photo == r.truth
    ]
    return Table(
        rows,
        np.array([row.numbers for row in rows]),
        np.array([row.label for row in rows]),
        np.array([row.world for row in rows]),
        np.array([row.photo is not None for row in rows]),
        np.array([row.kind not in BENT for row in rows]),
    )


def trees(
    numbers: NDArray[np.float32], wanted: NDArray[np.bool_], hard: NDArray[np.bool_]
) -> HistGradientBoostingClassifier:
    """Boosted trees that can only rise with agreement; both classes weigh the same, hard rows more within theirs."""
    weights = np.where(hard, HARD_WEIGHT, 1.0)
    for one in (wanted, ~wanted):
        weights[one] *= len(wanted) / 2 / max(1.0, weights[one].sum())
    ways = [1 if n.startswith(RISING) else -1 if n.startswith(FALLING) else 0 for n in NUMBERS]
    model = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.08, max_depth=4, min_samples_leaf=15, l2_regularization=2.0,
        monotonic_cst=ways, early_stopping=False, random_state=0,
    )  # fmt: skip
    return model.fit(numbers, wanted, sample_weight=weights)


def left_out(data: Table, wanted: NDArray[np.bool_]) -> Scores:
    """The score of every row from trees that never saw its world: worlds are left out a few at a time."""
    scores = np.full(len(wanted), NO_TREES)
    names = np.unique(data.worlds)
    folds = np.searchsorted(names, data.worlds) % FOLDS
    for fold in range(min(FOLDS, len(names))):
        train, test = data.weighed & (folds != fold), data.weighed & (folds == fold)
        train &= data.teaching
        forest = trees(data.numbers[train], wanted[train], data.labels[train] == SHOT)
        scores[test] = forest.decision_function(data.numbers[test])
    return scores


def line(scores: Scores, wanted: NDArray[np.bool_]) -> tuple[float, float]:
    """Platt's line from score to log odds, both classes weighed the same; slope and offset."""
    model = LogisticRegression(C=1.0, class_weight="balanced").fit(scores[:, None], wanted)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def nodes_of(model: HistGradientBoostingClassifier) -> dict[str, NDArray[Any]]:
    """The trees as padded arrays; a leaf points to itself."""
    grown = [stage[0].nodes for stage in model._predictors]  # noqa: SLF001 (no public way out)
    shape = (len(grown), max(map(len, grown)))
    kinds = {
        "feature": np.uint8,
        "bound": np.float32,
        "left": np.uint8,
        "right": np.uint8,
        "missing_left": np.bool_,
        "value": np.float32,
    }
    out: dict[str, NDArray[Any]] = {name: np.zeros(shape, kind) for name, kind in kinds.items()}
    for n, tree in enumerate(grown):
        own = np.arange(len(tree))
        leaf = tree["is_leaf"].astype(bool)
        out["feature"][n, own] = tree["feature_idx"]
        out["bound"][n, own] = tree["num_threshold"]
        out["left"][n, own] = np.where(leaf, own, tree["left"])
        out["right"][n, own] = np.where(leaf, own, tree["right"])
        out["missing_left"][n, own] = tree["missing_go_to_left"]
        out["value"][n, own] = np.where(leaf, tree["value"], 0)
    return out


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one case: its best photo's two probabilities, and whether that was right."""

    kind: str
    copied: bool
    copy: float
    ours: float
    label: int


def said_of(data: Table, copy: Scores, ours: Scores) -> list[Said]:
    """One line per case, from probabilities per row."""
    cases: dict[tuple[str, int], list[int]] = {}
    for n, row in enumerate(data.rows):
        cases.setdefault((row.world, row.case), []).append(n)
    out = []
    for which in cases.values():
        best = max(which, key=lambda n: copy[n])
        row = data.rows[best]
        out.append(
            Said(row.kind, row.truth is not None, copy[best], max(ours[which].max(), copy[best]), row.label)
        )
    return out


def thresholds(said: list[Said]) -> dict[str, float]:
    """The least probabilities of the verdicts.

    No stranger comes near `copy`: it lies beyond the nearest by a quarter of what is left to certainty. One
    stranger in 400 is `possible`, one in 100 `same-scene`. How many other shots pass for copies is printed.
    Parts of our own room, asked for far more often than they are met, count for `copy` alone.
    """
    strangers = [s for s in said if not s.copied and s.kind != SAME_SCENE]
    usual = [s for s in strangers if s.kind != worlds.OUR_WALL]
    chances = sorted((s.copy for s in usual), reverse=True)
    related = sorted((s.ours for s in usual), reverse=True)
    allowed = len(usual) // 400
    return {
        "copy": max(LEAST_COPY, (1 + 3 * max(s.copy for s in strangers)) / 4),
        "possible": max(LEAST_POSSIBLE, chances[allowed] + 1e-6),
        "same-scene": max(LEAST_SCENE, related[4 * allowed] + 1e-6),
    }


def rates(said: list[Said], least: Mapping[str, float]) -> dict[str, Any]:
    """How many of each kind of copy were missed, and of each kind of innocent accused."""
    kinds: dict[str, list[Said]] = {}
    for one in said:
        kinds.setdefault(one.kind, []).append(one)
    misses, accused = {}, {}
    for kind, ones in kinds.items():
        verdicts = [name_verdict(s.copy, s.ours, least) for s in ones]
        if ones[0].copied:
            right = [s.label == COPY for s in ones]
            misses[kind] = {
                "cases": len(ones),
                "not copy": sum(v != "copy" for v in verdicts),
                "neither copy nor possible": sum(v not in ("copy", "possible") for v in verdicts),
                "wrong photo": sum(v == "copy" and not r for v, r in zip(verdicts, right, strict=True)),
            }
        else:
            accused[kind] = {"cases": len(ones)} | {
                v: sum(said == v for said in verdicts) for v in ("copy", "possible", "same-scene")
            }
    return {"misses": misses, "accused": accused}


def grown(data: Table) -> tuple[dict[str, Any], dict[str, Scores]]:
    """Both forests as arrays, and what each says of every row of the worlds it did not see."""
    kept: dict[str, Any] = {"names": np.array(NUMBERS)}
    chances: dict[str, Scores] = {}
    for which, wanted in (("copy", data.labels == COPY), ("ours", data.labels >= 1)):
        scores = left_out(data, wanted)
        judged = data.weighed & data.teaching
        slope, offset = line(scores[judged], wanted[judged])
        chances[which] = 1 / (1 + np.exp(-(slope * scores + offset)))
        chances[which] = np.minimum(chances[which], [model.most(numbers) for numbers in data.numbers])
        taught = data.weighed & data.teaching
        forest = trees(data.numbers[taught], wanted[taught], data.labels[taught] == SHOT)
        kept |= {f"{which}_{name}": block for name, block in nodes_of(forest).items()}
        kept[f"{which}_line"] = np.array([forest._baseline_prediction.item(), slope, offset])  # noqa: SLF001
    return kept, chances


def main() -> None:
    """Calibrate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two small worlds, nothing written")
    parser.add_argument("--keep", type=Path, help="folder that keeps the rows of each world between runs")
    parser.add_argument(
        "--people", type=Path, help="folder of NNN_XX.jpg, several photographs of each person"
    )
    parser.add_argument("--pictures", type=Path, help="folder of everyday pictures")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    drawn = {f"clinic {s}": partial(worlds.clinic_world, s, 4) for s in (1, 2)} if options.quick else WORLDS
    if options.people and options.pictures:
        drawn = {**drawn, **real_worlds(options.people, options.pictures)}
    each = (1, 1)
    with ProcessPoolExecutor(options.workers) as pool:
        started = [pool.submit(rows_of, name, draw, options.keep, *each) for name, draw in drawn.items()]
        data = table([row for one in started for row in one.result()])
    kept, chances = grown(data)
    said = said_of(data, chances["copy"], chances["ours"])
    least = thresholds(said)
    sizes = {name: len({r.case for r in data.rows if r.world == name}) for name in drawn}
    measured = {"thresholds": least, "worlds": sizes, "cases": len(said), **rates(said, least)}
    copy_misses = [m["not copy"] / m["cases"] for m in measured["misses"].values()]
    print(json.dumps(measured, indent=1), f"\ncopies found, mean over kinds: {1 - np.mean(copy_misses):.4f}")
    if not options.quick:
        np.savez_compressed(HERE / model.TABLES, **kept)
        (HERE / model.RATES).write_text(json.dumps(measured, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

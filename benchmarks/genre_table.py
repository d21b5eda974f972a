"""Every kind of picture that this trade posts, and every innocent that shares something with ours, in one table.

Run: python -m benchmarks.genre_table --people FOLDER --pictures FOLDER [--before TREE] [--keep FOLDER]
People and pictures of the held-out half only (see `genre_worlds`); `--calibrating` shows the other half. `--before` is
another checkout with an environment of its own (.venv): the same files are judged by it, and printed beside.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from PIL import Image

from benchmarks import genre_worlds

Said: TypeAlias = Mapping[str, Mapping[str, Any]]
JUDGE = Path(__file__).parent / "genre_judge.py"


@dataclass(frozen=True, slots=True)
class Truth:
    """What a kept case is.

    Attributes:
        world: whose.
        kind: how it was copied, or what it is.
        photos: ours that are in it.
        scene: another shot of this photo's session.
    """

    world: str
    kind: str
    photos: tuple[int, ...]
    scene: int | None


def kept(folder: Path, options: argparse.Namespace) -> dict[str, Truth]:
    """Draw the cases to files, or read what was drawn before."""
    listed = folder / "truth.json"
    if not listed.exists():
        made = genre_worlds.material(
            options.people, options.pictures, held_out=not options.calibrating, most=options.most
        )
        truth: dict[str, Truth] = {}
        others = list(made.pictures[-30:])
        for draw in genre_worlds.draws(made, options.seed).values():
            world = draw()
            place = folder / world.name
            for part in ("catalogue", "cases"):
                (place / part).mkdir(parents=True, exist_ok=True)
            for key, photo in world.catalogue.items():
                Image.fromarray(photo.rgb).save(place / "catalogue" / f"{key:05d}.png", compress_level=1)
            for _, case in genre_worlds.cases([world], others, options.each, options.times):
                name = f"{len(truth):06d}"
                Image.fromarray(case.picture.rgb).save(place / "cases" / f"{name}.png", compress_level=1)
                photos = () if case.photo is None else (case.photo, *case.also)
                scene = case.scene if case.photo is None else None
                truth[name] = Truth(world.name, case.kind, photos, scene)
            print(
                f"{world.name}: {len(world.catalogue)} photos, {len(truth)} cases so far",
                file=sys.stderr,
                flush=True,
            )
        listed.write_text(json.dumps({name: asdict(one) for name, one in truth.items()}), "utf-8")
    return {
        name: Truth(one["world"], one["kind"], tuple(one["photos"]), one["scene"])
        for name, one in json.loads(listed.read_text("utf-8")).items()
    }


def judged(folder: Path, name: str, tree: Path | None) -> Said:
    """Judge the kept cases by this version, or by another checkout."""
    result = folder / f"{name}.json"
    if tree is None or not result.exists():
        root = tree or JUDGE.parent.parent
        python = tree / ".venv" / "bin" / "python" if tree else Path(sys.executable)
        subprocess.run(
            [str(python), str(JUDGE), str(folder), str(result)],
            check=True,
            cwd=root,
            env={"PYTHONPATH": str(root)},
        )
    said: Said = json.loads(result.read_text("utf-8"))
    return said


def lines(truth: Mapping[str, Truth], said: Sequence[Said]) -> list[str]:
    """One line for every kind: copies first, then innocents."""
    kinds: dict[str, list[str]] = {}
    for name, one in truth.items():
        kinds.setdefault(one.kind, []).append(name)
    out = [
        f"{'copied as':<36}{'cases':>6}"
        + "".join(f"{'copy':>8}{'+poss':>7}{'all':>7}{'wrong':>6}" for _ in said)
    ]
    for kind, names in kinds.items():
        if not truth[names[0]].photos:
            continue
        row = f"{kind:<36}{len(names):>6}"
        for answers in said:
            row += "".join(found(truth, answers, names))
        out.append(row)
    out.append(
        f"{'innocent':<36}{'cases':>6}" + "".join(f"{'copy':>8}{'same':>7}{'poss':>7}{'':>6}" for _ in said)
    )
    for kind, names in kinds.items():
        if truth[names[0]].photos:
            continue
        row = f"{kind:<36}{len(names):>6}"
        for answers in said:
            counts = Counter(answers[name]["verdict"] for name in names)
            row += f"{counts['copy']:>8}{counts['same-scene']:>7}{counts['possible']:>7}{'':>6}"
        out.append(row)
    return out


def found(truth: Mapping[str, Truth], said: Said, names: Sequence[str]) -> tuple[str, ...]:
    """Shares given copy, copy or possible, with all photos named; how many named a wrong photo as copied."""
    copy = likely = whole = wrong = 0
    for name in names:
        answer, photos = said[name], truth[name].photos
        right = answer["photo"] in photos
        copied = answer["verdict"] == "copy"
        copy += copied and right
        likely += right and answer["verdict"] in ("copy", "possible")
        named = {answer["photo"], *answer["also"]} if copied else set()
        whole += set(photos) <= named
        wrong += bool(named - set(photos))
    return (
        f"{copy / len(names):>8.0%}",
        f"{likely / len(names):>7.0%}",
        f"{whole / len(names):>7.0%}",
        f"{wrong:>6}",
    )


def main() -> None:
    """Draw, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=Path, required=True, help="folder of NNN_XX.jpg")
    parser.add_argument("--pictures", type=Path, required=True, help="folder of everyday pictures")
    parser.add_argument("--each", type=int, default=2, help="copies of every kind in each world")
    parser.add_argument("--times", type=int, default=1, help="times that every innocent is shown")
    parser.add_argument("--most", type=int, default=400, help="everyday pictures at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--calibrating", action="store_true", help="the half that calibrates")
    parser.add_argument("--before", type=Path, help="checkout of the version before")
    parser.add_argument("--keep", type=Path, help="folder that keeps pictures and verdicts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        truth = kept(folder, options)
        said = [judged(folder, "now", None)]
        said += [judged(folder, "before", options.before)] if options.before else []
        print("\n".join(lines(truth, said)))
        for words, one in zip(("this version", "the version before"), said, strict=False):
            spent = [answer["ms"] for answer in one.values()]
            print(f"{words}: {sum(spent) / len(spent):.0f} ms of CPU a picture")


if __name__ == "__main__":
    main()

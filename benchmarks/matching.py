"""Compare the matcher with what a practice could use instead: `python benchmarks/matching.py [--quick]`.

The same copies and strangers go to every tool in one run. Printed for each: copies found at its own default and
at the threshold where no stranger is accused, whom the default accuses, and CPU per query. Peers that are not installed
are left out and named (benchmarks/requirements.txt). `--photos FOLDER` judges real photographs instead of drawn worlds.
"""

import argparse
import importlib.util
import json
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import imagehash
import numpy as np
from PIL import Image

from watermark import bench
from watermark.identify import Verdict, identify
from watermark.pixels import Picture

STRANGERS = ("our room", "rival", "everyday", "furniture")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a tool says of one picture: its best photo, how alike (more is more), whether its default accepts that."""

    photo: int | None
    score: float
    accepted: bool


class Peer(Protocol):
    """A tool that knows a catalogue and gives an opinion on a picture."""

    def __call__(self, picture: Picture) -> Opinion:
        """Judge one picture."""


def nearest(apart: Callable[[Picture], dict[int, float]], within: float) -> Peer:
    """A tool that measures a distance to every photo and accepts up to `within`."""

    def judge(picture: Picture) -> Opinion:
        distances = apart(picture)
        photo = min(distances, key=distances.__getitem__)
        return Opinion(photo, -distances[photo], distances[photo] <= within)

    return judge


def phash(catalogue: dict[int, Picture]) -> Peer:
    """imagehash.phash, 10 of 64 bits."""
    known = {key: imagehash.phash(Image.fromarray(picture.rgb)) for key, picture in catalogue.items()}

    def apart(picture: Picture) -> dict[int, float]:
        own = imagehash.phash(Image.fromarray(picture.rgb))
        return {key: float(own - other) for key, other in known.items()}

    return nearest(apart, 10)


def pdq(catalogue: dict[int, Picture]) -> Peer:
    """PDQ, 31 of 256 bits."""
    import pdqhash

    known = {key: pdqhash.compute(picture.rgb)[0] for key, picture in catalogue.items()}

    def apart(picture: Picture) -> dict[int, float]:
        own = pdqhash.compute(picture.rgb)[0]
        return {key: float((own != other).sum()) for key, other in known.items()}

    return nearest(apart, 31)


def crop_resistant(catalogue: dict[int, Picture]) -> Peer:
    """ImageHash's crop-resistant hash with its defaults."""
    known = {k: imagehash.crop_resistant_hash(Image.fromarray(p.rgb)) for k, p in catalogue.items()}

    def judge(picture: Picture) -> Opinion:
        own = imagehash.crop_resistant_hash(Image.fromarray(picture.rgb))
        apart = {key: float(own - other) for key, other in known.items()}
        photo = min(apart, key=apart.__getitem__)
        return Opinion(photo, -apart[photo], bool(own.matches(known[photo])))

    return judge


def perception_sift(catalogue: dict[int, Picture]) -> Peer:
    """Thorn perception's SIFT de-duplication with its defaults."""
    import perception.local_descriptor_deduplication as deduplication

    hasher = deduplication.SIFT()
    folder = Path(tempfile.mkdtemp())

    def described(picture: Picture) -> Any:  # noqa: ANN401 (the peer's own record)
        path = folder / "picture.png"
        Image.fromarray(picture.rgb).save(path, compress_level=1)
        return deduplication.generate_image_descriptors(str(path), hasher)

    known = {key: described(picture) for key, picture in catalogue.items()}

    def judge(picture: Picture) -> Opinion:
        own, best = described(picture), Opinion(None, 0.0, accepted=False)
        for key, other in known.items():
            if own is None or other is None:
                continue
            accepted, said = hasher.validate_match(own, other)
            score = float(said["match"] or 0) + float(said["inliers"] or 0) / 100
            best = max(best, Opinion(key, score, bool(accepted)), key=lambda o: (o.accepted, o.score))
        return best

    return judge


def pairwatch(catalogue: dict[int, Picture]) -> Peer:
    """Ours, at the verdict `copy`."""
    world = bench.World("catalogue", catalogue)
    index = world.index(Path(tempfile.mkdtemp()))

    def judge(picture: Picture) -> Opinion:
        answer = identify(picture, index)
        return Opinion(answer.photo, answer.probability, answer.verdict == Verdict.COPY)

    return judge


PEERS: dict[str, tuple[str, Callable[[dict[int, Picture]], Peer]]] = {
    "pHash 10/64": ("imagehash", phash),
    "PDQ 31/256": ("pdqhash", pdq),
    "crop-resistant": ("imagehash", crop_resistant),
    "perception SIFT": ("perception", perception_sift),
    "pairwatch": ("watermark", pairwatch),
}
SLOW = {"crop-resistant", "perception SIFT"}  # compare with every photo one by one


@dataclass(frozen=True, slots=True)
class Judged:
    """One case and one tool's opinion of it."""

    kind: str
    truth: int | None
    opinion: Opinion
    seconds: float


def judged(peer: Peer, cases: Iterable[bench.Case]) -> list[Judged]:
    """Ask one tool about every case."""
    out = []
    for case in cases:
        start = time.process_time()
        opinion = peer(case.picture)
        out.append(Judged(case.kind, case.photo, opinion, time.process_time() - start))
    return out


def summary(said: list[Judged]) -> dict[str, Any]:
    """Recall per kind at the default and at no accusation, accusations at the default, CPU."""
    strangers = [j for j in said if j.kind in STRANGERS]
    bar = max((j.opinion.score for j in strangers), default=0.0)
    kinds: dict[str, list[Judged]] = {}
    for one in said:
        if one.truth is not None:
            kinds.setdefault(one.kind, []).append(one)

    def found(ones: list[Judged], accept: Callable[[Opinion], bool]) -> float:
        return float(np.mean([accept(j.opinion) and j.opinion.photo == j.truth for j in ones]))

    default = {k: found(v, lambda o: o.accepted) for k, v in kinds.items()}
    silent = {k: found(v, lambda o: o.score > bar) for k, v in kinds.items()}
    return {
        "found at its default": round(float(np.mean(list(default.values()))), 4),
        "found with nobody accused": round(float(np.mean(list(silent.values()))), 4),
        "strangers accused at its default": f"{sum(j.opinion.accepted for j in strangers)} of {len(strangers)}",
        "other shots accused": f"{sum(j.opinion.accepted for j in said if j.kind == 'same scene')} of "
        f"{sum(j.kind == 'same scene' for j in said)}",
        "CPU ms per query": round(1000 * float(np.mean([j.seconds for j in said])), 1),
        "per kind, at its default": {k: round(v, 2) for k, v in default.items()},
        "per kind, with nobody accused": {k: round(v, 2) for k, v in silent.items()},
    }


def worlds(photos: Path | None, *, quick: bool) -> list[bench.World]:
    """The worlds to judge: never those the calibration was trained on."""
    if photos is None:
        people, scenes = (6, 12) if quick else (24, 60)
        return [bench.clinic_world(71, people), bench.everyday_world(72, scenes)]
    pictures = []
    for path in sorted(photos.glob("*.jpg")):
        with Image.open(path) as image:
            pictures.append(Picture(np.asarray(image.convert("RGB"))))
    half = len(pictures) // 2
    return [bench.pictures_world("photographs", pictures[:half], pictures[half:])]


def main() -> None:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--copies", type=int, default=1, help="of every kind, in every world")
    parser.add_argument("--only", nargs="*", default=list(PEERS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    results = {}
    for world in worlds(options.photos, quick=options.quick):
        rng = np.random.default_rng(9)
        cases = [*bench.copies(world, rng, options.copies), *bench.innocents(world, rng)]
        print(f"{world.name}: {len(world.catalogue)} photos, {len(cases)} cases", flush=True)
        for name in options.only:
            needs, make = PEERS[name]
            if importlib.util.find_spec(needs) is None:
                print(f"  {name}: {needs} is not installed, left out")
                continue
            asked = cases[:: 4 if name in SLOW else 1]
            results[f"{world.name} / {name}"] = one = summary(judged(make(dict(world.catalogue)), asked))
            print(
                f"  {name} ({len(asked)} cases): "
                + json.dumps({k: v for k, v in one.items() if "kind" not in k}),
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    else:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()

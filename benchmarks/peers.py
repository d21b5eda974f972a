"""The tools that `matching.py` compares, each at its own documented default; ours among them."""

import importlib.util
import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import imagehash
from PIL import Image

from benchmarks import worlds
from watermark.matching.identify import identify
from watermark.matching.verdict import Verdict
from watermark.picture.pixels import Picture

# perception wants OpenCV 4, pairwatch has 5: requirements-perception.txt says how its environment is made.
PERCEPTION = str(Path(__file__).parents[1] / ".venv-perception/bin/python")


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
    """Thorn perception's SIFT de-duplication with its defaults, in the environment that its pins ask for."""
    return _Other(catalogue)


class _Other:
    """A tool in another environment: pictures go out as PNG files, opinions come back as lines of JSON."""

    def __init__(self, catalogue: dict[int, Picture]) -> None:
        self._kept = tempfile.TemporaryDirectory()
        self._folder = Path(self._kept.name)
        for key, picture in catalogue.items():
            Image.fromarray(picture.rgb).save(self._folder / f"{key}.png", compress_level=1)
        self._process = subprocess.Popen(
            [PERCEPTION, str(Path(__file__).with_name("perception_peer.py")), str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Threads that wait for each other would be counted as ten times the work.
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        self.seconds = 0.0

    def __call__(self, picture: Picture) -> Opinion:
        """Judge one picture; `seconds` is what the other process spent on it."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("expected pipes to the process of perception")
        query = self._folder / "query.png"
        Image.fromarray(picture.rgb).save(query, compress_level=1)
        self._process.stdin.write(f"{query}\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        self.seconds = said["seconds"]
        return Opinion(said["photo"], said["score"], said["accepted"])


def pairwatch(catalogue: dict[int, Picture]) -> Peer:
    """Ours, at the verdict `copy`."""
    world = worlds.World("catalogue", catalogue)
    index = world.index(Path(tempfile.mkdtemp()))

    def judge(picture: Picture) -> Opinion:
        answer = identify(picture, index)
        return Opinion(answer.photo, answer.probability, answer.verdict == Verdict.COPY)

    return judge


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of the table: how it is started, and what must be there for it."""

    name: str
    make: Callable[[dict[int, Picture]], Peer]
    needs: str

    @property
    def there(self) -> bool:
        """Whether it is installed."""
        return Path(self.needs).exists() if "/" in self.needs else bool(importlib.util.find_spec(self.needs))


TOOLS = (
    Tool("pHash 10/64", phash, "imagehash"),
    Tool("PDQ 31/256", pdq, "pdqhash"),
    Tool("crop-resistant", crop_resistant, "imagehash"),
    Tool("perception SIFT", perception_sift, PERCEPTION),
    Tool("pairwatch", pairwatch, "watermark"),
)

"""How fast the site is built: the first time beside sigal, with nothing changed, and with one photo more in 10,000.

    python -m benchmarks.build                  200 photographs, 10,000 in the large catalogue: about five minutes
    python -m benchmarks.build --photos 1000    the bar's own number
    python -m benchmarks.build --only unchanged --photos 1000

Needs sigal (benchmarks/requirements.txt). Photographs have a camera's twelve megapixels, are drawn once and kept in
the temporary folder. Sigal writes the same nine files of each as ours (see build_sigal.py), but draws no mark, writes
no owner into them and searches nothing for patients' names: the work that only ours does is in our time.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.build_photos import (
    STAGES,
    add_photos,
    empty_catalogue,
    key_of,
    photographs,
    plain_photographs,
)
from gallery.model import Photo
from gallery.settings import DataFolder

SIGAL = """
author = "Harbour Clinic"
source = {source!r}
destination = {target!r}
img_size = (1600, 1600)
make_thumbs = False
img_format = "JPEG"
"""
UNCHANGED_BAR, ADDED_BAR = 1.5, 5.0  # seconds
_CONTENTS = (
    6  # different pictures in the large catalogue; 10,000 originals, names and places of files all the same
)


@dataclass(frozen=True)
class Took:
    """What a command cost, in seconds."""

    what: str
    wall: float
    cpu: float


def timed(what: str, command: list[str], **environment: str) -> Took:
    """Run a command to its end, and give its wall time and processor time with that of its workers."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    wall = time.perf_counter() - start
    if done.returncode:
        sys.exit(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Took(what, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def build(what: str, folder: DataFolder) -> Took:
    """Run `pairwatch build` as a person would."""
    return timed(what, [sys.executable, "-m", "pairwatch", "--data", str(folder.root), "build"])


def ours(places: list[Path], root: Path) -> tuple[DataFolder, Took]:
    """Catalogue the photographs, and build the site for the first time."""
    folder = empty_catalogue(root)
    add_photos(folder, (place.read_bytes() for place in places), first_case=1)
    return folder, build("ours, first build", folder)


def sigal(places: list[Path], root: Path, effort: str) -> Took:
    """Let sigal build the same photographs, one album for each patient, with two processes as ours has."""
    shutil.rmtree(root, ignore_errors=True)
    for at, place in enumerate(places):
        album = root / "source" / f"patient-{1 + at // len(STAGES)}"
        album.mkdir(parents=True, exist_ok=True)
        (album / place.name).symlink_to(place)
    config = root / "sigal.conf.py"
    config.write_text(SIGAL.format(source=str(root / "source"), target=str(root / "built")))
    command = [
        sys.executable,
        "-m",
        "benchmarks.build_sigal",
        "build",
        "-c",
        str(config),
        "-n",
        str(os.cpu_count()),
    ]
    return timed(f"sigal, {effort}", command, EFFORT=effort)


def endings(folder: Path) -> Mapping[str, int]:
    """Count the pictures below a folder by kind."""
    kinds = Counter(path.suffix for path in folder.rglob("*") if path.suffix in {".avif", ".webp", ".jpg"})
    return dict(sorted(kinds.items()))


def first_builds(photos: int, work: Path, efforts: list[str]) -> tuple[DataFolder, list[Took]]:
    """Build the same photographs with ours and with sigal, one after the other."""
    places = photographs(Path(tempfile.gettempdir()) / "pairwatch-bench-photos", photos)
    folder, took = ours(places, work / "ours")
    rows = [took]
    print(
        f"{photos} photographs, {os.cpu_count()} cores. Ours wrote {endings(folder.public / 'photos')}",
        flush=True,
    )
    for effort in efforts:
        rows.append(sigal(places, work / "sigal", effort))
        made = endings(work / "sigal" / "built")
        print(f"sigal wrote {made}, of which {photos} .jpg are what it asks sizes of")
    return folder, rows


def large(count: int, work: Path) -> tuple[DataFolder, Took]:
    """Bring a catalogue to `count` photographs with a whole site, and then add one new patient's photographs.

    All originals, their catalogue, the files of the site and the build are real and many; only the pictures' contents
    are few, so that they need not be encoded for hours: what the cache holds of one is linked to the others' places.
    """
    folder = empty_catalogue(work / "large")
    [fresh] = photographs(Path(tempfile.gettempdir()) / "pairwatch-bench-photos", 1)
    contents = plain_photographs(_CONTENTS)
    masters = [key_of(folder, photo) for photo in add_photos(folder, iter(contents), first_case=1)]
    build("a few photographs", folder)
    heads = ((b"\xff\xd8\xff\xfe\x00\x06%04d" % number) for number in range(count - _CONTENTS))
    more = add_photos(folder, heads, first_case=1 + _CONTENTS)
    _fill(folder, masters, more)
    build(f"{count} photographs", folder)
    add_photos(folder, iter([fresh.read_bytes()]), first_case=1_000_000)
    return folder, build(f"one photo added to {count:,}", folder)


def _fill(folder: DataFolder, masters: list[str], photos: list[Photo]) -> None:
    for at, photo in enumerate(photos):
        key, master = key_of(folder, photo), masters[at % len(masters)]
        shutil.copytree(
            folder.renditions / master[:2] / master, folder.renditions / key[:2] / key, copy_function=os.link
        )


def report(rows: list[Took], limits: Mapping[str, float]) -> list[str]:
    """Say what each took, beside its bar."""
    lines = [f"{'':32} {'wall':>8} {'cpu':>8}"]
    lines += [
        f"{row.what:32} {row.wall:7.2f}s {row.cpu:7.2f}s"
        + (f"   bar {limits[row.what]} s" if row.what in limits else "")
        for row in rows
    ]
    first = next((row for row in rows if row.what.startswith("ours")), None)
    for row in rows:
        if first and row.what.startswith("sigal"):
            lines.append(
                f"ours is {row.wall / first.wall:.2f} x as fast as {row.what} effort by the clock, "
                f"{row.cpu / first.cpu:.2f} x by processor time   bar 1.0"
            )
    return lines


def main() -> None:
    """Measure what was asked for, and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--large", type=int, default=10_000)
    parser.add_argument(
        "--only", choices=["first", "unchanged", "added"], nargs="*", default=["first", "unchanged", "added"]
    )
    parser.add_argument("--effort", choices=["ours", "default"], nargs="*", default=["ours"])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path, help="work in this folder, and leave it")
    asked = parser.parse_args()
    work = asked.keep or Path(tempfile.mkdtemp(prefix="pairwatch-build-"))
    rows: list[Took] = []
    limits: dict[str, float] = {}
    if {"first", "unchanged"} & set(asked.only):
        folder, took = first_builds(asked.photos, work, asked.effort if "first" in asked.only else [])
        again = build(f"{asked.photos:,} photos, nothing changed", folder)
        rows += [*took, again]
        limits[again.what] = UNCHANGED_BAR
    if "added" in asked.only:
        _, added = large(asked.large, work)
        rows.append(added)
        limits[added.what] = ADDED_BAR
    print(json.dumps([asdict(row) for row in rows]) if asked.json else "\n".join(report(rows, limits)))
    if not asked.keep:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()

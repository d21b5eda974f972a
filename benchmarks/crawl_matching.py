"""A night with full matching against a real catalogue: pictures a second on all cores, and where the time goes.

Run: python -m benchmarks.crawl_matching
Needs nginx. The first run draws and imports 1,000 photographs into --folder (about four minutes on two cores) and
keeps them; every run then visits a fresh site of 200 pages with 400 JPEGs, 20 of them copies of ours. It measures
speed, and counts verdicts: more copies than were planted means that strangers were accused, as plain drawn ones once
were. What is found in general is measured by benchmarks/matching.py and benchmarks/held_out.py.
"""

import argparse
import csv
import io
import json
import os
import pstats
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from cProfile import Profile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.crawl_site import make, served

ROOT = Path(__file__).parent.parent
PAIRWATCH = [sys.executable, "-c", "import pairwatch; pairwatch.main()"]
SIZE, FIRST_SEED = (900, 675), 100
EVERY = 10  # so many pages show one copy of ours
ROOMS = (
    ("watermark/matching/registration", "registering"),
    ("watermark/matching/agreement", "comparing"),
    ("watermark/matching/bands", "comparing"),
    ("watermark/matching/model", "deciding"),
    ("watermark/matching/identify", "walking through hypotheses"),
    ("watermark/matching/", "features, signatures and the index"),
    ("watermark/marking/forensics", "our mark"),
    ("watermark/picture/", "opening (waiting for the sandbox)"),
)


def photograph(place: tuple[str, int]) -> None:
    """Draw one photograph of ours."""
    from sample_clinic.drawing.everyday import draw_everyday
    from watermark.picture.encode import encode

    folder, number = place
    drawn = draw_everyday(FIRST_SEED + number, SIZE)
    Path(folder, f"{number:04d}.jpg").write_bytes(encode(drawn, format="jpeg", quality=93))


def catalogued(folder: Path, photos: int) -> Path:
    """Give a data folder with so many photographs; drawn and imported once."""
    from gallery.parallel import in_parallel

    data, marker = folder / f"data-{photos}", folder / f"catalogued-{photos}"
    if not marker.exists():
        shutil.rmtree(data, ignore_errors=True)
        drawn = folder / f"ours-{photos}"
        drawn.mkdir(parents=True, exist_ok=True)
        for _ in in_parallel(photograph, [(str(drawn), number) for number in range(photos)]):
            pass
        with (drawn / "cases.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("case", "stage", "view", "file"))
            writer.writerows((number + 1, "before", "front", f"{number:04d}.jpg") for number in range(photos))
        for words in (["init"], ["import", str(drawn / "cases.csv")]):
            subprocess.run([*PAIRWATCH, "--data", str(data), *words], check=True, cwd=ROOT, stdout=sys.stderr)
        marker.touch()
    return data


def site(folder: Path, pages: int, photos: int) -> int:
    """Make the site, with a copy of one of ours on every tenth page: smaller and saved again. Gives how many."""
    from PIL import Image

    make(folder / "site", pages=pages)
    copied = 0
    for number in range(0, pages // 2, EVERY // 2):
        with Image.open(folder / f"ours-{photos}" / f"{number * 7 % photos:04d}.jpg") as ours:
            out = io.BytesIO()
            ours.resize((720, 540)).save(out, "JPEG", quality=80)
        (folder / "site" / "a" / f"after-{number}.jpg").write_bytes(out.getvalue())
        copied += 1
    return copied


def night(data: Path, urls: tuple[str, str], limit: float) -> tuple[float, float]:
    """Watch both sites for one night, as the command does; gives wall and CPU seconds of all processes."""
    from crawler.model import Site
    from crawler.store.database import open_watch
    from crawler.store.sites import Sites

    db = open_watch(data / "pairwatch.db")
    for url in urls:
        allowance = frozenset({urlsplit(url).netloc})
        Sites(db).put(Site(url=url, allowance=allowance, delay_s=0.0, slots=2), datetime.now(UTC))
    db.close()
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    crawl = subprocess.Popen(
        [*PAIRWATCH, "--data", str(data), "crawl", "--json"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        crawl.wait(limit)
    except subprocess.TimeoutExpired:
        print(f"the night was ended after {limit:.0f} s", flush=True)
        crawl.terminate()  # what was seen is written down
        crawl.wait(120)
    wall, used = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, used.ru_utime - before.ru_utime + used.ru_stime - before.ru_stime


def found(data: Path) -> dict[str, int]:
    """Count what the night said of its pictures, by verdict."""
    with sqlite3.connect(data / "pairwatch.db") as db:
        return Counter(str(verdict) for (verdict,) in db.execute("select verdict from contents"))


def where(data: Path, pictures: list[Path]) -> tuple[Counter[str], float]:
    """Match some pictures in one thread under a profiler; gives seconds by room, and CPU seconds of decoding."""
    from crawler.match import Matcher

    eye = Matcher(data, 1 << 30, lambda _digest: None)
    eye(pictures[0].read_bytes(), "warm-up")
    profile = Profile()
    for path in pictures[1:]:
        profile.runcall(eye, path.read_bytes(), path.name)
    rooms: Counter[str] = Counter()
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for (file, _, _), (_, _, own, _, callers) in stats.items():
        if file.startswith(str(ROOT)) and ".venv" not in file:
            rooms[_room(file)] += own
            continue
        for (caller, _, _), (_, _, spent, _) in callers.items():
            rooms[_room(caller)] += spent
    return rooms, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def _room(file: str) -> str:
    path = file.removeprefix(f"{ROOT}/")
    return next((words for start, words in ROOMS if path.startswith(start)), "libraries and the rest")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "crawl-matching")
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--profiled", type=int, default=40, help="pictures for the split by room")
    parser.add_argument("--limit", type=float, default=180.0, help="seconds for the night")
    args = parser.parse_args()
    data = catalogued(args.folder, args.photos)
    copied = site(args.folder, args.pages, args.photos)
    with served(args.folder / "site") as urls, tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "data"
        shutil.copytree(data, fresh)
        settings = fresh / "pairwatch.toml"
        text = settings.read_text(encoding="utf-8").replace("[crawler]", "")
        settings.write_text(f"{text}\n[crawler]\ndelay_s = 0\n", encoding="utf-8")
        wall, cpu = night(fresh, urls, args.limit)
        verdicts = found(fresh)
    pictures = sum(verdicts.values())
    if not pictures:
        raise SystemExit("the night looked at no picture: see what it said above")
    print(
        f"{pictures} pictures against {args.photos} photos in {wall:.1f} s, {cpu:.1f} CPU-s on {os.cpu_count()} cores: "
        f"{pictures / wall:.1f} pictures/s, {1000 * cpu / pictures:.0f} ms CPU each (bar 25 pictures/s on 2 cores)"
    )
    print(f"{copied} copies planted; verdicts: {json.dumps(verdicts)}")
    sample = sorted((args.folder / "site" / "b").glob("*.jpg"))[: args.profiled + 1]
    rooms, _ = where(data, sample)
    whole, count = sum(rooms.values()), len(sample) - 1
    print(f"one thread, {count} strangers' pictures, under a profiler: {1000 * whole / count:.0f} ms each")
    for room, seconds in rooms.most_common():
        print(f"  {seconds / whole:5.0%}  {room}")


if __name__ == "__main__":
    main()

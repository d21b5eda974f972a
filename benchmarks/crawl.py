"""How fast a night is: ours, the physical floor under it, and Scrapy, on the same site in one run, alternating.

Run: python -m benchmarks.crawl --scrapy /path/to/venv/bin/python
Needs nginx. Scrapy is compared when the Python of an environment that has scrapy and imagehash is named. Every step
is a process of its own and is ended after its limit; the whole ends after --minutes, and what was cut off says so.
"""

import argparse
import compileall
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.crawl_site import make, served
from crawler.model import Site
from crawler.store.database import open_watch
from crawler.store.sites import Sites
from gallery.settings import DataFolder

HERE = Path(__file__).parent
CORES = 2
PACKAGES = ("benchmarks", "crawler", "gallery", "watermark")
FIRST, SECOND = "pairwatch, first night", "pairwatch, second night"
OWN, TUNED = "Scrapy's own pipeline, imagehash", "Scrapy tuned, our quick fingerprint"
FILL, CACHED = "Scrapy fills its RFC 2616 cache", "Scrapy with that cache, second night"
DOWNLOAD, DECODE = "floor: download only", "floor: decode and hash only"


@dataclass(frozen=True)
class Took:
    """What one step cost; `others` is the share of all cores that other programs used meanwhile."""

    name: str
    wall: float
    cpu: float
    others: float
    done: dict[str, int]
    cut: bool = False

    @property
    def urls(self) -> int:
        """Pages and pictures."""
        return sum(self.done.get(name, 0) for name in ("pages", "images", "unchanged"))


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _busy() -> float:
    """CPU seconds that this machine has worked since it started; 0 where that cannot be told."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    except OSError:
        return 0.0
    ticks = [int(number) for number in first]
    return (sum(ticks[:3]) + sum(ticks[5:8])) / os.sysconf("SC_CLK_TCK")


def compiled() -> None:
    """Compile our modules once, as an installed program's are, and as Scrapy's in its environment."""
    for name in PACKAGES:
        compileall.compile_dir(HERE.parent / name, quiet=1)


def step(name: str, command: list[str], *, limit: float, paths: list[str]) -> Took:
    """Run one process and all it starts, and end them after `limit` seconds."""
    wall, cpu, busy = time.perf_counter(), _children(), _busy()
    process = subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, _ = process.communicate(timeout=max(1.0, limit))
        cut = False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, _ = process.communicate()
        cut = True
    if process.returncode and not cut:
        raise SystemExit(f"{name} ended with {process.returncode}: {' '.join(command)}")
    wall, cpu = time.perf_counter() - wall, _children() - cpu
    others = max(0.0, (_busy() - busy - cpu) / (wall * (os.cpu_count() or 1)))
    return Took(name, wall, cpu, others, {} if cut else json.loads(out.splitlines()[-1]), cut)


def practice(root: Path, urls: tuple[str, str], *, slots: int, settings: str) -> DataFolder:
    """Make a data folder that watches both sites without any pause."""
    folder = DataFolder(root)
    db = open_watch(folder.database)
    for url in urls:
        allowance = frozenset({urlsplit(url).netloc})
        Sites(db).put(Site(url=url, allowance=allowance, delay_s=0.0, slots=slots), datetime.now(UTC))
    db.close()
    folder.settings_file.write_text(f"[crawler]\ndelay_s = 0\n{settings}\n", encoding="utf-8")
    return folder


def steps(args: argparse.Namespace, urls: tuple[str, str], scratch: Path) -> Iterator[tuple[str, list[str]]]:
    """Give what is run, by name: our steps between Scrapy's, the most telling first."""
    data = practice(scratch / "data", urls, slots=args.slots, settings=args.settings).root
    ours = [sys.executable, "-m", "benchmarks.crawl_ours"]
    places = [f"{url}={args.folder / name}" for url, name in zip(urls, ("a", "b"), strict=True)]
    yield DOWNLOAD, [*ours, "download", *places]
    yield DECODE, [*ours, "decode", *places]
    yield FIRST, [*ours, "night", str(data)]
    if args.scrapy:
        peer = [args.scrapy, str(HERE / "crawl_scrapy.py")]
        cache = str(scratch / "cache")
        yield OWN, [*peer, "own", cache, *urls]
        yield SECOND, [*ours, "night", str(data)]
        yield TUNED, [*peer, "tuned", cache, *urls]
        yield FILL, [*peer, "cached", cache, *urls]
        yield CACHED, [*peer, "cached", cache, *urls]
    else:
        yield SECOND, [*ours, "night", str(data)]


def compared(took: dict[str, Took]) -> Iterator[str]:
    """Say what the figures mean beside the bars."""
    if {DOWNLOAD, DECODE, FIRST} <= took.keys():
        floor, first = took[DOWNLOAD].cpu + took[DECODE].cpu, took[FIRST]
        yield (
            f"physical floor {floor / CORES:.1f} s on {CORES} cores: the first night reaches "
            f"{floor / CORES / first.wall:.0%} of it by the clock, {floor / first.cpu:.0%} by CPU seconds (bar 60 %)"
        )
    bars = ((FIRST, OWN, "8 x, CPU 4 x"), (FIRST, TUNED, "4 x"), (SECOND, CACHED, "20 x"))
    for our, their, bar in bars:
        if {our, their} <= took.keys():
            one, other = took[our], took[their]
            least = "at least " if other.cut else ""
            yield (
                f"{our} against {their}: {least}{other.wall / one.wall:.1f} x as fast, "
                f"{least}{other.cpu / one.cpu:.1f} x less CPU (bar {bar})"
            )


def main() -> None:
    """Compare, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "crawl-bench")
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--slots", type=int, default=4, help="requests at a time to each of the two hosts")
    parser.add_argument("--settings", default="slice_requests = 1000", help="lines under [crawler]")
    parser.add_argument("--scrapy", default="", help="Python of an environment that has Scrapy")
    parser.add_argument("--minutes", type=float, default=6.0, help="for everything")
    parser.add_argument("--limit", type=float, default=150.0, help="seconds for one step")
    args = parser.parse_args()
    make(args.folder, pages=args.pages)
    compiled()
    ends = time.monotonic() + args.minutes * 60
    own = [str(HERE.parent)]
    libraries = own + [path for path in sys.path if path.endswith("site-packages")]
    took: dict[str, Took] = {}
    print(f"{'':<38} {'wall s':>8} {'CPU s':>8} {'URLs':>7} {'URL/s':>7} {'others':>7}", flush=True)
    with served(args.folder) as urls, tempfile.TemporaryDirectory() as scratch:
        for name, command in steps(args, urls, Path(scratch)):
            left = min(args.limit, ends - time.monotonic())
            if left < 1 or (name == CACHED and (FILL not in took or took[FILL].cut)):
                print(f"{name:<38} not run: the time was up")
                continue
            paths = libraries if name == TUNED else own
            one = took[name] = step(name, command, limit=left, paths=paths)
            rate = "cut off" if one.cut else f"{one.urls / one.wall:7.0f}"
            print(
                f"{name:<38} {one.wall:8.2f} {one.cpu:8.2f} {one.urls:7} {rate} {one.others:7.0%}", flush=True
            )
    print("\n".join(compared(took)))


if __name__ == "__main__":
    main()

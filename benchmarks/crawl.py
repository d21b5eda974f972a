"""How fast a night is: our crawl against Scrapy on the same local site, first and second night, alternating.

Run: python -m benchmarks.crawl --folder /tmp/crawl-bench --scrapy /path/to/venv/bin/python
Needs nginx. Scrapy is compared when the Python of an environment that has scrapy and imagehash is named.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.crawl_site import make, served
from crawler.model import Looked, Site
from crawler.nightly import run
from crawler.schema import open_watch
from crawler.store.sites import Sites
from gallery.settings import DataFolder

SPIDER = Path(__file__).parent / "crawl_scrapy.py"


@dataclass(frozen=True)
class Took:
    """What one crawl cost."""

    name: str
    wall: float
    cpu: float
    pages: int
    images: int


def look_at_whole(body: bytes, _name: str) -> Looked:
    """Decode and fingerprint the whole picture, as the comparison asks for; no matching."""
    from watermark.fingerprint.whole import look_text
    from watermark.pixels import open_picture

    text = look_text(open_picture(body, longest=128))
    return Looked(
        digest=f"sha256:{hashlib.sha256(body).hexdigest()}", verdict="none", upto=1, explanation=text
    )


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def practice(root: Path, urls: tuple[str, str], *, slots: int) -> DataFolder:
    """Make a data folder that watches both sites without any pause."""
    folder = DataFolder(root)
    db = open_watch(folder.database)
    for url in urls:
        allowance = frozenset({urlsplit(url).netloc})
        Sites(db).put(Site(url=url, allowance=allowance, delay_s=0.0, slots=slots), datetime.now(UTC))
    db.close()
    folder.settings_file.write_text("[crawler]\ndelay_s = 0\nslice_requests = 1000\n")
    return folder


def ours(name: str, folder: DataFolder) -> Took:
    """Run one night of ours."""
    wall, cpu = time.perf_counter(), _cpu()
    summary = run(folder, look=look_at_whole)
    tally = summary.tally
    return Took(name, time.perf_counter() - wall, _cpu() - cpu, tally.pages, tally.images + tally.unchanged)


def scrapy(name: str, python: str, urls: tuple[str, str], mode: str, cache: Path) -> Took:
    """Run one crawl of Scrapy's."""
    wall, cpu = time.perf_counter(), _cpu()
    paths = [str(Path(__file__).parent.parent)]
    if mode == "tuned":
        paths += [path for path in sys.path if path.endswith("site-packages")]
    done = subprocess.run(
        [python, str(SPIDER), mode, str(cache), *urls],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return Took(name, time.perf_counter() - wall, _cpu() - cpu, told["pages"], told["images"])


def main() -> None:
    """Compare, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "crawl-bench")
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--scrapy", default="")
    parser.add_argument("--rounds", type=int, default=1)
    args = parser.parse_args()
    make(args.folder, pages=args.pages)
    took: list[Took] = []
    with served(args.folder) as urls, tempfile.TemporaryDirectory() as scratch:
        for number in range(args.rounds):
            folder = practice(Path(scratch) / str(number), urls, slots=args.slots)
            cache = Path(scratch) / f"cache{number}"
            took.append(ours("pairwatch, first night", folder))
            if args.scrapy:
                took.append(scrapy("Scrapy's own pipeline, imagehash", args.scrapy, urls, "own", cache))
            took.append(ours("pairwatch, second night", folder))
            if args.scrapy:
                took.append(scrapy("Scrapy tuned, our fingerprint", args.scrapy, urls, "tuned", cache))
                scrapy("fill the cache", args.scrapy, urls, "cached", cache)
                took.append(
                    scrapy("Scrapy, RFC 2616 cache, second night", args.scrapy, urls, "cached", cache)
                )
    print(f"{'':<38} {'wall s':>8} {'CPU s':>8} {'pages':>7} {'images':>7} {'URL/s':>7}")
    for one in took:
        rate = (one.pages + one.images) / one.wall
        print(f"{one.name:<38} {one.wall:8.2f} {one.cpu:8.2f} {one.pages:7} {one.images:7} {rate:7.0f}")


if __name__ == "__main__":
    main()

"""What the crawler promises as counts: ways of showing a picture, kill -9, a worker of a cluster that dies.

Run: python -m benchmarks.crawl_proofs [discovery] [kills] [cluster]
The last two run the suite's own tests at full size (50 kills, 64 sites on 4 workers) and say what they proved.
"""

import os
import runpy
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urljoin

from lxml import etree

from crawler.extract.page import extract_page

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests" / "crawler"
LIMIT_S = 330
PROOFS = {
    "kills": (
        "test_nightly.py::test_kill_9_loses_and_doubles_nothing",
        {"PAIRWATCH_KILLS": "50"},
        "50 kill -9 at random moments of a night: 0 addresses lost, 0 doubled, database whole",
    ),
    "cluster": (
        "test_cluster.py::test_a_killed_worker_loses_and_doubles_nothing",
        {"PAIRWATCH_CLUSTER_SITES": "64"},
        "64 sites on a LocalCluster of 4 workers, one killed: all results, none twice",
    ),
}


def discovery() -> str:
    """Read each way of showing a picture by itself, beside the plain `img src` that naive crawlers take."""
    known = runpy.run_path(str(TESTS / "test_discovery.py"))
    ways, page = known["IN_MARKUP"], known["PAGE"]
    ours = naive = 0
    for markup, wanted in ways.values():
        text = f"<html><body>{markup}</body></html>"
        shown = {image.url for image in extract_page(text.encode(), page).images}
        plain = etree.fromstring(text, etree.HTMLParser())
        full = wanted if "//" in wanted else known["HOME"] + wanted
        ours += full in shown
        naive += full in {urljoin(page, image.get("src", "")) for image in plain.iter("img")}
    return f"image discovery: {ours} of {len(ways)} ways in markup (bar: all; plain img src: {naive})"


def proved(test: str, environment: dict[str, str], sentence: str) -> str:
    """Run one of the suite's tests at full size."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:randomly", str(TESTS / test)]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return f"NOT PROVED within {LIMIT_S} s: {sentence}"
    seconds = time.perf_counter() - begun
    if done.returncode:
        return f"NOT PROVED: {sentence}\n{done.stdout[-2000:]}"
    return f"proved in {seconds:.0f} s: {sentence}"


def main() -> None:
    """Prove what is asked for, or everything."""
    wanted = sys.argv[1:] or ["discovery", *PROOFS]
    if "discovery" in wanted:
        print(discovery(), flush=True)
    for name in [name for name in PROOFS if name in wanted]:
        print(proved(*PROOFS[name]), flush=True)


if __name__ == "__main__":
    main()

"""What Lighthouse says about a case page with nine photographs, beside the bars.

    python -m benchmarks.lighthouse [--runs 3] [--address patient-1/index.html]

Draws a practice, builds its site, serves it on loopback and lets Lighthouse (npm, fetched into the temporary folder
once) look at the page in Chromium as on a slow phone. With several runs the middle score of each kind counts, as
Lighthouse advises.
"""

import argparse
import functools
import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median_low

from benchmarks.show_site import NINE, show_site

VERSION = "12.8.2"  # the last for Node 20
BARS = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
CHROME = "--headless=new --no-sandbox --disable-gpu --disable-background-networking"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files as ordinary servers do, and says nothing."""

    extensions_map = {  # noqa: RUF012 (the base class's own way)
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".avif": "image/avif", ".webp": "image/webp", ".atom": "application/atom+xml",
    }  # fmt: skip

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep still."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine; gives the address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def lighthouse_at(folder: Path) -> Path:
    """Give Lighthouse's program, fetched with npm if it is not there yet."""
    program = folder / "node_modules" / ".bin" / "lighthouse"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder)]
        subprocess.run([*command, f"lighthouse@{VERSION}"], check=True)
    return program


def look_at(program: Path, url: str, work: Path) -> Mapping[str, object]:
    """Run Lighthouse once on a page, and give its report."""
    report = work / "report.json"
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or sys.exit("no Chromium on PATH")
    told = ["--output=json", f"--output-path={report}", "--quiet", f"--chrome-flags={CHROME}"]
    told += [f"--only-categories={','.join(BARS)}"]
    subprocess.run(
        [str(program), url, *told],
        check=True,
        env={"PATH": "/usr/bin:/bin", "CHROME_PATH": chromium, "HOME": str(work)},
    )
    read: Mapping[str, object] = json.loads(report.read_text("utf-8"))
    return read


def scores(report: Mapping[str, object]) -> dict[str, int]:
    """Give the score of each category, 0 to 100."""
    categories = report["categories"]
    assert isinstance(categories, dict)  # noqa: S101
    return {name: round(100 * categories[name]["score"]) for name in BARS}


def lost(report: Mapping[str, object]) -> Iterator[str]:
    """Name every audit that did not get full marks and counts."""
    categories, audits = report["categories"], report["audits"]
    assert isinstance(categories, dict)  # noqa: S101
    assert isinstance(audits, dict)  # noqa: S101
    for name in BARS:
        for part in categories[name]["auditRefs"]:
            audit = audits[part["id"]]
            if part["weight"] and audit["score"] is not None and audit["score"] < 1:
                yield f"{name}: {audit['title']} ({audit['score']:.2f}) {audit.get('displayValue', '')}".rstrip()


def main() -> None:
    """Print each score beside its bar; ends with 1 where a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--address", default=f"patient-{NINE}/index.html")
    parser.add_argument("--site", type=Path, help="a built site to look at instead")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    program = lighthouse_at(Path(tempfile.gettempdir()) / "pairwatch-lighthouse")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        public = asked.site or show_site(work / "show").public
        with served(public) as url:
            reports = [look_at(program, url + asked.address, work) for _ in range(asked.runs)]
    found = [scores(report) for report in reports]
    middle = {kind: median_low(one[kind] for one in found) for kind in BARS}
    if asked.json:
        print(json.dumps({"scores": middle, "bars": BARS, "runs": found}))
    else:
        for kind, bar in BARS.items():
            print(f"{kind:16} {middle[kind]:3}   bar {bar}   runs {[one[kind] for one in found]}")
        print("\n".join(sorted({line for report in reports for line in lost(report)})))
    sys.exit(any(middle[kind] < bar for kind, bar in BARS.items()))


if __name__ == "__main__":
    main()

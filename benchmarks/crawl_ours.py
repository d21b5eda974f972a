"""Our side of the crawl comparison, and the physical floor under it; run by benchmarks/crawl.py.

    python -m benchmarks.crawl_ours night DATA        one night over the sites of a data folder
    python -m benchmarks.crawl_ours download URL URL  two processes fetch every file and look at nothing
    python -m benchmarks.crawl_ours decode SITE SITE  two processes decode and hash every picture from the disk

Prints what was done as JSON. Imports little at the top: every worker process imports this module again.
"""

import json
import multiprocessing
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit


def night(data: str) -> dict[str, int]:
    """Run one night."""
    from benchmarks.whole_picture import look_at_whole
    from crawler.run.night import run
    from gallery.settings import DataFolder

    tally = run(DataFolder(Path(data)), look=look_at_whole).tally
    return {
        "pages": tally.pages,
        "images": tally.images,
        "unchanged": tally.unchanged,
        "failed": tally.failed,
    }


def fetch_all(url: str, root: str) -> tuple[int, int]:
    """Fetch every file of a site over kept-alive connections into one buffer."""
    pages = images = 0
    connection, buffer = HTTPConnection(urlsplit(url).netloc), bytearray(1 << 22)
    for path in sorted(Path(root).iterdir()):
        connection.request("GET", f"/{path.name}")
        answer = connection.getresponse()
        while answer.readinto(buffer):
            pass
        pages, images = pages + (path.suffix == ".html"), images + (path.suffix == ".jpg")
    return pages, images


def hash_all(root: str) -> tuple[int, int]:
    """Decode and hash every picture of a site."""
    from benchmarks.whole_picture import quick_look

    paths = list(Path(root).glob("*.jpg"))
    for path in paths:
        quick_look(path.read_bytes())
    return 0, len(paths)


def main() -> None:
    """Do what is asked."""
    what, *names = sys.argv[1:]
    if what == "night":
        print(json.dumps(night(names[0])))
        return
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pairs = [name.split("=", 1) for name in names]
        done = (
            pool.starmap(fetch_all, pairs)
            if what == "download"
            else pool.map(hash_all, [p[-1] for p in pairs])
        )
        pool.close()
        pool.join()  # or their CPU seconds would not be counted
    print(json.dumps({"pages": sum(one[0] for one in done), "images": sum(one[1] for one in done)}))


if __name__ == "__main__":
    main()

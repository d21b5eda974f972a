"""A simulated month at a rival's site: every interval, page and word of the record against the simulation's own log.

    python -m benchmarks.record_month --nights 30 --seed 1

The site moves pictures, edits words, encodes anew, signs its addresses, drops and brings back pictures, forbids and
permits by robots.txt, and answers 403, 500 or nothing. Its server keeps a log of its own. `wrong` counts what the
record claims against that log, `missed` what it calls unknown although the log proves it.
"""

import argparse
import json
import random
import re
import tempfile
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from crawler.clock import SystemClock
from crawler.model import Finding, Judgement, Site
from crawler.run.night import run
from crawler.store.database import open_watch
from crawler.store.findings import Findings
from crawler.store.sites import Sites
from gallery.settings import DataFolder
from gallery.store.database import transaction

LOOKS, PAGES = 6, 4
_FAULTY, _RARE = 0.12, 0.1


class Nights:
    """A clock that stands a number of days ahead and goes on as the computer's does."""

    def __init__(self) -> None:
        """Begin tonight."""
        self.ahead, self._system = timedelta(), SystemClock()

    def now(self) -> datetime:
        """Give the time of the simulated day."""
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return self._system.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._system.sleep(seconds)


def look(body: bytes, _name: str) -> Judgement:
    """Stand for the matcher: `ours-80` is photo 7, and every cell of its look has the grey level 80."""
    digest, ours = f"sha256:{sha256(body).hexdigest()}", re.search(rb"ours-(\d+)", body)
    if ours is None:
        return Judgement(digest=digest, verdict="none", upto=7, basis="{}")
    grey = "grey32:" + f"{int(ours[1]):02x}" * 1024
    return Judgement(digest=digest, verdict="copy", upto=7, photo=7, probability=0.99, basis="{}", look=grey)


@dataclass
class Copy:
    """One picture of ours at the rival's site."""

    look: int
    page: int | None
    address: str
    caption: str
    body: bytes
    served: bool = True


@dataclass
class World:
    """The site as it is tonight, and the log of what it answered."""

    chance: random.Random
    copies: list[Copy] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)
    robots: str = ""
    night: int = 0
    log: dict[int, dict[str, tuple[int, bytes]]] = field(default_factory=lambda: defaultdict(dict))
    serial: int = 0

    def new_name(self) -> str:
        """Give an address that was never used."""
        self.serial += 1
        return f"/img/{self.serial}.jpg"

    def picture(self, level: int) -> bytes:
        """Give the picture of a look, encoded anew."""
        self.serial += 1
        return (
            b"\xff\xd8\xff\xe0"
            + f"ours-{level * 40 + self.chance.randrange(3)} {self.serial}".encode()
            + b"\xff\xd9"
        )

    def begin(self) -> None:
        """Put each look on a page."""
        for level in range(LOOKS):
            page = level % PAGES if level < LOOKS - 1 else None
            self.copies.append(Copy(level, page, self.new_name(), f"words {level}", self.picture(level)))

    def change(self) -> None:
        """Let a day's events happen."""
        chance, self.faults = self.chance, {}
        for copy in self.copies:
            self._change(
                copy, chance.choice(("", "", "words", "encode", "move", "drop", "unlink", "back", "sign"))
            )
        paths = [f"/p{number}.html" for number in range(PAGES)] + [copy.address for copy in self.copies]
        ill = [path for path in paths if chance.random() < _FAULTY]
        self.faults = {path: chance.choice((403, 401, 451, 500, 200)) for path in ill}
        if chance.random() < _RARE:
            self.faults["*"] = 500
        forbidden = "Disallow: /p1.html" if chance.random() < _RARE else "Allow: /"
        self.robots = f"User-agent: *\n{forbidden}"

    def _change(self, copy: Copy, event: str) -> None:
        chance = self.chance
        if event == "words":
            copy.caption = f"words {chance.randrange(10_000)}"
        elif event == "encode":
            copy.body = self.picture(copy.look)
        elif event in ("drop", "unlink"):
            copy.page, copy.served = None, event == "unlink"
        elif event == "sign":
            copy.address = copy.address.split("?")[0] + f"?sig={chance.randrange(10**9)}"
        elif event == "move" or (event == "back" and copy.page is None):
            copy.page, copy.served = chance.randrange(PAGES), True

    def answer(self, path: str) -> tuple[int, bytes]:
        """Give what a path answers tonight."""
        if path == "/robots.txt":
            return 200, self.robots.encode()
        fault = self.faults.get("*") or self.faults.get(path)
        if fault:
            return fault, b""
        if path == "/":
            return 200, "".join(f'<a href="/p{number}.html">{number}</a>' for number in range(PAGES)).encode()
        page = re.fullmatch(r"/p(\d)\.html", path)
        if page:
            shown = "".join(
                f'<figure><img src="{copy.address}"><figcaption>{copy.caption}</figcaption></figure>'
                for copy in self.copies
                if copy.page == int(page[1])
            )
            return 200, f"<title>p</title>{shown or 'nothing'}".encode()
        for copy in self.copies:
            if copy.served and copy.address == path:
                return 200, copy.body
        return 404, b"not here"


def _handler(world: World) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = world.answer(self.path)
            world.log[world.night][self.path] = (status, body)
            tag = f'"{sha256(body).hexdigest()}"'
            if status == 200 and body and self.headers.get("If-None-Match") == tag:  # noqa: PLR2004
                status, body = 304, b""
            self.send_response(status)
            self.send_header("ETag", tag)
            self.send_header(
                "Content-Type", "text/html" if self.path.endswith((".html", "/")) else "image/jpeg"
            )
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@dataclass
class Truth:
    """What the server's own log proves of each look."""

    present: dict[tuple[int, str, str, str, str], list[int]]
    pages: dict[tuple[int, str], dict[int, bool]]
    files: dict[int, list[int]]


def truth_of(world: World) -> Truth:  # noqa: C901 (one walk over the log)
    """Read the log: who was shown where, in which words, in which night."""
    present: dict[tuple[int, str, str, str, str], list[int]] = defaultdict(list)
    pages: dict[tuple[int, str], dict[int, bool]] = defaultdict(dict)
    files: dict[int, list[int]] = defaultdict(list)
    for night, answers in sorted(world.log.items()):
        looks = {
            path: (int(found[1]) // 40, f"sha256:{sha256(body).hexdigest()}")
            for path, (status, body) in answers.items()
            if status == 200 and (found := re.search(rb"ours-(\d+)", body))  # noqa: PLR2004
        }
        for level, _ in looks.values():
            files[level].append(night)
        for path, (status, body) in answers.items():
            if not re.fullmatch(r"/p\d\.html", path) or status != 200 or not body:  # noqa: PLR2004
                continue
            named = re.findall(r'src="([^"]+)"><figcaption>([^<]*)', body.decode())
            for address, words in named:
                if address in looks:
                    level, digest = looks[address]
                    present[level, path, address, digest, words].append(night)
                    pages[level, path][night] = True
            unread = [
                one
                for one, _ in named
                if answers.get(one, (0, b""))[0] not in (200, 404) or not answers[one][1]
            ]
            for level in range(LOOKS):
                if not unread:
                    pages[level, path].setdefault(night, False)
    return Truth(present, pages, files)


@dataclass
class Score:
    """How the record compares with the log."""

    compared: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def check(self, what: str, claimed: object, true: object) -> None:
        """Compare one claim."""
        self.compared += 1
        if claimed != true:
            (self.missed if claimed is None else self.wrong).append(f"{what}: {claimed} instead of {true}")


def compare(world: World, found: list[Finding], base: str, night_of: dict[str, int]) -> Score:
    """Compare every finding, sighting, page and span with the log."""
    truth, score = truth_of(world), Score()

    def night(at: datetime) -> int:
        return night_of[at.date().isoformat()]

    levels = {
        int(one.judgements[0].answer.get("look", -1)) if one.judgements[0].answer else -1 for one in found
    }
    del levels
    score.check("findings", len(found), len(truth.files))
    recorded: dict[tuple[str, str, str, str], tuple[int, int]] = {}
    for one in found:
        for place in one.sightings:
            key = (
                place.page_url.removeprefix(base),
                place.image_url.removeprefix(base),
                place.digest,
                place.caption,
            )
            recorded[key] = (night(place.first_seen), night(place.last_seen))
    proven = {key[1:]: (min(nights), max(nights)) for key, nights in truth.present.items()}
    for key in recorded.keys() | proven.keys():
        score.check(f"sighting {key}", recorded.get(key), proven.get(key))
    level_of = {key[3]: key[0] for key in truth.present}
    for one in found:
        level = next((level_of[place.digest] for place in one.sightings if place.digest in level_of), None)
        if level is None:
            continue
        score.check(f"look {level} last seen", night(one.last_seen), max(truth.files[level]))
        score.check(f"look {level} first seen", night(one.first_seen), min(truth.files[level]))
        for page in one.pages:
            _compare_page(score, level, page, truth.pages[level, page.page_url.removeprefix(base)], night)
    return score


def _compare_page(score: Score, level: int, page: object, nights: dict[int, bool], night: object) -> None:
    for span in page.spans:  # type: ignore[attr-defined]
        first, last = night(span.first), night(span.last)  # type: ignore[operator]
        before = [one for one, there in nights.items() if one < first and not there]
        after = [one for one, there in nights.items() if one > last and not there]
        what = f"look {level} on {page.page_url} from {first}"  # type: ignore[attr-defined]
        since = night(span.absent_since) if span.absent_since else None  # type: ignore[operator]
        score.check(f"{what} gone", since, min(after, default=None))
        earlier = night(span.absent_before) if span.absent_before else None  # type: ignore[operator]
        score.check(f"{what} not before", earlier, max(before, default=None))
        holes = [one for one, there in nights.items() if first < one < last and not there]
        score.check(f"{what} without a hole", [], holes)


def simulate(folder: Path, *, nights: int, seed: int) -> Score:
    """Let nights pass at a drawn site, and compare."""
    world = World(random.Random(seed))
    world.begin()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(world))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    base, data, clock = f"http://127.0.0.1:{server.server_port}", DataFolder(folder), Nights()
    night_of: dict[str, int] = {}
    with closing(open_watch(data.database)) as db:
        _fill(db, Site(url=f"{base}/", allowance=frozenset({f"127.0.0.1:{server.server_port}"}), delay_s=0.0))
        data.settings_file.write_text("[crawler]\ndelay_s = 0\nretry_s = 0.01\n", encoding="utf-8")
        with ThreadPoolExecutor(2) as hands:
            for number in range(1, nights + 1):
                clock.ahead += timedelta(days=1)
                world.night = number
                night_of[clock.now().date().isoformat()] = number
                run(data, executor=hands, look=look, clock=clock)
                world.change()
        found = Findings(db).all()
    server.shutdown()
    server.server_close()
    return compare(world, found, base, night_of)


def _fill(db: object, site: Site) -> None:
    at = "2026-01-01T02:30:00+00:00"
    with transaction(db):  # type: ignore[arg-type]
        db.table("cases").insert({"number": 51, "created_at": at})  # type: ignore[attr-defined]
        db.table("stages").insert({"id": 1, "case_number": 51, "position": 1, "label": "after"})  # type: ignore[attr-defined]
        photo = {
            "id": 7,
            "stage_id": 1,
            "view": "front",
            "file": "a.jpg",
            "digest": "sha256:" + "a" * 64,
            "bytes": 1,
        }
        photo |= {"width": 1, "height": 1, "format": "JPEG", "imported_at": at}
        db.table("photos").insert(photo)  # type: ignore[attr-defined]
    Sites(db).put(site, datetime.now(UTC))  # type: ignore[arg-type]


def main() -> None:
    """Simulate and print how many claims were compared, wrong and missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        score = simulate(Path(folder), nights=given.nights, seed=given.seed)
    print(json.dumps({"compared": score.compared, "wrong": score.wrong, "missed": score.missed}, indent=1))


if __name__ == "__main__":
    main()

"""The nightly run: finishes what was cut off, doubles nothing, and never says "clean" when it was blind."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from filelock import FileLock

from crawler.errors import AnotherRunActiveError
from crawler.model import Outcome
from crawler.run.night import run
from crawler.store.database import open_watch
from pairwatch import cli


def gallery(pages: int, picture) -> dict[str, Any]:
    """A site of so many pages with two images each."""
    routes = {"/": "".join(f'<a href="/p{n}.html">x</a>' for n in range(pages))}
    for n in range(pages):
        routes[f"/p{n}.html"] = f'<h1>{n}</h1><img src="/a{n}.jpg"><img src="/b{n}.jpg">'
        routes |= {f"/a{n}.jpg": picture(f"a{n}"), f"/b{n}.jpg": picture(f"b{n}")}
    return routes


def rows(folder, query: str) -> list[Any]:
    """Ask the database."""
    db = open_watch(folder.database)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def test_every_page_and_image_once_and_a_row_for_each_failure(serve, watch, hands, picture, answer):
    """Everything is asked for once; what fails is a row with its address and reason."""
    served = serve(gallery(6, picture) | {"/b3.jpg": answer(b"", 403)})
    folder = watch(served.site())

    summary = run(folder, executor=hands, look=_blind)

    assert len(served.paths) == len(set(served.paths)) == 19
    assert (summary.tally.pages, summary.tally.images, summary.tally.failed) == (7, 11, 1)
    assert [("status-403", f"{served.url}/b3.jpg")] == rows(folder, "select trouble, url from failures")
    assert rows(folder, "select count(*) from placements") == [(12,)]


def test_two_runs_at_once(serve, watch, picture):
    """A second run says so and exits with 75; the first is not disturbed."""
    folder = watch(serve(gallery(1, picture)).site())
    with FileLock(folder.root / "crawl.lock"):
        with pytest.raises(AnotherRunActiveError):
            run(folder, look=_blind)
        shown = CliRunner().invoke(cli, ["--data", str(folder.root), "crawl"])

    assert shown.exit_code == 75
    assert "another crawl of" in shown.output
    assert "Hint: wait until it is done" in shown.output


def test_exit_code_3_when_a_site_fails(serve, watch, picture):
    """One dead site among good ones: the others are visited, and the exit code is 3."""
    good, dead = serve(gallery(1, picture)), serve({})
    dead_site = replace(dead.site(), url="http://127.0.0.1:9/", allowance=frozenset({"127.0.0.1:9"}))
    folder = watch(good.site(), dead_site, settings="workers = 1\n")

    shown = CliRunner().invoke(cli, ["--data", str(folder.root), "crawl", "--json"])

    assert shown.exit_code == 3
    told = {site["url"]: site["outcome"] for site in json.loads(shown.stdout)["sites"]}
    assert told == {f"{good.url}/": "done", "http://127.0.0.1:9/": "partial"}


def test_a_site_that_went_empty_is_not_clean(serve, watch, hands, picture):
    """From many pictures to none: named in the summary, although every request went well."""
    served = serve(gallery(8, picture))
    folder = watch(served.site())
    first = run(folder, executor=hands, look=_blind)
    served.routes.update({f"/p{n}.html": "<h1>soon</h1>" for n in range(8)})

    second = run(folder, executor=hands, look=_blind)

    assert first.sites[0].blind == ()
    assert "pictures went from 16 to 0" in second.sites[0].blind[0]


@pytest.mark.parametrize(
    ("start", "says"),
    [
        ("<title>Just a moment...</title>checking", "bot block"),
        ("<form><input type=password></form>", "login"),
        ("<p>This domain is for sale!</p>", "parked domain"),
        ('<div id="root"></div><script src="/app.js"></script>', "built by scripts"),
        ("<p>hello</p>", "no picture was seen"),
    ],
)
def test_blindness_has_a_name(serve, watch, hands, start, says):
    """A bot block, a login wall, a parked domain, a page of scripts: each is said, none is "clean"."""
    summary = run(watch(serve({"/": start}).site()), executor=hands, look=_blind)

    assert any(says in sentence for sentence in summary.sites[0].blind)


def test_a_robots_txt_that_now_forbids_is_named(serve, watch, hands, picture):
    """A site that closes its door overnight is yellow, not clean, and is not visited."""
    served = serve(gallery(2, picture))
    folder = watch(served.site())
    run(folder, executor=hands, look=_blind)
    served.routes["/robots.txt"] = "User-agent: *\nDisallow: /"
    served.asked.clear()

    summary = run(folder, executor=hands, look=_blind)

    assert served.paths == []
    assert "robots.txt disallows it" in summary.sites[0].blind[0]
    assert summary.outcome is Outcome.PARTIAL


def test_a_domain_that_moved_to_somebody_else_is_asked_not_followed(serve, watch, hands, answer):
    """A start page that now redirects to another domain is named, and the other domain is not visited."""
    other = serve({"/": "other"}, host="127.0.0.3")
    summary = run(
        watch(serve({"/": answer(b"", 301, {"Location": f"{other.url}/"})}).site()),
        executor=hands,
        look=_blind,
    )

    assert other.asked == []
    assert "a domain of somebody else" in summary.sites[0].blind[0]


def test_a_page_read_in_part_is_never_clean(serve, watch, hands, picture):
    """Of a page over the limit the beginning is read; the summary says so, also while it is unchanged."""
    start = '<a href="/long.html">x</a><img src="/a.jpg"><img src="/b.jpg"><img src="/c.jpg">'
    long = '<img src="/d.jpg">' + "<p>word</p>" * 100_000
    served = serve({"/": start, "/long.html": long} | {f"/{n}.jpg": picture(n) for n in "abcd"})
    folder = watch(served.site(), settings="page_mib = 1\n")

    first, second = (run(folder, executor=hands, look=_blind) for _ in range(2))

    assert "/d.jpg" in served.paths
    assert second.tally.pages == 0
    for summary in (first, second):
        assert summary.sites[0].blind == (
            "1 pages, style sheets or sitemaps were read in part: each is larger than what is read of one",
        )
    assert rows(folder, "select url from failures") == [(f"{served.url}/long.html",)]


def test_a_picture_that_is_too_large_is_never_clean(serve, watch, hands, picture, answer):
    """Over the limit of bytes: not looked at, and named this night and the next."""
    big = answer(picture("b") + b"\0" * 1_100_000, 200, {"Content-Type": "image/jpeg"})
    served = serve({"/": '<img src="/a.jpg"><img src="/big.jpg">', "/a.jpg": picture("a"), "/big.jpg": big})
    folder = watch(served.site(), settings="image_mib = 1\n")

    nights = [run(folder, executor=hands, look=_blind) for _ in range(2)]

    for night in nights:
        assert night.sites[0].blind == ("1 pictures are larger than is fetched or looked at",)


def test_no_page_makes_us_knock_at_any_number_of_hosts(serve, watch, hands, picture):
    """A page that names pictures of ever more hosts: so many are asked in a night, and the summary says so."""
    served = serve({"*": picture("a")})
    others = [f"http://127.0.1.{n}:{served.port}" for n in range(1, 10)]
    served.routes["/"] = '<img src="/own.jpg">' + "".join(f'<img src="{one}/a.jpg">' for one in others)
    folder = watch(served.site(), settings="site_hosts = 4\nslice_requests = 2\n")

    summary = run(folder, executor=hands, look=_blind)

    asked = rows(folder, "select host from hosts where asked_at is not null and host like '127.0.1.%'")
    assert len(asked) == 4
    assert "5 addresses were left alone: beyond 4 other hosts in one night" in summary.sites[0].blind
    assert summary.tally.requests < 20, "a robots.txt that cannot be reached is asked for once a night"


def test_a_quota_is_named(serve, watch, hands, picture):
    """A visit that its budget ended says so, and the rest is visited the next night."""
    served = serve(gallery(10, picture))
    folder = watch(served.site(), settings="site_requests = 12\nslice_requests = 5\n")

    first = run(folder, executor=hands, look=_blind)

    assert any("quota of 12 requests" in sentence for sentence in first.sites[0].blind)
    assert any("left for the next night" in sentence for sentence in first.sites[0].blind)


def test_new_photos_of_ours_make_old_pictures_worth_another_look(serve, visitor, picture):
    """Pictures that were compared with fewer photos than we have now are asked for in full again."""
    served = serve({"/": '<img src="/a.jpg">', "/a.jpg": picture("a")})
    visitor.visit(served.site())
    visitor.next_night()
    served.asked.clear()
    visitor.upto = 2
    visitor.look = lambda body, name: replace(_blind(body, name), upto=2)

    result = visitor.visit(served.site())

    assert [look.upto for look in result.judgements] == [2]


def test_a_clock_set_back_loses_nothing(serve, watch, hands, picture):
    """The clock jumps a year back: the next run visits all the same."""
    served = serve(gallery(2, picture))
    folder = watch(served.site())
    run(folder, executor=hands, look=_blind, clock=_Shifted(timedelta(days=365)))
    served.asked.clear()

    run(folder, executor=hands, look=_blind)

    assert len(set(served.paths)) == 7


class _Shifted:
    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return datetime.now(UTC) + self._by

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _blind(body, name):
    from hashlib import sha256

    from crawler.model import Judgement

    return Judgement(digest=f"sha256:{sha256(body).hexdigest()}", verdict="none", upto=1)


def _killed(folder, after: float) -> bool:
    """Start a crawl as the schedule does, kill -9 it and its workers after some seconds; true when it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pairwatch", "--data", str(folder.root), "crawl"],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kill -9 of a group of processes is POSIX")
@pytest.mark.parametrize("kills", [int(os.environ.get("PAIRWATCH_KILLS", "4"))])
def test_kill_9_loses_and_doubles_nothing(serve, watch, picture, kills):
    """Killed at random moments any number of times: every address is visited in the end, every row is there once."""
    pages = 40 + 8 * kills
    served = serve(gallery(pages, picture))
    folder = watch(served.site(), settings="workers = 1\nslice_requests = 7\n")
    moments = random.Random(7)

    killed = sum(_killed(folder, moments.uniform(0.8, 4.0)) for _ in range(kills))
    summary = run(folder, look=_blind)

    assert summary.outcome is Outcome.DONE
    assert killed
    assert rows(folder, "pragma integrity_check") == [("ok",)]
    assert rows(folder, "pragma foreign_key_check") == []
    expected = {f"/p{n}.html" for n in range(pages)} | {
        f"/{kind}{n}.jpg" for n in range(pages) for kind in "ab"
    }
    assert expected <= set(served.paths)
    assert [(2 * pages,)] == rows(folder, "select count(*) from placements")
    assert [(2 * pages,)] == rows(
        folder, "select count(*) from urls where kind = 'image' and standing = 'done'"
    )
    assert rows(folder, "select url from urls group by site_id, url having count(*) > 1") == []
    joined = "select 1 from findings join finding_digests on finding_id = findings.id"
    assert rows(folder, f"{joined} group by site_id, photo_id, digest having count(*) > 1") == []
    assert rows(folder, "select url from failures group by run_id, url having count(*) > 1") == []

"""What breaks around a night: disk, database, clock, network. It stops cleanly or goes on, and says which."""

import json
import os
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

import gallery.store.database
from crawler.errors import RunStoppedError
from crawler.http.client import system_resolver
from crawler.model import Outcome
from crawler.run.night import run
from crawler.run.status import status
from crawler.store.database import open_watch
from pairwatch import cli


class Faked:
    """A clock whose sleep takes no time, and whose wall clock can be set while it runs."""

    def __init__(self) -> None:
        self.passed, self.wrong_by = 0.0, timedelta()
        self.on_sleep = lambda: None

    def now(self):
        return datetime.now(UTC) + timedelta(seconds=self.passed) + self.wrong_by

    def monotonic(self):
        return time.monotonic() + self.passed

    def sleep(self, seconds):
        self.passed += max(0.0, seconds)
        self.on_sleep()


def many(pages: int, picture):
    """A site of so many pages with a picture each."""
    routes = {"/": "".join(f'<a href="/p{n}.html">x</a>' for n in range(pages))}
    routes |= {f"/p{n}.html": f'<p>{"word " * 400}</p><img src="/{n}.jpg">' for n in range(pages)}
    return routes | {f"/{n}.jpg": picture(str(n)) for n in range(pages)}


def ask(folder, query: str):
    """Ask the database."""
    db = open_watch(folder.database)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


CRAWL = """
import resource, sys
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from pairwatch import main
main()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="limits of file sizes are POSIX")
def test_a_full_disk_stops_the_run_in_one_sentence_and_the_next_goes_on(serve, watch, picture, blind):
    """No file may grow any more: exit code 1, one sentence and no traceback; with room again nothing is lost."""
    monitor = serve({"*": "ok"})
    served = serve(many(150, picture))
    folder = watch(
        served.site(), settings=f'workers = 1\nslice_requests = 40\nping_url = "{monitor.url}/night"\n'
    )
    room = str(folder.database.stat().st_size + 60_000)
    command = [sys.executable, "-c", CRAWL, room, "--data", str(folder.root), "crawl"]

    stopped = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    before = len(served.paths)
    summary = run(folder, look=blind)

    assert stopped.returncode == 1
    assert "the run stopped: the database cannot be written" in stopped.stderr
    assert "the next crawl goes on" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert monitor.paths == ["/night/fail"]
    assert 0 < before < 301
    assert (summary.resumed, summary.outcome) == (True, Outcome.DONE)
    assert {f"/p{n}.html" for n in range(150)} | {f"/{n}.jpg" for n in range(150)} <= set(served.paths)
    assert ask(folder, "pragma integrity_check") == [("ok",)]


HOLDS = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("begin immediate")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
db.execute("rollback")
"""


@pytest.fixture
def hold():
    """Somebody else who can write to a database for some seconds, and is gone with the test."""
    others = []

    def held(folder, seconds: float) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", HOLDS, str(folder.database), str(seconds)]
        other = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        others.append(other)
        assert other.stdout.readline() == "held\n"
        return other

    yield held
    for other in others:
        other.kill()
        other.communicate()


def test_a_database_that_is_locked_for_a_moment_is_waited_for(serve, watch, hands, picture, blind, hold):
    """Staff who write while the crawl does make it wait, and nothing more."""
    folder = watch(serve(many(3, picture)).site())
    hold(folder, 0.7)

    summary = run(folder, executor=hands, look=blind)

    assert (summary.outcome, summary.tally.images) == (Outcome.DONE, 3)


def test_a_database_that_stays_locked_stops_the_run(  # noqa: PLR0913, PLR0917 (fixtures)
    serve, watch, hands, picture, blind, hold, monkeypatch
):
    """Somebody holds it for longer than is waited: one sentence; once it is free, the next run goes on."""
    served = serve(many(6, picture))
    folder = watch(served.site(), settings="slice_requests = 4\n")
    monkeypatch.setattr(gallery.store.database, "BUSY_TIMEOUT_MS", 200)
    others = []

    def lock(_step):
        others.append(hold(folder, 60))

    with pytest.raises(RunStoppedError, match=r"the database cannot be written \(database is locked\)"):
        run(folder, executor=hands, look=blind, talk=lock)
    others[0].kill()
    others[0].wait()
    monkeypatch.undo()
    summary = run(folder, executor=hands, look=blind)

    assert (summary.resumed, summary.outcome) == (True, Outcome.DONE)
    assert {f"/p{n}.html" for n in range(6)} | {f"/{n}.jpg" for n in range(6)} <= set(served.paths)


@pytest.mark.parametrize("jump", [timedelta(days=-2), timedelta(hours=-1), timedelta(days=40)])
def test_a_clock_that_jumps_during_a_run_changes_nothing(serve, watch, hands, picture, blind, jump):
    """Set back or forward between two slices: everything is asked for once, and the run comes to its end."""
    served = serve(many(8, picture))
    folder = watch(served.site(), settings="slice_requests = 4\n")
    clock = Faked()

    def set_the_clock(_step):
        clock.wrong_by = jump

    summary = run(folder, executor=hands, look=blind, clock=clock, talk=set_the_clock)

    assert (summary.outcome, summary.sites[0].blind) == (Outcome.DONE, ())
    assert len(served.paths) == len(set(served.paths)) == 17
    assert clock.passed < 60


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=-400)])
def test_a_clock_set_back_between_runs_is_said_and_everything_is_visited(
    serve, watch, hands, picture, blind, jump
):
    """The last run was dated in the future: the light was red, and this run asks for everything and says why."""
    served = serve(many(3, picture))
    folder = watch(served.site())
    wrong = Faked()
    wrong.wrong_by = -jump
    run(folder, executor=hands, look=blind, clock=wrong)
    before = status(folder, now=datetime.now(UTC))
    served.asked.clear()

    summary = run(folder, executor=hands, look=blind)

    assert (before.light, "still to come" in before.sentence) == ("red", True)
    assert len(set(served.paths)) == 7
    assert "clock was set back" in summary.notes[0]
    assert status(folder, now=datetime.now(UTC)).light == "yellow"
    again = run(folder, executor=hands, look=blind)
    assert again.notes == ()
    assert status(folder, now=datetime.now(UTC)).light == "green"


def test_no_run_begins_on_a_clock_that_was_lost(serve, watch, hands, blind):
    """1970 after an empty battery: what is found must not be dated then."""
    clock = Faked()
    clock.wrong_by = datetime(1970, 1, 1, tzinfo=UTC) - datetime.now(UTC)
    folder = watch(serve({"/": "x"}).site())

    with pytest.raises(RunStoppedError, match="this computer's clock says 1970-01-01"):
        run(folder, executor=hands, look=blind, clock=clock)
    assert ask(folder, "select * from runs") == []


class Network:
    """Names are found while it is there, and not while it is gone."""

    def __init__(self) -> None:
        self.is_gone = False

    def __call__(self, host, port):
        if self.is_gone:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return system_resolver(host, port)


def test_an_hour_without_network_is_outlived(serve, watch, hands, picture, answer, blind):
    """The network goes in the middle of a visit and comes back an hour later: the same night sees everything."""
    served = serve(many(20, picture))
    clock, network, gone = Faked(), Network(), []

    def cut(_handler):
        if not gone:
            gone.append(clock.passed)
            network.is_gone = True
            return None
        return answer(b'<img src="/7.jpg">')

    def come_back():
        network.is_gone = bool(gone) and clock.passed - gone[0] < 3600

    served.routes["/p7.html"] = cut
    clock.on_sleep = come_back
    folder = watch(served.site(), settings="slice_requests = 10\n")

    summary = run(folder, executor=hands, look=blind, clock=clock, resolver=network)

    assert summary.outcome is Outcome.DONE
    assert ask(folder, "select url, why from urls where standing in ('waiting', 'failed')") == []
    assert ask(folder, "select count(*) from urls where kind = 'image' and standing = 'done'") == [(20,)]
    assert 3600 < clock.passed < 2 * 3600
    assert "Temporary failure in name resolution" in str(ask(folder, "select message from failures"))


def test_a_night_without_network_has_failed(serve, watch, hands, picture, blind):
    """No site could be reached: the run does not count as a good one, and says what to look at."""
    served = serve(many(2, picture))
    folder = watch(served.site())
    run(folder, executor=hands, look=blind)
    network = Network()
    network.is_gone = True

    summary = run(folder, executor=hands, look=blind, resolver=network)
    shown = CliRunner().invoke(cli, ["--data", str(folder.root), "status", "--json"])

    assert summary.outcome is Outcome.FAILED
    assert summary.notes == ("no site could be reached: is this computer connected to the network?",)
    assert "is this computer connected" in json.dumps(json.loads(shown.stdout)["blind"])
    assert status(folder, now=datetime.now(UTC) + timedelta(hours=37)).light == "red"

"""What several sites share is asked as one, over sites, threads and processes."""

import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pytest

from crawler.http.host_locks import HostLocks, hold
from crawler.run.night import run

PICTURES, SITES, PAUSE_S = 2, 3, 0.8  # a pause much longer than what a busy machine takes to send a request


@pytest.fixture
def shared(tmp_path) -> HostLocks:
    """HostLocks of a night."""
    return HostLocks(tmp_path)


def try_elsewhere(locks: HostLocks, key: str) -> float:
    """Take a lock in another process and let go of it; gives the seconds to stay away."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_tried, locks, key).result()


def _tried(locks: HostLocks, key: str) -> float:
    lock = locks.take(key)
    lock.release()
    return lock.wait_s


def test_a_lock_is_taken_once_over_processes(shared):
    """While one asks, another process is told to stay away; then it may."""
    first = shared.take("cdn.example")

    assert try_elsewhere(shared, "cdn.example") > 0
    assert shared.take("other.example").wait_s == 0
    first.release()
    assert try_elsewhere(shared, "cdn.example") == 0


def test_the_pause_counts_from_whoever_asked_last(shared):
    """A host that another site asked half a second ago rests as long as if we had."""
    shared.take("cdn.example", 60.0).release()

    assert 50 < shared.take("cdn.example", 60.0).wait_s <= 60
    assert shared.take("cdn.example", 0.0).wait_s == 0


@pytest.mark.parametrize("through_files", [True, False])
def test_an_address_has_one_request_in_the_air(shared, through_files):
    """Hosts that share an address wait for each other, and give up in time."""
    locks = shared if through_files else None
    release = hold("93.184.216.34", locks, 1.0)

    with pytest.raises(TimeoutError):
        hold("93.184.216.34", locks, 0.1)
    threading.Timer(0.2, release).start() if not through_files else release()
    hold("93.184.216.34", locks, 5.0)()


def test_without_room_for_locks_a_site_goes_on(tmp_path):
    """A folder that cannot be written costs the common pace, not the night."""
    assert HostLocks(tmp_path / "nowhere" / "else").take("cdn.example").wait_s == 0


def test_sites_in_several_processes_share_the_pace_of_a_host(serve, watch, picture, blind):
    """Three sites on two workers show pictures of one host: it sees the pause between any two requests."""
    cdn = serve({f"/{n}.jpg": picture(str(n)) for n in range(PICTURES * SITES)})
    sites = []
    for number in range(SITES):
        mine = range(number * PICTURES, (number + 1) * PICTURES)
        served = serve({"/": "".join(f'<img src="{cdn.url}/{n}.jpg">' for n in mine)})
        site = served.site(delay_s=PAUSE_S)
        sites.append(replace(site, allowance=site.allowance | {f"127.0.0.1:{cdn.port}"}))
    folder = watch(*sites, settings="workers = 2\nsites_at_once = 2\n")

    summary = run(folder, look=blind)

    assert summary.tally.images == PICTURES * SITES
    gaps = [later - sooner for sooner, later in zip(cdn.times, cdn.times[1:], strict=False)]
    assert min(gaps) > PAUSE_S * 0.8


def test_the_night_leaves_no_lock_of_a_host_that_it_did_not_ask(serve, watch, blind):
    """What an earlier night locked is gone, so that the folder does not grow."""
    folder = watch(serve({"/": "<p>"}).site(delay_s=0.01))
    old = folder.root / "crawl.slots" / "old.lock"
    old.parent.mkdir()
    old.touch()
    time.sleep(0.01)

    run(folder, look=blind)

    assert not old.exists()
    assert list(old.parent.iterdir())

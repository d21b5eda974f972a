"""Many sites on several workers, one of them killed: every result is there, none twice."""

import os
import threading
import time

import pytest

from crawler.errors import CrawlerError
from crawler.model import Outcome
from crawler.run.cluster import on_cluster
from crawler.run.night import run
from crawler.store.database import open_watch

distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_killed_worker_loses_and_doubles_nothing(serve, watch, picture, blind):
    """64 sites on four workers: one is killed in the middle, and all sites are done, each row once."""
    count = int(os.environ.get("PAIRWATCH_CLUSTER_SITES", "64"))
    sites = [
        serve(
            {"/": "".join(f'<img src="/{n}.jpg">' for n in range(5))}
            | {f"/{n}.jpg": picture(f"{site}-{n}") for n in range(5)}
        )
        for site in range(count)
    ]
    folder = watch(
        *(served.site(delay_s=0.1) for served in sites), settings="sites_at_once = 4\nworkers = 4\n"
    )
    with (
        distributed.LocalCluster(
            n_workers=4, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        killer = threading.Thread(target=_kill_one, args=(cluster,))
        killer.start()
        summary = run(folder, executor=client.get_executor(), look=blind)
        killer.join()

    db = open_watch(folder.database)
    assert (summary.outcome, len(summary.sites)) == (Outcome.DONE, count)
    assert db.execute("select count(*) from urls where kind = 'image' and standing = 'done'").fetchone() == (
        5 * count,
    )
    assert db.execute("select count(*) from placements").fetchone() == (5 * count,)
    assert db.execute("select count(*) from urls group by site_id, url having count(*) > 1").fetchall() == []
    db.close()


def _kill_one(cluster):
    time.sleep(1.0)
    next(iter(cluster.workers.values())).process.process._process.kill()


def test_a_cluster_without_tls_is_refused():
    """Whoever is on the network could run programs as the practice: only TLS, or this machine."""
    with pytest.raises(CrawlerError, match="not safe"), on_cluster("tcp://10.0.0.5:8786"):
        pass

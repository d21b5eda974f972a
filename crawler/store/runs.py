"""Runs, their progress, and the leases under which slices are written."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from crawler.model import (
    Outcome,
    Site,
    SliceResult,
    VisitCounts,
)
from crawler.reasons import Reason, reason_of
from crawler.store.rows import Row
from crawler.store.sightings import Sightings
from gallery.events import Action
from gallery.store.database import transaction
from gallery.store.ledger import Ledger
from gallery.times import moment_of, moment_or_none, text_of, text_or_none

_RESUMABLE = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One nightly run.

    `resumed` says that an earlier process was cut off in it.
    """

    id: int
    started_at: datetime
    upto: int
    resumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run as it is kept.

    `summary` is JSON.
    """

    id: int
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome
    summary: str


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write about a site.

    Whoever holds the highest epoch has it.
    """

    site_id: int
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteProgress:
    """How far the visit of a site has got in a run."""

    site: Site
    outcome: Outcome
    tally: VisitCounts
    limit: Reason | None
    resume_at: datetime | None


class Runs:
    """Nightly runs, their progress and their leases."""

    def __init__(self, db: Database) -> None:
        """Use this database."""
        self._db, self.sightings = db, Sightings(db)

    def begin(self, now: datetime, *, upto: int) -> Run:
        """Begin a run, or resume one cut off within 24 hours."""
        with transaction(self._db):
            cut = list(self._db.query("select * from runs where outcome = 'running'"))
            if cut and timedelta() <= now - moment_of(cut[0]["started_at"]) < _RESUMABLE:
                row = cut[0]
                self._db.execute("update runs set resumed = 1 where id = :id", {"id": row["id"]})
                return Run(
                    id=row["id"], started_at=moment_of(row["started_at"]), upto=row["upto"], resumed=True
                )
            self._db.execute(
                "update runs set outcome = 'abandoned', finished_at = :at where outcome = 'running'",
                {"at": text_of(now)},
            )
            cursor = self._db.execute(
                "insert into runs (started_at, outcome, upto) values (:at, 'running', :upto)",
                {"at": text_of(now), "upto": upto},
            )
            number = int(cursor.lastrowid or 0)
            self._db.execute("update sites set barren = '{}'")
            started = moment_of(str(text_of(now)))
            return Run(id=number, started_at=started, upto=upto)

    def last_finished(self, *, before: int | None = None) -> RunRecord | None:
        """Give the last run that came to its end, if any.

        `before` takes only runs before that number.
        """
        return self._run(
            "outcome in ('done', 'partial') and (:before is null or id < :before)", {"before": before}
        )

    def latest(self) -> RunRecord | None:
        """Give the last run that ended in whatever way, if any."""
        return self._run("outcome <> 'running'", {})

    def photos(self) -> int:
        """Give how many photos of ours there are."""
        return int(self._db.execute("select count(*) from photos").fetchone()[0])

    def runs(self, *, number: int | None = None) -> list[RunRecord]:
        """Give all runs, the latest first, or the one of this number."""
        query = "select * from runs where :id is null or id = :id order by id desc"
        return [_run_row(row) for row in self._db.query(query, {"id": number})]

    def unfinished(self) -> RunRecord | None:
        """Give the run that is going on or was cut off."""
        return self._run("outcome = 'running'", {})

    def _run(self, condition: str, what: Row) -> RunRecord | None:
        for row in self._db.query(f"select * from runs where {condition} order by id desc limit 1", what):  # noqa: S608
            return _run_row(row)
        return None

    def latest_time(self) -> datetime | None:
        """Give when the last run ended or began, if any did."""
        query = "select max(started_at, coalesce(finished_at, started_at)) from runs order by id desc limit 1"
        found = self._db.execute(query).fetchone()
        return moment_or_none(found[0]) if found else None

    def forget_plans(self, now: datetime) -> None:
        """Make due what a wrong clock has put off.

        What was seen stays as it is written.
        """
        late, parked = text_of(now), text_of(now + timedelta(days=1, hours=1))
        with transaction(self._db):
            self._db.execute(
                "update urls set due_at = null where rank < 9 and (due_at > :now or fetched_at > :now)",
                {"now": late},
            )
            self._db.execute(
                "update hosts set parked_until = null where parked_until > :now", {"now": parked}
            )

    def highest_photo(self) -> int:
        """Give the highest number of a photo, 0 for none."""
        return int(self._db.execute("select coalesce(max(id), 0) from photos").fetchone()[0])

    def plan(self, run: Run, sites: Iterable[Site]) -> list[SiteProgress]:
        """Note a run's sites, and give how far each has got."""
        with transaction(self._db):
            for site in sites:
                self._db.execute(
                    "insert into site_runs (run_id, site_id) values (:run, :site) on conflict do nothing",
                    {"run": run.id, "site": site.id},
                )
        return [self.progress(run, site) for site in sites]

    def progress(self, run: Run, site: Site) -> SiteProgress:
        """Give how far the visit of a site has got."""
        rows = self._db.query(
            "select * from site_runs where run_id = :run and site_id = :site",
            {"run": run.id, "site": site.id},
        )
        row = next(iter(rows))
        return SiteProgress(
            site=site,
            outcome=Outcome(row["outcome"]),
            tally=VisitCounts(**json.loads(row["tally"])),
            limit=reason_of(row["quota"]),
            resume_at=moment_or_none(row["resume_at"]),
        )

    def take_lease(self, site: Site, owner: str, now: datetime, *, seconds: float) -> Lease:
        """Take the right to write about a site.

        An older holder's result is refused from then on.
        """
        with transaction(self._db):
            self._db.execute(
                """insert into leases (site_id, owner, epoch, expires_at) values (:site, :owner, 1, :until)
                   on conflict (site_id) do update set owner = excluded.owner, epoch = epoch + 1,
                       expires_at = excluded.expires_at""",
                {"site": site.id, "owner": owner, "until": text_of(now + timedelta(seconds=seconds))},
            )
            row = self._db.execute(
                "select epoch from leases where site_id = :site", {"site": site.id}
            ).fetchone()
        return Lease(site.id, int(row[0]))

    def save(self, run: Run, site: Site, lease: Lease, result: SliceResult, now: datetime) -> bool:
        """Write down a slice, unless its lease has passed on.

        Everything has a key of its own, so that the same slice written twice changes nothing.
        """
        with transaction(self._db):
            row = self._db.execute(
                "select epoch from leases where site_id = :site", {"site": site.id}
            ).fetchone()
            if row is None or int(row[0]) != lease.epoch:
                return False
            self.sightings.save(site, result, now, run_id=run.id, since=run.started_at)
            self._save_site_run(run, site, result)
        return True

    def _save_site_run(self, run: Run, site: Site, result: SliceResult) -> None:
        before = self.progress(run, site)
        self._db.execute(
            """update site_runs set tally = :tally, quota = :quota, resume_at = :resume_at
               where run_id = :run and site_id = :site""",
            {
                "tally": json.dumps(asdict(before.tally + result.tally)),
                "quota": limit.to_text() if (limit := result.limit or before.limit) else "",
                "resume_at": text_or_none(result.resume_at),
                "run": run.id,
                "site": site.id,
            },
        )

    def conclude(self, run: Run, sites: Iterable[Site]) -> None:
        """Write down what the visits of a run prove gone."""
        for site in sites:
            with transaction(self._db):
                self.sightings.record.conclude(site, run.started_at, run.id)

    def end_site(
        self, run: Run, site: Site, outcome: Outcome, blind: tuple[str, ...], limit: Reason | None
    ) -> None:
        """Close a site's visit in a run.

        `blind` says why silence there does not mean clean.
        """
        with transaction(self._db):
            self.sightings.record.note_left_alone(site, run.id)
            self._db.execute(
                """update site_runs set outcome = :outcome, blind = :blind,
                       quota = case when :quota = '' then quota else :quota end
                   where run_id = :run and site_id = :site""",
                {
                    "outcome": str(outcome),
                    "blind": json.dumps(blind),
                    "quota": limit.to_text() if limit else "",
                    "run": run.id,
                    "site": site.id,
                },
            )

    def end(self, run: Run, outcome: Outcome, summary: Row, now: datetime) -> None:
        """Close a run."""
        with transaction(self._db):
            self._db.execute(
                "update runs set outcome = :outcome, finished_at = :at, summary = :summary where id = :id",
                {"outcome": str(outcome), "at": text_of(now), "summary": json.dumps(summary), "id": run.id},
            )
            Ledger(self._db).append(
                "pairwatch", Action.RUN_ENDED, f"run {run.id}", {"outcome": str(outcome)}, now, pending=True
            )


def _run_row(row: Row) -> RunRecord:
    return RunRecord(
        id=row["id"],
        started_at=moment_of(row["started_at"]),
        finished_at=moment_or_none(row["finished_at"]),
        outcome=Outcome(row["outcome"]),
        summary=row["summary"],
    )

"""How the watch is doing, and what its runs did."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler.store.coverage import Coverage
from crawler.store.database import watch
from crawler.store.runs import RunRecord, Runs
from crawler.store.sightings import Sightings
from gallery.settings import DataFolder

RED_AFTER = timedelta(hours=36)
_SLACK = timedelta(minutes=5)
_WRONG = "this computer's clock is or was wrong. Set it, and run: pairwatch crawl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The watch at a glance.

    Args:
        light: "green", "yellow" (the last run was blind somewhere) or "red" (no good run for 36 hours).
        age_s: Seconds since the last run that came to its end; None when there was none.
        blind: Site and sentence for everything that the last run could not see.
    """

    light: str
    sentence: str
    age_s: float | None
    last: RunRecord | None
    running: RunRecord | None
    blind: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, object]:
        """Give it for machines."""
        return {
            "light": self.light,
            "sentence": self.sentence,
            "age_hours": None if self.age_s is None else round(self.age_s / 3600, 1),
            "last_finished": self.last.finished_at.isoformat()
            if self.last and self.last.finished_at
            else None,
            "outcome": str(self.last.outcome) if self.last else None,
            "running_since": self.running.started_at.isoformat() if self.running else None,
            "blind": [{"site": site, "says": sentence} for site, sentence in self.blind],
        }


def status(folder: DataFolder, *, now: datetime) -> Status:
    """Tell how the watch is doing."""
    with watch(folder) as db:
        runs = Runs(db)
        return judge(runs.last_finished(), runs.unfinished(), now, latest=runs.latest())


def judge(
    last: RunRecord | None, running: RunRecord | None, now: datetime, *, latest: RunRecord | None = None
) -> Status:
    """Give the light for what is known.

    `latest` is the last run that ended in whatever way.

    A run dated in the future proves nothing about the last 36 hours: that is red too.
    """
    if last is None or last.finished_at is None:
        sentence = "The watch has never finished a run. Start one with: pairwatch crawl"
        return Status(light="red", sentence=sentence, age_s=None, last=None, running=running, blind=())
    age = max(timedelta(), now - last.finished_at)
    blind = _blind(last) + (_blind(latest) if latest and latest.id > last.id else ())
    ago = f"{age.total_seconds() / 3600:.0f} h ago" if age >= timedelta(hours=1) else "less than an hour ago"
    if last.finished_at > now + _SLACK:
        light, sentence = (
            "red",
            f"The last run is dated {last.finished_at:%Y-%m-%d %H:%M}, which is still to come: {_WRONG}",
        )
    elif age > RED_AFTER:
        light, sentence = "red", f"The last run ended {ago}: the watch is not running as it should."
    elif blind:
        light, sentence = "yellow", f"The last run ended {ago}; it could not see everything."
    else:
        light, sentence = "green", f"The last run ended {ago}, and saw everything it planned to."
    if not json.loads(last.summary).get("photos", 1):
        sentence += " The catalogue held no photograph, so nothing could be found."
    return Status(
        light=light, sentence=sentence, age_s=age.total_seconds(), last=last, running=running, blind=blind
    )


def _blind(run: RunRecord) -> tuple[tuple[str, str], ...]:
    told = json.loads(run.summary)
    sites = [(site["url"], sentence) for site in told.get("sites", ()) for sentence in site["blind"]]
    return (*(("this computer", note) for note in told.get("notes", ())), *sites)


def policing_log(folder: DataFolder, number: int | None = None) -> list[dict[str, object]]:
    """Give what each run saw, failed at and left alone.

    Each run tells its own; of runs before this was written down it is not known what they left alone.
    """
    with watch(folder) as db:
        runs = Runs(db).runs(number=number)
        failures = {run.id: Sightings(db).failures(run_id=run.id) for run in runs}
        alone = {run.id: Coverage(db).left_alone(run.id) for run in runs}
    return [
        {
            "run": run.id,
            "started_at": run.started_at.isoformat(),
            "finished_at": run.finished_at.isoformat() if run.finished_at else None,
            "outcome": str(run.outcome),
            "sites": json.loads(run.summary).get("sites", []),
            "failures": [
                {"at": one.at.isoformat(), "url": one.url, "step": str(one.step), "why": one.message}
                for one in failures[run.id]
            ],
            "left_alone": [{"site": site, "url": url, "why": why} for site, url, why in alone[run.id]],
        }
        for run in runs
    ]

"""What holds for a whole night: a clock that can be believed, and whether the network was there at all."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from crawler.errors import RunStoppedError
from crawler.model import Outcome, SiteReport
from crawler.reasons import SILENT
from crawler.store.coverage import SiteCoverage
from crawler.store.runs import Runs

_WRITTEN = datetime(2025, 1, 1, tzinfo=UTC)
_SLACK = timedelta(minutes=5)


def require_plausible(now: datetime) -> None:
    """Begin no run on a clock that was lost with its battery: "first seen" is evidence.

    Raises:
        RunStoppedError: The time is before this program was written.
    """
    if now < _WRITTEN:
        raise RunStoppedError(
            f"no run was begun: this computer's clock says {now:%Y-%m-%d}",
            hint="set the clock and run it again; the times of what is found have to be right",
        )


def set_back(runs: Runs, now: datetime) -> tuple[str, ...]:
    """Say when the clock was set back since the last run, and forget the plans that were made by the wrong time."""
    latest = runs.latest_time()
    if latest is None or latest <= now + _SLACK:
        return ()
    runs.forget_plans(now)
    note = (
        f"this computer's clock was set back: an earlier run is dated {latest:%Y-%m-%d %H:%M}; everything is "
        "asked for anew, and times later than now in the log and in findings are wrong"
    )
    return (note,)


def outcome_of(reports: Sequence[SiteReport]) -> Outcome:
    """Tell how a run ended from how it went at each site; one that reached nothing at all has failed."""
    if offline(reports):
        return Outcome.FAILED
    failing = any(report.outcome is not Outcome.DONE for report in reports)
    return Outcome.PARTIAL if failing else Outcome.DONE


def offline(reports: Sequence[SiteReport]) -> tuple[str, ...]:
    """Say when no site at all could be reached: then the fault is more likely here than there."""
    if reports and all(one.unreachable for one in reports):
        return ("no site could be reached: is this computer connected to the network?",)
    return ()


def is_unreachable(seen: SiteCoverage) -> bool:
    """Tell whether nothing was read at a site because nobody answered there."""
    read = seen.tally.pages + seen.tally.images + seen.tally.unchanged
    silent = any(trouble in SILENT for trouble, _ in seen.troubles)
    return not read and (silent or seen.robots_silent)

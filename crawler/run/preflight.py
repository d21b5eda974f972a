"""Whether this computer's clock can be believed before a run begins."""

from datetime import UTC, datetime, timedelta

from crawler.errors import RunStoppedError
from crawler.extract.browser import browser_program
from crawler.settings import Plan
from crawler.store.runs import Runs

_WRITTEN = datetime(2025, 1, 1, tzinfo=UTC)
_SLACK = timedelta(minutes=5)


def require_plausible(now: datetime) -> None:
    """Refuse to begin a run on a clock that lost its time.

    "First seen" is evidence.

    Raises:
        RunStoppedError: The time is before this program was written.
    """
    if now < _WRITTEN:
        raise RunStoppedError(
            f"no run was begun: this computer's clock says {now:%Y-%m-%d}",
            hint="set the clock and run it again; the times of what is found have to be right",
        )


def set_back(runs: Runs, now: datetime) -> tuple[str, ...]:
    """Say whether the clock was set back, and forget plans by it."""
    latest = runs.latest_time()
    if latest is None or latest <= now + _SLACK:
        return ()
    runs.forget_plans(now)
    note = (
        f"this computer's clock was set back: an earlier run is dated {latest:%Y-%m-%d %H:%M}; everything is "
        "asked for anew, and times later than now in the log and in findings are wrong"
    )
    return (note,)


def without_browser(plan: Plan) -> tuple[str, ...]:
    """Say that scripts cannot be run although the settings want it."""
    if not plan.browser or browser_program() is not None:
        return ()
    note = (
        "pairwatch.toml says browser = true, but no scripts were run: install Chromium and the extra "
        "(pip install 'pairwatch[browser]'), or set it to false"
    )
    return (note,)

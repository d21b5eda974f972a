"""What a run came to, as it is kept and printed."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from crawler.model import Outcome, RunSummary, Site, SiteReport, VisitCounts
from crawler.reasons import SILENT, Reason
from crawler.run.coverage import blind_spots
from crawler.store.coverage import SiteCoverage
from crawler.store.runs import Run


def report_on(
    site: Site, seen: SiteCoverage, *, limit: Reason | None, crash: str, new_findings: int
) -> SiteReport:
    """Give how the night went at one site.

    `limit` is the bound that ended the visit; `crash` what it broke off with.
    """
    blind = blind_spots(site, seen, limit=limit, crash=crash)
    return SiteReport(
        url=site.url,
        listing=site.listing,
        outcome=Outcome.PARTIAL if blind.missed else Outcome.DONE,
        tally=replace(seen.tally, skipped=seen.skipped),
        new_findings=new_findings,
        allowed_sightings=seen.allowed_sightings,
        blind=blind.sentences,
        unreachable=is_unreachable(seen),
    )


def summarise(
    run: Run,
    reports: Sequence[SiteReport],
    *,
    notes: Sequence[str],
    photos: int,
    now: datetime,
    stopped: bool,
) -> RunSummary:
    """Add up how a run went.

    One that was stopped goes on later.
    """
    return RunSummary(
        id=run.id,
        started_at=run.started_at,
        finished_at=now,
        outcome=Outcome.RUNNING if stopped else outcome_of(reports),
        resumed=run.resumed,
        sites=tuple(reports),
        tally=sum((report.tally for report in reports), VisitCounts()),
        new_findings=sum(report.new_findings for report in reports),
        allowed_sightings=sum(report.allowed_sightings for report in reports),
        photos=photos,
        notes=(*notes, *offline(reports)),
    )


def outcome_of(reports: Sequence[SiteReport]) -> Outcome:
    """Tell how a run ended from how it went at each site.

    One that reached nothing at all has failed.
    """
    if offline(reports):
        return Outcome.FAILED
    failing = any(report.outcome is not Outcome.DONE for report in reports)
    return Outcome.PARTIAL if failing else Outcome.DONE


def offline(reports: Sequence[SiteReport]) -> tuple[str, ...]:
    """Say when no site at all could be reached.

    Then the fault is more likely here than there.
    """
    if reports and all(one.unreachable for one in reports):
        return ("no site could be reached: is this computer connected to the network?",)
    return ()


def is_unreachable(seen: SiteCoverage) -> bool:
    """Tell whether nothing was read at a site because nobody answered there."""
    read = seen.tally.pages + seen.tally.images + seen.tally.unchanged
    silent = any(trouble in SILENT for trouble, _ in seen.troubles)
    return not read and (silent or seen.robots_silent)


def summary_json(summary: RunSummary) -> dict[str, object]:
    """Give a summary as it is printed and kept."""
    return dict(json.loads(json.dumps(asdict(summary), default=_plain)))


def _plain(value: object) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)

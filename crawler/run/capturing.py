"""Keeping the evidence of a night's findings."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby, islice
from operator import attrgetter

from crawler.clock import Clock
from crawler.evidence.capture import Capturer, circumstances_of
from crawler.extract.browser import Draw, browser_program, drawing
from crawler.http.client import Fetcher
from crawler.model import Decision, Finding, Sighting, Site
from crawler.store.captures import Captures, Subject
from crawler.store.runs import Run
from crawler.visit.context import VisitContext
from crawler.visit.polite import PoliteFetcher
from gallery.store.vault import Vault

_PUT_ASIDE = frozenset((Decision.DISMISSED, Decision.LICENSED))
_MOST_PAGES = 5
_WORDS = ("element", "via", "alt", "caption", "heading", "claim")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A finding's picture on one page, not yet kept in these words."""

    finding: Finding
    subject: Subject


def capture_findings(  # noqa: PLR0913 (each stands for a part of the world that a test replaces)
    run: Run,
    sites: list[Site],
    findings: list[Finding],
    *,
    captures: Captures,
    vault: Vault,
    context: VisitContext,
    clock: Clock,
    stop: Callable[[], bool],
) -> int:
    """Keep each finding of a run whose page, picture or words are new, and give how many are incomplete.

    What an earlier run could not finish is tried again when the finding is seen again.
    """
    known = {site.url: site for site in sites}
    wanted = list(_wanted(run, known, findings, captures.complete_subjects()))
    if not wanted or context.spool is None:
        return 0
    unpublished = captures.never_published()
    incomplete = 0
    with ExitStack() as stack:
        draw = _drawing(stack, context)
        for url, of_site in groupby(wanted, key=attrgetter("finding.site_url")):
            with context.fetcher(known[url]) as fetcher:
                capturer = Capturer(
                    captures,
                    vault,
                    context.spool,
                    _others(known[url], context, fetcher, clock),
                    clock,
                    context.plan,
                    circumstances_of(context.plan),
                    draw,
                )
                for one in of_site:
                    if stop():
                        return incomplete
                    incomplete += not capturer.capture(one.subject, _facts(one.finding, unpublished))
    return incomplete


def _wanted(
    run: Run, sites: dict[str, Site], findings: list[Finding], complete: frozenset[str]
) -> Iterator[_Wanted]:
    for finding in findings:
        site = sites.get(finding.site_url)
        if site is None or finding.last_seen < run.started_at or finding.decision in _PUT_ASIDE:
            continue
        for subject in _subjects(run, site, finding):
            if subject.key not in complete:
                yield _Wanted(finding, subject)


def _subjects(run: Run, site: Site, finding: Finding) -> Iterator[Subject]:
    """Give what is to be kept of a finding, one for each page and bytes of now."""
    shown: dict[tuple[str, str], list[Sighting]] = {}
    for one in finding.sightings:
        if one.last_seen >= run.started_at:
            shown.setdefault((one.page_url, one.digest or finding.digest), []).append(one)
    for (page, digest), seen in islice(shown.items(), _MOST_PAGES):
        words = [{name: getattr(one, name) for name in _WORDS} for one in seen]
        yield Subject(
            finding=finding.id,
            site=site.id,
            page_url=page,
            image_url=seen[0].image_url or finding.image_url,
            digest=digest,
            words=tuple(sorted(words, key=lambda one: sorted(one.items()))),
            run=run.id,
        )


def _facts(finding: Finding, unpublished: frozenset[int]) -> dict[str, object]:
    """Give what the list of contents says of the finding itself."""
    return {
        "case": finding.case,
        "stage": finding.stage,
        "view": finding.view,
        "verdict": str(finding.verdict),
        "probability": finding.probability,
        "explanation": finding.explanation,
        "first_seen": finding.first_seen.isoformat(),
        "was_never_published": finding.photo_id in unpublished,
    }


def _drawing(stack: ExitStack, context: VisitContext) -> Draw | None:
    program = browser_program()
    if program is None:
        return None
    plan = context.plan
    return stack.enter_context(drawing(program, plan.agent, seconds=plan.request_s))


def _others(site: Site, context: VisitContext, fetcher: Fetcher, clock: Clock) -> PoliteFetcher:
    delay = context.plan.delay_s if site.delay_s is None else site.delay_s
    return PoliteFetcher(fetcher, clock, delay, host_locks=context.host_locks)

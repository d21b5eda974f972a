"""Counts of what a night and those before saw at a site."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from crawler.model import TOO_LARGE, Site, Standing, VisitCounts
from crawler.reasons import NO_ANSWER, Cause, Reason, reason_of
from crawler.store.record import PresenceRecord
from crawler.store.runs import Run
from gallery.store.database import Store
from gallery.times import text_of
from watermark.matching.verdict import Verdict

Query = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCoverage:
    """One site in one night.

    Args:
        skips: Cause, sentence and count of what was left alone.
        start: Where the start page stands, and why.
        pages: Pages of the site that are known and could be read.
        images: Images that pages were seen to show this night.
        images_lost: Images that the same pages showed within the last week, and show no more.
        images_ever: Images ever seen there.
        images_too_large: Images that are larger than is fetched or looked at.
        signs: How many pages bear each sign (login wall, bot block, …).
        start_signs: The signs of the start page.
        troubles: How many addresses ended the night with each kind of failure; what went well later is none.
        robots: What was said about robots.txt when it could not be read, or "".
        robots_silent: Whether it could not be read because no answer came.
    """

    tally: VisitCounts
    planned: int
    visited: int
    left: int
    skipped: int
    skips: tuple[tuple[Cause, str, int], ...]
    troubles: tuple[tuple[str, int], ...]
    robots: str
    robots_silent: bool
    start: Standing
    start_reason: Reason | None
    pages: int
    images: int
    images_lost: int
    images_ever: int
    images_too_large: int
    signs: tuple[tuple[str, int], ...]
    start_signs: tuple[str, ...]
    allowed_sightings: int


class Coverage(Store):
    """Counts over the crawl's tables."""

    def of(self, run: Run, site: Site) -> SiteCoverage:
        """Count what a run saw at a site."""
        what: Query = {
            "run": run.id,
            "site": site.id,
            "began": text_of(run.started_at),
            "url": site.url,
            "copy": Verdict.COPY,
            "too_large": TOO_LARGE,
            "week": text_of(run.started_at - timedelta(days=7)),
        }
        tally = self._one("select tally from site_runs where run_id = :run and site_id = :site", what)
        start = self._rows(
            "select standing, why, signs from urls where site_id = :site and url = :url", what
        ) or [("waiting", "", "[]")]
        robots = self._rows(
            "select message, trouble from failures where run_id = :run and site_id = :site and step = 'robots'",
            what,
        )
        return SiteCoverage(
            tally=VisitCounts(**json.loads(str(tally))),
            planned=int(self._one("select count(*) from urls where site_id = :site", what)),
            visited=int(self._one(_COUNT + "fetched_at >= :began", what)),
            left=int(self._one(_COUNT + "standing = 'waiting' and due_at is null", what)),
            skipped=int(self._one(_COUNT + "standing = 'skipped' and rank < 9", what)),
            skips=_counted(self._rows(_SKIPS, what)),
            troubles=tuple((str(trouble), int(n)) for trouble, n in self._rows(_TROUBLES, what)),
            robots=str(robots[0][0]) if robots else "",
            robots_silent=bool(robots) and robots[0][1] in NO_ANSWER,
            start=Standing(start[0][0]),
            start_reason=reason_of(start[0][1]),
            images=int(self._one(_IMAGES, what)),
            images_lost=int(self._one(_LOST, what)),
            images_ever=int(self._one(_EVER, what)),
            images_too_large=sum(
                int(n)
                for why, verdict, n in self._rows(_TOO_LARGE, what)
                if verdict == TOO_LARGE or ((reason := reason_of(why)) and reason.cause is Cause.TOO_LARGE)
            ),
            pages=int(self._one(_COUNT + "kind = 'page' and standing = 'done'", what)),
            signs=tuple((str(sign), int(n)) for sign, n in self._rows(_SIGNS, what)),
            start_signs=tuple(json.loads(str(start[0][2]))),
            allowed_sightings=int(self._one(_ALLOWED, what)) if site.listing == "allow" else 0,
        )

    def left_alone(self, run: int) -> list[tuple[str, str, str]]:
        """Give site, address and reason of all that a run left alone."""
        return [
            (
                row["site"],
                row["url"],
                reason.sentence(row["url"]) if (reason := reason_of(row["why"])) else "",
            )
            for row in PresenceRecord(self._db).left_alone(run)
        ]

    def _one(self, query: str, what: Query) -> str | int:
        row = self._db.execute(query, dict(what)).fetchone()
        return row[0]  # type: ignore[no-any-return]

    def _rows(self, query: str, what: Query) -> list[tuple[Any, ...]]:
        return list(self._db.execute(query, dict(what)).fetchall())


def _counted(rows: list[tuple[Any, ...]]) -> tuple[tuple[Cause, str, int], ...]:
    """Add up what was left alone by its reason, most first."""
    counts: Counter[tuple[Cause, str]] = Counter()
    for why, number in rows:
        reason = reason_of(why)
        if reason is not None:
            counts[reason.cause, reason.sentence()] += int(number)
    return tuple((cause, sentence, number) for (cause, sentence), number in counts.most_common())


_COUNT = "select count(*) from urls where site_id = :site and "
_SKIPS = """
    select why, count(*) from urls where site_id = :site and standing = 'skipped' and rank < 9
     group by why
"""
_TROUBLES = """
    select trouble, count(distinct failures.url)
      from failures left join urls on urls.site_id = failures.site_id and urls.url = failures.url
     where run_id = :run and failures.site_id = :site and step <> 'robots'
       and (urls.standing is null or urls.standing <> 'done')
     group by trouble order by 2 desc
"""
_IMAGES = """
    select count(distinct image_id) from placements join urls on urls.id = placements.page_id
     where urls.site_id = :site and placements.last_seen >= :began
"""
_LOST = """
    select count(distinct image_id) from placements join urls on urls.id = placements.page_id
     where urls.site_id = :site and placements.last_seen < :began and placements.last_seen >= :week
       and (urls.fetched_at >= :began or urls.standing = 'failed')
       and image_id not in (select image_id from placements where last_seen >= :began)
"""
_EVER = """
    select count(distinct image_id) from placements join urls on urls.id = placements.page_id
     where urls.site_id = :site
"""
_TOO_LARGE = """
    select case standing when 'failed' then why else '' end, contents.verdict, count(*)
      from urls left join contents on contents.digest = urls.digest
     where site_id = :site and kind = 'image' and rank < 9
       and (standing = 'failed' or contents.verdict = :too_large)
     group by 1, 2
"""
_SIGNS = """
    select value, count(*) from urls, json_each(urls.signs)
     where site_id = :site and standing = 'done' and (kind = 'page' or value = 'read in part')
     group by value order by 2 desc
"""
_ALLOWED = """
    select count(*) from urls join contents on contents.digest = urls.digest
     where urls.site_id = :site and contents.verdict = :copy and urls.fetched_at >= :began
"""

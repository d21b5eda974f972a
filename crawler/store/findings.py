"""What was found and what people decided about it; failures and tips."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from crawler.errors import UnknownFindingError
from crawler.model import Decision, Failure, Finding, Likeness, Place, Step
from crawler.store.rows import Row
from gallery.events import Action
from gallery.model import subject_of
from gallery.store.database import transaction
from gallery.store.ledger import Ledger
from gallery.times import moment_of, moment_or_none, text_of

_FINDINGS = """
    select findings.*, sites.url as site_url, images.url as image_url, images.parent as parent,
           photos.file as name, photos.view, photos.digest as original,
           stages.case_number as "case", stages.label as stage,
           contents.explanation, contents.answer, contents.photo_id as first_photo, contents.also, contents.look,
           decisions.decision, decisions.by as decided_by, decisions.at as decided_at, decisions.note
      from findings
      join sites on sites.id = findings.site_id
      join urls as images on images.id = findings.image_id
      left join photos on photos.id = findings.photo_id
      left join stages on stages.id = photos.stage_id
      join contents on contents.digest = findings.digest
      left join decisions on decisions.id = (
           select max(id) from decisions as latest
            where latest.site_id = findings.site_id and latest.photo_id is findings.photo_id
              and latest.digest = findings.digest)
     where (:id is null or findings.id = :id) and (:run is null or findings.run_id = :run)
       -- a photo catalogued since explains the mark
       and (findings.photo_id is not null or contents.photo_id is null)
     order by sites.url, findings.photo_id is null, findings.photo_id, findings.id
"""
_SAME_LOOK = 10
_PLACES = """
    select pages.url as page_url, pages.kind, pages.parent, sightings.*
      from sightings join urls as pages on pages.id = sightings.page_id
     where sightings.image_id = :image
     order by sightings.first_seen, pages.depth, pages.id
"""


class Findings:
    """The inbox of the legal desk."""

    def __init__(self, db: Database) -> None:
        """Use this database."""
        self._db = db

    def all(self, *, run_id: int | None = None) -> list[Finding]:
        """Give every finding, whatever was decided, by site and photo; of one run, or of all."""
        likes = _likenesses(self._read(None, None))
        return [replace(one, like=likes.get(one.id)) for one in self._read(None, run_id)]

    def get(self, number: int) -> Finding:
        """Give one finding.

        Raises:
            UnknownFindingError: There is none of this number.
        """
        for finding in self.all():
            if finding.id == number:
                return finding
        raise UnknownFindingError(
            f"there is no finding {number}", hint="see the numbers with: pairwatch findings"
        )

    def _read(self, number: int | None, run_id: int | None) -> Iterator[Finding]:
        subjects = {
            int(photo): subject_of(case, stage)
            for photo, case, stage in self._db.execute(
                "select photos.id, case_number, label from photos join stages on stages.id = photos.stage_id"
            )
        }
        for row in list(self._db.query(_FINDINGS, {"id": number, "run": run_id})):
            places = [_place(place) for place in self._db.query(_PLACES, {"image": row["image_id"]})]
            yield _finding(row, tuple(places), subjects)

    def decide(self, finding: Finding, decision: Decision, *, note: str, by: str, now: datetime) -> Finding:
        """Write a person's decision, here and in the ledger; it holds for this content at this site."""
        with transaction(self._db):
            row = next(
                iter(self._db.query("select site_id from findings where id = :id", {"id": finding.id}))
            )
            self._db.execute(
                """insert into decisions (site_id, photo_id, digest, decision, note, by, at)
                   values (:site, :photo, :digest, :decision, :note, :by, :at)""",
                {
                    "site": row["site_id"],
                    "photo": finding.photo_id,
                    "digest": finding.digest,
                    "decision": str(decision),
                    "note": note,
                    "by": by,
                    "at": text_of(now),
                },
            )
            detail = {
                "decision": str(decision),
                "note": note,
                "image_url": finding.image_url,
                "page_url": finding.page_url,
                "digest": finding.digest,
                "photo": finding.photo_id,
            }
            Ledger(self._db).append(by, Action.FINDING_DECIDED, f"finding {finding.id}", detail, now)
        return self.get(finding.id)

    def failures(self, *, run_id: int | None = None) -> list[Failure]:
        """Give what could not be done in a run, or ever, in order."""
        rows = self._db.query(
            "select * from failures where :run is null or run_id = :run order by id", {"run": run_id}
        )
        return [
            Failure(
                url=row["url"],
                step=Step(row["step"]),
                trouble=row["trouble"],
                message=row["message"],
                at=moment_of(row["at"]),
            )
            for row in rows
        ]

    def outside_links(self) -> list[tuple[str, str]]:
        """Give pairs of a site with copies and an address elsewhere whose pictures it shows."""
        return [
            (str(site), str(url))
            for site, url in self._db.execute(
                """select distinct sites.url, urls.url from urls join sites on sites.id = urls.site_id
                    where urls.url like 'http%' and urls.url not like sites.url || '%'
                      and exists (select 1 from findings
                                   where findings.site_id = sites.id and findings.verdict = 'copy')"""
            )
        ]

    def note_tip(self, given: str, *, state: str, found: list[Row], now: datetime) -> int:
        """Keep a reader's tip and what came of it; gives its number."""
        with transaction(self._db):
            cursor = self._db.execute(
                "insert into tips (given, at, state, found) values (:given, :at, :state, :found)",
                {"given": given, "at": text_of(now), "state": state, "found": json.dumps(found)},
            )
        return int(cursor.lastrowid or 0)


def _place(row: Row) -> Place:
    is_page = row["kind"] == "page"
    return Place(
        page_url=row["page_url"] if is_page or not row["parent"] else row["parent"],
        element=row["element"],
        via=row["via"],
        alt=row["alt"],
        caption=row["caption"],
        heading=row["heading"],
        first_seen=moment_of(row["first_seen"]),
        last_seen=moment_of(row["last_seen"]),
    )


def _likenesses(findings: Iterable[Finding]) -> dict[int, Likeness]:
    """Give, for each undecided finding, the last decided one of the same site and photo whose picture looks the same.

    10 of 255 grey levels in the cell of 32 by 32 that differs most: on 8 drawn portraits, saving again at quality
    30 to 85 differed by 1 to 2, a width of 320 by 5 to 9, 3 % cut off by 50 and more, banners by 25 and more; a
    logo that differs less from what it covers can hardly be seen.
    """
    known = list(findings)
    decided: dict[tuple[str, int | None], list[Finding]] = {}
    for one in known:
        if one.decision is not Decision.OPEN and one.look:
            decided.setdefault((one.site_url, one.photo_id), []).append(one)
    if not decided:
        return {}
    from watermark.matching.perceptual_hash import cells_apart  # noqa: PLC0415 (heavy, and seldom needed)

    likes = {}
    for one in known:
        near = [
            other
            for other in decided.get((one.site_url, one.photo_id), ())
            if one.decision is Decision.OPEN and cells_apart(one.look, other.look) <= _SAME_LOOK
        ]
        if near:
            latest = max(near, key=lambda other: (other.decided_at is not None, other.decided_at))
            likes[one.id] = Likeness(latest.id, latest.decision, latest.decided_by)
    return likes


def _finding(row: Row, places: tuple[Place, ...], subjects: Mapping[int, str]) -> Finding:
    is_first = row["photo_id"] == row["first_photo"]
    inside = [row["first_photo"], *(int(photo) for photo, _ in json.loads(row["also"]))]
    further = (
        ""
        if is_first
        else f"{subject_of(row['case'], row['stage'])} is in the same picture as another photo of ours."
    )
    return Finding(
        id=row["id"],
        site_url=row["site_url"],
        page_url=places[0].page_url if places else (row["parent"] or row["site_url"]),
        image_url=row["image_url"],
        photo_id=row["photo_id"],
        name=row["name"] or "",
        case=row["case"],
        stage=row["stage"] or "",
        verdict=row["verdict"],
        probability=row["probability"],
        explanation=row["explanation"] if is_first else further,
        digest=row["digest"],
        answer=row["answer"] if is_first else "{}",
        first_seen=moment_of(row["first_seen"]),
        last_seen=moment_of(row["last_seen"]),
        decision=Decision(row["decision"] or "open"),
        decided_by=row["decided_by"] or "",
        decided_at=moment_or_none(row["decided_at"]),
        note=row["note"] or "",
        places=places,
        view=row["view"] or "",
        original=row["original"] or "",
        also=tuple(subjects[photo] for photo in inside if photo != row["photo_id"] and photo in subjects),
        look=row["look"],
    )

"""What was found, and what people decided about it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from crawler.errors import NotFoundError
from crawler.model import Decision, Finding, Infringement, JudgementRecord, Likeness, Sighting
from crawler.store.rows import Row
from gallery.events import Action
from gallery.model import subject_of
from gallery.store.database import Store, transaction
from gallery.store.ledger import Ledger
from gallery.times import moment_of, moment_or_none, text_of
from watermark.matching.verdict import Verdict

_FINDINGS = """
    select findings.*, sites.url as site_url, images.url as image_url, images.parent as parent,
           photos.file as name, photos.view, photos.digest as original,
           stages.case_number as "case", stages.label as stage, newest.photo_id as first_photo, newest.also,
           decisions.decision, decisions.by as decided_by, decisions.at as decided_at, decisions.note
      from findings
      join sites on sites.id = findings.site_id
      join urls as images on images.id = findings.image_id
      left join photos on photos.id = findings.photo_id
      left join stages on stages.id = photos.stage_id
      join judgements as newest on newest.id = (
           select max(id) from judgements where judgements.digest = findings.digest)
      left join decisions on decisions.id = (
           select max(id) from decisions as latest
            where latest.site_id = findings.site_id and latest.photo_id is findings.photo_id
              and latest.digest = findings.digest)
     where (:id is null or findings.id = :id) and (:run is null or findings.run_id = :run)
       -- a photo catalogued since explains the mark
       and (findings.photo_id is not null or newest.photo_id is null)
     order by sites.url, findings.photo_id is null, findings.photo_id, findings.id
"""
_JUDGEMENTS = """
    select * from judgements
     where digest in (select digest from findings
                       where (:id is null or id = :id) and (:run is null or run_id = :run))
     order by id desc
"""
_SIGHTINGS = """
    select pages.url as page_url, pages.kind, pages.parent, sightings.*
      from sightings join urls as pages on pages.id = sightings.page_id
     where sightings.image_id in (select image_id from findings
                                   where (:id is null or id = :id) and (:run is null or run_id = :run))
     order by sightings.first_seen, pages.depth, pages.id
"""
_SUBJECTS = """
    select photos.id, stages.case_number, stages.label
      from photos join stages on stages.id = photos.stage_id
     where photos.id in (select photo_id from judgements
                          union select value ->> 0 from judgements, json_each(judgements.also))
"""
_DECIDED = """
    select findings.id, findings.site_id, findings.photo_id, decisions.decision, decisions.by, decisions.id as number,
           newest.look
      from findings
      join decisions on decisions.id = (
           select max(id) from decisions as latest
            where latest.site_id = findings.site_id and latest.photo_id is findings.photo_id
              and latest.digest = findings.digest)
      join judgements as newest on newest.id = (
           select max(id) from judgements where judgements.digest = findings.digest)
     where decisions.decision <> 'open' and newest.look <> ''
     order by decisions.id
"""
_SAME_LOOK = 10
_VERDICTS = frozenset(Verdict)  # bytes that could not be opened again have none


class Findings(Store):
    """The inbox of the legal desk."""

    def all(self, *, run_id: int | None = None) -> list[Finding]:
        """Give every finding of one run or all, by site and photo."""
        return list(self._read(None, run_id))

    def get(self, number: int) -> Finding:
        """Give one finding.

        Raises:
            NotFoundError: There is none of this number.
        """
        for finding in self._read(number, None):
            return finding
        raise NotFoundError(f"there is no finding {number}", hint="see the numbers with: pairwatch findings")

    def _read(self, number: int | None, run_id: int | None) -> Iterator[Finding]:
        """Read findings in five statements, however many there are."""
        which = {"id": number, "run": run_id}
        rows = self._rows(_FINDINGS, which)
        judgements = _grouped(self._rows(_JUDGEMENTS, which), "digest")
        sightings = _grouped(self._rows(_SIGHTINGS, which), "image_id")
        subjects = {int(photo): subject_of(case, stage) for photo, case, stage in self._db.execute(_SUBJECTS)}
        decided = self._rows(_DECIDED, {})
        for row in rows:
            said = judgements[row["digest"]]
            like = None if row["decision"] not in (None, "open") else _likeness(row, said[0]["look"], decided)
            places = tuple(_sighting(one) for one in sightings.get(row["image_id"], ()))
            yield _finding(row, said, places, subjects, like)

    def _rows(self, query: str, what: Row) -> list[Row]:
        """Run one statement without the savepoint of `Database.query`."""
        cursor = self._db.execute(query, what)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def decide(self, finding: Finding, decision: Decision, *, note: str, by: str, now: datetime) -> Finding:
        """Write a person's decision, here and in the ledger.

        It holds for this content at this site.
        """
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


def _grouped(rows: Iterable[Row], key: str) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def _sighting(row: Row) -> Sighting:
    is_page = row["kind"] == "page"
    return Sighting(
        page_url=row["page_url"] if is_page or not row["parent"] else row["parent"],
        element=row["element"],
        via=row["via"],
        alt=row["alt"],
        caption=row["caption"],
        heading=row["heading"],
        first_seen=moment_of(row["first_seen"]),
        last_seen=moment_of(row["last_seen"]),
    )


def _likeness(row: Row, look: str, decided: list[Row]) -> Likeness | None:
    """Give the last decided finding whose picture looks the same.

    10 of 255 grey levels in the cell of 32 by 32 that differs most: on 8 drawn portraits, saving again at quality
    30 to 85 differed by 1 to 2, a width of 320 by 5 to 9, 3 % cut off by 50 and more, banners by 25 and more; a
    logo that differs less from what it covers can hardly be seen.
    """
    where = (row["site_id"], row["photo_id"])
    near = [one for one in decided if (one["site_id"], one["photo_id"]) == where] if look else []
    if not near:
        return None
    from watermark.picture.perceptual_hash import GreyGrid  # noqa: PLC0415 (heavy, and seldom needed)

    grid = GreyGrid.from_text(look)
    for one in reversed(near):
        if grid and grid.levels_apart(GreyGrid.from_text(one["look"])) <= _SAME_LOOK:
            return Likeness(one["id"], Decision(one["decision"]), one["by"])
    return None


def _record(row: Row, photo: int | None, subject: str) -> JudgementRecord:
    """Give what a judgement says of one photo of the picture."""
    is_first = photo == row["photo_id"]
    also = {int(one): float(sure) for one, sure in json.loads(row["also"])}
    verdict = Verdict(row["verdict"]) if row["verdict"] in _VERDICTS else Verdict.CANNOT_TELL
    probability, explanation = row["probability"], row["explanation"]
    if not is_first and photo in also:
        verdict, probability = Verdict.COPY, also[photo]
        explanation = f"{subject} is in the same picture as another photo of ours."
    elif not is_first:
        verdict, probability = Verdict.NONE, 0.0
    basis = json.loads(row["basis"] or "{}")
    return JudgementRecord(
        at=moment_of(row["at"]),
        matcher=basis.get("matcher", ""),
        marks=tuple(basis.get("marks", ())),
        settings=basis.get("settings", {}),
        upto=row["matched_upto"],
        verdict=verdict,
        probability=probability,
        explanation=explanation,
        answer=json.loads(row["answer"]) if is_first else {},
    )


def _finding(
    row: Row,
    judgements: list[Row],
    sightings: tuple[Sighting, ...],
    subjects: Mapping[int, str],
    like: Likeness | None,
) -> Finding:
    photo = row["photo_id"]
    inside = [row["first_photo"], *(int(one) for one, _ in json.loads(row["also"]))]
    subject = "" if photo is None else subject_of(row["case"], row["stage"])
    decision = Decision(row["decision"] or Decision.OPEN)
    kind = Infringement if decision is Decision.INFRINGEMENT else Finding
    return kind(
        id=row["id"],
        site_url=row["site_url"],
        page_url=sightings[0].page_url if sightings else (row["parent"] or row["site_url"]),
        image_url=row["image_url"],
        photo_id=photo,
        name=row["name"] or "",
        case=row["case"],
        stage=row["stage"] or "",
        digest=row["digest"],
        judgements=tuple(_record(one, photo, subject) for one in judgements),
        first_seen=moment_of(row["first_seen"]),
        last_seen=moment_of(row["last_seen"]),
        decision=decision,
        decided_by=row["decided_by"] or "",
        decided_at=moment_or_none(row["decided_at"]),
        note=row["note"] or "",
        sightings=sightings,
        view=row["view"] or "",
        original=row["original"] or "",
        also=tuple(subjects[one] for one in inside if one != photo and one in subjects),
        like=like,
    )

"""What was found, and what people decided about it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crawler.errors import NotFoundError
from crawler.model import (
    Decision,
    DecisionRecord,
    Finding,
    Infringement,
    JudgementRecord,
    Listing,
    PersonSighting,
    Sighting,
)
from crawler.presence import Observation, presence_at_site, presence_on_pages
from crawler.store.rows import Row, rows_of
from gallery.events import Action
from gallery.model import subject_of
from gallery.store.database import Store, transaction
from gallery.store.ledger import Ledger
from gallery.times import moment_of, moment_or_none, text_of
from watermark.matching.verdict import Verdict

_CHOSEN = "with chosen as (select * from findings where {which}) "
_FINDINGS = """
    select chosen.*, sites.url as site_url, sites.listing, photos.file as name, photos.view, photos.digest as original,
           stages.case_number as "case", stages.label as stage
      from chosen
      join sites on sites.id = chosen.site_id
      left join photos on photos.id = chosen.photo_id
      left join stages on stages.id = photos.stage_id
     order by sites.url, chosen.photo_id is null, chosen.photo_id, chosen.id
"""
_JUDGEMENTS = """
    select * from judgements
     where digest in (select digest from finding_digests where finding_id in (select id from chosen))
     order by id desc
"""
_SIGHTINGS = """
    select finding_digests.finding_id, sightings.*
      from chosen join finding_digests on finding_digests.finding_id = chosen.id
      join sightings on sightings.site_id = chosen.site_id and sightings.digest = finding_digests.digest
     order by sightings.id
"""
_OBSERVATIONS = """
    select finding_id, sighting_id, run_id, page_url, image_url, present, at
      from observations where finding_id in (select id from chosen) order by id
"""
_DECISIONS = """
    select chosen.id as finding_id, decisions.*
      from chosen join finding_digests on finding_digests.finding_id = chosen.id
      join decisions on decisions.site_id = chosen.site_id and decisions.photo_id is chosen.photo_id
       and decisions.digest = finding_digests.digest
     order by decisions.id desc
"""
_FORMER = """
    select * from former_findings where finding_id in (select id from chosen) order by last_seen desc, number
"""
_PERSONS = """
    select chosen.id as finding_id, person_sightings.*
      from chosen join person_sightings on person_sightings.site_id = chosen.site_id
       and person_sightings.photo_id is chosen.photo_id
     where chosen.photo_id is not null order by person_sightings.id
"""
_SUBJECTS = """
    select photos.id, stages.case_number, stages.label
      from photos join stages on stages.id = photos.stage_id
     where photos.id in (
           select value ->> 0 from judgements, json_each(judgements.also)
            where digest in (select digest from finding_digests where finding_id in (select id from chosen))
           union select photo_id from judgements
            where digest in (select digest from finding_digests where finding_id in (select id from chosen)))
"""
_VERDICTS = frozenset(Verdict)  # bytes that could not be opened again have none


class Findings(Store):
    """The inbox of the legal desk."""

    def all(self, *, run_id: int | None = None) -> list[Finding]:
        """Give every finding of one run or all, by site and photo."""
        return list(self._read(None, run_id))

    def get(self, number: int) -> Finding:
        """Give one finding, also by the number of an older one that is one with it.

        Raises:
            NotFoundError: There is none of this number.
        """
        former = self._db.execute(
            "select finding_id from former_findings where number = ?", [number]
        ).fetchone()
        for finding in self._read(int(former[0]) if former else number, None):
            return finding
        raise NotFoundError(f"there is no finding {number}", hint="see the numbers with: pairwatch findings")

    def _read(self, number: int | None, run_id: int | None) -> Iterator[Finding]:
        """Read findings in nine statements, however many there are."""
        which = "id = :id" if number is not None else "run_id = :run" if run_id is not None else "true"
        what = {"id": number, "run": run_id}

        def rows(query: str) -> list[Row]:
            return rows_of(self._db, _CHOSEN.format(which=which) + query, what)

        judgements = _grouped(rows(_JUDGEMENTS), "digest")
        kept = {
            name: _grouped(rows(query), "finding_id")
            for name, query in (
                ("sightings", _SIGHTINGS),
                ("observations", _OBSERVATIONS),
                ("decisions", _DECISIONS),
                ("former", _FORMER),
                ("persons", _PERSONS),
            )
        }
        subjects = {int(row["id"]): subject_of(row["case_number"], row["label"]) for row in rows(_SUBJECTS)}
        for row in rows(_FINDINGS):
            found = _finding(
                row, {name: many.get(row["id"], []) for name, many in kept.items()}, judgements, subjects
            )
            if found is not None:
                yield found

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


@dataclass(frozen=True, slots=True)
class _Proofs:
    """A finding's rows as values, with the newest proof."""

    sightings: tuple[Sighting, ...]
    observations: tuple[Observation, ...]
    page_url: str
    image_url: str
    digest: str
    first: datetime
    last: datetime


def _proofs(kept: Mapping[str, list[Row]]) -> _Proofs | None:
    """Put together what proves a finding, or None where nothing does."""
    sightings = {row["id"]: row for row in kept["sightings"]}
    present = [row for row in kept["observations"] if row["present"]]
    times: dict[int, list[str]] = {}
    for row in present:
        times.setdefault(row["sighting_id"] or 0, []).append(row["at"])
    seen = [
        _sighting(row, ends)
        for row in sightings.values()
        if (
            ends := [row["first_seen"], row["last_seen"]]
            if row["recorded"] == "old"
            else times.get(row["id"])
        )
    ]
    seen.sort(key=lambda one: (one.last_seen, one.first_seen), reverse=True)
    former = kept["former"]
    if not present and not former:
        return None
    on_pages = [row for row in present if row["page_url"]]
    newest = max((row["at"] for row in on_pages), default="")
    night = next((row["run_id"] for row in on_pages if row["at"] == newest), None)
    place = next((row for row in on_pages if row["at"] == newest or (night and row["run_id"] == night)), None)
    image = place or (present[-1] if present else None)
    digest = next(
        (sightings[row["sighting_id"]]["digest"] for row in (place, image) if row and row["sighting_id"]), ""
    )
    old = next((one.page_url for one in seen if one.recorded == "old" and one.page_url), "")
    firsts = [row["first_seen"] for row in former] + [row["at"] for row in present]
    lasts = [row["at"] for row in present] or [row["last_seen"] for row in former]
    return _Proofs(
        sightings=tuple(seen),
        observations=tuple(_observation(row) for row in kept["observations"]),
        page_url=place["page_url"]
        if place
        else old or (image["image_url"] if image else former[0]["parent"]),
        image_url=image["image_url"] if image else former[0]["image_url"],
        digest=digest or former[0]["digest"],
        first=moment_of(min(firsts)),
        last=moment_of(max(lasts)),
    )


def _observation(row: Row) -> Observation:
    return Observation(
        page_url=row["page_url"],
        image_url=row["image_url"],
        present=bool(row["present"]),
        night=row["run_id"],
        at=moment_of(row["at"]),
    )


def _sighting(row: Row, times: list[str]) -> Sighting:
    values: Row = {name: row[name] for name in _SAME_NAMES}
    values |= {name: moment_or_none(row[name]) for name in _ANSWER_TIMES}
    return Sighting(**values, first_seen=moment_of(min(times)), last_seen=moment_of(max(times)))


_ANSWER_TIMES = ("page_sent", "page_received", "image_sent", "image_received")
_SAME_NAMES = tuple(
    name for name in Sighting.__slots__ if name not in (*_ANSWER_TIMES, "first_seen", "last_seen")
)


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


def _decision(row: Row) -> DecisionRecord:
    return DecisionRecord(
        decision=Decision(row["decision"]),
        by=row["by"],
        at=moment_of(row["at"]),
        note=row["note"],
        digest=row["digest"],
    )


def _person(row: Row) -> PersonSighting:
    return PersonSighting(
        url=row["url"],
        seen_at=moment_of(row["seen_at"]),
        by=row["by"],
        recorded_at=moment_of(row["recorded_at"]),
        digest=row["digest"],
    )


def _finding(
    row: Row, kept: Mapping[str, list[Row]], judgements: Mapping[str, list[Row]], subjects: Mapping[int, str]
) -> Finding | None:
    photo, proofs = row["photo_id"], _proofs(kept)
    if proofs is None:
        return None
    said = judgements[proofs.digest]
    if photo is None and said[0]["photo_id"] is not None:
        return None  # a photo catalogued since explains the mark
    inside = [said[0]["photo_id"], *(int(one) for one, _ in json.loads(said[0]["also"]))]
    subject = "" if photo is None else subject_of(row["case"], row["stage"])
    latest = next((one for one in kept["decisions"] if one["id"] > row["conflict_upto"]), None)
    decision = Decision(latest["decision"]) if latest else Decision.OPEN
    kind = Infringement if decision is Decision.INFRINGEMENT else Finding
    return kind(
        id=row["id"],
        site_url=row["site_url"],
        page_url=proofs.page_url or row["site_url"],
        image_url=proofs.image_url,
        photo_id=photo,
        name=row["name"] or "",
        case=row["case"],
        stage=row["stage"] or "",
        digest=proofs.digest,
        judgements=tuple(_record(one, photo, subject) for one in said),
        first_seen=proofs.first,
        last_seen=proofs.last,
        decision=decision,
        decided_by=latest["by"] if latest else "",
        decided_at=moment_of(latest["at"]) if latest else None,
        note=latest["note"] if latest else "",
        sightings=proofs.sightings,
        view=row["view"] or "",
        original=row["original"] or "",
        also=tuple(subjects[one] for one in inside if one != photo and one in subjects),
        numbers=tuple(sorted({row["id"], *(one["number"] for one in kept["former"])})),
        decisions=tuple(_decision(one) for one in kept["decisions"]),
        waits=bool(row["conflict_upto"]) and latest is None,
        listing=Listing(row["listing"]),
        presence=presence_at_site(proofs.observations) if proofs.observations else None,
        pages=presence_on_pages(proofs.observations),
        recorded=_recorded(kept),
        persons=tuple(_person(one) for one in kept["persons"]),
    )


def _recorded(kept: Mapping[str, list[Row]]) -> str:
    if not kept["former"]:
        return "by-answer"
    return "both" if kept["observations"] else "old"

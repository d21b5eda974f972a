"""A finding as a JSON object and as a CSV row."""

from dataclasses import asdict
from datetime import datetime

from crawler.desk.sentences import carries_our_mark
from crawler.desk.stage_claims import StageClaim, named_stages, side_of, stage_claim
from crawler.model import DecisionRecord, Finding, JudgementRecord, PersonSighting, Sighting
from crawler.presence import Presence
from gallery.stages import says_before

COLUMNS = """
    id verdict probability case stage view original site page_url image_url first_seen last_seen decision
    decided_by decided_at note changes mark carries_our_mark explanation also alt caption heading pages
    digest claim state absent_before absent_since back_on unlinked_since file recorded numbers
""".split()  # noqa: SIM905 (reads better)


def finding_json(finding: Finding) -> dict[str, object]:
    """Give a finding as `pairwatch findings --json` prints it.

    Its keys are kept stable.
    """
    answer, there = finding.answer, finding.presence or Presence(page_url="", spans=())
    return {
        "id": finding.id,
        "site": finding.site_url,
        "page_url": finding.page_url,
        "image_url": finding.image_url,
        "photo": finding.name or None,
        "case": finding.case,
        "stage": finding.stage or None,
        "verdict": finding.verdict,
        "probability": round(finding.probability, 4),
        "first_seen": finding.first_seen.isoformat(),
        "last_seen": finding.last_seen.isoformat(),
        "decision": str(finding.decision),
        "decided_by": finding.decided_by,
        "decided_at": finding.decided_at.isoformat() if finding.decided_at else None,
        "note": finding.note,
        "digest": finding.digest,
        "explanation": finding.explanation,
        "also": list(finding.also),
        "like": None,  # kept for readers of older versions: pictures of one look are one finding
        "changes": list(answer.get("changes", [])),
        "hashes": dict(answer.get("hashes", {})),
        "mark": answer.get("mark"),
        "marks": answer.get("marks"),
        "stage_claim": str(claimed_stage(finding)),
        "carries_our_mark": carries_our_mark(finding),
        "judged": _record_json(finding.judgements[0]),
        "judged_before": [_record_json(one) for one in finding.judgements[1:]],
        "pages": [_plain(place) for place in finding.sightings],
        "state": finding.state,
        "numbers": list(finding.numbers),
        "decisions": [_plain(one) for one in finding.decisions],
        "recorded": finding.recorded,
        "absent_before": _proven(there.absent_before),
        "absent_since": _proven(there.absent_since),
        "back_on": _time(there.back_on),
        "unlinked_since": _time(there.unlinked_since),
        "file": str(there.file),
        "history": [_presence_json(one) for one in (*filter(None, (finding.presence,)), *finding.pages)],
        "persons": [_plain(one) for one in finding.persons],
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _proven(at: datetime | None) -> str:
    return at.isoformat() if at else "unknown"


def _plain(one: Sighting | DecisionRecord | PersonSighting) -> dict[str, object]:
    """Give a value's fields as JSON has them."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(one).items()
    }


def _presence_json(one: Presence) -> dict[str, object]:
    """Give the spans of a page, or of the whole site under no page."""
    return {
        "page_url": one.page_url or None,
        "spans": [
            {
                "first": span.first.isoformat(),
                "last": span.last.isoformat(),
                "proofs": span.proofs,
                "absent_before": _proven(span.absent_before),
                "absent_since": _proven(span.absent_since),
            }
            for span in one.spans
        ],
    }


def claimed_stage(finding: Finding) -> StageClaim:
    """What the pages say of our photo that its stage contradicts: of the first page that contradicts it."""
    before, after = says_before(finding.stage), named_stages(finding.stage) == ("after",)
    if finding.photo_id is None or before == after:
        return StageClaim.NOTHING
    side = side_of(finding.answer.get("box"))
    claims = (
        stage_claim((place.alt, place.caption, place.heading), ours_is_before=before, side=side)
        for place in finding.sightings
    )
    return next(filter(None, claims), StageClaim.NOTHING)


def _record_json(said: JudgementRecord) -> dict[str, object]:
    return {
        "at": said.at.isoformat(),
        "verdict": said.verdict,
        "probability": round(said.probability, 4),
        "explanation": said.explanation,
        "matcher": said.matcher or None,
        "marks": list(said.marks),
        "settings": dict(said.settings),
    }


def finding_row(finding: Finding) -> dict[str, str]:
    """Give a finding as a CSV row without our file's name."""
    plain = finding_json(finding)
    place = finding.sightings[0] if finding.sightings else None
    words = {name: getattr(place, name) if place else "" for name in ("alt", "caption", "heading", "claim")}
    pages = " ".join(sorted({place.page_url for place in finding.sightings}))
    changes = "; ".join(str(change) for change in finding.answer.get("changes", []))
    ours = {"view": finding.view, "original": finding.original}
    ours |= {"also": "; ".join(finding.also)}
    numbers = " ".join(map(str, finding.numbers))
    row = plain | words | ours | {"pages": pages, "changes": changes, "numbers": numbers}
    return {name: _cell(row[name]) for name in COLUMNS}


def _cell(value: object) -> str:
    """Write a cell that no spreadsheet runs as a formula.

    Source: OWASP, "CSV Injection".
    """
    text = "" if value is None else " ".join(str(value).replace("\0", "").split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "|", "%")) else text

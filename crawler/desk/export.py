"""A finding as a JSON object and as a CSV row."""

from dataclasses import asdict

from crawler.desk.sentences import carries_our_mark, likeness
from crawler.desk.stage_claims import StageClaim, named_stages, side_of, stage_claim
from crawler.model import Finding, JudgementRecord
from gallery.stages import says_before

COLUMNS = """
    id verdict probability case stage view original site page_url image_url first_seen last_seen decision
    decided_by decided_at note changes mark carries_our_mark explanation also like alt caption heading pages
    digest
""".split()  # noqa: SIM905 (reads better)


def finding_json(finding: Finding) -> dict[str, object]:
    """Give a finding as `pairwatch findings --json` prints it.

    Its keys are kept stable.
    """
    answer = finding.answer
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
        "like": None
        if finding.like is None
        else {"finding": finding.like.finding, "decision": str(finding.like.decision)},
        "changes": list(answer.get("changes", [])),
        "hashes": dict(answer.get("hashes", {})),
        "mark": answer.get("mark"),
        "marks": answer.get("marks"),
        "stage_claim": str(claimed_stage(finding)),
        "carries_our_mark": carries_our_mark(finding),
        "judged": _record_json(finding.judgements[0]),
        "judged_before": [_record_json(one) for one in finding.judgements[1:]],
        "pages": [
            asdict(place)
            | {"first_seen": place.first_seen.isoformat(), "last_seen": place.last_seen.isoformat()}
            for place in finding.sightings
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
    words = {name: getattr(place, name) if place else "" for name in ("alt", "caption", "heading")}
    pages = " ".join(sorted({place.page_url for place in finding.sightings}))
    changes = "; ".join(str(change) for change in finding.answer.get("changes", []))
    ours = {"view": finding.view, "original": finding.original}
    ours |= {"also": "; ".join(finding.also), "like": likeness(finding)}
    row = plain | words | ours | {"pages": pages, "changes": changes}
    return {name: _cell(row[name]) for name in COLUMNS}


def _cell(value: object) -> str:
    """Write a cell that no spreadsheet runs as a formula.

    Source: OWASP, "CSV Injection".
    """
    text = "" if value is None else " ".join(str(value).replace("\0", "").split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "|", "%")) else text

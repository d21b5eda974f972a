"""Findings in the words and fields that people and machines are given."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crawler.model import Decision, Finding, Infringement, Said
from watermark.marking.state import MarkState
from watermark.matching.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = [
    "id",
    "verdict",
    "probability",
    "case",
    "stage",
    "view",
    "original",
    "site",
    "page_url",
    "image_url",
    "first_seen",
    "last_seen",
    "decision",
    "decided_by",
    "decided_at",
    "note",
    "changes",
    "mark",
    "carries_our_mark",
    "explanation",
    "also",
    "like",
    "alt",
    "caption",
    "heading",
    "pages",
    "digest",
]
MARK_ONLY = "our mark, none of our photos"
MARK_ONLY_MEANS = (
    "It shows either a patient of ours whose photograph is not catalogued, or somebody else's picture under our mark: "
    "look which before anything is claimed. It is not counted as a copy."
)
ASIDE = frozenset((Decision.DISMISSED, Decision.LICENSED))
_SAYS_MARK_ONLY = "The machine says: it carries our mark, but is none of our catalogued photographs."
_VERDICTS: dict[str, str] = {
    Verdict.COPY: "The machine says: a copy of our photograph.",
    Verdict.SAME_SCENE: (
        "The machine says: another photograph of the same session; very probably ours, but not this file."
    ),
    Verdict.POSSIBLE: "The machine says: possibly ours; a person has to look.",
}
_MARKS = {
    MarkState.KEPT: "on the picture",
    MarkState.PARTLY_KEPT: "on the picture in part",
    MarkState.CROPPED: "cut off",
    MarkState.PAINTED_OVER: "painted over",
    MarkState.NEVER: "not on the picture, and no trace that it was removed",
}


def subject(finding: Finding) -> str:
    """Name what of ours a finding is about: `case 51, after`; or that it is our mark alone."""
    return MARK_ONLY if finding.photo_id is None else f"case {finding.case}, {finding.stage}"


def finding_json(finding: Finding) -> dict[str, object]:
    """Give a finding as `pairwatch findings --json` prints it: one flat object, keys kept stable."""
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
        "mark": answer.get("mark"),
        "carries_our_mark": finding.photo_id is None or bool(answer.get("carries_our_mark")),
        "judged": _said_json(finding.said[0]),
        "judged_before": [_said_json(one) for one in finding.said[1:]],
        "pages": [
            {
                "page_url": place.page_url,
                "element": place.element,
                "via": place.via,
                "alt": place.alt,
                "caption": place.caption,
                "heading": place.heading,
                "first_seen": place.first_seen.isoformat(),
                "last_seen": place.last_seen.isoformat(),
            }
            for place in finding.sightings
        ],
    }


def _said_json(said: Said) -> dict[str, object]:
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
    """Give a finding as a row of the CSV file, without our file's name; no cell can be taken for a formula."""
    plain = finding_json(finding)
    place = finding.sightings[0] if finding.sightings else None
    words = {name: getattr(place, name) if place else "" for name in ("alt", "caption", "heading")}
    pages = " ".join(sorted({place.page_url for place in finding.sightings}))
    changes = "; ".join(str(change) for change in finding.answer.get("changes", []))
    ours = {"view": finding.view, "original": finding.original}
    ours |= {"also": "; ".join(finding.also), "like": likeness(finding)}
    row: Mapping[str, object] = plain | words | ours | {"pages": pages, "changes": changes}
    return {name: _cell(row[name]) for name in COLUMNS}


def _cell(value: object) -> str:
    """Write a cell; what a spreadsheet would run (=, +, -, @, tab) is made text by an apostrophe.

    Source: OWASP, "CSV Injection".
    """
    text = "" if value is None else " ".join(str(value).replace("\0", "").split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "|", "%")) else text


def says(finding: Finding) -> str:
    """Give the sentence that keeps apart what the machine says and what a person has confirmed."""
    if isinstance(finding, Infringement):
        return f"Confirmed as an infringement by {finding.decided_by}."
    if finding.photo_id is None:
        return _SAYS_MARK_ONLY
    return _VERDICTS.get(finding.verdict, f"The machine says: {finding.verdict}.")


def mark_says(finding: Finding) -> str:
    """Say what became of our mark, in the words of the report."""
    if finding.photo_id is None:
        return "on the picture"
    return _MARKS.get(finding.answer.get("mark", ""), "cannot be told")


def likeness(finding: Finding) -> str:
    """Say which decided finding's picture this is, saved again; "" when it is none."""
    like = finding.like
    if like is None:
        return ""
    return f"The same picture, saved again, is finding {like.finding}: {like.decision}, by {like.by}."


def said_before(finding: Finding) -> tuple[str, ...]:
    """Word each former judgement, the newest first."""
    return tuple(
        f"{said.at:%Y-%m-%d}: {said.verdict}, {said.probability:.1%}, "
        f"by {f'matcher {said.matcher}' if said.matcher else 'an earlier version'}"
        for said in finding.said[1:]
    )


def is_for_the_desk(finding: Finding) -> bool:
    """Tell whether a finding is shown without being asked for: whatever nobody has put aside.

    What a person dismissed or licensed stays aside when the site only saves it anew; what was confirmed does not
    confirm anything else, so that its likes are shown, with the reference.
    """
    return finding.decision not in ASIDE and (finding.like is None or finding.like.decision not in ASIDE)


def is_news(finding: Finding) -> bool:
    """Tell whether a night's finding is worth a line in summary and mail."""
    return (finding.verdict == Verdict.COPY or finding.photo_id is None) and is_for_the_desk(finding)


def counted(findings: Sequence[Finding]) -> str:
    """Say how many findings these are, our mark alone apart: `2 new findings, 1 of them our mark, …`."""
    alone = sum(one.photo_id is None for one in findings)
    plural = "" if len(findings) == 1 else "s"
    return f"{len(findings)} new finding{plural}" + (f", {alone} of them {MARK_ONLY}" if alone else "")

"""Sentences about findings, as terminal, report and mail print them."""

from collections.abc import Sequence

from crawler.model import Finding, Infringement
from crawler.presence import FileState
from watermark.marking.state import MarkState
from watermark.matching.verdict import Verdict

MARK_ONLY = "our mark, none of our photos"
MARK_ONLY_MEANS = (
    "It shows either a patient of ours whose photograph is not catalogued, or somebody else's picture under our mark: "
    "look which before anything is claimed. It is not counted as a copy."
)
_SAYS_MARK_ONLY = "The machine says: it carries our mark, but is none of our catalogued photographs."
_SAYS_MARK_NO_MORE = "The machine says: nothing of ours; it once said that it carries our mark."
_VERDICTS: dict[str, str] = {
    Verdict.COPY: "The machine says: a copy of our photograph.",
    Verdict.SAME_SCENE: (
        "The machine says: another photograph of the same session; very probably ours, but not this file."
    ),
    Verdict.POSSIBLE: "The machine says: possibly ours; a person has to look.",
    Verdict.NONE: "The machine says: not this photograph of ours; it once said otherwise.",
}
_MARKS = {
    MarkState.KEPT: "on the picture",
    MarkState.PARTLY_KEPT: "on the picture in part",
    MarkState.CROPPED: "cut off",
    MarkState.PAINTED_OVER: "painted over",
    MarkState.NEVER: "not on the picture; whether it was removed cannot be told",
}


def subject(finding: Finding) -> str:
    """Name what of ours a finding is about.

    `case 51, after`, or that it is our mark alone.
    """
    return MARK_ONLY if finding.photo_id is None else f"case {finding.case}, {finding.stage}"


def says(finding: Finding) -> str:
    """Say who calls it what, the machine or a person."""
    if isinstance(finding, Infringement):
        return f"Confirmed as an infringement by {finding.decided_by}."
    if finding.photo_id is None:
        return _SAYS_MARK_ONLY if carries_our_mark(finding) else _SAYS_MARK_NO_MORE
    return _VERDICTS.get(finding.verdict, f"The machine says: {finding.verdict}.")


def carries_our_mark(finding: Finding) -> bool:
    """Tell whether the newest judgement sees our mark in the picture."""
    return bool(finding.answer.get("carries_our_mark", finding.photo_id is None))


def mark_says(finding: Finding) -> str:
    """Say what became of our mark, in the words of the report."""
    if finding.photo_id is None and carries_our_mark(finding):
        return "on the picture"
    state, marks = finding.answer.get("mark", ""), finding.answer.get("marks") or {}
    if state == MarkState.NEVER and marks.get("hidden") == "not-there":
        return "never on it: made from an unmarked original, as the hidden mark is not there either"
    said = _MARKS.get(state, "cannot be told")
    named = marks.get("publication")
    if not named:
        return said
    return (
        f"{said}; the hidden mark is there and names the file for {named['channel']}, "
        f"published since {named['day']}"
    )


def whereabouts(finding: Finding) -> str:
    """Say whether it is still there, as far as that is proven."""
    there = finding.presence
    if finding.waits:
        joined = ", ".join(str(number) for number in finding.numbers)
        return f"Findings {joined} are one, and were decided differently: a person has to decide."
    if there is None:
        return "Recorded by an older version, which did not keep what was answered."
    if there.absent_since:
        return f"Proven gone since {there.absent_since:%Y-%m-%d %H:%M} UTC."
    if finding.file is FileState.SERVED and there.unlinked_since:
        return (
            f"No page names it since {there.unlinked_since:%Y-%m-%d %H:%M} UTC, but the file is still served."
        )
    return (
        f"Back since {there.back_on:%Y-%m-%d %H:%M} UTC, after it was proven gone." if there.back_on else ""
    )


def former_judgements(finding: Finding) -> tuple[str, ...]:
    """Word each former judgement, the newest first."""
    return tuple(
        f"{said.at:%Y-%m-%d}: {said.verdict}, {said.probability:.1%}, "
        f"by {f'matcher {said.matcher}' if said.matcher else 'an earlier version'}"
        for said in finding.judgements[1:]
    )


def counted(findings: Sequence[Finding]) -> str:
    """Count findings in words, our mark alone apart."""
    alone = sum(one.photo_id is None for one in findings)
    plural = "" if len(findings) == 1 else "s"
    return f"{len(findings)} new finding{plural}" + (f", {alone} of them {MARK_ONLY}" if alone else "")

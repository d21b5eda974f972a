"""An answer as one plain sentence, for people who decide by it."""

from collections.abc import Sequence

from watermark.marking.state import MarkState
from watermark.matching.result import Answer
from watermark.matching.verdict import Verdict

SURE = 0.999
NOT_OURS = "It carries our mark, but is none of our catalogued photos."


def explain(answer: Answer, subject: str, also: Sequence[str] = ()) -> str:
    """One plain sentence or two.

    Args:
        answer: what the machine says.
        subject: the photo, like "Patient 51's after photo".
        also: the further photos in the same picture, likewise.
    """
    where = f"Frame {answer.frame + 1} of {answer.frames}: " if answer.frames > 1 and answer.photo else ""
    return where + _verdict(answer, subject) + _others(also)


def _verdict(answer: Answer, subject: str) -> str:
    if answer.verdict == Verdict.NONE:
        seen = f" ({answer.judged} of its {answer.frames} frames were looked at)" if answer.frames > 1 else ""
        return f"None of our catalogued photos is in it{seen}." + (
            f" {NOT_OURS}" if answer.carries_our_mark else ""
        )
    if answer.verdict == Verdict.CANNOT_TELL:
        return f"Cannot tell: {answer.why}." + (" It carries our mark." if answer.carries_our_mark else "")
    sure = f"more than {100 * SURE:.1f}" if answer.probability > SURE else f"{100 * answer.probability:.1f}"
    if answer.verdict == Verdict.SAME_SCENE:
        return f"Another photograph of the same session as {subject} (probability {sure} %)."
    whole = f"{answer.part} of {subject}" if answer.part else subject
    how = _how(answer)
    if answer.verdict == Verdict.COPY:
        return f"{whole[:1].upper()}{whole[1:]}, {how} ({sure} % sure)."
    return f"Possibly {whole}, {how} (probability {sure} %)."


def _how(answer: Answer) -> str:
    """What was done, the light last and after a semicolon."""
    mark = {
        MarkState.KEPT: "with our mark",
        MarkState.PARTLY_KEPT: "with a part of our mark",
        MarkState.CROPPED: "our mark cut off",
        MarkState.PAINTED_OVER: "our mark painted over",
    }.get(answer.mark, "")
    if any("where our mark was" in change for change in answer.changes):
        mark = ""
    light = [change for change in answer.changes if change in LIGHT]
    whole = ["whole"] if mark and not answer.part and not set(answer.changes) - set(LIGHT) else []
    said = whole + [change for change in answer.changes if change not in LIGHT] + ([mark] if mark else [])
    return "; ".join(filter(None, (", ".join(said), ", ".join(light)))) or "whole"


LIGHT = ("brighter", "darker", "without colour")


def _others(also: Sequence[str]) -> str:
    return f" In the same picture: {', '.join(also)}." if also else ""

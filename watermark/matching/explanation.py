"""An answer as one plain sentence, for people who decide by it."""

from collections.abc import Sequence
from itertools import groupby

from watermark.marking.state import MarkState
from watermark.matching.result import Answer, Background, Edit, EditKind, Half, Obstacle, Place
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
    where = (
        f"Frame {answer.frame + 1} of {answer.frames}: "
        if answer.frames > 1 and answer.photo is not None
        else ""
    )
    return where + _verdict(answer, subject) + _others(also)


def _verdict(answer: Answer, subject: str) -> str:
    if answer.verdict == Verdict.NONE:
        seen = f" ({answer.judged} of its {answer.frames} frames were looked at)" if answer.frames > 1 else ""
        around = f" Only {answer.background}." if answer.background == Background.ROOM else ""
        if answer.background == Background.SOMEBODY_ELSE:
            around = f" It is like one of them, but {answer.background}."
        return f"None of our catalogued photos is in it{seen}.{around}" + (
            f" {NOT_OURS}" if answer.carries_our_mark else ""
        )
    if answer.verdict == Verdict.CANNOT_TELL:
        why = _OBSTACLES[answer.obstacle or Obstacle.PLAIN]
        return f"Cannot tell: {why}." + (" It carries our mark." if answer.carries_our_mark else "")
    sure = f"more than {100 * SURE:.1f}" if answer.probability > SURE else f"{100 * answer.probability:.1f}"
    if answer.verdict == Verdict.SAME_SCENE:
        return f"Another photograph of the same session as {subject} (probability {sure} %)."
    whole = f"{half_words(answer.half)} of {subject}" if answer.half else subject
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
    if any(edit.marked for edit in answer.edits):
        mark = ""
    light = edit_words([edit for edit in answer.edits if edit.kind in _LIGHT])
    shape = edit_words([edit for edit in answer.edits if edit.kind not in _LIGHT])
    whole = ["whole"] if mark and answer.half is None and not shape else []
    said = [*whole, *shape, *([mark] if mark else [])]
    return "; ".join(filter(None, (", ".join(said), ", ".join(light)))) or "whole"


def half_words(half: Half | None) -> str:
    """Name the half that is shown, like "the left half"."""
    return f"the {half} half" if half else ""


def edit_words(edits: Sequence[Edit]) -> list[str]:
    """Word what was done to a photo, phrase by phrase.

    All sides that are cut off share one phrase.
    """
    words: list[str] = []
    for kind, same in groupby(edits, key=lambda edit: edit.kind):
        alike = list(same)
        words += [_cut(alike)] if kind == EditKind.CUT else [_phrase(edit) for edit in alike]
    return words


def _phrase(edit: Edit) -> str:
    return _PHRASES[edit.kind].format(
        share=f"{100 * edit.amount:.0f} %",
        degrees=f"{abs(edit.amount):.0f}°",
        way="clockwise" if edit.amount > 0 else "anticlockwise",
        side=edit.side,
        place="its middle" if edit.place == Place.MIDDLE else f"its {edit.place} part",
    )


def _cut(cut: Sequence[Edit]) -> str:
    named = [f"the {edit.side} {100 * edit.amount:.0f} %" for edit in cut]
    listed = " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
    return f"{listed} cut off" + (", where our mark was" if cut[-1].marked else "")


_LIGHT = frozenset({EditKind.BRIGHTER, EditKind.DARKER, EditKind.COLOURLESS})
_PHRASES = {
    EditKind.MIRRORED: "mirrored",
    EditKind.TURNED: "turned {degrees} {way}",
    EditKind.STRETCHED: "stretched by {share}",
    EditKind.STRIP_AT_SIDE: "a strip laid over its {side} {share}",
    EditKind.STRIP: "a strip laid over {place}",
    EditKind.BAR: "a bar laid over {place}",
    EditKind.BOX: "a box laid over {place}",
    EditKind.BLURRED_ACROSS: "blurred over {place}",
    EditKind.BLURRED: "blurred at {place}",
    EditKind.OTHER_BACKGROUND: "set on another background",
    EditKind.SET_IN: "set in a larger picture, of which it fills {share}",
    EditKind.BRIGHTER: "brighter",
    EditKind.DARKER: "darker",
    EditKind.COLOURLESS: "without colour",
}
_OBSTACLES = {
    Obstacle.TOO_SMALL: "the picture is too small",
    Obstacle.EMPTY: "there is next to nothing in it",
    Obstacle.PLAIN: "the picture is too plain",
}


def _others(also: Sequence[str]) -> str:
    return f" In the same picture: {', '.join(also)}." if also else ""

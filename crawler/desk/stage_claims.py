"""Whether a page's words give our photograph another stage than it shows: our before as their after, sides swapped."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

_NAMED: Final = re.compile(
    r"(?<![^\W_])(?:(?P<before>before|pre[\s-]?op(?:erative(?:ly)?)?|pre[\s-]?treatment|baseline|vorher"
    r"|vor der behandlung|avant|antes|prima del trattamento)"
    r"|(?P<after>after|post[\s-]?op(?:erative(?:ly)?)?|post[\s-]?treatment|nachher|nach der behandlung"
    r"|apr[eè]s|despu[eé]s|depois|dopo))(?![^\W_])",
    re.IGNORECASE,
)
# The same words where they speak of no photograph: "after care", "before you book", "nothing like it before".
_ELSEWHERE: Final = re.compile(
    r"\bafter[\s-]?(?:care|hours|sales?|party|shave|all|you|your|we|i|that|this|which|booking|reading|work)\b"
    r"|\bbefore[\s-]?(?:you|your|we|i|that|this|which|booking|buying|choosing|noon|reading|deciding|hand)\b"
    r"|\b(?:never|like|than|ever) (?:\w+ ){0,2}before\b|\b(?:day|year|look|soon|short\w+|here|there) after\b"
    r"|\bsought[\s-]after\b",
    re.IGNORECASE,
)
BOTH_SIDES: Final = 0.75  # of the found picture's width: what fills more is no side of a composite
LEFT, RIGHT = 0.42, 0.58  # of its width: where a side's middle lies


class StageClaim(StrEnum):
    """What a page says of our photograph that its stage contradicts."""

    NOTHING = ""
    BEFORE_AS_AFTER = "our before photo is shown as an after"
    AFTER_AS_BEFORE = "our after photo is shown as a before"
    SWAPPED = "the sides are swapped: our photo stands where the page says the other stage is"


def named_stages(words: str) -> tuple[str, ...]:
    """Name the stages that words speak of, `before` and `after`, in reading order, each once."""
    plain = _ELSEWHERE.sub(" ", words.replace("_", " "))
    return tuple(dict.fromkeys(str(found.lastgroup) for found in _NAMED.finditer(plain)))


def stage_claim(words: Sequence[str], *, ours_is_before: bool, side: str = "") -> StageClaim:
    """Compare what a page's words say of a picture with the stage of our photo in it.

    Args:
        words: The texts that belong to the picture, each by itself: alt text, caption, file name; the heading last.
        ours_is_before: Whether our photo was taken before any treatment.
        side: `left` or `right` where our photo is one side of a composite; "" where it is the whole picture.

    Returns:
        What the nearest text that names a stage gets wrong, if anything.
    """
    ours, other = ("before", "after") if ours_is_before else ("after", "before")
    for text in words:
        named = named_stages(text)
        if not named:
            continue
        if named == (other,) and not side:
            return StageClaim.BEFORE_AS_AFTER if ours_is_before else StageClaim.AFTER_AS_BEFORE
        if len(named) == len((ours, other)) and side:
            said = named[0] if side == "left" else named[1]
            return StageClaim.SWAPPED if said == other else StageClaim.NOTHING
        return StageClaim.NOTHING
    return StageClaim.NOTHING


def side_of(box: Sequence[float] | None) -> str:
    """Tell on which side of the found picture our photo stands; "" for the whole, or where nothing can be told.

    Args:
        box: Where it lies there: left, top, right, bottom as shares of the found picture, as the matcher gives it.
    """
    if box is None or box[2] - box[0] > BOTH_SIDES:
        return ""
    middle = (box[0] + box[2]) / 2
    return "left" if middle < LEFT else "right" if middle > RIGHT else ""

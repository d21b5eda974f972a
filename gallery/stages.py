"""Stages, their labels, and which come before treatment."""

import re
from functools import lru_cache

from gallery.model import Performer, Stage

_BEFORE = re.compile(
    r"\s*(before|pre[\s-]?op(erative(ly)?)?|pre[\s-]?treatment|pre(?=\W*$)|baseline|initial|vorher|avant|antes)\b",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\b(after|post|results?|outcome|healed|later|final|follow[\s-]?up|nachher|apr[eè]s|despu[eé]s)\b",
    re.IGNORECASE,
)
_TIME = re.compile(r"\b(session|immediate|day|week|month|year|hour)", re.IGNORECASE)
_SESSION = re.compile(r"\bsession\s+(\d{1,2})(?:\s*(?:of|/)\s*(\d{1,2}))?", re.IGNORECASE)


def heading(label: str) -> str:
    """Give a stage's label as it stands above or in pictures."""
    return label[:1].upper() + label[1:]


def sessions_in(label: str) -> tuple[int | None, int | None]:
    """Read how many sessions a label says were done and planned.

    "After session 2 of 3" gives (2, 3), "before session 2 of 3" (1, 3); None stands for what it does not say.
    """
    found = _SESSION.search(label)
    if found is None:
        return None, None
    done, planned = int(found[1]), int(found[2]) if found[2] else None
    if _BEFORE.match(label):
        done -= 1
    return (done, planned) if done > 0 else (None, None)


@lru_cache(maxsize=1000)
def says_before(label: str) -> bool:
    """Tell whether a label speaks of the time before any work."""
    return _BEFORE.match(label) is not None and not _AFTER.search(label) and sessions_in(label)[0] is None


def is_before_treatment(stage: Stage) -> bool:
    """Tell whether a stage lies before any treatment of ours.

    Its label says so; or it is the first, nothing in its label speaks of a later time, and no work is recorded.
    """
    if says_before(stage.label):
        return True
    label_tells = any(words.search(stage.label) for words in (_BEFORE, _AFTER, _TIME))
    recorded = stage.procedure or stage.session or stage.elapsed or stage.in_progress
    unknown = stage.performed_by is Performer.UNKNOWN
    return stage.position == 1 and not label_tells and not recorded and unknown


def shows_work(stage: Stage) -> bool:
    """Tell whether a stage shows anybody's work."""
    return bool(stage.procedure) or not is_before_treatment(stage)


def is_immediate(stage: Stage) -> bool:
    """Tell whether a stage was photographed right after its work."""
    return "immediate" in f"{stage.elapsed} {stage.label}".lower()

"""The sentences that a record says about itself: from facts, so that nobody must remember to be honest."""

from gallery.model import Performer, Stage
from gallery.stages import heading, shows_work

_PERFORMED = {
    Performer.US: "This work was done by us.",
    Performer.OTHER: "This work was done by another doctor, not by us.",
    Performer.UNKNOWN: "Who did this work is not recorded.",
}


def stage_title(stage: Stage) -> str:
    """Give the stage's label as a heading: `Before`, `After session 1 of 3`."""
    return heading(stage.label)


def stage_sentences(stage: Stage) -> list[str]:
    """Say when a stage was photographed, who did the work it shows, and what is still to come."""
    sentences = []
    taken = _taken(stage)
    if taken:
        sentences.append(taken)
    if stage.procedure:
        sentences.append(f"Procedure: {stage.procedure.rstrip('.')}.")
    if shows_work(stage):
        sentences.append(_PERFORMED[stage.performed_by])
    if stage.in_progress:
        sentences.append("The treatment is not finished: further work is planned.")
    if stage.note:
        sentences.append(stage.note if stage.note.endswith((".", "!", "?")) else f"{stage.note}.")
    return sentences


def _taken(stage: Stage) -> str:
    """Say when in one sentence, as in "taken immediately after session 1 of 3"."""
    if stage.session:
        of = f" of {stage.sessions}" if stage.sessions else ""
        when = f"after session {stage.session}{of}"
    elif stage.elapsed:
        when = "after the treatment"
    else:
        return ""
    elapsed = stage.elapsed.strip().rstrip(".")
    return f"Taken {elapsed + ' ' if elapsed else ''}{when}."


def photo_alt(case: int, stage: str, view: str, written: str) -> str:
    """Give the words for readers who cannot see the picture: as written, or else from the record."""
    return written or f"Patient {case}, {stage}, view: {view}"


def photo_caption(stage: str, view: str, written: str) -> str:
    """Give the line under the picture: as written, or else from the record."""
    return written or f"{heading(stage)}, {view}"

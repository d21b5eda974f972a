"""What a case's page says beside its photos."""

from collections.abc import Sequence

from gallery.model import Case, Performer, Photo, Stage
from gallery.rules.advertising import Objection, check, facts_about, load_rules, required_sentences
from gallery.settings import Settings
from gallery.stages import heading, shows_work

_PERFORMED = {
    Performer.US: "This work was done by us.",
    Performer.OTHER: "This work was done by another doctor, not by us.",
    Performer.UNKNOWN: "Who did this work is not recorded.",
}


def stage_title(stage: Stage) -> str:
    """Give the stage's label as a heading."""
    return heading(stage.label)


def stage_sentences(stage: Stage) -> list[str]:
    """Say when a stage was taken, whose work it shows, what follows."""
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
    """Say when in one sentence ("Taken immediately after session 1 of 3.")."""
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
    """Give the words for readers who cannot see the picture."""
    return written or f"Patient {case}, {stage}, view: {view}"


def photo_caption(stage: str, view: str, written: str) -> str:
    """Give the line under the picture."""
    return written or f"{heading(stage)}, {view}"


def required_on(case: Case, stages: Sequence[Stage], settings: Settings) -> tuple[str, ...]:
    """Give the sentences that the jurisdictions want on a case's page."""
    return required_sentences(facts_about(case, stages, settings), load_rules(settings.jurisdictions))


def page_words(case: Case, stages: Sequence[Stage], photos: Sequence[Photo], settings: Settings) -> str:
    """Put together what readers of a case's page will read."""
    said = [sentence for stage in stages for sentence in (stage_title(stage), *stage_sentences(stage))]
    for photo in photos:
        said += [photo_caption(photo.stage, photo.view, photo.caption), photo.alt]
    said += [case.region, case.classification, case.limits or settings.limits, *case.tags, *settings.required]
    said += required_on(case, stages, settings)
    return "\n\n".join(filter(None, said))


def objections_about(
    case: Case, stages: Sequence[Stage], photos: Sequence[Photo], settings: Settings
) -> list[Objection]:
    """Check all that a case's page will say, what blocks first."""
    facts = facts_about(case, stages, settings)
    words = page_words(case, stages, photos, settings)
    objections = check(words, facts, load_rules(settings.jurisdictions))
    return sorted(objections, key=lambda objection: not objection.blocks)

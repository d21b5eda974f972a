"""What a case's page must say beside its photos, and whether its words may be published at all. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from gallery.consent import Permission
from gallery.model import Case, Photo, Stage
from gallery.public_site.wording import photo_caption, stage_sentences, stage_title
from gallery.settings import Settings
from gallery.truth import Facts, Finding, check, facts_of, load_rules, required_sentences


def facts_about(case: Case, stages: Sequence[Stage], settings: Settings) -> Facts:
    """Draw from the record and the settings what a page's words are checked against."""
    return facts_of(case, stages, registered=settings.registered, trademarks=settings.trademarks)


def required_on(case: Case, stages: Sequence[Stage], settings: Settings) -> tuple[str, ...]:
    """Give the sentences that the practice's jurisdictions want on the page of such a case."""
    return required_sentences(facts_about(case, stages, settings), load_rules(settings.jurisdictions))


def page_words(case: Case, stages: Sequence[Stage], photos: Sequence[Photo], settings: Settings) -> str:
    """Put together what readers of a case's page will read, paragraph by paragraph."""
    said = [sentence for stage in stages for sentence in (stage_title(stage), *stage_sentences(stage))]
    for photo in photos:
        said += [photo_caption(photo.stage, photo.view, photo.caption), photo.alt]
    said += [case.region, case.classification, case.limits or settings.limits, *case.tags, *settings.required]
    said += required_on(case, stages, settings)
    return "\n\n".join(filter(None, said))


def findings_about(
    case: Case, stages: Sequence[Stage], photos: Sequence[Photo], settings: Settings
) -> list[Finding]:
    """Check everything that the page of a case will say, what blocks first."""
    words = page_words(case, stages, photos, settings)
    findings = check(words, facts_about(case, stages, settings), load_rules(settings.jurisdictions))
    return sorted(findings, key=lambda finding: not finding.blocks)


def held_back(
    cases: Sequence[Case], stages: Sequence[Stage], photos: Sequence[Photo], settings: Settings
) -> Mapping[int, Permission]:
    """Rule on the words of every case: a refusal by number for each that may not be published as it is worded."""
    own_stages: defaultdict[int, list[Stage]] = defaultdict(list)
    own_photos: defaultdict[int, list[Photo]] = defaultdict(list)
    for stage in stages:
        own_stages[stage.case].append(stage)
    for photo in photos:
        own_photos[photo.case].append(photo)
    refused = {}
    for case in cases:
        findings = findings_about(case, own_stages[case.number], own_photos[case.number], settings)
        blocking = [finding for finding in findings if finding.blocks]
        if blocking:
            reason = f"the words of Patient {case.number} may not be published: {blocking[0].sentence()}"
            refused[case.number] = Permission(allowed=False, reason=reason.rstrip("."))
    return refused

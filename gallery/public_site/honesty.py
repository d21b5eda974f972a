"""What a case's page must say beside its photos, and whether its words may be published at all. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from gallery.consent import Permission
from gallery.model import Case, Photo, Stage
from gallery.public_site.story import Records, Story
from gallery.public_site.wording import photo_caption, stage_sentences, stage_title
from gallery.settings import Settings
from gallery.truth import Facts, Finding, check, facts_of, load_rules, required_sentences

_Part = TypeVar("_Part", Stage, Photo)


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


def hold_back(rules: Mapping[int, Permission], records: Records, settings: Settings) -> dict[int, Permission]:
    """Take back the permission of every photo whose page may not be published as it is worded."""
    stages, photos = _by_case(records.stages), _by_case(records.photos)
    allowed = {photo.case for photo in records.photos if rules[photo.id].allowed}
    held = {}
    for case in records.cases:
        if case.number in allowed:
            findings = findings_about(case, stages[case.number], photos[case.number], settings)
            blocking = next((finding.sentence() for finding in findings if finding.blocks), "")
            if blocking:
                reason = f"the words of Patient {case.number} may not stand so: {blocking.rstrip('.')}"
                held[case.number] = Permission(allowed=False, reason=reason)
    return {photo.id: held.get(photo.case, rules[photo.id]) for photo in records.photos}


def disclose(
    stories: Sequence[Story],
    records: Records,
    settings: Settings,
    differences: Mapping[tuple[int, int], tuple[str, ...]],
) -> list[Story]:
    """Add to each story the sentences its jurisdictions want, and what was measured to differ in its pairs."""
    cases, stages = {case.number: case for case in records.cases}, _by_case(records.stages)
    told = []
    for story in stories:
        mine = {photo.id for photo in story.photos}
        own = tuple(
            sorted((pair, words) for pair, words in differences.items() if words and mine.issuperset(pair))
        )
        required = required_on(cases[story.number], stages[story.number], settings)
        told.append(replace(story, required=required, differences=own))
    return told


def _by_case(parts: Sequence[_Part]) -> defaultdict[int, list[_Part]]:
    grouped: defaultdict[int, list[_Part]] = defaultdict(list)
    for part in parts:
        grouped[part.case].append(part)
    return grouped

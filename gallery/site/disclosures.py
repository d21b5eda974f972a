"""What a case's page must say beside its photos, and whether its words may be published at all. Pure."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from gallery.consent import Ground, Permission, Reason
from gallery.model import Case, Photo, Stage
from gallery.rules.advertising import rules_digest
from gallery.rules.disclosures import facts_about, findings_about, page_words, required_on
from gallery.settings import Settings
from gallery.site.cache import Remembered
from gallery.site.stories import Records, Story

_Part = TypeVar("_Part", Stage, Photo)


def hold_back(
    rules: Mapping[int, Permission], records: Records, settings: Settings, judged: Remembered
) -> dict[int, Permission]:
    """Take back the permission of every photo whose page may not be published as it is worded.

    Args:
        rules: what consent says of each photo.
        records: all cases.
        settings: of the practice.
        judged: what earlier builds thought of the same words under the same rules (see `judged_alike`).
    """
    stages, photos = _by_case(records.stages), _by_case(records.photos)
    allowed = {photo.case for photo in records.photos if rules[photo.id].allowed}
    held, asked = {}, set()
    for case in records.cases:
        if case.number in allowed:
            own = (case, stages[case.number], photos[case.number], settings)
            key = _words_key(*own)
            asked.add(key)
            blocking = judged.of(key, partial(_blocking, *own))
            if blocking:
                finding = blocking.rstrip(".")
                reason = Reason(ground=Ground.WORDS_REFUSED, case=case.number, finding=finding)
                held[case.number] = Permission(allowed=False, reason=reason)
    judged.keep(asked)
    return {photo.id: held.get(photo.case, rules[photo.id]) for photo in records.photos}


def judged_alike(settings: Settings) -> str:
    """Digest what every page's words are judged by: settings, rules, and the very code that applies them."""
    parts = (replace(settings, crawler={}), rules_digest())
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _words_key(case: Case, stages: Sequence[Stage], photos: Sequence[Photo], settings: Settings) -> str:
    """Digest what one page's words are judged by; the practice's marks are the same for all pages."""
    facts = facts_about(case, stages, settings)
    words = page_words(case, stages, photos, settings)
    own = replace(facts, registered=frozenset(), trademarks=frozenset())
    return hashlib.sha256(repr((words, own)).encode()).hexdigest()


def _blocking(case: Case, stages: Sequence[Stage], photos: Sequence[Photo], settings: Settings) -> str:
    findings = findings_about(case, stages, photos, settings)
    return next((finding.sentence() for finding in findings if finding.blocks), "")


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

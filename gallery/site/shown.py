"""What each channel shows, under which names, by which recipes."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from gallery.consent import Ground, Permission, Reason, agreed, may_show
from gallery.model import PUBLIC_CHANNEL, Case, Photo, Publication, Stage
from gallery.rules.advertising import facts_about
from gallery.rules.disclosures import objections_about, page_words
from gallery.rules.pairs import frames_of
from gallery.settings import Channel, Settings
from gallery.site.cache import AnswerCache
from gallery.site.records import Records
from gallery.site.renditions import Recipe, recipe_for
from gallery.store.hidden_marks import HiddenMarkRow
from watermark.marking.hidden.keys import MarkKey

_CLOSED = frozenset({Ground.CASE_WITHDRAWN, Ground.CASE_HELD, Ground.MINOR})


@dataclass(frozen=True, slots=True)
class Shown:
    """What one channel shows.

    Attributes:
        permissions: of every photo of the catalogue.
        consented: numbers of the cases whose patients agreed to this channel, shown or not.
        photos: that may be shown.
        before: how photos were public until this build.
        published: how they are public with it.
        recipes: what their files are made from, by key.
    """

    channel: Channel
    permissions: Mapping[int, Permission]
    consented: frozenset[int]
    photos: Sequence[Photo]
    before: Mapping[int, Publication]
    published: Mapping[int, Publication]
    recipes: Mapping[str, Recipe]

    @property
    def cases(self) -> frozenset[int]:
        """The numbers of the cases that are shown."""
        return frozenset(photo.case for photo in self.photos)

    @property
    def refusals(self) -> dict[str, int]:
        """Why photos are not shown, and how many each."""
        reasons = Counter(str(one.reason) for one in self.permissions.values() if not one.allowed)
        return dict(reasons.most_common())


def shown_in_channels(
    records: Records,
    settings: Settings,
    words: AnswerCache,
    *,
    now: datetime,
    token: Callable[[], str],
    mark_key: str,
) -> list[Shown]:
    """Decide what each channel shows, in the settings' order.

    `words` is what earlier builds found wrong with the same pages; `token` makes a name that says nothing; `mark_key`
    names the key of what is hidden in the files.
    """
    frames, all_shown = frames_of(records.photos, records.alignments), []
    today = settings.local(now)
    for name, channel in settings.channels.items():
        permissions, consented = _ruled(records, channel.scope, today)
        if name == PUBLIC_CHANNEL:  # its photos stand on pages with words of ours
            permissions = _without_refused_words(permissions, records, settings, words)
        photos = [photo for photo in records.photos if permissions[photo.id].allowed]
        before, published, recipes = records.publications.get(name, {}), {}, {}
        for photo in photos:
            recipe = recipe_for(photo, channel, settings, frames.get(photo.id), now, mark_key)
            key = recipe.key()
            recipes[key] = recipe
            known = before.get(photo.id)
            published[photo.id] = known if known and known.recipe == key else Publication(token(), key)
        all_shown.append(Shown(channel, permissions, consented, photos, before, published, recipes))
    return all_shown


def hidden_marks_of(channels: Sequence[Shown], key: MarkKey) -> list[HiddenMarkRow]:
    """Say what the new hidden marks of shown photos stand for."""
    return [
        HiddenMarkRow(
            payload=recipe.hidden(key).payload,
            photo_id=photo,
            channel=shown.channel.name,
            day=recipe.published,
            key_name=key.name,
        )
        for shown in channels
        for photo, published in shown.published.items()
        if shown.before.get(photo) != published
        for recipe in [shown.recipes[published.recipe]]
    ]


def _ruled(records: Records, scope: str, today: datetime) -> tuple[dict[int, Permission], frozenset[int]]:
    """Rule on every photo, and name the cases whose patients agreed."""
    permissions, consented = {}, set()
    for photo in records.photos:
        own = records.consents_of[photo.case]
        permissions[photo.id] = permission = may_show(records.case[photo.case], photo, own, scope, today)
        closed = permission.reason.ground in _CLOSED
        if permission.allowed or (closed and agreed(photo, own, scope, today).allowed):
            consented.add(photo.case)
    return permissions, frozenset(consented)


def _without_refused_words(
    permissions: Mapping[int, Permission], records: Records, settings: Settings, words: AnswerCache
) -> dict[int, Permission]:
    """Take back permissions of pages whose words are refused."""
    refused, asked = {}, set()
    for number in dict.fromkeys(photo.case for photo in records.photos if permissions[photo.id].allowed):
        page = (records.case[number], records.stages_of[number], records.photos_of[number], settings)
        key = _words_key(*page)
        asked.add(key)
        objection = words.of(key, partial(_blocking, *page))
        if objection:
            reason = Reason(ground=Ground.WORDS_REFUSED, case=number, objection=objection)
            refused[number] = Permission(allowed=False, reason=reason)
    words.keep(asked)
    return {photo.id: refused.get(photo.case, permissions[photo.id]) for photo in records.photos}


def _words_key(case: Case, stages: Sequence[Stage], photos: Sequence[Photo], settings: Settings) -> str:
    """Digest what one page's words are judged by."""
    facts = replace(facts_about(case, stages, settings), registered=frozenset(), trademarks=frozenset())
    words = page_words(case, stages, photos, settings)
    return hashlib.sha256(repr((words, facts)).encode()).hexdigest()


def _blocking(case: Case, stages: Sequence[Stage], photos: Sequence[Photo], settings: Settings) -> str:
    objections = objections_about(case, stages, photos, settings)
    return next((objection.sentence().rstrip(".") for objection in objections if objection.blocks), "")

"""Builds the site from the records: what consent allows today, in the place of the old site, in one step."""

import gc
import hashlib
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from gallery.consent import Permission, expires_soon
from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import PUBLIC_CHANNEL, Photo, Publication
from gallery.parallel import Progress, silently
from gallery.rules.advertising import load_rules
from gallery.rules.leaks import Secrets
from gallery.rules.pairs import frames_of
from gallery.settings import Channel, DataFolder, Settings, load_settings
from gallery.site.built import Built
from gallery.site.cache import Remembered, read_json, write_json
from gallery.site.deploy import Layout, digest_of, exchange, lay_out, listing, recover, relisted
from gallery.site.disclosures import disclose, hold_back, judged_alike
from gallery.site.exports import Export, write_export
from gallery.site.leak_check import Searched, refuse_leaks
from gallery.site.render import Page, pages, shared_key, templates_digest
from gallery.site.renditions import (
    Recipe,
    Renditions,
    announce_sums,
    keep_sums,
    kept_sums,
    recipe_for,
    settle_sums,
)
from gallery.site.selection import Selection, selection
from gallery.site.stories import Published, Records, Story, address_of, gone, rulings, tell
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog
from gallery.store.database import open_database, transaction
from gallery.store.ledger import Ledger
from gallery.store.secrets import NEVER_PUBLISH, secrets_of

if TYPE_CHECKING:
    from sqlite_utils import Database

    from watermark.pairs.alignment import CommonFrame

Token = Callable[[], str]


def random_token() -> str:
    """Give a published name that says nothing about the original's."""
    return secrets.token_hex(12)


def build_site(
    folder: DataFolder,
    *,
    actor: str,
    now: datetime,
    force: bool = False,
    progress: Progress = silently,
    token: Token = random_token,
) -> Built:
    """Build what consent allows into a new folder, and put it in the place of the old site in one step.

    Interrupted at any moment, the old or the new site is there, whole, and the same call finishes the work.

    Raises:
        GalleryError: The site could not be built; the old one is as it was.
    """
    folder.require()
    settings = load_settings(folder)
    with FileLock(folder.root / "build.lock"), _unswept():
        recover(folder.public)
        database = open_database(folder.database)
        try:
            build = _Build(folder, settings, database, actor, now)
            return build.run(force=force, progress=progress, token=token)
        finally:
            database.close()


@contextmanager
def _unswept() -> Iterator[None]:
    """Hold the search for rings of garbage: a build makes none, and its many records are slow to search."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a build is about to show: its photos, how each is published, and from which recipe."""

    records: Records
    shown: Sequence[Photo]
    published: Mapping[int, Publication]
    recipes: Mapping[str, Recipe]


class _Build:
    """One build, from the records to the replaced folder."""

    def __init__(
        self, folder: DataFolder, settings: Settings, database: "Database", actor: str, now: datetime
    ) -> None:
        self._folder, self._settings, self._database = folder, settings, database
        self._actor, self._now, self._today = actor, now, settings.local(now)
        self._catalog, self._ledger = Catalog(database), Ledger(database)
        self._renditions = Renditions(folder.renditions, folder.originals)
        self._stamp = folder.renditions / "built.json"
        self._last = read_json(self._stamp)
        self._sums_kept = kept_sums(folder.renditions)
        self._standing = listing(folder.public)
        self._judged = Remembered(folder.renditions / "words.json", judged_alike(settings))
        self._cards = Remembered(folder.renditions / "cards.json", shared_key(settings))
        self._shown = Remembered(folder.renditions / "shown.json", "")
        self._selected: dict[frozenset[int], Selection] = {}
        self._frames: Mapping[int, CommonFrame] = {}

    def run(self, *, force: bool, progress: Progress, token: Token) -> Built:
        records = self._records()
        rules = hold_back(
            rulings(records, PUBLIC_CHANNEL, self._today), records, self._settings, self._judged
        )
        shown = [photo for photo in records.photos if rules[photo.id].allowed]
        before = self._catalog.publications(PUBLIC_CHANNEL)
        channel = self._settings.channels[PUBLIC_CHANNEL]
        plan = _Plan(records, shown, *self._published(shown, channel, before, token))
        last = self._last
        untouched = last.get("site") == digest_of(self._standing)
        whole = untouched and not force and self._sums_kept is not None
        whole = whole and last.get("listed") == self._listed()
        inputs = self._inputs(plan)
        changed = not whole or last.get("inputs") != inputs
        exports = [self._export(records, channel, token) for channel in self._other_channels()]
        if changed:
            known = last.get("pages") if whole else None
            try:
                self._replace_site(plan, inputs, known if isinstance(known, dict) else None, progress)
            except (GalleryError, OSError):
                self._take_off(before, plan.published)
                raise
        self._hand_over(exports, progress)
        self._renditions.sweep({*plan.recipes, *(key for export in exports for key in export.recipes)})
        return Built(
            site=str(self._folder.public),
            changed=changed,
            cases=len({photo.case for photo in shown}),
            photos=len(shown),
            published=len(plan.published.keys() - before.keys()),
            removed=len(before.keys() - plan.published.keys()),
            unpublished_reasons=_reasons(rules),
            expiring=tuple(expires_soon(records.consents, self._today)),
        )

    def _published(
        self, shown: Sequence[Photo], channel: Channel, before: Mapping[int, Publication], token: Token
    ) -> tuple[dict[int, Publication], dict[str, Recipe]]:
        published, recipes = {}, {}
        for photo in shown:
            recipe = recipe_for(photo, channel, self._settings, self._frames.get(photo.id), self._now)
            key = recipe.key()
            recipes[key] = recipe
            known = before.get(photo.id)
            published[photo.id] = known if known and known.recipe == key else Publication(token(), key)
        return published, recipes

    def _other_channels(self) -> list[Channel]:
        return [channel for name, channel in self._settings.channels.items() if name != PUBLIC_CHANNEL]

    def _export(self, records: Records, channel: Channel, token: Token) -> Export:
        rules = rulings(records, channel.scope, self._today)
        photos = [photo for photo in records.photos if rules[photo.id].allowed]
        before = self._catalog.publications(channel.name)
        return Export(channel, photos, *self._published(photos, channel, before, token))

    def _hand_over(self, exports: Sequence[Export], progress: Progress) -> None:
        """Bring the folders of all other channels up to date, and remove those of channels that are no more."""
        names = {export.channel.name for export in exports}
        for place in self._folder.channels.glob("*"):
            if place.name not in names:
                shutil.rmtree(place, ignore_errors=True)
        refused: GalleryError | None = None
        for export in exports:
            try:
                self._lay_out_export(export, progress)
            except GalleryError as error:  # one channel's trouble keeps no other channel's patient waiting
                refused = refused or error
        if refused:
            raise refused

    def _lay_out_export(self, export: Export, progress: Progress) -> None:
        name = export.channel.name
        place, before = self._folder.channels / name, self._catalog.publications(name)
        if before == export.published and place.is_dir():
            return
        try:
            self._renditions.make(export.recipes, progress=progress)
            secrets = secrets_of(self._folder, self._catalog, Casework(self._database), export.photos)
            write_export(export, self._renditions, place, secrets)
        except GalleryError:
            if before.keys() - export.published.keys():  # a consent ended: nothing stays rather than that
                shutil.rmtree(place, ignore_errors=True)
                self._record(name, {})
            raise
        self._record(name, export.published)

    def _take_off(self, before: Mapping[int, Publication], wanted: Mapping[int, Publication]) -> None:
        """Remove what may no longer be shown from a site that could not be built anew: a patient does not wait."""
        gone_photos, public = before.keys() - wanted.keys(), self._folder.public
        files = [
            file for photo in gone_photos for file in (public / "photos").glob(f"{before[photo].token}-*")
        ]
        cases = {photo.id: photo.case for photo in self._catalog.photos()}
        no_more = {cases[photo] for photo in gone_photos} - {cases[photo] for photo in wanted}
        files += [public / address_of(case) for case in no_more]
        for file in files:
            file.unlink(missing_ok=True)
        removed = {file.relative_to(public).as_posix() for file in files}
        sums = self._sums_kept or {}
        left = {address: value for address, value in sums.items() if address not in removed}
        keep_sums(self._folder.renditions, left)
        self._record(PUBLIC_CHANNEL, {photo: shown for photo, shown in before.items() if photo in wanted})

    def _replace_site(
        self, plan: _Plan, inputs: str, known: Mapping[str, object] | None, progress: Progress
    ) -> None:
        """Put the new site in place; `known` are the pages of the old one, None when nothing of it is trusted."""
        self._renditions.make(plan.recipes, progress=progress)
        files: dict[int, Published] = {}
        pictures: dict[str, str] = {}
        for photo in plan.shown:
            shown = plan.published[photo.id]
            look, made = self._shown.of(shown.recipe, partial(self._renditions.described, shown.recipe))
            files[photo.id] = published = Published.of(shown.token, look, made)
            place, named = self._renditions.folder_of(shown.recipe), zip(published.files, made, strict=True)
            pictures |= {file.path: f"{place}/{name}" for file, (name, *_) in named}
        stories = self._stories(plan.records, files)
        chosen = self._selection(plan.records, [story.number for story in stories])
        keys = {story.number: story.key for story in stories}
        site = list(pages(stories, keys, gone(plan.records), chosen, self._settings, self._cards))
        layout = Layout(
            {page.address: self._content(page, known or {}) for page in site},
            pictures,
            standing=None if known is None else self._folder.public,
        )
        self._search(layout, site, plan)
        stands = self._put_up(layout, plan)
        self._cards.keep(keys.values())
        self._shown.keep(plan.recipes)
        write_json(
            self._stamp,
            {
                "inputs": inputs,
                "site": digest_of(stands),
                "pages": {page.address: page.key for page in site},
                "listed": self._listed(),
                "searched": replace(
                    self._searched(),
                    pictures=frozenset(pictures),
                    stories=frozenset(keys.values()),
                ).to_json(),
            },
        )

    def _stories(self, records: Records, files: Mapping[int, Published]) -> list[Story]:
        dated = [
            photo if photo.first_published_at else replace(photo, first_published_at=self._now)
            for photo in records.photos
        ]
        stories = tell(replace(records, photos=dated), files, self._settings.tags)
        return disclose(stories, records, self._settings, Casework(self._database).differences())

    def _put_up(self, layout: Layout, plan: _Plan) -> Mapping[str, tuple[int, int]]:
        """Write the new site, record what becomes public with it, put it in the place of the old one, and list it."""
        sums, following = self._sums(layout), self._folder.renditions / "next"
        if layout.standing is None:
            shutil.rmtree(following, ignore_errors=True)
        written = lay_out(following, layout)
        self._record(PUBLIC_CHANNEL, plan.published)
        announce_sums(self._folder.renditions, sums)
        exchange(following, self._folder.public, layout, self._standing if layout.standing else None)
        if layout.standing is None:  # what somebody altered must not come back with the build after this one
            shutil.rmtree(following, ignore_errors=True)
        settle_sums(self._folder.renditions)
        before = self._standing if layout.standing else {}
        return relisted(self._folder.public, before, layout, written)

    def _sums(self, layout: Layout) -> dict[str, str]:
        """Give the SHA-256 of every file of the site; what the standing site shares is not read again."""
        known = (self._sums_kept or {}) if layout.standing else {}
        sums = {}
        for address, content in layout.pages.items():
            if isinstance(content, Path):
                sums[address] = known.get(address) or hashlib.sha256(content.read_bytes()).hexdigest()
            else:
                sums[address] = hashlib.sha256(content).hexdigest()
        for address, place in layout.pictures.items():
            sums[address] = known.get(address) or hashlib.sha256(Path(place).read_bytes()).hexdigest()
        return sums

    def _secrets(self, plan: _Plan, layout: Layout) -> Secrets:
        """Gather what must not be public; the originals of pages that are new are looked into."""
        told_anew = {
            photo.case for photo in plan.shown if isinstance(layout.pages[address_of(photo.case)], bytes)
        }
        looked_into = [photo for photo in plan.shown if photo.case in told_anew]
        return secrets_of(self._folder, self._catalog, Casework(self._database), looked_into)

    def _listed(self) -> str:
        """Digest the practice's own list of what must not be public: another one, and all is searched anew."""
        place = self._folder.root / NEVER_PUBLISH
        return hashlib.sha256(place.read_bytes() if place.is_file() else b"").hexdigest()

    def _searched(self) -> Searched:
        """Tell what earlier builds have searched for leaks."""
        return Searched(self._listed(), shared_key(self._settings)).of(self._last.get("searched"))

    def _search(self, layout: Layout, site: Sequence[Page], plan: _Plan) -> None:
        """Refuse a site that leaks; of lists only the stories are searched that no build has searched before."""
        searched = self._searched()
        written = (page for page in site if isinstance(layout.pages[page.address], bytes))
        new = {page.address: page.render(searched.stories) for page in written} if searched.stories else {}
        refuse_leaks(layout, self._secrets(plan, layout), searched.pictures, new)

    def _content(self, page: Page, known: Mapping[str, object]) -> bytes | Path:
        """Take an unchanged page over from the site that stands, or render it."""
        return self._folder.public / page.address if known.get(page.address) == page.key else page.render(())

    def _record(self, channel: str, published: Mapping[int, Publication]) -> None:
        """Write what becomes public, and what no longer is, into the catalogue and the ledger."""
        before = self._catalog.publications(channel)
        with transaction(self._database):
            for photo, shown in published.items():
                if before.get(photo) != shown:
                    self._catalog.publish(photo, channel, shown, self._now)
                    self._note(Action.PHOTO_PUBLISHED, photo, channel, shown)
            for photo in before.keys() - published.keys():
                self._catalog.unpublish(photo, channel)
                self._note(Action.PHOTO_UNPUBLISHED, photo, channel, before[photo])

    def _note(self, action: Action, photo: int, channel: str, shown: Publication) -> None:
        detail = {"channel": channel, "token": shown.token}
        self._ledger.append(self._actor, action, f"photo {photo}", detail, self._now)

    def _records(self) -> Records:
        catalog = self._catalog
        photos = catalog.photos()
        self._frames = frames_of(photos, Casework(self._database).alignments())
        return Records(
            cases=catalog.cases(),
            stages=catalog.stages(),
            photos=photos,
            consents=catalog.consents(),
        )

    def _inputs(self, plan: _Plan) -> str:
        """Digest all that goes into the site; equal inputs need no build."""
        cases = {photo.case for photo in plan.shown}
        parts = (
            templates_digest(),
            self._settings,
            [case for case in plan.records.cases if case.number in cases],
            [stage for stage in plan.records.stages if stage.case in cases],
            [(photo.id, photo.stage_id, photo.view, photo.alt, photo.caption) for photo in plan.shown],
            list(plan.published.items()),
            gone(plan.records),
            Casework(self._database).differences(),
            load_rules(self._settings.jurisdictions),
            self._selection(plan.records, cases),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def _selection(self, records: Records, shown: Collection[int]) -> Selection:
        numbers = frozenset(shown)
        if numbers not in self._selected:
            chosen = selection(records, numbers, PUBLIC_CHANNEL, self._today, self._settings.tags)
            self._selected[numbers] = chosen
        return self._selected[numbers]


def _reasons(rules: Mapping[int, Permission]) -> dict[str, int]:
    reasons = Counter(str(rule.reason) for rule in rules.values() if not rule.allowed)
    return dict(reasons.most_common())

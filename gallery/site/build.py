"""Builds the site from the records."""

import gc
import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from filelock import FileLock

from gallery.consent import expires_soon
from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import PUBLIC_CHANNEL, Photo, Publication
from gallery.parallel import Progress, silently
from gallery.rules.leaks import Secrets
from gallery.settings import DataFolder, Settings, load_settings
from gallery.site.built import Built
from gallery.site.cache import LastBuild, Memory
from gallery.site.checksums import newest_digest
from gallery.site.deploy import Layout, Standing, put_up, standing_site, take_down
from gallery.site.exports import export_files
from gallery.site.leak_check import Searched, search_site
from gallery.site.published import picture_prefix, published_files, register_files
from gallery.site.records import Records, read_records
from gallery.site.render import pages, shared_key
from gallery.site.renditions import Renditions
from gallery.site.selection import Selection, selection
from gallery.site.shown import Shown, hidden_marks_of, shown_in_channels
from gallery.site.stories import address_of, stories_of
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog
from gallery.store.database import open_database
from gallery.store.hidden_marks import HiddenMarks
from gallery.store.keys import mark_key
from gallery.store.ledger import Ledger
from gallery.store.publications import record_publications
from gallery.store.published_files import PublishedFiles
from gallery.store.secrets import list_digest, secrets_of


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
    token: Callable[[], str] = random_token,
) -> Built:
    """Build what consent allows, and replace the old site in one step.

    Interrupted at any moment, the old or the new site is there, whole, and the same call finishes the work.

    Raises:
        GalleryError: The site could not be built; the old one is as it was, but for what may no longer be shown.
    """
    folder.require()
    settings = load_settings(folder)
    with _alone(folder), closing(open_database(folder.database)) as database:
        standing = standing_site(folder.public, folder.renditions)
        shared, listed = shared_key(settings), list_digest(folder)
        memory = Memory(folder.renditions, shared)
        records, key = read_records(database), mark_key(folder)
        shown = shown_in_channels(records, settings, memory.words, now=now, token=token, mark_key=key.name)
        HiddenMarks(database).register(hidden_marks_of(shown, key), now)
        front, *exports = shown
        renditions = Renditions(folder.renditions, folder.originals, key)
        record = partial(
            _record,
            partial(
                record_publications, database, actor=actor, now=now, design_of=partial(_design_of, shown)
            ),
            partial(register_files, PublishedFiles(database), renditions, now),
            shown,
        )
        gather = partial(secrets_of, folder, Catalog(database), Casework(database))
        about = (Ledger(database), actor, settings, records, front, renditions, memory, standing)
        site = _Site(folder, *about, now, gather, record)
        chosen = selection(records, front.cases, front.consented, settings.tags)
        inputs = _digest_of_inputs(records, front, chosen, shared)
        trusted = not force and memory.last.holds(standing, listed)
        changed = not trusted or memory.last.inputs != inputs
        site.bring_about(
            chosen, LastBuild(inputs=inputs, listed=listed), progress, changed=changed, trusted=trusted
        )
        export_files(exports, folder.channels, renditions, secrets=gather, record=record, progress=progress)
        renditions.sweep({recipe for one in shown for recipe in one.recipes})
    ending = tuple(expires_soon(records.consents, settings.local(now)))
    return Built.of(front, str(folder.public), changed=changed, expiring=ending)


def _record(
    publish: Callable[[str, Mapping[int, Publication]], None],
    register: Callable[[Shown, Mapping[int, Publication]], None],
    channels: Sequence[Shown],
    channel: str,
    published: Mapping[int, Publication],
) -> None:
    """Record how photos are public in a channel from now on, and their files."""
    publish(channel, published)
    for shown in channels:
        if shown.channel.name == channel:
            register(shown, published)


def _design_of(channels: Sequence[Shown], recipe: str) -> str | None:
    """Give a shown recipe's design as JSON, by its key."""
    found = next((shown.recipes[recipe] for shown in channels if recipe in shown.recipes), None)
    return found.design.to_json() if found else None


@contextmanager
def _alone(folder: DataFolder) -> Iterator[None]:
    """Let no other build run, and no search for reference cycles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        with FileLock(folder.root / "build.lock"):
            yield
    finally:
        if enabled:
            gc.enable()


def _digest_of_inputs(records: Records, front: Shown, chosen: Selection, shared: str) -> str:
    """Digest all that goes into the site."""
    cases = front.cases
    parts = (
        shared,
        [case for case in records.cases if case.number in cases],
        [stage for stage in records.stages if stage.case in cases],
        [(photo.id, photo.stage_id, photo.view, photo.alt, photo.caption) for photo in front.photos],
        list(front.published.items()),
        records.withdrawn,
        records.differences,
        chosen,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Site:
    """The site that is to stand, and the one that does."""

    folder: DataFolder
    ledger: Ledger
    actor: str
    settings: Settings
    records: Records
    front: Shown
    renditions: Renditions
    memory: Memory
    standing: Standing
    now: datetime
    gather: Callable[[Sequence[Photo]], Secrets]
    record: Callable[[str, Mapping[int, Publication]], None]

    def bring_about(
        self, chosen: Selection, build: LastBuild, progress: Progress, *, changed: bool, trusted: bool
    ) -> None:
        """Make the site stand as it should, and note in the ledger how it stands."""
        try:
            if changed:
                self.replace(chosen, build, progress, trusted=trusted)
            else:
                self.record(PUBLIC_CHANNEL, self.front.published)
        except (GalleryError, OSError):
            self.remove_ended()
            raise
        finally:
            self.record_list()

    def replace(self, chosen: Selection, build: LastBuild, progress: Progress, *, trusted: bool) -> None:
        """Put the new site in place, sharing what stands and is whole."""
        front, memory, public = self.front, self.memory, self.folder.public
        self.renditions.make(front.recipes, progress=progress)
        files, pictures = published_files(front, self.renditions, memory.renditions)
        stories = stories_of(self.records, files, self.settings, self.now)
        site = list(pages(stories, self.records.withdrawn, chosen, self.settings, memory.cards))
        known = memory.last.pages if trusted else {}
        layout = Layout(
            {
                page.address: public / page.address
                if known.get(page.address) == page.key
                else page.render(())
                for page in site
            },
            pictures,
            standing=public if trusted else None,
        )
        anew = [photo for photo in front.photos if isinstance(layout.pages[address_of(photo.case)], bytes)]
        searched = Searched(build.listed, shared_key(self.settings))
        search_site(layout, site, self.gather(anew), searched.of(memory.last.searched))
        stands = put_up(
            layout,
            public,
            self.folder.renditions,
            self.standing,
            ready=self.announce,
        )
        keys = frozenset(story.key for story in stories)
        memory.cards.keep(keys)
        memory.keep(
            replace(
                build,
                site=stands,
                pages={page.address: page.key for page in site},
                searched=replace(searched, pictures=frozenset(pictures), stories=keys).to_json(),
            )
        )

    def announce(self) -> None:
        """Record what becomes public in this moment."""
        self.record(PUBLIC_CHANNEL, self.front.published)
        self.record_list()

    def record_list(self) -> None:
        """Write the digest of the list of the site's files into the ledger."""
        listed, last = newest_digest(self.folder.renditions), self.ledger.last(Action.SITE_BUILT)
        if listed and (not last or last[0].detail.get("list") != listed):
            self.ledger.append(
                self.actor, Action.SITE_BUILT, "site", {"list": listed}, self.now, pending=True
            )

    def remove_ended(self) -> None:
        """Remove what may no longer be shown from the site that stands."""
        before, wanted = self.front.before, self.front.published
        cases = {photo.id: photo.case for photo in self.records.photos}
        ended = before.keys() - wanted.keys()
        public = self.folder.public
        files = [
            file.relative_to(public).as_posix()
            for photo in ended
            for file in public.glob(f"{picture_prefix(before[photo].token)}*")
        ]
        no_more = {cases[photo] for photo in ended} - {cases[photo] for photo in wanted}
        files += [address_of(case) for case in no_more]
        take_down(files, public, self.folder.renditions, self.standing)
        self.record(PUBLIC_CHANNEL, {photo: shown for photo, shown in before.items() if photo in wanted})

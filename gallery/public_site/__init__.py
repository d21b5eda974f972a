"""The static site that readers see: what consent allows, in plain files that need no server."""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.catalog import Catalog
from gallery.consent import Permission, expires_soon
from gallery.ledger import Ledger
from gallery.model import PUBLIC_CHANNEL, Consent, Photo
from gallery.parallel import Progress, silently
from gallery.public_site.folder import listing, recover_folder, replace_folder, write_folder
from gallery.public_site.pages import pages, templates_digest
from gallery.public_site.story import File, Records, gone, rulings, tell
from gallery.renditions import Recipe, Rendition, Renditions
from gallery.schema import open_database, transaction
from gallery.settings import DataFolder, Settings, load_settings

if TYPE_CHECKING:
    from sqlite_utils import Database

Token = Callable[[], str]


def random_token() -> str:
    """Give a published name that says nothing about the original's."""
    return secrets.token_hex(12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build did."""

    site: str
    changed: bool
    cases: int
    photos: int
    published: int
    removed: int
    unpublished_reasons: Mapping[str, int]
    expiring: tuple[Consent, ...]

    def to_json(self) -> dict[str, object]:
        """Give it as plain values."""
        values = asdict(self)
        values["expiring"] = [
            {"case": consent.case, "expires_on": str(consent.expires_on)} for consent in self.expiring
        ]
        return values

    def lines(self) -> list[str]:
        """Say it in plain words."""
        if self.changed:
            lines = [f"Built: {self.cases} cases, {self.photos} photos in {self.site}"]
            if self.published or self.removed:
                lines.append(f"New on the site: {self.published} photos. Taken off: {self.removed}.")
        else:
            lines = [f"Nothing has changed: the site in {self.site} stands ({self.photos} photos)."]
        lines += [
            f"Not published: {count} photos, because {reason}."
            for reason, count in self.unpublished_reasons.items()
        ]
        lines += [
            f"Soon: the consent of Patient {consent.case} ends on {consent.expires_on}."
            for consent in self.expiring
        ]
        return lines


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
    recover_folder(folder.public)
    database = open_database(folder.database)
    try:
        build = _Build(folder, settings, database, actor, now)
        return build.run(force=force, progress=progress, token=token)
    finally:
        database.close()


class _Build:
    """One build, from the records to the replaced folder."""

    def __init__(
        self, folder: DataFolder, settings: Settings, database: "Database", actor: str, now: datetime
    ) -> None:
        self._folder, self._settings, self._database = folder, settings, database
        self._actor, self._now = actor, now
        self._catalog, self._ledger = Catalog(database), Ledger(database)
        self._renditions = Renditions(folder.renditions, folder.originals)
        self._stamp = folder.renditions / "built.json"

    def run(self, *, force: bool, progress: Progress, token: Token) -> Built:
        records = self._records()
        rules = rulings(records, PUBLIC_CHANNEL, self._now)
        shown = [photo for photo in records.photos if rules[photo.id].allowed]
        before = self._catalog.publications(PUBLIC_CHANNEL)
        changed = force or self._stamp_of(records, shown) != self._last_stamp()
        if changed:
            tokens = {photo.id: before.get(photo.id) or token() for photo in shown}
            self._replace_site(records, shown, tokens, progress)
        return Built(
            site=str(self._folder.public),
            changed=changed,
            cases=len({photo.case for photo in shown}),
            photos=len(shown),
            published=len({photo.id for photo in shown} - before.keys()),
            removed=len(before.keys() - {photo.id for photo in shown}),
            unpublished_reasons=_reasons(rules),
            expiring=tuple(expires_soon(records.consents, self._now)),
        )

    def _replace_site(
        self, records: Records, shown: Sequence[Photo], tokens: Mapping[int, str], progress: Progress
    ) -> None:
        recipes = {photo.id: self._recipe(photo) for photo in shown}
        made = self._renditions.make(list(recipes.values()), progress=progress)
        links: list[tuple[str, Path]] = []
        files: dict[int, tuple[str, tuple[File, ...]]] = {}
        for photo in shown:
            renditions = made[recipes[photo.id].key()]
            files[photo.id] = (tokens[photo.id], tuple(_file(tokens[photo.id], item) for item in renditions))
            links += [(f.path, item.place) for f, item in zip(files[photo.id][1], renditions, strict=True)]
        dated = [replace(p, first_published_at=p.first_published_at or self._now) for p in records.photos]
        stories = tell(replace(records, photos=dated), files)
        unfinished = self._folder.public.with_name("public.new")
        write_folder(unfinished, pages(stories, gone(records), self._settings), links)
        self._record(tokens)
        replace_folder(unfinished, self._folder.public)
        self._renditions.sweep(recipe.key() for recipe in recipes.values())
        records = self._records()
        _write_json(self._stamp, self._stamp_of(records, [p for p in records.photos if p.id in tokens]))

    def _record(self, tokens: Mapping[int, str]) -> None:
        """Write what becomes public, and what no longer is, into the catalogue and the ledger."""
        before = self._catalog.publications(PUBLIC_CHANNEL)
        with transaction(self._database):
            for photo, name in tokens.items():
                if photo not in before:
                    self._catalog.publish(photo, PUBLIC_CHANNEL, name, self._now)
                    self._note("published", photo, name)
            for photo in before.keys() - tokens.keys():
                self._catalog.unpublish(photo, PUBLIC_CHANNEL)
                self._note("unpublished", photo, before[photo])

    def _note(self, action: str, photo: int, token: str) -> None:
        detail = {"channel": PUBLIC_CHANNEL, "token": token}
        self._ledger.append(self._actor, action, f"photo {photo}", detail, self._now)

    def _records(self) -> Records:
        catalog = self._catalog
        return Records(
            cases=catalog.cases(),
            stages=catalog.stages(),
            photos=catalog.photos(),
            consents=catalog.consents(),
        )

    def _recipe(self, photo: Photo) -> Recipe:
        settings, year = self._settings, (photo.first_published_at or self._now).year
        return Recipe(
            digest=photo.digest,
            channel=settings.channels[PUBLIC_CHANNEL],
            mark_text=settings.mark_text or f"© {year} {settings.practice}",
            mark_opacity=settings.mark_opacity,
            owner=settings.practice,
            web=settings.web,
            year=year,
        )

    def _stamp_of(self, records: Records, shown: Sequence[Photo]) -> dict[str, object]:
        """Describe all that goes into the site and the files that came out; equal stamps need no build."""
        cases = {photo.case for photo in shown}
        parts = (
            templates_digest(),
            self._settings,
            [case for case in records.cases if case.number in cases],
            [stage for stage in records.stages if stage.case in cases],
            shown,
            [self._recipe(photo).key() for photo in shown],
            sorted(self._catalog.publications(PUBLIC_CHANNEL).items()),
            gone(records),
        )
        inputs = hashlib.sha256(repr(parts).encode()).hexdigest()
        site = listing(self._folder.public) if self._folder.public.is_dir() else []
        return {"inputs": inputs, "site": hashlib.sha256(repr(site).encode()).hexdigest()}

    def _last_stamp(self) -> object:
        try:
            return json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None


def _reasons(rules: Mapping[int, Permission]) -> dict[str, int]:
    reasons = Counter(rule.reason for rule in rules.values() if not rule.allowed)
    return dict(reasons.most_common())


def _file(token: str, made: Rendition) -> File:
    return File(
        path=f"photos/{token}-{made.width}.{made.extension}",
        format=made.format,
        width=made.width,
        height=made.height,
    )


def _write_json(place: Path, value: object) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_suffix(".new")
    unfinished.write_text(json.dumps(value), encoding="utf-8")
    unfinished.replace(place)

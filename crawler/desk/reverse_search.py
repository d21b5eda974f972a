"""Asking a reverse-image service after a person's recorded yes."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from crawler.desk.door import door
from crawler.desk.search_services import Hit, Service
from crawler.desk.suggest import SEARCHES
from crawler.errors import ConflictError, CrawlerError, RefusedError, UnavailableError
from crawler.http.client import Fetcher
from crawler.settings import Plan
from crawler.store.database import watch
from gallery.consent import may_show
from gallery.events import Action
from gallery.model import PUBLIC_CHANNEL
from gallery.settings import DataFolder, load_settings
from gallery.site.checksums import kept_sums
from gallery.site.published import picture_prefix
from gallery.store.catalog import Catalog
from gallery.store.ledger import Ledger

_PATIENCE_S = 60.0
_MOST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """A file that anybody can see on our site today."""

    photo: int
    case: int
    stage: str
    address: str
    place: Path
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """A person's permission to send these files to this service."""

    by: str
    files: tuple[PublishedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOutcome:
    """What came of a search."""

    sent: int
    hits: tuple[Hit, ...]
    kept: Path | None
    trouble: CrawlerError | None = None


def published(folder: DataFolder, *, now: datetime, cases: Iterable[int] = ()) -> tuple[PublishedFile, ...]:
    """Give each public photo's largest JPEG that consent allows now.

    A file that the last build did not write in exactly these bytes is none of ours to send. No cases mean all.
    """
    folder.require()
    now = load_settings(folder).local(now)
    wanted, sums = frozenset(cases), kept_sums(folder.renditions) or {}
    with watch(folder) as db:
        catalog = Catalog(db)
        names, consents = catalog.publications(PUBLIC_CHANNEL), catalog.consents()
        known = {case.number: case for case in catalog.cases()}
        allowed = [
            photo
            for photo in catalog.photos()
            if photo.id in names
            and (not wanted or photo.case in wanted)
            and may_show(known[photo.case], photo, consents, PUBLIC_CHANNEL, now).allowed
        ]
    found = []
    for photo in allowed:
        files = folder.public.glob(f"{picture_prefix(names[photo.id].token)}*.jpg")
        place = max(files, key=lambda one: one.stat().st_size, default=None)
        if place is None:
            continue
        address = place.relative_to(folder.public).as_posix()
        digest = hashlib.sha256(place.read_bytes()).hexdigest()
        if sums.get(address) == digest:
            found.append(
                PublishedFile(
                    photo=photo.id,
                    case=photo.case,
                    stage=photo.stage,
                    address=address,
                    place=place,
                    digest=digest,
                )
            )
    return tuple(found)


def key_of(service: Service) -> str:
    """Give the key of a service from the environment."""
    key = os.environ.get(service.key, "").strip()
    if not key:
        raise RefusedError(f"{service.company} wants a key", hint=f"set the variable {service.key} to it")
    return key


def search(
    folder: DataFolder, plan: Plan, service: Service, yes: Permission, *, clock: Callable[[], datetime]
) -> SearchOutcome:
    """Send files to a service and keep its answers.

    They are proposals for `site suggest`.

    The permission is in the ledger before the first byte leaves; what was really sent is added at the end.

    Raises:
        RefusedError: Nobody said yes, or there is no key. Trouble at the service is part of the result.
    """
    if not yes.by.strip() or not yes.files:
        raise RefusedError("nothing is sent without a person's yes to these pictures", hint="add --by NAME")
    key, begun = key_of(service), clock()
    files = [{"address": one.address, "sha256": one.digest, "photo": one.photo} for one in yes.files]
    _note(folder, yes.by, Action.SEARCH_PERMITTED, service, {"files": files}, begun)
    hits: list[tuple[PublishedFile, Hit]] = []
    sent, trouble = 0, None
    with _door(plan, service) as fetcher:
        for one in yes.files:
            try:
                sent += 1
                hits += [(one, hit) for hit in _ask(fetcher, plan, service, one, key)]
            except CrawlerError as error:
                trouble = error
                break
    kept = _keep(folder, service, hits, begun) if hits else None
    _note(folder, yes.by, Action.SEARCH_DONE, service, {"sent": sent, "found": len(hits)}, clock())
    return SearchOutcome(sent=sent, hits=tuple(hit for _, hit in hits), kept=kept, trouble=trouble)


def _door(plan: Plan, service: Service) -> Fetcher:
    url = service.question(plan, b"", "").url
    return door(url, plan, seconds=_PATIENCE_S, name=service.name)


def _ask(fetcher: Fetcher, plan: Plan, service: Service, one: PublishedFile, key: str) -> list[Hit]:
    body = one.place.read_bytes()
    if hashlib.sha256(body).hexdigest() != one.digest:
        raise ConflictError(f"{one.address} was changed since you said yes", hint="build, and search again")
    question = service.question(plan, body, key)
    reply = fetcher.post(question.url, question.body, question.headers, max_bytes=_MOST_BYTES)
    try:
        answer = json.loads(reply.body or b"null")
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise UnavailableError(
            f"{service.company} answered {reply.status} with something else than its JSON",
            hint=f"is {urlsplit(question.url).netloc} right, and the service up?",
        )
    return list(dict.fromkeys(service.read(reply.status, answer)))


def _keep(folder: DataFolder, service: Service, hits: list[tuple[PublishedFile, Hit]], now: datetime) -> Path:
    place = folder.root / SEARCHES / f"{service.name}-{now:%Y%m%dT%H%M%S}.json"
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    rows = [
        {"case": one.case, "ours": one.address, "page": hit.page, "image": hit.image} for one, hit in hits
    ]
    place.write_text(
        json.dumps({"service": service.name, "at": now.isoformat(), "hits": rows}, indent=1), "utf-8"
    )
    return place


def _note(
    folder: DataFolder, by: str, action: Action, service: Service, detail: dict[str, object], now: datetime
) -> None:
    with watch(folder) as db:
        Ledger(db).append(by.strip(), action, f"service {service.name}", detail, now)

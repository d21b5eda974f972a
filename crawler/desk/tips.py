"""Readers' hints, checked at once."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from crawler.clock import Clock
from crawler.desk.export import finding_json
from crawler.errors import NotFoundError, RefusedError
from crawler.http.client import Resolver, system_resolver
from crawler.match import Matcher, basis_of
from crawler.model import Address, Finding, Judgement, Kind, Listing, PersonSighting, Site, Standing
from crawler.settings import load_plan
from crawler.store.database import watch
from crawler.store.findings import Findings
from crawler.store.messages import Tips
from crawler.store.runs import Runs
from crawler.store.sightings import Sightings
from crawler.store.sites import Sites
from crawler.store.verdict_cache import VerdictCache
from crawler.urls import origin_of, typed
from crawler.visit.context import VisitContext
from crawler.visit.once import look_at
from gallery.settings import DataFolder
from gallery.store.database import transaction
from gallery.store.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class TipAnswer:
    """What came of a tip.

    `findings` hold also what was known before; `failures` are sentences; `looked` is what the matcher says of a file.
    """

    number: int
    given: str
    images: int
    findings: tuple[Finding, ...] = ()
    looked: Judgement | None = None
    failures: tuple[str, ...] = ()


def check_url(
    folder: DataFolder, url: str, *, clock: Clock, resolver: Resolver = system_resolver
) -> TipAnswer:
    """Look once at a tipped page or image, and keep what is found.

    The site is not watched because of that; its name is kept, so that it can be.

    Raises:
        BadUrlError: It is no address.
    """
    folder.require()
    wanted = typed(url)
    with watch(folder) as db:
        sites, upto = Sites(db), Runs(db).highest_photo()
        site = _site_of(sites, wanted, clock.now())
        context = _context(folder, upto, clock, resolver)
        result = look_at(site, wanted, context)
        if site.listing is not Listing.ALLOW:
            for body in result.kept.values():
                Vault(folder.evidence).put(body)
        with transaction(db):
            Sightings(db).save(site, result, clock.now(), run_id=None, since=context.began)
        seen = {address.url for address in result.addresses}
        found = tuple(one for one in Findings(db).all() if one.site_url == site.url and one.image_url in seen)
        failures = (
            *(failure.message for failure in result.failures),
            *(
                f"{one.url} was left alone: {one.reason.sentence(one.url)}"
                for one in result.addresses
                if one.standing is Standing.SKIPPED and one.reason
            ),
        )
        unreadable = {look.digest for look in result.judgements if look.trouble}
        images = sum(_is_seen(one) and one.digest not in unreadable for one in result.addresses)
        state = "checked" if images else "failed"
        number = Tips(db).add(
            wanted, state=state, found=[finding_json(one) for one in found], now=clock.now()
        )
        return TipAnswer(number=number, given=wanted, images=images, findings=found, failures=failures)


def _context(folder: DataFolder, upto: int, clock: Clock, resolver: Resolver) -> VisitContext:
    basis = basis_of(folder)
    return VisitContext(
        plan=load_plan(folder),
        began=clock.now(),
        judge=Matcher(folder.root, upto, VerdictCache(folder.database, upto, basis), basis),
        upto=upto,
        clock=clock,
        resolver=resolver,
    )


def _is_seen(address: Address) -> bool:
    return address.kind is Kind.IMAGE and address.standing is Standing.DONE and bool(address.digest)


def _site_of(sites: Sites, url: str, now: datetime) -> Site:
    """Give an address's site, listed now if it was not."""
    origin = f"{origin_of(url)}/"
    for site in sites.listed():
        if origin_of(site.url) == origin_of(url):
            return site
    return sites.put(Site(url=origin, listing=Listing.TIP), now)


@dataclass(frozen=True, slots=True)
class Witness:
    """Who says to have seen a file, where and when."""

    url: str
    seen_at: datetime
    by: str

    def require_plausible(self, now: datetime) -> None:
        """Refuse a sighting without a name, or one that is still to come."""
        if not self.by.strip():
            raise RefusedError("a person's sighting needs the person's name", hint="add --by NAME")
        if self.seen_at > now:
            raise RefusedError(
                f"{self.seen_at:%Y-%m-%d %H:%M} UTC is still to come", hint="say when it was seen: --seen-at"
            )

    def sighting(self, digest: str, now: datetime) -> PersonSighting:
        """Give what is written down of it."""
        url, by = typed(self.url), self.by.strip()
        return PersonSighting(url=url, seen_at=self.seen_at, by=by, recorded_at=now, digest=digest)


def check_file(folder: DataFolder, path: Path, *, now: datetime, witness: Witness | None = None) -> TipAnswer:
    """Look at a file that a reader sent, and keep the tip.

    With a witness it is a person's sighting, whose file is kept whatever the machine says of it.
    """
    folder.require()
    if witness is not None:
        witness.require_plausible(now)
    try:
        body = path.read_bytes()
    except OSError as error:
        raise NotFoundError(
            f"{path} cannot be read: {error.strerror}", hint="name a picture file or an address"
        ) from error
    with watch(folder) as db:
        upto = Runs(db).highest_photo()
        looked = Matcher(folder.root, upto, _forget, basis_of(folder))(body, path.name)
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        found: list[dict[str, object]] = [
            {
                "digest": digest,
                "verdict": looked.verdict,
                "photo": looked.photo,
                "carries_our_mark": looked.carries_our_mark,
            }
        ]
        if looked.photo is not None or looked.carries_our_mark or witness is not None:
            Vault(folder.evidence).put(body)
        with transaction(db):
            number = Tips(db).add(
                path.name, state="failed" if looked.trouble else "checked", found=found, now=now
            )
            if witness is not None:
                site = _site_of(Sites(db), typed(witness.url), now)
                seen = witness.sighting(digest, now)
                Tips(db).add_person(number, seen, site=site.id, photo=looked.photo)
    failures = (looked.trouble,) if looked.trouble else ()
    images = 0 if looked.trouble else 1
    return TipAnswer(number=number, given=str(path), images=images, looked=replace(looked), failures=failures)


def _forget(_digest: str) -> Judgement | None:
    return None

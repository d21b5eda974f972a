"""The list of sites."""

import json
from collections.abc import Iterable
from datetime import datetime

from sqlite_utils import Database

from crawler.errors import ConflictError, NotFoundError
from crawler.model import Listing, Site
from crawler.store.rows import site_of
from crawler.urls import in_scope
from gallery.events import Action
from gallery.store.database import Store, transaction
from gallery.store.ledger import Ledger
from gallery.times import text_of


class Sites(Store):
    """The sites that pairwatch knows."""

    def __init__(self, db: Database, *, by: str = "pairwatch") -> None:
        """Use this database.

        `by` lists and unlists sites, as the ledger names them.
        """
        super().__init__(db)
        self._by = by

    def put(self, site: Site, now: datetime) -> Site:
        """List a site, or change the details of a listed one.

        Raises:
            ConflictError: It is on the other list already.
        """
        with transaction(self._db):
            known = self.find(site.url)
            self._refuse_both_lists(site)
            if known and site.listing is Listing.TIP and known.listing is not Listing.REMOVED:
                return known
            self._db.execute(
                """insert into sites (url, listing, note, allowance, delay_s, slots, added_at)
                   values (:url, :listing, :note, :allowance, :delay_s, :slots, :at)
                   on conflict (url) do update set listing = excluded.listing, note = excluded.note,
                       allowance = excluded.allowance, delay_s = excluded.delay_s, slots = excluded.slots""",
                {
                    "url": site.url,
                    "listing": str(site.listing),
                    "note": site.note,
                    "allowance": json.dumps(sorted(site.allowance)),
                    "delay_s": site.delay_s,
                    "slots": site.slots,
                    "at": text_of(now),
                },
            )
            listed = self.get(site.url)
            if listed != known:
                detail = {"list": str(listed.listing), "note": listed.note}
                Ledger(self._db).append(self._by, Action.SITE_LISTED, listed.url, detail, now)
            return listed

    def _refuse_both_lists(self, site: Site) -> None:
        lists = (Listing.WATCH, Listing.ALLOW)
        for other in self.listed(*lists) if site.listing in lists else ():
            if other.listing is not site.listing and in_scope(site.url, other.url):
                also = "" if site.url == other.url else f" (as {other.url}, which is the same site)"
                raise ConflictError(
                    f"{site.url} is on the {other.listing} list already{also}; it cannot be on both",
                    hint=f"take it off first: pairwatch site remove {other.url}",
                )

    def put_all(self, sites: Iterable[Site], now: datetime) -> None:
        """List all of several sites, or none."""
        with transaction(self._db):
            for site in sites:
                self.put(site, now)

    def find(self, url: str) -> Site | None:
        """Give the site of this address, if it was ever listed."""
        rows = list(self._db.query("select * from sites where url = :url", {"url": url}))
        return site_of(rows[0]) if rows else None

    def get(self, url: str) -> Site:
        """Give the site of this address.

        Raises:
            NotFoundError: It is not listed.
        """
        found = self.find(url)
        if found is None or found.listing is Listing.REMOVED:
            raise NotFoundError(f"{url} is on no list", hint="see what is listed with: pairwatch site list")
        return found

    def listed(self, *listings: Listing) -> list[Site]:
        """Give the sites on these lists by address.

        All but the removed when no list is named.
        """
        wanted = listings or (Listing.WATCH, Listing.ALLOW, Listing.TIP)
        return [
            site
            for row in self._db.query("select * from sites order by url")
            if (site := site_of(row)).listing in wanted
        ]

    def remove(self, url: str, now: datetime) -> Site:
        """Visit a site no more; what was found there stays.

        Raises:
            NotFoundError: It is not listed.
        """
        site = self.get(url)
        with transaction(self._db):
            self._db.execute("update sites set listing = 'removed' where id = :id", {"id": site.id})
            Ledger(self._db).append(
                self._by, Action.SITE_UNLISTED, site.url, {"list": str(site.listing)}, now
            )
        return site

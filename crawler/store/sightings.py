"""What visits saw of addresses, hosts and images, and what failed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from crawler.model import (
    Address,
    Failure,
    ImageLink,
    Kind,
    Listing,
    PageSeen,
    Site,
    SiteState,
    SliceResult,
    Step,
)
from crawler.store.judgements import Judgements
from crawler.store.rows import Row, address_of, address_row, host_of_row, host_row
from gallery.store.database import Store, transaction
from gallery.times import moment_of, text_of
from watermark.matching.verdict import Verdict


class Sightings(Store):
    """Addresses, hosts, and where images were seen.

    Every row but a failure has a key, so that the same slice twice changes nothing.
    """

    def state(self, site: Site) -> SiteState:
        """Give all that is known of a site's addresses and hosts."""
        what = {"site": site.id}
        urls = self._db.query("select * from urls where site_id = :site order by id", what)
        hosts = self._db.query("select * from hosts where site_id = :site", what)
        barren = self._db.execute("select barren from sites where id = :site", what).fetchone()[0]
        return SiteState(
            addresses={row["url"]: address_of(row) for row in urls},
            hosts={row["host"]: host_of_row(row) for row in hosts},
            barren=json.loads(barren),
        )

    def save(self, site: Site, result: SliceResult, now: datetime, *, run_id: int | None) -> None:
        """Write down what was seen and found, inside the caller's transaction."""
        with transaction(self._db):
            self._save_addresses(site, result)
            ids = self._ids(site, result, now)
            self._save_sightings(ids, result, now)
            Judgements(self._db).put(result.judgements, now)
            if site.listing is not Listing.ALLOW:
                self._save_findings(site, ids, result, run_id, now)
            self._save_failures(site, result.failures, run_id)

    def _save_addresses(self, site: Site, result: SliceResult) -> None:
        self._db.conn.executemany(_PUT_URL, [address_row(address, site.id) for address in result.addresses])
        self._db.conn.executemany(_PUT_HOST, [host_row(host, site.id) for host in result.hosts])
        self._db.execute(
            "update sites set barren = :barren where id = :site",
            {"barren": json.dumps(dict(result.barren)), "site": site.id},
        )

    def _ids(self, site: Site, result: SliceResult, now: datetime) -> dict[str, int]:
        """Number each address that a slice speaks of.

        Pages outside the site get a row too.
        """
        query = "select url, id from urls where site_id = :site"
        ids = {str(url): int(number) for url, number in self._db.execute(query, {"site": site.id})}
        named = {page.url: Kind.PAGE for page in result.pages}
        named |= {image.url: Kind.IMAGE for page in result.pages for image in page.images}
        missing = [(url, kind) for url, kind in named.items() if url not in ids]
        for url, kind in missing:
            cursor = self._db.execute(
                _PUT_STUB,
                {"site": site.id, "url": url, "kind": str(kind), "due": text_of(now + timedelta(days=3650))},
            )
            ids[url] = int(cursor.lastrowid or 0)
        return ids

    def _save_sightings(self, ids: Mapping[str, int], result: SliceResult, now: datetime) -> None:
        at = text_of(now)
        seen = [_sighting(ids, page, image, at) for page in result.pages for image in page.images]
        self._db.conn.executemany(_PUT_SIGHTING, seen)
        self._db.conn.executemany(
            "update urls set title = :title, signs = :signs where id = :id",
            [
                {"title": page.title, "signs": json.dumps(page.signals), "id": ids[page.url]}
                for page in result.pages
                if page.is_whole
            ],
        )
        self._db.conn.executemany(
            "update sightings set last_seen = max(first_seen, :at) where page_id = :page",
            [{"at": at, "page": ids[url]} for url in result.unchanged if url in ids],
        )

    def _save_findings(
        self, site: Site, ids: Mapping[str, int], result: SliceResult, run_id: int | None, now: datetime
    ) -> None:
        shown = {address.url for address in result.addresses if address.kind is Kind.IMAGE and address.digest}
        seen = {ids[url] for url in shown.union(result.unchanged) if url in ids}
        told = {int(number) for (number,) in self._db.execute(_TOLD, {"site": site.id})}
        found = [
            {"site": site.id, "image": number, "run": run_id, "at": text_of(now)}
            for number in sorted(seen & told)
        ]
        self._db.conn.executemany(_PUT_FINDING, found)
        self._db.conn.executemany(_PUT_FURTHER_FINDING, found)

    def _save_failures(self, site: Site, failures: Iterable[Failure], run_id: int | None) -> None:
        self._db.conn.executemany(
            """insert into failures (run_id, site_id, url, step, trouble, message, at)
               values (:run, :site, :url, :step, :trouble, :message, :at)""",
            [
                asdict(one) | {"run": run_id, "site": site.id, "step": str(one.step), "at": text_of(one.at)}
                for one in failures
            ],
        )

    def failures(self, *, run_id: int | None = None) -> list[Failure]:
        """Give what could not be done, in order."""
        rows = self._db.query(
            "select * from failures where :run is null or run_id = :run order by id", {"run": run_id}
        )
        return [
            Failure(
                url=row["url"],
                step=Step(row["step"]),
                trouble=row["trouble"],
                message=row["message"],
                at=moment_of(row["at"]),
            )
            for row in rows
        ]

    def outside_links(self) -> list[tuple[str, str]]:
        """Give addresses elsewhere whose pictures a site with copies shows."""
        return [
            (str(site), str(url))
            for site, url in self._db.execute(
                """select distinct sites.url, urls.url from urls join sites on sites.id = urls.site_id
                    where urls.url glob 'http*' and instr(urls.url, sites.url) <> 1
                      and exists (select 1 from findings
                                   where findings.site_id = sites.id and exists (select 1 from judgements
                                    where judgements.digest = findings.digest and judgements.verdict = :copy))""",
                {"copy": Verdict.COPY},
            )
        ]


def _sighting(ids: Mapping[str, int], page: PageSeen, image: ImageLink, at: str | None) -> Row:
    words = {name: getattr(image, name) for name in ("element", "via", "alt", "caption", "heading")}
    return words | {"page": ids[page.url], "image": ids[image.url], "at": at}


_URL_COLUMNS = ["why" if name == "reason" else name for name in Address.__slots__ if name != "url"]
_UPDATED = ", ".join(f"{name} = excluded.{name}" for name in _URL_COLUMNS)
_PUT_URL = (
    f"insert into urls (site_id, url, {', '.join(_URL_COLUMNS)}) "  # noqa: S608 (our own column names)
    f"values (:site_id, :url, {', '.join(':' + name for name in _URL_COLUMNS)}) "
    f"on conflict (site_id, url) do update set {_UPDATED}"
)
_PUT_STUB = """
    insert into urls (site_id, url, kind, standing, rank, depth, status, etag, last_modified, final, digest,
                      matched_upto, due_at, tries, why, parent)
    values (:site, :url, :kind, 'skipped', 9, 0, 0, '', '', '', '', 0, :due, 0, 'outside:', '')
"""
_PUT_HOST = """
    insert into hosts (site_id, host, robots, robots_status, robots_at, parked_until, latency_s, failures,
                       asked_at)
    values (:site_id, :host, :robots, :robots_status, :robots_at, :parked_until, :latency_s, :failures,
            :asked_at)
    on conflict (site_id, host) do update set robots = excluded.robots,
        robots_status = excluded.robots_status, robots_at = excluded.robots_at,
        parked_until = excluded.parked_until, latency_s = excluded.latency_s,
        failures = excluded.failures, asked_at = excluded.asked_at
"""
_PUT_SIGHTING = """
    insert into sightings (page_id, image_id, element, via, alt, caption, heading, first_seen, last_seen)
    values (:page, :image, :element, :via, :alt, :caption, :heading, :at, :at)
    on conflict (image_id, page_id, element, via) do update set alt = excluded.alt,
        caption = excluded.caption, heading = excluded.heading, last_seen = max(first_seen, excluded.last_seen)
"""
_TOLD = """
    select urls.id from urls join contents on contents.digest = urls.digest
     where urls.site_id = :site
       and (contents.photo_id is not null or contents.carries_our_mark)
"""
_FINDING = """
    insert into findings (site_id, image_id, photo_id, digest, run_id, first_seen, last_seen)
    {found}
     where urls.id = :image
    on conflict (image_id, coalesce(photo_id, 0), digest) do update set
        last_seen = max(first_seen, excluded.last_seen)
"""
_PUT_FINDING = _FINDING.format(
    found="""select :site, urls.id, contents.photo_id, contents.digest, :run, :at, :at
               from urls join contents on contents.digest = urls.digest"""
)
_PUT_FURTHER_FINDING = _FINDING.format(
    found="""select :site, urls.id, value ->> 0, contents.digest, :run, :at, :at
               from urls join contents on contents.digest = urls.digest, json_each(contents.also)"""
)

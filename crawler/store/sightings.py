"""What visits saw of addresses, hosts and images, and what failed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from crawler.model import (
    Address,
    Failure,
    ImageLink,
    Kind,
    PageSeen,
    Reading,
    Site,
    SiteState,
    SliceResult,
    Step,
)
from crawler.store.judgements import Judgements
from crawler.store.record import PresenceRecord
from crawler.store.rows import Row, address_of, address_row, host_of_row, host_row
from crawler.visit.revisit import Rank
from gallery.store.database import Store, transaction
from gallery.times import moment_of, text_of
from watermark.matching.verdict import Verdict


class Sightings(Store):
    """Addresses, hosts, and where images were seen.

    Every row but a failure has a key, so that the same slice twice changes nothing.
    """

    def __init__(self, db: Database) -> None:
        """Use this database."""
        super().__init__(db)
        self.record = PresenceRecord(db)

    def state(self, site: Site) -> SiteState:
        """Give all that is known of a site's addresses and hosts.

        Those of open and confirmed findings come first; pictures that no page names any more are left out.
        """
        tracked = self.record.tracked(site)
        left_out = self.record.unnamed(site) - tracked
        what = {"site": site.id}
        urls = self._db.query("select * from urls where site_id = :site order by id", what)
        hosts = self._db.query("select * from hosts where site_id = :site", what)
        barren = self._db.execute("select barren from sites where id = :site", what).fetchone()[0]
        return SiteState(
            addresses={
                one.url: replace(one, rank=Rank.HIT, due_at=_due(one)) if one.url in tracked else one
                for row in urls
                for one in [address_of(row)]
                if one.url not in left_out
            },
            hosts={row["host"]: host_of_row(row) for row in hosts},
            barren=json.loads(barren),
        )

    def save(
        self, site: Site, result: SliceResult, now: datetime, *, run_id: int | None, since: datetime
    ) -> None:
        """Write down what was seen and found, inside the caller's transaction.

        `since` is when the night began: only answers after it prove anything.
        """
        with transaction(self._db):
            self._save_addresses(site, result)
            ids = self._ids(site, result, now)
            self._save_readings(ids, result)
            self._save_placements(ids, result, now)
            Judgements(self._db).put(result.judgements, now)
            self.record.note(site, since, run_id)
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
        named = {page.source or page.url: Kind.PAGE for page in result.pages}
        named |= {page.url: Kind.PAGE for page in result.pages}
        named |= {image.url: Kind.IMAGE for page in result.pages for image in page.images}
        missing = [(url, kind) for url, kind in named.items() if url not in ids]
        for url, kind in missing:
            cursor = self._db.execute(
                _PUT_STUB,
                {"site": site.id, "url": url, "kind": str(kind), "due": text_of(now + timedelta(days=3650))},
            )
            ids[url] = int(cursor.lastrowid or 0)
        return ids

    def _save_readings(self, ids: Mapping[str, int], result: SliceResult) -> None:
        """Keep each address's last proven answer, and forget what it named before where it was read anew."""
        same = frozenset(result.unchanged)
        proven = [one for one in result.readings if one.url in ids and _is_proven(one)]
        self._db.conn.executemany(_PUT_READING, [_reading(ids, one) for one in proven])
        anew = [
            {"id": ids[one.url]}
            for one in proven
            if one.status != _NOT_MODIFIED and one.url not in same and (one.is_read or one.status != _OK)
        ]
        self._db.conn.executemany("update placements set shown = 0 where source_id = :id", anew)

    def _save_placements(self, ids: Mapping[str, int], result: SliceResult, now: datetime) -> None:
        times = {one.url: text_of(one.received) for one in result.readings}
        at = text_of(now)
        seen = [_placement(ids, page, image, times, at) for page in result.pages for image in page.images]
        self._db.conn.executemany(_PUT_PLACEMENT, seen)
        self._db.conn.executemany(
            "update urls set title = :title, signs = :signs where id = :id",
            [
                {"title": page.title, "signs": json.dumps(page.signals), "id": ids[page.url]}
                for page in result.pages
                if page.is_whole
            ],
        )
        self._db.conn.executemany(
            "update placements set last_seen = max(first_seen, :at) where source_id = :page and shown",
            [{"at": times.get(url, at), "page": ids[url]} for url in result.unchanged if url in ids],
        )

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
                                    join finding_digests on finding_digests.finding_id = findings.id
                                    join judgements on judgements.digest = finding_digests.digest
                                   where findings.site_id = sites.id and judgements.verdict = :copy)""",
                {"copy": Verdict.COPY},
            )
        ]


def _due(address: Address) -> datetime | None:
    """Give when an address of a finding is due: in every night."""
    due, fetched = address.due_at, address.fetched_at
    return min(due, fetched) if due and fetched and not address.tries else due


def _is_proven(one: Reading) -> bool:
    """Tell whether an answer proves what is at an address, or that nothing is."""
    return (
        one.status in _GONE
        or one.status in _MOVED
        or (one.status in (_OK, _NOT_MODIFIED) and bool(one.digest))
    )


def _reading(ids: Mapping[str, int], one: Reading) -> Row:
    return asdict(one) | {
        "id": ids[one.url],
        "digest": one.digest if one.status in (_OK, _NOT_MODIFIED) else "",
        "sent": text_of(one.sent),
        "received": text_of(one.received),
    }


def _placement(
    ids: Mapping[str, int], page: PageSeen, image: ImageLink, times: Mapping[str, str], at: str
) -> Row:
    words = {name: getattr(image, name) for name in ("element", "via", "alt", "caption", "heading", "claim")}
    source = page.source or page.url
    at = times.get(source, at)
    return words | {"page": ids[page.url], "source": ids[source], "image": ids[image.url], "at": at}


_OK, _NOT_MODIFIED = 200, 304
_GONE, _MOVED = (404, 410), (301, 302, 303, 307, 308)
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
_PUT_READING = """
    update urls set former_status = read_status, former_sent = read_sent, former_received = read_received,
        former_digest = read_digest, read_status = :status, read_sent = :sent, read_received = :received,
        read_digest = :digest, read_final = :final, is_read = :is_read
     where id = :id and (read_received is null or read_received < :received)
"""
_PUT_PLACEMENT = """
    insert into placements (page_id, source_id, image_id, element, via, alt, caption, heading, claim, first_seen,
                            last_seen, shown)
    values (:page, :source, :image, :element, :via, :alt, :caption, :heading, :claim, :at, :at, 1)
    on conflict (image_id, page_id, source_id, element, via) do update set alt = excluded.alt,
        caption = excluded.caption, heading = excluded.heading, claim = excluded.claim, shown = 1,
        first_seen = case when shown then first_seen else excluded.first_seen end,
        last_seen = max(first_seen, excluded.last_seen)
"""

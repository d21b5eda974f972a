"""What was proven of pictures of ours, as rows that are never changed."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from crawler.extract.signals import Signal
from crawler.model import Absence, Listing, Site
from crawler.store.rows import Row, rows_of
from gallery.store.database import Store
from gallery.times import text_of

_SAME_LOOK = 10
_MOST_UNNAMED = 5
_KEPT = timedelta(days=8)
_HIDES = frozenset(
    (
        Signal.LOGIN,
        Signal.COOKIE_WALL,
        Signal.TOO_LONG,
        Signal.BOT_BLOCK,
        Signal.PARKED,
        Signal.SCRIPT_BUILT,
        Signal.TOO_DEEP,
        Signal.CUT,
    )
)
_GONE = (404, 410)


class PresenceRecord(Store):
    """Findings with the sightings and observations that prove them.

    A sighting is bytes at an address on a page in some words. An observation says that it was proven present or
    absent at one time. Both rest on answers of one night, and on nothing else.
    """

    def note(self, site: Site, since: datetime, run_id: int | None) -> None:
        """Write down what is proven so far since the night began."""
        what = {"site": site.id, "since": text_of(since), "run": run_id}
        if site.listing is not Listing.ALLOW:
            self._find(what)
        latest = self._latest(site)
        for row in rows_of(self._db, _PRESENT, what):
            place = _place(row)
            sighting = self._sighting(site, place, run_id)
            at = max(filter(None, (place["page_received"], place["image_received"])))
            before = latest.get((row["finding_id"], place["page_url"]))
            if before is None or not before["present"]:
                self._note_absence_before(row, place, before)
            self._observe(row["finding_id"], place, run_id, present=True, sighting=sighting, at=at)
            latest[row["finding_id"], place["page_url"]] = {"present": 1, "at": at}

    def _find(self, what: Row) -> None:
        """Give each look of a photo of ours at this site its finding."""
        site = what["site"]
        rows = rows_of(self._db, _FINDINGS_OF_SITE, {"site": site})
        known = {(row["photo_id"], row["digest"]) for row in rows}
        for row in rows_of(self._db, _TOLD, what):
            for photo in _photos(row):
                if (photo, row["digest"]) in known:
                    continue
                same = (
                    one for one in rows if one["photo_id"] == photo and _looks_same(one["look"], row["look"])
                )
                head = next(same, None)
                number = head["id"] if head else self._new(site, photo, what["run"])
                self._db.execute(
                    "insert or ignore into finding_digests (finding_id, digest) values (?, ?)",
                    [number, row["digest"]],
                )
                known.add((photo, row["digest"]))
                rows.append({"id": number, "photo_id": photo, "digest": row["digest"], "look": row["look"]})

    def _new(self, site: int, photo: int | None, run_id: int | None) -> int:
        cursor = self._db.execute(
            "insert into findings (site_id, photo_id, run_id) values (?, ?, ?)", [site, photo, run_id]
        )
        return int(cursor.lastrowid or 0)

    def _latest(self, site: Site) -> dict[tuple[int, str], Row]:
        """Give the newest observation of each finding and page of a site."""
        rows = rows_of(self._db, _LATEST, {"site": site.id})
        return {(row["finding_id"], row["page_url"]): row for row in rows}

    def _sighting(self, site: Site, place: Row, run_id: int | None) -> int:
        values = place | {"site": site.id, "run": run_id}
        self._db.execute(_PUT_SIGHTING, values)
        return int(self._db.execute(_SIGHTING_ID, values).fetchone()[0])

    def _observe(  # noqa: PLR0913 (the columns of a row)
        self,
        finding: int,
        place: Row,
        run_id: int | None,
        *,
        present: bool,
        cause: str = "",
        sighting: int | None = None,
        at: str,
    ) -> None:
        values = dict.fromkeys(_TIMES) | place
        values |= {
            "finding": finding,
            "run": run_id,
            "present": int(present),
            "cause": cause,
            "sighting": sighting,
            "at": at,
        }
        self._db.execute(_PUT_OBSERVATION, values)

    def _note_absence_before(self, row: Row, place: Row, before: Row | None) -> None:
        """Note the last earlier reading that proves the picture was not on the page."""
        if not row["whole_received"] or row["whole_received"] >= place["page_received"]:
            return
        proof = {
            "page_url": place["page_url"],
            "image_url": "",
            "page_status": row["whole_status"],
            "page_sent": row["whole_sent"],
            "page_received": row["whole_received"],
        }
        if (
            row["named_since"] <= row["whole_received"]
        ):  # the page named the same address then: what did that answer?
            if not row["former_received"] or row["former_is_ours"]:
                return
            proof |= {"image_url": row["image_url"]}
            proof |= {f"image_{name}": row[f"former_{name}"] for name in ("status", "sent", "received")}
        at = min(filter(None, (proof["page_received"], proof.get("image_received"))))
        if before is None or at > before["at"]:
            self._observe(row["finding_id"], proof, None, present=False, cause=Absence.NOT_YET, at=at)

    def conclude(self, site: Site, since: datetime, run_id: int | None) -> None:
        """Write down what a night's whole visit of a site proves gone, and forget addresses nobody names."""
        what = {"site": site.id, "since": text_of(since), "run": run_id}
        self._note_files(what)
        self._note_pages(site, what)
        self._db.execute(_WHOLE, what)
        for statement in _FORGET:
            self._db.execute(statement, what | {"unnamed": _MOST_UNNAMED, "week": text_of(since - _KEPT)})

    def _note_files(self, what: Row) -> None:
        """Note files that are still served unnamed, and files that are gone."""
        for row in rows_of(self._db, _FILES, what):
            image = {"page_url": "", "image_url": row["image_url"]}
            image |= {f"image_{name}": row[f"read_{name}"] for name in ("status", "sent", "received")}
            at = row["read_received"]
            if row["is_ours"]:
                if row["last_at"] < what["since"]:
                    self._observe(row["finding_id"], image, what["run"], present=True, at=at)
            elif row["last_present"] and (row["read_status"] in _GONE or row["read_digest"]):
                cause = Absence.FILE_GONE if row["read_status"] in _GONE else Absence.OTHER_BYTES
                self._observe(row["finding_id"], image, what["run"], present=False, cause=cause, at=at)

    def _note_pages(self, site: Site, what: Row) -> None:
        """Note pages that were read and do not show the picture."""
        readings = {row["url"]: row for row in rows_of(self._db, _PAGES, what)}
        for (finding, url), latest in self._latest(site).items():
            page = readings.get(url)
            if page is None or not latest["present"] or latest["at"] >= what["since"]:
                continue
            cause = self._absence(finding, page, latest, what)
            if cause is None:
                continue
            place = {"page_url": url, "image_url": ""}
            place |= {f"page_{name}": page[f"read_{name}"] for name in ("status", "sent", "received")}
            self._observe(finding, place, what["run"], present=False, cause=cause, at=page["read_received"])

    def _absence(self, finding: int, page: Row, latest: Row, what: Row) -> Absence | None:
        """Say why a page that was read tonight is without a picture, or None where that is not proven."""
        if page["read_status"] in _GONE:
            return Absence.PAGE_GONE
        if not page["is_read"] or _HIDES & set(json.loads(page["signs"])):
            return None
        doubtful = False
        named = None
        for image in rows_of(self._db, _NAMED, what | {"page": page["id"], "finding": finding}):
            tonight = bool(image["read_received"]) and image["read_received"] >= what["since"]
            if tonight and (image["read_digest"] or image["read_status"] in _GONE):
                if image["is_known"] and not image["is_ours"]:
                    named = Absence.FILE_GONE if image["read_status"] in _GONE else Absence.OTHER_BYTES
                doubtful |= bool(image["is_ours"])
            else:
                doubtful |= bool(image["is_known"]) or image["named_since"] > latest["at"]
            doubtful |= not image["source_read"]
        return None if doubtful else named or Absence.PAGE_WITHOUT

    def tracked(self, site: Site) -> frozenset[str]:
        """Give the addresses of findings that are asked for first in each night."""
        if site.listing is Listing.ALLOW:
            return frozenset()
        what = {"site": site.id, "unnamed": _MOST_UNNAMED}
        return frozenset(str(row["url"]) for row in rows_of(self._db, _TRACKED_URLS, what))

    def unnamed(self, site: Site) -> frozenset[str]:
        """Give the addresses of pictures that no page names any more."""
        return frozenset(str(row["url"]) for row in rows_of(self._db, _UNNAMED, {"site": site.id}))

    def note_left_alone(self, site: Site, run_id: int) -> None:
        """Write down which addresses a run left alone, as far as that differs from the run before."""
        what = {"site": site.id, "run": run_id}
        for statement in _LEFT_ALONE:
            self._db.execute(statement, what)

    def left_alone(self, run_id: int) -> list[Row]:
        """Give site, address and reason of all that one run left alone."""
        return rows_of(self._db, _LEFT, {"run": run_id})


def _photos(row: Row) -> Iterable[int | None]:
    """Give the photos of ours in a picture; None for our mark alone."""
    yield row["photo_id"]
    for photo, _ in json.loads(row["also"]):
        yield int(photo)


def _looks_same(one: str, other: str) -> bool:
    """Tell whether two pictures are one, saved again without new content.

    10 of 255 grey levels in the cell of 32 by 32 that differs most: on 8 drawn portraits, saving again at quality
    30 to 85 differed by 1 to 2, a width of 320 by 5 to 9, 3 % cut off by 50 and more, banners by 25 and more; a
    logo that differs less from what it covers can hardly be seen.
    """
    if not one or not other:
        return False
    from watermark.picture.perceptual_hash import GreyGrid  # noqa: PLC0415 (heavy, and seldom needed)

    grid = GreyGrid.from_text(one)
    return grid is not None and grid.levels_apart(GreyGrid.from_text(other)) <= _SAME_LOOK


def _place(row: Row) -> Row:
    """Give where a picture is present, with the answers that prove it."""
    is_map = row["source_kind"] == "map"
    page = "source" if is_map else "page"
    is_inline = str(row["image_url"]).startswith("data:")
    image = page if is_inline else "image"
    words = {name: row[name] for name in ("element", "via", "alt", "caption", "heading", "claim")}
    place: dict[str, Any] = words | {
        "digest": row["digest"],
        "image_url": row["image_url"],
        "image_final": "" if is_inline else row["image_final"],
        "page_url": row[f"{page}_url"],
        "page_final": row[f"{page}_final"],
        "named_by": row["source_url"],
    }
    place |= {f"page_{name}": row[f"{page}_{name}"] for name in ("status", "sent", "received")}
    return place | {f"image_{name}": row[f"{image}_{name}"] for name in ("status", "sent", "received")}


_TIMES = ("page_status", "page_sent", "page_received", "image_status", "image_sent", "image_received")
_TOLD = """
    select contents.digest, contents.photo_id, contents.also, contents.look
      from urls join contents on contents.digest =
           case when urls.url glob 'data:*' then urls.digest else urls.read_digest end
     where urls.site_id = :site and (urls.read_received >= :since or urls.url glob 'data:*')
       and (contents.photo_id is not null or contents.carries_our_mark)
     order by urls.id
"""
_FINDINGS_OF_SITE = """
    select findings.id, findings.photo_id, finding_digests.digest, contents.look
      from findings join finding_digests on finding_digests.finding_id = findings.id
      join contents on contents.digest = finding_digests.digest
     where findings.site_id = :site order by findings.id
"""
_LATEST = """
    select observations.finding_id, observations.page_url, observations.present, max(observations.at) as at
      from findings join observations on observations.finding_id = findings.id
     where findings.site_id = :site and observations.page_url <> ''
     group by observations.finding_id, observations.page_url
"""
_PRESENT = """
    select findings.id as finding_id, placements.element, placements.via, placements.alt, placements.caption,
           placements.heading, placements.claim, placements.first_seen as named_since,
           finding_digests.digest, images.url as image_url, images.read_final as image_final,
           images.read_status as image_status, images.read_sent as image_sent, images.read_received as image_received,
           pages.url as page_url, pages.read_final as page_final, pages.read_status as page_status,
           pages.read_sent as page_sent, pages.read_received as page_received,
           sources.url as source_url, sources.kind as source_kind, sources.read_final as source_final,
           sources.read_status as source_status, sources.read_sent as source_sent,
           sources.read_received as source_received,
           shows.whole_status, shows.whole_sent, shows.whole_received,
           images.former_status, images.former_sent, images.former_received,
           exists (select 1 from finding_digests as former
                    where former.finding_id = findings.id and former.digest = images.former_digest) as former_is_ours
      from findings
      join finding_digests on finding_digests.finding_id = findings.id
      join urls as images on images.id in (
           select id from urls where site_id = :site and read_digest = finding_digests.digest and read_digest <> ''
              and read_received >= :since and read_status in (200, 304)
           union select id from urls
            where digest = finding_digests.digest and digest <> '' and site_id = :site and url glob 'data:*')
      join placements on placements.image_id = images.id and placements.shown
      join urls as sources on sources.id = placements.source_id and sources.read_received >= :since
       and ((sources.read_status in (200, 304) and sources.is_read) or sources.kind = 'image')
      join urls as pages on pages.id = placements.page_id
      join urls as shows on shows.id = case when sources.kind = 'map' then sources.id else pages.id end
     where findings.site_id = :site
       and shows.read_received >= :since and shows.read_status in (200, 304) and shows.is_read
     order by placements.first_seen, pages.depth, pages.id
"""
_PUT_SIGHTING = """
    insert or ignore into sightings (site_id, digest, image_url, image_final, page_url, page_final, named_by,
        element, via, alt, caption, heading, claim, run_id, page_status, page_sent, page_received,
        image_status, image_sent, image_received, recorded)
    values (:site, :digest, :image_url, :image_final, :page_url, :page_final, :named_by, :element, :via,
        :alt, :caption, :heading, :claim, :run, :page_status, :page_sent, :page_received, :image_status, :image_sent,
        :image_received, 'by-answer')
"""
_SIGHTING_ID = """
    select id from sightings
     where site_id = :site and digest = :digest and image_url = :image_url and image_final = :image_final
       and page_url = :page_url and page_final = :page_final and named_by = :named_by and element = :element
       and via = :via and alt = :alt and caption = :caption and heading = :heading and claim = :claim
       and recorded = 'by-answer'
"""
_PUT_OBSERVATION = """
    insert or ignore into observations (finding_id, sighting_id, run_id, page_url, image_url, present, cause,
        page_status, page_sent, page_received, image_status, image_sent, image_received, at)
    values (:finding, :sighting, :run, :page_url, :image_url, :present, :cause, :page_status,
        :page_sent, :page_received, :image_status, :image_sent, :image_received, :at)
"""
_FILES = """
    select newest.finding_id, newest.image_url, newest.present as last_present, newest.at as last_at, urls.read_status,
           urls.read_sent, urls.read_received, urls.read_digest,
           exists (select 1 from finding_digests where finding_digests.finding_id = newest.finding_id
                      and finding_digests.digest = urls.read_digest and urls.read_status in (200, 304)) as is_ours
      from (select observations.finding_id, observations.image_url, observations.present, max(observations.at) as at
              from findings join observations on observations.finding_id = findings.id
             where findings.site_id = :site and observations.image_url <> ''
               and (observations.present or observations.page_url = '')
             group by observations.finding_id, observations.image_url) as newest
      join urls on urls.site_id = :site and urls.url = newest.image_url
     where urls.read_received >= :since and urls.url not glob 'data:*'
"""
_PAGES = """
    select id, url, read_status, read_sent, read_received, is_read, signs from urls
     where site_id = :site and kind <> 'image' and read_received >= :since
       and url in (select page_url from observations join findings on findings.id = observations.finding_id
                    where findings.site_id = :site)
"""
_NAMED = """
    select images.read_received, images.read_digest, images.read_status, min(placements.first_seen) as named_since,
           min(sources.read_received >= :since) as source_read,
           exists (select 1 from finding_digests where finding_id = :finding
                      and digest in (images.read_digest, case when images.url glob 'data:*' then images.digest end))
               as is_ours,
           exists (select 1 from observations where finding_id = :finding and image_url = images.url and present)
               as is_known
      from placements join urls as images on images.id = placements.image_id
      join urls as sources on sources.id = placements.source_id
     where (placements.page_id = :page or placements.source_id = :page) and placements.shown
     group by images.id
"""
_WHOLE = """
    update urls set whole_status = read_status, whole_sent = read_sent, whole_received = read_received
     where site_id = :site and kind <> 'image' and read_received >= :since
       and (read_status in (404, 410) or (is_read and read_status in (200, 304)
            and not exists (select 1 from json_each(urls.signs)
                             where value not in ('asks that its images are not indexed'))
            and not exists (select 1 from placements join urls as images on images.id = placements.image_id
                             where (placements.page_id = urls.id or placements.source_id = urls.id) and placements.shown
                               and images.standing not in ('done', 'gone', 'skipped'))))
"""
_OPEN = """
    select findings.id, findings.site_id from findings
     where findings.site_id = :site and coalesce((
           select decision from decisions join finding_digests on finding_digests.finding_id = findings.id
              and finding_digests.digest = decisions.digest
            where decisions.site_id = findings.site_id and decisions.photo_id is findings.photo_id
              and decisions.id > findings.conflict_upto
            order by decisions.id desc limit 1), 'open') not in ('dismissed', 'licensed')
"""
_UNNAMED_FILES = f"""
    select image_url from (
        select observations.finding_id, image_url, present, max(at) as at,
               row_number() over (partition by observations.finding_id order by max(at) desc, image_url) as place
          from ({_OPEN}) as open join observations on observations.finding_id = open.id
         where image_url <> '' and (present or page_url = '')
         group by observations.finding_id, image_url having present)
     where place <= :unnamed
"""  # noqa: S608 (our own statements)
_TRACKED_URLS = f"""
    with open as ({_OPEN}), places as (
        select distinct placements.page_id, placements.source_id, placements.image_id
          from open join finding_digests on finding_digests.finding_id = open.id
          join urls on urls.id in (
               select id from urls where site_id = :site and read_digest = finding_digests.digest and read_digest <> ''
               union select id from urls where digest = finding_digests.digest and digest <> '' and site_id = :site)
          join placements on placements.image_id = urls.id and placements.shown)
    select url from urls where id in (select page_id from places union select source_id from places
                                      union select image_id from places)
    union {_UNNAMED_FILES}
    union select page_url from (
        select page_url, present, max(at) from open join observations on observations.finding_id = open.id
         where page_url <> '' group by observations.finding_id, page_url having present)
"""  # noqa: S608 (our own statements)
_UNNAMED = """
    select urls.url from urls
     where urls.site_id = :site and urls.kind = 'image'
       and urls.id in (select image_id from placements where not shown)
       and not exists (select 1 from placements where placements.image_id = urls.id and placements.shown)
       and not exists (select 1 from placements where placements.source_id = urls.id and placements.shown)
"""
_FORGET = (
    """delete from placements
        where not shown and last_seen < :week and image_id in (select id from urls where site_id = :site)""",
    f"""delete from urls
         where site_id = :site and kind = 'image' and coalesce(fetched_at, '') < :week
           and url not in ({_UNNAMED_FILES})
           and not exists (select 1 from placements where urls.id in (image_id, source_id, page_id))""",  # noqa: S608 (our own statements)
)
_LEFT_ALONE = (
    """insert into left_alone_ends (left_id, run_id)
       select left_alone.id, :run from left_alone
        where site_id = :site and not exists (select 1 from left_alone_ends where left_id = left_alone.id)
          and not exists (select 1 from urls where urls.site_id = :site and urls.url = left_alone.url
                             and urls.standing = 'skipped' and urls.rank < 9 and urls.why = left_alone.why)""",
    """insert into left_alone (site_id, url, why, run_id)
       select site_id, url, why, :run from urls
        where site_id = :site and standing = 'skipped' and rank < 9
          and not exists (select 1 from left_alone where left_alone.site_id = :site and left_alone.url = urls.url
                             and left_alone.why = urls.why
                             and not exists (select 1 from left_alone_ends where left_id = left_alone.id))""",
)
_LEFT = """
    select sites.url as site, left_alone.url, left_alone.why
      from left_alone join sites on sites.id = left_alone.site_id
      left join left_alone_ends on left_alone_ends.left_id = left_alone.id
     where left_alone.run_id <= :run and (left_alone_ends.run_id is null or left_alone_ends.run_id > :run)
       and exists (select 1 from site_runs where site_runs.run_id = :run and site_runs.site_id = left_alone.site_id)
     order by 1, 2
"""

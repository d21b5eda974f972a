"""One request with its redirects, and the extraction of what came."""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from crawler.extract.documents import extract_document
from crawler.extract.elements import ExtractedPage
from crawler.extract.page import extract_page, extract_style
from crawler.extract.signals import Signal
from crawler.extract.sitemaps import Sitemap, parse_sitemap
from crawler.extract.sniff import HOLDERS, Content, sniff
from crawler.extract.text import refresh_target
from crawler.http import headers
from crawler.http.client import Fetcher, FetchError, Reply
from crawler.http.exchange import Exchange
from crawler.http.headers import media_type
from crawler.http.robots import Rules
from crawler.model import Address, ImageLink, Judgement, Kind, Site
from crawler.reasons import Cause, Reason
from crawler.urls import canonical, host_of, in_scope
from crawler.visit.context import MIB, VisitContext
from crawler.visit.host_queues import Turn
from crawler.visit.polite import PoliteFetcher
from crawler.visit.rendered import ScriptedPages
from crawler.visit.revisit import Rank

MAX_REDIRECTS = 10
_WEEK = 7
SCRIPT_BUILT = Reason(Cause.SCRIPT_BUILT)
_OK, _REDIRECTED, _CLIENT_ERROR, _SERVER_ERROR = 200, 300, 400, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What one turn brought back.

    Args:
        turn: What was asked for.
        reply: The last answer.
        error: Why there is none.
        final: Where redirects ended.
        moved: A redirect that may not be followed at once, or "".
        digest: `sha256:` of the body.
        content: What the body is.
        page: What a page or style sheet holds.
        sitemap: What a sitemap or feed lists.
        judgement: What matching said of a picture.
        matched_upto: The highest photo id that these bytes were compared with before.
        inline: Pictures inside the page itself.
        asked: How many requests it took.
        scripted: Whether the page's scripts were run.
        was_conditional: Whether only what had changed was asked for.
        broke: What its body made us stumble over, or "".
        wait_s: Seconds to stay away, since another site asks this host.
        exchanges: The answer as it came over the wire, after those of its redirects.
    """

    turn: Turn
    reply: Reply | None = None
    error: FetchError | None = None
    final: str = ""
    moved: str = ""
    digest: str = ""
    content: Content = Content.OTHER
    page: ExtractedPage | None = None
    sitemap: Sitemap | None = None
    judgement: Judgement | None = None
    matched_upto: int = 0
    inline: tuple[tuple[ImageLink, Judgement], ...] = ()
    asked: int = 1
    scripted: bool = False
    was_conditional: bool = False
    broke: str = ""
    wait_s: float = 0.0
    exchanges: tuple[Exchange, ...] = ()


def shows(status: int, content: Content = Content.OTHER) -> bool:
    """Tell whether a browser shows what came under a status.

    Pages only with success; a picture also where its server says that it is not there.
    """
    if content is Content.IMAGE and _CLIENT_ERROR <= status < _SERVER_ERROR:
        return status not in (408, 425, 429)
    return _OK <= status < _REDIRECTED and status not in (204, 205)


def is_asked_anew(address: Address, began: datetime) -> bool:
    """Tell whether a server's word that nothing changed is not taken tonight.

    Some answer "not modified" to everything. What shows a copy is asked for anew every night, a page that has not
    changed for six nights every seventh, not all on the same one.
    """
    if address.rank == Rank.HIT:
        return True
    if address.kind not in (Kind.PAGE, Kind.MAP) or address.changed_at is None:
        return False
    stood = began - address.changed_at >= (_WEEK - 1) * timedelta(days=1)
    return stood and (began.toordinal() + zlib.crc32(address.url.encode())) % _WEEK == 0


def is_linked_page(address: Address, final: str, site: Site) -> bool:
    """Tell whether what a link called a picture may be read as a page of the site."""
    return address.rank == Rank.LINKED and in_scope(final or address.url, site.url)


class Downloader:
    """Downloads for one site, in several threads where the site permits it."""

    def __init__(
        self,
        site: Site,
        context: VisitContext,
        fetcher: Fetcher,
        *,
        rules: Mapping[str, Rules],
        matched: Mapping[str, int],
    ) -> None:
        """Read what grows meanwhile.

        Args:
            site: Whom to visit.
            context: Of the slice.
            fetcher: The one door to the network.
            rules: What is known of robots.txt, by host.
            matched: The highest photo id that a digest was compared with.
        """
        self.site, self.context, self.fetcher = site, context, fetcher
        self._rules, self._matched = rules, matched
        plan = context.plan
        delay = plan.delay_s if site.delay_s is None else site.delay_s
        self._scripted = (
            ScriptedPages(PoliteFetcher(fetcher, context.clock, delay, rules), plan.agent, plan.request_s)
            if plan.browser
            else None
        )

    def download(self, turn: Turn) -> Download:
        """Take a turn, and give what came or what went wrong."""
        try:
            got = self._locked(turn)
            if turn.is_robots or got.wait_s:
                return got
            extracted = self._extracted(got)
            self._keep(extracted)
            return replace(extracted, exchanges=())
        except FetchError as error:
            return Download(turn=turn, error=error)

    def _keep(self, got: Download) -> None:
        """Spool what may be evidence: pages, style sheets, and pictures with something of ours."""
        spool, address = self.context.spool, got.turn.address
        if spool is None or got.reply is None or not shows(got.reply.status) or got.moved:
            return
        told = (got.judgement, *(judgement for _, judgement in got.inline))
        is_ours = any(said is not None and (said.photo is not None or said.carries_our_mark) for said in told)
        is_hit = address.rank == Rank.HIT or is_ours
        if is_hit or got.content in (Content.PAGE, Content.STYLE):
            spool.put(self.site.id, address.url, got.exchanges, is_hit=is_hit)

    def _locked(self, turn: Turn) -> Download:
        """Ask while no other site asks this host."""
        locks = self.context.host_locks
        if locks is None or not turn.pause_s:
            return self._fetched(turn)
        lock = locks.take(turn.host, turn.pause_s)
        if lock.wait_s:
            return Download(turn=turn, asked=0, wait_s=lock.wait_s)
        try:
            return self._fetched(turn)
        finally:
            lock.release()

    def _may_follow(self, turn: Turn, target: str) -> bool:
        if turn.is_robots:
            return True
        rules = self._rules.get(host_of(target))
        if rules is None or not rules.permits(target):
            return False
        return turn.address.kind is not Kind.PAGE or in_scope(target, self.site.url)

    def _fetched(self, turn: Turn) -> Download:
        address, plan = turn.address, self.context.plan
        url, seen = address.url, {address.url}
        is_image = address.kind is Kind.IMAGE
        stale = is_image and address.matched_upto < self.context.upto
        known = bool(address.digest) and not stale and address.reason != SCRIPT_BUILT
        known = known and not is_asked_anew(address, self.context.began)
        limit = (plan.image_mib if is_image else plan.page_mib) * MIB
        exchanges: tuple[Exchange, ...] = ()
        while True:
            conditional = known and url == (address.final or address.url)
            reply = self.fetcher.get(
                url,
                max_bytes=limit,
                etag=address.etag if conditional else "",
                last_modified=address.last_modified if conditional else "",
                fields={"Accept": _accepted(address)} | headers.referer(address.parent, url),
            )
            if reply.exchange is not None:
                exchanges, reply = (*exchanges, reply.exchange), replace(reply, exchange=None)
            target = reply.redirect
            if target is None:
                return Download(
                    turn=turn,
                    reply=reply,
                    final=url,
                    asked=len(seen),
                    exchanges=exchanges,
                    was_conditional=conditional and bool(address.etag or address.last_modified),
                )
            if target in seen or len(seen) > MAX_REDIRECTS:
                raise FetchError(
                    Cause.BROKEN,
                    f"{address.url} redirects in a circle or more than {MAX_REDIRECTS} times",
                )
            if not self._may_follow(turn, target):
                return Download(turn=turn, reply=reply, final=url, moved=target, asked=len(seen))
            seen.add(target)
            url = target

    def _extracted(self, got: Download) -> Download:
        """Extract a page or judge a picture, unless these bytes were seen before."""
        reply, address = got.reply, got.turn.address
        if reply is None or got.moved or not reply.body:
            return got
        content = sniff(reply.body, media_type(reply.headers))
        if not shows(reply.status, content):
            return got
        digest = f"sha256:{hashlib.sha256(reply.body).hexdigest()}"
        if reply.cut and (content is Content.IMAGE or address.kind is Kind.IMAGE):
            raise FetchError(Cause.TOO_LARGE, f"{address.url} is larger than {len(reply.body) // MIB} MiB")
        matched_upto = self._matched.get(digest, 0)
        same = digest == address.digest and address.reason != SCRIPT_BUILT
        if content in HOLDERS:
            same = same and address.matched_upto >= self.context.upto
        if content is Content.IMAGE:
            same = matched_upto >= self.context.upto > 0
        found = {} if same else self._guarded(content, got, reply)
        return replace(got, content=content, digest=digest, matched_upto=matched_upto, **found)

    def _guarded(self, content: Content, got: Download, reply: Reply) -> dict[str, Any]:
        """Extract a body, whatever it makes us stumble over."""
        try:
            if content is Content.IMAGE:
                return {"judgement": self.context.judge(reply.body, _name_of(got.final))}
            return self._text(content, got, reply)
        except Exception as error:  # noqa: BLE001 (bad bytes are a row, not the end of their site)
            return {"broke": f"{type(error).__name__}: {error}"}

    def _text(self, content: Content, got: Download, reply: Reply) -> dict[str, Any]:
        sent_as = reply.headers.get("content-type", "")
        if content is Content.SITEMAP:
            return {"sitemap": parse_sitemap(reply.body, got.final, cut=reply.cut)}
        if content is Content.STYLE:
            return {"page": extract_style(reply.body, got.final, sent_as, cut=reply.cut)}
        address = got.turn.address
        is_page = address.kind is not Kind.IMAGE or is_linked_page(address, got.final, self.site)
        if content in HOLDERS:
            page = (
                extract_document(reply.body, content) if content is not Content.SVG else _markup(got, reply)
            )
            return {"page": page, "inline": self._inline(page)}
        if content is not Content.PAGE or not is_page:
            return {}
        page, more = _markup(got, reply), {}
        if self._scripted is not None and Signal.SCRIPT_BUILT in page.signals:
            page, asked = self._scripted.read(replace(reply, url=got.final), page)
            more = {"asked": got.asked + asked, "scripted": True}
        return more | {"page": page, "inline": self._inline(page)}

    def _inline(self, page: ExtractedPage) -> tuple[tuple[ImageLink, Judgement], ...]:
        """Judge the pictures inside a page or document."""
        return tuple(
            (image, self.context.judge(image.body, image.url))
            for image in page.images
            if image.body is not None
        )


def _markup(got: Download, reply: Reply) -> ExtractedPage:
    page = extract_page(reply.body, got.final, reply.headers.get("content-type", ""), cut=reply.cut)
    target = refresh_target(reply.headers.get("refresh", ""))
    return replace(page, refresh=canonical(target, base=got.final) or "") if target else page


def _accepted(address: Address) -> str:
    """Give what a browser accepts in an address's place."""
    if address.kind is Kind.IMAGE:
        return headers.PAGE if address.rank == Rank.LINKED else headers.IMAGE
    return headers.STYLE if address.kind is Kind.STYLE else headers.PAGE


def _name_of(url: str) -> str:
    return url.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1] or "image"

"""Asking for one address and reading what came: may run in several threads, changes nothing shared."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from crawler.clock import Clock
from crawler.extract.elements import ExtractedPage
from crawler.extract.page import extract_page, extract_style
from crawler.extract.signals import Signal
from crawler.extract.sitemaps import Sitemap, parse_sitemap
from crawler.extract.sniff import Content, sniff
from crawler.http.client import Fetcher, FetchError, Limits, Reply, Resolver, system_resolver
from crawler.http.headers import media_type
from crawler.http.host_locks import Slots
from crawler.http.robots import Rules
from crawler.model import Candidate, Judgement, Kind, Site
from crawler.reasons import Cause, Reason
from crawler.settings import Plan
from crawler.urls import host_of, in_scope
from crawler.visit.frontier import Turn
from crawler.visit.rendered import ScriptedPages

MAX_REDIRECTS = 10
MIB = 1024 * 1024
SCRIPT_BUILT = Reason(Cause.SCRIPT_BUILT)


class Look(Protocol):
    """Tells what a picture is; must be picklable, since a slice may run in another process."""

    def __call__(self, body: bytes, name: str, /) -> Judgement:
        """Compare a picture's bytes with our photos."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What a slice is given: plan, time, eyes and network.

    Args:
        began: When the night began.
        upto: The highest photo id there is to compare with; images compared with fewer are asked for again.
        slots: Where sites take turns at the hosts and addresses that several of them need; None: each by itself.
        only_page: Look at the start page and its images, and follow nothing.
        at: The run's time when the slice was handed out, so that no computer's own clock matters; None for now.
    """

    plan: Plan
    began: datetime
    look: Look
    upto: int
    clock: Clock
    resolver: Resolver = system_resolver
    slots: Slots | None = None
    only_page: bool = False
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What one turn brought back."""

    turn: Turn
    reply: Reply | None = None
    error: FetchError | None = None
    final: str = ""
    moved: str = ""
    digest: str = ""
    content: Content = Content.OTHER
    reading: ExtractedPage | None = None
    listed: Sitemap | None = None
    looked: Judgement | None = None
    inline: tuple[tuple[Candidate, Judgement], ...] = ()
    asked: int = 1
    scripted: bool = False
    broke: str = ""
    wait_s: float = 0.0


class Asker:
    """Takes turns: one request with its redirects, and the reading of what came."""

    def __init__(
        self,
        site: Site,
        kit: Kit,
        fetcher: Fetcher,
        *,
        rules: Mapping[str, Rules],
        matched: Mapping[str, int],
    ) -> None:
        """Work for one site; `rules` and `matched` (digest → highest photo id compared) grow meanwhile."""
        self.site, self.kit, self.fetcher = site, kit, fetcher
        self._rules, self.matched = rules, matched
        delay = kit.plan.delay_s if site.delay_s is None else site.delay_s
        self._scripted = (
            ScriptedPages(fetcher, kit.plan.agent, rules, kit.clock, delay, kit.plan.request_s)
            if kit.plan.browser
            else None
        )

    def take(self, turn: Turn) -> Visit:
        """Take a turn; trouble on the way is part of what it brings back."""
        permitted = (lambda _target: True) if turn.is_robots else self._may_follow(turn)
        try:
            visit = self._in_turn(turn, permitted)
            return visit if turn.is_robots or visit.wait_s else self._read(visit)
        except FetchError as error:
            return Visit(turn=turn, error=error)

    def _in_turn(self, turn: Turn, permitted: Callable[[str], bool]) -> Visit:
        """Ask once no other site asks this host; a host without any pause is ours, or a test."""
        if self.kit.slots is None or not turn.pause_s:
            return self._ask(turn, permitted)
        slot = self.kit.slots.take(turn.host, turn.pause_s)
        if slot.wait_s:
            return Visit(turn=turn, asked=0, wait_s=slot.wait_s)
        try:
            return self._ask(turn, permitted)
        finally:
            slot.release()

    def _may_follow(self, turn: Turn) -> Callable[[str], bool]:
        def permitted(target: str) -> bool:
            rules: Rules | None = self._rules.get(host_of(target))
            if rules is None or not rules.permits(target):
                return False
            return turn.address.kind is not Kind.PAGE or in_scope(target, self.site.url)

        return permitted

    def _ask(self, turn: Turn, permitted: Callable[[str], bool]) -> Visit:
        address, plan = turn.address, self.kit.plan
        url, seen = address.url, {address.url}
        stale = address.kind is Kind.IMAGE and address.matched_upto < self.kit.upto
        limit = (plan.image_mib if address.kind is Kind.IMAGE else plan.page_mib) * MIB
        while True:
            conditional = (
                not stale
                and address.reason != SCRIPT_BUILT
                and url == (address.final or address.url)
                and bool(address.digest)
            )
            reply = self.fetcher.get(
                url,
                max_bytes=limit,
                etag=address.etag if conditional else "",
                last_modified=address.last_modified if conditional else "",
            )
            target = reply.redirect
            if target is None:
                return Visit(turn=turn, reply=reply, final=url, asked=len(seen))
            if target in seen or len(seen) > MAX_REDIRECTS:
                raise FetchError(Cause.BROKEN, f"{address.url} redirects in a circle or more than 10 times")
            if not permitted(target):
                return Visit(turn=turn, reply=reply, final=url, moved=target, asked=len(seen))
            seen.add(target)
            url = target

    def _read(self, visit: Visit) -> Visit:
        """Read a page or look at a picture, unless these bytes were seen before."""
        reply, address = visit.reply, visit.turn.address
        if reply is None or reply.status != 200 or visit.moved or not reply.body:  # noqa: PLR2004 (OK)
            return visit
        content = sniff(reply.body, media_type(reply.headers))
        digest = f"sha256:{hashlib.sha256(reply.body).hexdigest()}"
        if reply.cut and (content is Content.IMAGE or address.kind is Kind.IMAGE):
            raise FetchError(Cause.TOO_LARGE, f"{address.url} is larger than {len(reply.body) // MIB} MiB")
        same = digest == address.digest and address.reason != SCRIPT_BUILT
        if content is Content.IMAGE:
            same = self.matched.get(digest, 0) >= self.kit.upto > 0
        found = {} if same else self._guarded(content, visit, reply)
        return replace(visit, content=content, digest=digest, **found)

    def _guarded(self, content: Content, visit: Visit, reply: Reply) -> dict[str, Any]:
        """The one guard of a page or picture: whatever in it makes us stumble is a row, and its site goes on."""
        try:
            if content is Content.IMAGE:
                return {"looked": self.kit.look(reply.body, _name_of(visit.final))}
            return self._read_text(content, visit, reply)
        except Exception as error:  # noqa: BLE001 (bad bytes are a row, not the end of their site)
            return {"broke": f"{type(error).__name__}: {error}"}

    def _read_text(self, content: Content, visit: Visit, reply: Reply) -> dict[str, Any]:
        kind = reply.headers.get("content-type", "")
        if content is Content.SITEMAP:
            return {"listed": parse_sitemap(reply.body, visit.final, cut=reply.cut)}
        if content is Content.STYLE:
            return {"reading": extract_style(reply.body, visit.final, kind, cut=reply.cut)}
        if content not in (Content.PAGE, Content.SVG) or visit.turn.address.kind is Kind.IMAGE:
            return {}
        reading, found = extract_page(reply.body, visit.final, kind, cut=reply.cut), {}
        if self._scripted is not None and Signal.SCRIPT_BUILT in reading.signals:
            reading, asked = self._scripted.read(replace(reply, url=visit.final), reading)
            found = {"asked": visit.asked + asked, "scripted": True}
        inline = tuple(
            (image, self.kit.look(image.body, image.url))
            for image in reading.images
            if image.body is not None
        )
        return found | {"reading": reading, "inline": inline}


def limits_of(plan: Plan) -> Limits:
    """Give the bounds of a request that a plan sets."""
    return Limits(page_bytes=plan.page_mib * MIB, image_bytes=plan.image_mib * MIB, seconds=plan.request_s)


def _name_of(url: str) -> str:
    return url.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1] or "image"

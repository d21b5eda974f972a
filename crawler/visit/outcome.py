"""What a download means for address, host and record. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from crawler.extract.elements import ExtractedPage
from crawler.extract.signals import Signal
from crawler.extract.sitemaps import Sitemap
from crawler.extract.sniff import HOLDERS, Content
from crawler.http.client import Reply
from crawler.http.headers import media_type, retry_after
from crawler.http.robots import Rules
from crawler.model import (  # fmt: skip
    Address,
    Failure,
    HostState,
    ImageLink,
    Judgement,
    Kind,
    PageSeen,
    Reading,
    Seen,
    Site,
    Standing,
    Step,
    VisitCounts,
    printable,
)
from crawler.reasons import SILENT, Cause, Reason
from crawler.urls import canonical, host_of, in_scope, origin_of, same_owner
from crawler.visit import pace, robots_cache
from crawler.visit.context import VisitContext
from crawler.visit.download import SCRIPT_BUILT, Download, is_linked_page, shows
from crawler.visit.host_queues import Turn
from crawler.visit.revisit import Rank, after_failure, after_visit, retry_at
from crawler.visit.traps import is_further_page
from watermark.matching.verdict import Verdict

_TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524))
_GONE = frozenset((404, 410))
_NOT_MODIFIED, _TOO_MANY, _UNAVAILABLE = 304, 429, 503
_FINAL = frozenset((Cause.REFUSED, Cause.TOO_LARGE))

_DEFAULT_PAUSE_S = 20.0
_PAUSES = 8
_MOST_SITEMAPS = 20
_MOST_LETTERS = 500
_NOTHING = VisitCounts()
_OUTSIDE = Reason(Cause.OUTSIDE)
_KINDS = {Content.STYLE: Kind.STYLE, **dict.fromkeys(HOLDERS, Kind.IMAGE)}
_LINKING = frozenset(("a", "area", "object", "iframe", "frame"))


class Found(NamedTuple):
    """An address that a page, sitemap or redirect names."""

    url: str
    kind: Kind
    depth: int
    parent: str
    changed_at: datetime | None = None
    rank: Rank | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadOutcome(Seen):
    """What is known after one download.

    Args:
        turn: What was to be downloaded.
        host: The host's state.
        rules: Its robots.txt, where that was asked for.
        address: The address as it is known now.
        is_asked_again: Whether the address goes back to the front of its queue.
        retry_at: When the address is tried again in this night, or None.
        twin: The address where redirects ended, if nobody has visited it under its own name.
        found: What the body names.
        inline: Pictures inside the page itself.
        hits: Pages that show a copy.
        is_page: Whether a page of the site was read, which a trap is known by.
    """

    turn: Turn
    host: HostState | None = None
    rules: Rules | None = None
    address: Address | None = None
    is_asked_again: bool = False
    retry_at: datetime | None = None
    twin: Address | None = None
    found: tuple[Found, ...] = ()
    inline: tuple[Address, ...] = ()
    hits: tuple[str, ...] = ()
    is_page: bool = False
    counts: VisitCounts = _NOTHING


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A site as the frontier knows it, on which an outcome depends."""

    site: Site
    context: VisitContext
    addresses: Mapping[str, Address]
    hosts: Mapping[str, HostState]


def outcome_of_download(download: Download, known: KnownSite, now: datetime) -> DownloadOutcome:
    """Give what a download means."""
    context, error, host = known.context, download.error, _host(download, known)
    if error is not None and error.trouble in SILENT:
        host = pace.after_silence(host, context.plan, began=context.began, now=now)
    else:
        host = pace.after_answer(host, download.reply.seconds if download.reply else 0.0)
    return _Case(download, known, host, now).outcome()


def outcome_of_robots(download: Download, known: KnownSite, now: datetime) -> DownloadOutcome:
    """Give what a download of robots.txt means."""
    before, reply, error, site = _host(download, known), download.reply, download.error, known.site.url
    status, body = (reply.status, reply.body) if reply is not None else (0, b"")
    host = pace.after_answer(before, 0.0)
    rules, host = robots_cache.read_answer(host, status, body, now)
    failures: tuple[Failure, ...] = ()
    if rules.reason is not None and not rules.everything:
        message = rules.reason.sentence() + (f" ({error})" if error else "")
        trouble = str(error.trouble) if error else Reason(Cause.STATUS, str(status)).trouble
        failures = _Case(download, known, host, now).failure(Step.ROBOTS, trouble, message)
    found: tuple[Found, ...] = ()
    if host.host == host_of(site) and not known.context.only_page:
        named = (*rules.sitemaps[:_MOST_SITEMAPS], f"{origin_of(site)}/sitemap.xml")
        urls = filter(None, (canonical(url, base=site) for url in named))
        found = tuple(Found(url, Kind.MAP, 1, "") for url in urls if same_owner(url, site))
    counts = VisitCounts(requests=download.asked, bytes=len(body))
    return DownloadOutcome(
        turn=download.turn, host=host, rules=rules, found=found, failures=failures, counts=counts
    )


def _host(download: Download, known: KnownSite) -> HostState:
    return known.hosts.get(download.turn.host, HostState(host=download.turn.host))


@dataclass(slots=True)
class _Case:
    """One download and what is known beside it."""

    download: Download
    known: KnownSite
    host: HostState
    now: datetime

    @property
    def address(self) -> Address:
        return self.download.turn.address

    def outcome(self) -> DownloadOutcome:
        reply, error = self.download.reply, self.download.error
        if error is None:
            return self.of(self.address) if reply is None else self.reply(reply)
        if error.trouble in SILENT and pace.is_dark(self.host):
            failures = self.failure(Step.FETCH, error.trouble, str(error))
            return self.of(self.address, is_asked_again=True, failures=failures)
        return self.failed(Reason(error.trouble, str(error)))

    def of(self, address: Address, *, counts: VisitCounts = _NOTHING, **more: object) -> DownloadOutcome:
        """Give an outcome for an address, with what every download costs."""
        body = self.download.reply.body if self.download.reply is not None else b""
        cost = VisitCounts(requests=self.download.asked, bytes=len(body))
        return DownloadOutcome(
            turn=self.download.turn,
            host=self.host,
            address=address,
            counts=counts + cost,
            readings=self.readings(address),
            **more,  # type: ignore[arg-type]
        )

    def readings(self, address: Address) -> tuple[Reading, ...]:
        """Give the answer with its times, unless the clock jumped while it came."""
        download, reply = self.download, self.download.reply
        if reply is None or reply.sent is None or reply.received is None:
            return ()
        known = reply.status == _NOT_MODIFIED and address.standing is Standing.DONE
        followed = address.kind is Kind.IMAGE or in_scope(download.final, self.known.site.url)
        is_read = address.standing is Standing.DONE and followed and not download.moved
        return (
            Reading(
                url=self.address.url,
                final="" if download.final == self.address.url else download.final,
                status=reply.status,
                digest=address.digest if known else download.digest,
                is_read=is_read,
                sent=reply.sent,
                received=reply.received,
            ),
        )

    def visited(self, address: Address, *, changed: bool = False) -> Address:
        return after_visit(address, self.known.context.plan, self.now, changed=changed)

    def failure(self, step: Step, trouble: str, message: str) -> tuple[Failure, ...]:
        text = printable(message[:_MOST_LETTERS])
        return (Failure(url=self.address.url, step=step, trouble=trouble, message=text, at=self.now),)

    def failed(
        self, reason: Reason, *, retry: bool = True, step: Step = Step.FETCH, address: Address | None = None
    ) -> DownloadOutcome:
        """Give the outcome of a failure."""
        address = replace(address or self.address, standing=Standing.FAILED, reason=reason)
        failures = self.failure(step, reason.trouble, reason.sentence(address.url))
        retry = retry and reason.cause not in _FINAL
        address = (
            after_failure(address, self.known.context.plan, self.now) if retry else self.visited(address)
        )
        again_at = retry_at(address, self.now)
        return self.of(address, counts=VisitCounts(failed=1), failures=failures, retry_at=again_at)

    def reply(self, reply: Reply) -> DownloadOutcome:
        """Give the outcome of an answer by its status."""
        status = reply.status
        if self.download.moved:
            return self.moved(self.download.moved)
        if status == _NOT_MODIFIED and self.download.was_conditional:
            return self.unchanged(replace(self.address, status=status))
        if status == _TOO_MANY or (status == _UNAVAILABLE and "retry-after" in reply.headers):
            return self.paused(reply)
        if shows(status, self.download.content):
            return self.body(reply) if reply.body else self.failed(Reason(Cause.EMPTY), retry=False)
        if status in _GONE:
            return self.gone(status)
        return self.failed(Reason(Cause.STATUS, str(status)), retry=status in _TRANSIENT)

    def moved(self, target: str) -> DownloadOutcome:
        """Give the outcome of a redirect that was not followed at once."""
        address, site = self.address, self.known.site.url
        if address.kind is Kind.PAGE and not in_scope(target, site):
            reason = Reason(Cause.MOVED if same_owner(target, site) else Cause.MOVED_AWAY, target)
            message = f"{address.url} {reason.sentence()}"
            failures = self.failure(Step.FETCH, reason.trouble, message) if address.depth == 0 else ()
            skipped = replace(address, standing=Standing.SKIPPED, reason=reason)
            return self.of(self.visited(skipped), failures=failures)
        image = ImageLink(url=target, element="img", via="redirect")
        shown = address.kind is Kind.IMAGE and address.parent
        return self.of(
            self.visited(replace(address, standing=Standing.DONE, reason=Reason(Cause.MOVED, target))),
            found=(Found(target, address.kind, address.depth + 1, address.parent),),
            pages=(PageSeen(url=address.parent, title="", images=(image,), source=address.url),)
            if shown
            else (),
        )

    def unchanged(self, address: Address) -> DownloadOutcome:
        done = self.visited(replace(address, standing=Standing.DONE, reason=None))
        return self.of(done, counts=VisitCounts(unchanged=1), unchanged=(address.url,))

    def paused(self, reply: Reply) -> DownloadOutcome:
        """Give the outcome of a wish for a pause."""
        address, plan = self.address, self.known.context.plan
        pause = timedelta(seconds=_DEFAULT_PAUSE_S * 2 ** min(address.tries, _PAUSES))
        until = retry_after(reply.headers, self.now) or self.now + pause
        self.host = replace(self.host, parked_until=until)
        reason, again = Reason(Cause.STATUS, str(reply.status)), address.tries < _PAUSES
        failed = replace(after_failure(address, plan, self.now), reason=reason)
        kept = replace(address, tries=address.tries + 1) if again else failed
        message = f"{self.host.host} asked for a pause until {until:%H:%M:%S} (status {reply.status})"
        failures = self.failure(Step.FETCH, reason.trouble, message)
        return self.of(kept, is_asked_again=again, failures=failures)

    def gone(self, status: int) -> DownloadOutcome:
        """Give the outcome of what is not there."""
        address, reason = self.address, Reason(Cause.GONE, str(status))
        gone = replace(
            address,
            standing=Standing.GONE,
            reason=reason,
            status=status,
            digest="",
            etag="",
            last_modified="",
        )
        is_guess = address.rank == Rank.ORIGINAL or (address.kind is Kind.MAP and not address.parent)
        if is_guess or address.standing is Standing.GONE:
            return self.of(self.visited(gone))
        failures = self.failure(Step.FETCH, reason.trouble, f"{address.url} is not there (status {status})")
        return self.of(self.visited(gone), counts=VisitCounts(failed=1), failures=failures)

    def body(self, reply: Reply) -> DownloadOutcome:
        """Give the outcome of a body by what it is."""
        download, before = self.download, self.address
        address = replace(
            before,
            standing=Standing.DONE,
            reason=None,
            status=reply.status,
            etag=reply.headers.get("etag", ""),
            last_modified=reply.headers.get("last-modified", ""),
            final="" if download.final == before.url else download.final,
        )
        is_image = download.content is Content.IMAGE
        if download.broke:
            cause = Cause.UNREADABLE if is_image else Cause.UNREADABLE_PAGE
            return self.failed(Reason(cause, download.broke), retry=False, step=Step.READ)
        if is_image:
            return self.image(address, reply.body)
        if address.kind is Kind.IMAGE and not self._may_hold_pictures():
            if address.rank == Rank.LINKED and not in_scope(download.final, self.known.site.url):
                return self.of(self.visited(replace(address, standing=Standing.SKIPPED, reason=_OUTSIDE)))
            reason = Reason(Cause.NO_PICTURE, media_type(reply.headers) or "unknown bytes")
            return self.failed(reason, retry=False, address=replace(address, digest=download.digest))
        if download.digest == before.digest and download.page is None:
            return self.unchanged(address)
        return self.changed(replace(address, digest=download.digest))

    def _may_hold_pictures(self) -> bool:
        """Tell whether what was called a picture is something that shows pictures."""
        download = self.download
        if download.content is Content.PAGE:
            return is_linked_page(self.address, download.final, self.known.site)
        return download.content in HOLDERS

    def image(self, address: Address, body: bytes) -> DownloadOutcome:
        """Give the outcome of a picture, and of the page that shows it."""
        download, judgement = self.download, self.download.judgement
        same = download.digest == address.digest
        is_hit = judgement is not None and judgement.verdict == Verdict.COPY
        link = ImageLink(url=address.url, element="a", via="href")
        shown = PageSeen(url=address.parent or address.url, title="", images=(link,))
        seen = replace(
            address,
            kind=Kind.IMAGE,
            digest=download.digest,
            matched_upto=judgement.upto if judgement is not None else download.matched_upto,
            rank=Rank.HIT if is_hit else address.rank,
        )
        return self.of(
            self.visited(seen, changed=not same),
            counts=VisitCounts(unchanged=1) if same and judgement is None else VisitCounts(images=1),
            hits=(address.parent,) if is_hit else (),
            pages=(shown,) if address.kind is Kind.PAGE else (),
            unchanged=(address.url,) if same else (),
            **self.judged([(judgement, body)] if judgement is not None else []),
        )

    def judged(self, judgements: list[tuple[Judgement, bytes]]) -> dict[str, object]:
        """Give what matching said of pictures, with the bytes that are evidence."""
        troubles = [one.trouble for one, _ in judgements if one.trouble]
        return {
            "judgements": tuple(one for one, _ in judgements),
            "failures": tuple(
                row for text in troubles for row in self.failure(Step.MATCH, Cause.UNREADABLE, text)
            ),
            "kept": {
                one.digest: body
                for one, body in judgements
                if not one.trouble and (one.photo is not None or one.carries_our_mark)
            },
        }

    def changed(self, address: Address) -> DownloadOutcome:
        """Give the outcome of markup that is another than before."""
        download = self.download
        if download.sitemap is not None:
            outcome = self.sitemap(replace(address, kind=Kind.MAP), download.sitemap)
        elif download.page is not None:
            outcome = self.page(address, download.page)
        else:
            outcome = self.of(self.visited(address, changed=True))
        if download.final == address.url or outcome.address is None:
            return outcome
        twin = replace(outcome.address, url=download.final, final="")
        twins = (replace(one, url=twin.url, source=twin.url) for one in outcome.pages if one.is_whole)
        return replace(
            outcome,
            twin=twin,
            pages=(*outcome.pages, *twins),
            readings=(*outcome.readings, *(replace(one, url=twin.url, final="") for one in outcome.readings)),
        )

    def page(self, address: Address, page: ExtractedPage) -> DownloadOutcome:
        """Give the outcome of a page or style sheet."""
        download, url, kind = self.download, address.url, address.kind
        if kind is Kind.PAGE and download.final != url and not in_scope(download.final, self.known.site.url):
            return self.of(self.visited(address, changed=True), counts=VisitCounts(pages=1))
        is_linked = address.rank == Rank.LINKED and download.content is Content.PAGE
        read = replace(
            address,
            kind=_KINDS.get(download.content, Kind.PAGE),
            rank=Rank.PAGE if is_linked else address.rank,
            matched_upto=self.known.context.upto if download.content in HOLDERS else address.matched_upto,
            reason=SCRIPT_BUILT if download.scripted or Signal.SCRIPT_BUILT in page.signals else None,
        )
        shown = url if kind is not Kind.STYLE else (address.parent or url)
        seen = PageSeen(
            url=shown,
            title=page.title,
            images=tuple(self.shown(page)),
            signals=page.signals,
            is_whole=shown == url,
            source=url,
        )
        judged = self.judged([(one, image.body) for image, one in download.inline if image.body is not None])
        cut, marks = self.cut(is_whole=seen.is_whole) if Signal.CUT in page.signals else ((), ())
        outcome = self.of(
            self.visited(read, changed=True),
            counts=VisitCounts(pages=1, images=len(download.inline)),
            found=(
                *_shown(address, page),
                *(() if self.known.context.only_page else self.linked(read, page)),
            ),
            inline=tuple(self.inline(image, one) for image, one in download.inline),
            is_page=kind is Kind.PAGE,
            pages=(*marks, seen),
            **judged,
        )
        return replace(outcome, failures=(*cut, *self.sent_away(page), *outcome.failures))

    def sent_away(self, page: ExtractedPage) -> tuple[Failure, ...]:
        """Give the row of a start page that sends its readers to another site."""
        site = self.known.site.url
        if not page.refresh or self.address.depth or in_scope(page.refresh, site):
            return ()
        reason = Reason(Cause.MOVED if same_owner(page.refresh, site) else Cause.MOVED_AWAY, page.refresh)
        return self.failure(Step.FETCH, reason.trouble, f"{self.address.url} {reason.sentence()}")

    def shown(self, page: ExtractedPage) -> Iterator[ImageLink]:
        """Give what a page shows, with what its links and redirects are known to lead to."""
        named = {image.url for image in page.images}
        for image in page.images:
            yield image if image.body is None else replace(image, body=None)
            known = self.known.addresses.get(image.url)
            if known and known.reason and known.reason.cause is Cause.MOVED:
                yield replace(image, url=known.reason.detail, via="redirect")
        for link in page.links:
            known = self.known.addresses.get(link)
            if known and known.kind is Kind.IMAGE and link not in named:
                yield ImageLink(url=link, element="a", via="href")

    def linked(self, address: Address, page: ExtractedPage) -> Iterator[Found]:
        """Give the pages and sitemaps that a page links to."""
        depth, url = address.depth + 1, address.url
        if address.kind is Kind.PAGE and address.depth <= self.known.context.plan.depth:
            for link in filter(None, (*page.links, page.refresh)):
                yield Found(link, Kind.PAGE, address.depth if is_further_page(link) else depth, url)
        for sitemap in page.sitemaps:
            if same_owner(sitemap, self.known.site.url):
                yield Found(sitemap, Kind.MAP, depth, url)

    def cut(self, *, is_whole: bool) -> tuple[tuple[Failure, ...], tuple[PageSeen, ...]]:
        """Give the row and the lasting mark of what was cut."""
        url = self.address.url
        message = f"{url} was read in part: it is larger than what is read of one page, sheet or sitemap"
        mark = PageSeen(url=url, title="", images=(), signals=(Signal.CUT,), is_whole=True)
        return self.failure(Step.READ, Signal.CUT, message), () if is_whole else (mark,)

    def inline(self, image: ImageLink, judgement: Judgement) -> Address:
        """Give the address of a picture inside the page."""
        new = Address(url=image.url, kind=Kind.IMAGE, parent=self.address.url)
        known = self.known.addresses.get(image.url, new)
        upto, digest = judgement.upto, judgement.digest
        return self.visited(replace(known, standing=Standing.DONE, digest=digest, matched_upto=upto))

    def sitemap(self, address: Address, listed: Sitemap) -> DownloadOutcome:
        """Give the outcome of a sitemap or feed."""
        url, depth, site = address.url, address.depth, self.known.site.url
        shown: dict[str, list[ImageLink]] = {}
        for page, image in listed.images:
            shown.setdefault(page or url, []).append(image)
        failures, marks = self.cut(is_whole=False) if listed.cut else ((), ())
        pages = (
            PageSeen(url=page, title="", images=tuple(images), source=url) for page, images in shown.items()
        )
        return self.of(
            self.visited(address, changed=True),
            found=(
                *(Found(page, Kind.PAGE, depth, url, changed_at=at) for page, at in listed.pages),
                *(Found(image.url, Kind.IMAGE, depth, page or url) for page, image in listed.images),
                *(Found(one, Kind.MAP, depth + 1, url) for one in listed.sitemaps if same_owner(one, site)),
            ),
            pages=(*pages, *marks),
            failures=failures,
        )


def _shown(address: Address, page: ExtractedPage) -> Iterator[Found]:
    """Give the pictures and style sheets that a page names."""
    depth, url = address.depth + 1, address.url
    linked = {image.url for image in page.images if _is_link(image)}
    linked -= {image.url for image in page.images if not _is_link(image)}
    for image in page.images:
        if image.body is None:
            rank = Rank.ORIGINAL if image.via == "original" else None
            rank = Rank.LINKED if image.url in linked else rank
            yield Found(image.url, Kind.IMAGE, depth, url, rank=rank)
    for style in page.styles:
        yield Found(style, Kind.STYLE, depth, address.parent if address.kind is Kind.STYLE else url)


def _is_link(image: ImageLink) -> bool:
    """Tell whether a page does not show a picture but leads to it."""
    return image.element in _LINKING and image.via in ("href", "data", "src")

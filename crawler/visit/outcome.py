"""What an answer means for the address that was asked for: done, gone, moved, later, failed. I/O stays outside."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from crawler.extract.sniff import Content
from crawler.http.client import Reply
from crawler.http.headers import media_type, retry_after
from crawler.model import Address, Candidate, Kind, PageSeen, Site, Standing, Step
from crawler.reasons import SILENT, Cause, Reason
from crawler.urls import canonical, host_of, in_scope, registrable
from crawler.visit.download import Kit, Visit
from crawler.visit.frontier import RANK_ORIGINAL, Frontier
from crawler.visit.harvest import Harvest
from crawler.visit.notes import Notes

_TRANSIENT = (408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524)
_GONE = (404, 410)
_DEFAULT_PAUSE_S = 20.0
_PAUSES = 8


@dataclass(slots=True)
class Settler:
    """Settles one visit after the other; what bodies hold is the harvest's."""

    site: Site
    kit: Kit
    frontier: Frontier
    notes: Notes
    harvest: Harvest

    def take(self, visit: Visit) -> None:
        """Take in what a turn brought back."""
        if visit.wait_s:
            self.frontier.postpone(visit.turn, self.kit.clock.monotonic() + visit.wait_s)
            return
        reply, now = visit.reply, self.kit.clock.now()
        size = len(reply.body) if reply is not None else 0
        self.notes.add(requests=visit.asked, bytes=size)
        if visit.turn.is_robots:
            self._robots(visit, now)
            return
        host = visit.turn.host
        network = visit.error is not None and visit.error.trouble in SILENT
        self.frontier.land(host, seconds=reply.seconds if reply else 0.0, reached=not network, now=now)
        if visit.error is not None and network and self.frontier.is_dark(host):
            self.notes.failure(visit.turn.address.url, Step.FETCH, visit.error.trouble, str(visit.error), now)
            self.frontier.again(visit.turn.address)
        elif visit.error is not None:
            self._failed(visit.turn.address, Reason(visit.error.trouble, str(visit.error)), now)
        elif reply is not None:
            self._reply(visit, reply, now)

    def _robots(self, visit: Visit, now: datetime) -> None:
        host = visit.turn.host
        status = visit.reply.status if visit.reply is not None else 0
        body = visit.reply.body if visit.reply is not None else b""
        self.frontier.settle_robots(host, status, body, now)
        rules = self.frontier.rules[host]
        if rules.reason is not None and not rules.everything:
            message = rules.reason.sentence() + (f" ({visit.error})" if visit.error else "")
            trouble = str(visit.error.trouble) if visit.error else f"status-{status}"
            self.notes.failure(visit.turn.address.url, Step.ROBOTS, trouble, message, now)
        if host == host_of(self.site.url) and not self.kit.only_page:
            start = f"{self.site.url.split(host)[0]}{host}"
            for url in (*rules.sitemaps[:20], f"{start}/sitemap.xml"):
                spelled = canonical(url, base=self.site.url)
                if spelled and registrable(host_of(spelled)) == registrable(host):
                    self.frontier.offer(spelled, Kind.MAP, depth=1, parent="")

    def _reply(self, visit: Visit, reply: Reply, now: datetime) -> None:
        address = visit.turn.address
        if visit.moved:
            self._move(visit, now)
        elif reply.status == 304:  # noqa: PLR2004 (not modified)
            self._unchanged(replace(address, status=304), now)
        elif reply.status in _TRANSIENT:
            self._transient(visit, reply, now)
        elif reply.status in _GONE:
            gone = replace(
                address,
                standing=Standing.GONE,
                reason=Reason(Cause.GONE, str(reply.status)),
                digest="",
                etag="",
            )
            if address.standing is not Standing.GONE and not _is_guess(address):
                self.notes.add(failed=1)
                message = f"{address.url} is not there (status {reply.status})"
                self.notes.failure(address.url, Step.FETCH, f"status-{reply.status}", message, now)
            self._done(replace(gone, status=reply.status, last_modified=""), now, changed=False)
        elif reply.status != 200:  # noqa: PLR2004 (OK)
            self._failed(address, Reason(Cause.STATUS, str(reply.status)), now, retry=False)
        elif not reply.body:
            self._failed(address, Reason(Cause.EMPTY), now, retry=False)
        else:
            self._body(visit, reply, now)

    def _move(self, visit: Visit, now: datetime) -> None:
        address, target = visit.turn.address, visit.moved
        if address.kind is Kind.PAGE and not in_scope(target, self.site.url):
            own = registrable(host_of(target)) == registrable(host_of(self.site.url))
            reason = Reason(Cause.MOVED if own else Cause.MOVED_AWAY, target)
            if address.depth == 0:
                self.notes.failure(
                    address.url, Step.FETCH, "moved", f"{address.url} {reason.sentence()}", now
                )
            self._done(replace(address, standing=Standing.SKIPPED, reason=reason), now, changed=False)
            return
        new = self.frontier.offer(target, address.kind, depth=address.depth + 1, parent=address.parent)
        if address.kind is Kind.IMAGE and address.parent and new:
            image = Candidate(url=target, element="img", via="redirect")
            self.notes.pages.append(PageSeen(url=address.parent, title="", images=(image,)))
        moved = replace(address, standing=Standing.DONE, reason=Reason(Cause.MOVED, target))
        self._done(moved, now, changed=False)

    def _transient(self, visit: Visit, reply: Reply, now: datetime) -> None:
        address = visit.turn.address
        asked = retry_after(reply.headers, now)
        if reply.status == 429 or (reply.status == 503 and "retry-after" in reply.headers):  # noqa: PLR2004 (too many, unavailable)
            until = asked or now + timedelta(seconds=_DEFAULT_PAUSE_S * 2**address.tries)
            self.frontier.park(visit.turn.host, until)
            if address.tries < _PAUSES:
                self.frontier.again(replace(address, tries=address.tries + 1))
            else:
                self.frontier.put(self.frontier.retry(address, now))
            message = f"{visit.turn.host} asked for a pause until {until:%H:%M:%S} (status {reply.status})"
            self.notes.failure(address.url, Step.FETCH, f"status-{reply.status}", message, now)
            return
        self._failed(address, Reason(Cause.STATUS, str(reply.status)), now)

    def _unchanged(self, address: Address, now: datetime) -> None:
        self.notes.unchanged.append(address.url)
        self.notes.add(unchanged=1)
        self._done(replace(address, standing=Standing.DONE, reason=None), now, changed=False)

    def _body(self, visit: Visit, reply: Reply, now: datetime) -> None:
        address = replace(
            visit.turn.address,
            standing=Standing.DONE,
            reason=None,
            status=reply.status,
            etag=reply.headers.get("etag", ""),
            last_modified=reply.headers.get("last-modified", ""),
            final="" if visit.final == visit.turn.address.url else visit.final,
        )
        same = visit.digest == visit.turn.address.digest
        if visit.broke:
            cause = Cause.UNREADABLE if visit.content is Content.IMAGE else Cause.UNREADABLE_PAGE
            self._failed(address, Reason(cause, visit.broke), now, retry=False, step=Step.READ)
            return
        if visit.content is Content.IMAGE:
            self.harvest.image(address, visit, reply, now, same=same)
            return
        if address.kind is Kind.IMAGE and visit.content is not Content.SVG:
            reason = Reason(Cause.NO_PICTURE, media_type(reply.headers) or "unknown bytes")
            self._failed(replace(address, digest=visit.digest), reason, now, retry=False)
            return
        if same and not visit.scripted:
            self._unchanged(address, now)
            return
        if visit.listed is not None:
            address = replace(address, kind=Kind.MAP)
            self.harvest.listing(address, visit.listed)
        elif visit.reading is not None:
            self.notes.add(pages=1)
            address = self.harvest.page(address, visit, visit.reading)
        self.frontier.visited(address, now, changed=True, digest=visit.digest)
        if visit.final != address.url:
            self._twin(replace(address, digest=visit.digest), visit.final, now)

    def _twin(self, address: Address, final: str, now: datetime) -> None:
        """A page that was reached by a redirect need not be asked for under its own name."""
        known = self.frontier.addresses.get(final)
        if known is None or (known.standing is Standing.WAITING and known.fetched_at is None):
            self._done(replace(address, url=final, final=""), now, changed=True)

    def _done(self, address: Address, now: datetime, *, changed: bool) -> None:
        self.frontier.visited(address, now, changed=changed)

    def _failed(
        self,
        address: Address,
        reason: Reason,
        now: datetime,
        *,
        retry: bool = True,
        step: Step = Step.FETCH,
    ) -> None:
        self.notes.add(failed=1)
        self.notes.failure(address.url, step, reason.trouble, reason.sentence(address.url), now)
        if retry and reason.cause not in (Cause.REFUSED, Cause.TOO_LARGE):
            self.frontier.put(replace(self.frontier.retry(address, now), reason=reason))
        else:
            self._done(replace(address, standing=Standing.FAILED, reason=reason), now, changed=False)


def _is_guess(address: Address) -> bool:
    """Whether nobody named this address: a derived original, or the usual place of a sitemap."""
    return address.rank == RANK_ORIGINAL or (address.kind is Kind.MAP and not address.parent)

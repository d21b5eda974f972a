"""One slice of one site: crawl_site(site, state, budget) → (result, state). Knows no database."""

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta

from crawler.model import (
    Address,
    Candidate,
    Kind,
    Looked,
    PageSeen,
    Site,
    SiteState,
    SliceResult,
    Standing,
    Step,
)
from crawler.visit import signals
from crawler.visit.ask import Asker, Kit, Visit, limits_of
from crawler.visit.extract import PageReading
from crawler.visit.fetch import Fetcher, Reply, Trouble
from crawler.visit.frontier import RANK_HIT, RANK_ORIGINAL, Budget, Frontier, Turn, Wait
from crawler.visit.maps import MapReading
from crawler.visit.notes import Notes, retry_after
from crawler.visit.sniff import Content
from crawler.visit.urls import canonical, host_of, in_scope, registrable

_TRANSIENT = (408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524)
_GONE = (404, 410)
_DEFAULT_PAUSE_S = 20.0
_PAUSES = 8
_HITS = ("copy",)


def crawl_site(site: Site, state: SiteState, budget: Budget, kit: Kit) -> tuple[SliceResult, SiteState]:
    """Visit a site within a budget, going on where `state` left it.

    Nothing is written anywhere: what was seen is in the result, what is known in the new state. Running the
    same slice twice gives the same rows, so that a slice lost with its machine is only asked again.
    """
    with Fetcher(
        kit.plan.agent,
        kit.plan.contact,
        limits=limits_of(kit.plan),
        allowance=site.allowance,
        resolver=kit.resolver,
    ) as fetcher:
        walk = _Walk(site, state, budget, kit, fetcher)
        walk.run()
        return walk.result(), walk.frontier.state()


class _Walk:
    """The loop of a slice: one thread decides, one or more ask."""

    def __init__(self, site: Site, state: SiteState, budget: Budget, kit: Kit, fetcher: Fetcher) -> None:
        self.site, self.budget, self.kit, self.fetcher = site, budget, kit, fetcher
        self.clock = kit.clock
        self.frontier = Frontier(site, state, kit.plan, began=kit.began, now=kit.clock.now())
        self.notes = Notes()
        self.matched = {
            address.digest: address.matched_upto
            for address in state.addresses.values()
            if address.matched_upto
        }
        self.asker = Asker(site, kit, fetcher, rules=self.frontier.rules, matched=self.matched)
        self.ends_at = kit.clock.monotonic() + budget.seconds

    def run(self) -> None:
        """Work until nothing is left for now or the budget is used up."""
        if self.site.slots == 1:
            self._run_alone()
            return
        with ThreadPoolExecutor(self.site.slots) as pool:
            self._run_with(pool)

    def _run_alone(self) -> None:
        while not self._spent():
            turn = self.frontier.next(self.clock.monotonic(), self.clock.now())
            if turn is None:
                return
            if isinstance(turn, Wait):
                if not self._pause(turn.seconds):
                    return
                continue
            self._settle(self.asker.take(turn))

    def _run_with(self, pool: ThreadPoolExecutor) -> None:
        flying: set[Future[Visit]] = set()
        while True:
            turn = None if self._spent() else self.frontier.next(self.clock.monotonic(), self.clock.now())
            if isinstance(turn, Turn):
                flying.add(pool.submit(self.asker.take, turn))
                if len(flying) < self.site.slots * 2:
                    continue
            if not flying:
                if turn is None or not self._pause(turn.seconds if isinstance(turn, Wait) else 0.0):
                    return
                continue
            timeout = turn.seconds if isinstance(turn, Wait) and turn.seconds != float("inf") else None
            done, flying = wait(flying, timeout, return_when=FIRST_COMPLETED)
            for future in done:
                self._settle(future.result())

    def _pause(self, seconds: float) -> bool:
        """Sleep for politeness; false when the slice would be over first."""
        if seconds > self.ends_at - self.clock.monotonic():
            return False
        self.clock.sleep(seconds)
        return True

    def _spent(self) -> bool:
        tally = self.notes.tally
        return (
            tally.requests >= self.budget.requests
            or tally.bytes >= self.budget.bytes
            or self.clock.monotonic() >= self.ends_at
        )

    def result(self) -> SliceResult:
        """Give what this slice saw and changed."""
        frontier, notes, now = self.frontier, self.notes, self.clock.now()
        resume_at = frontier.resume_at(now)
        return SliceResult(
            addresses=tuple(frontier.addresses[url] for url in sorted(frontier.changed)),
            hosts=tuple(frontier.hosts[host] for host in sorted(frontier.changed_hosts)),
            barren=dict(frontier.state().barren),
            pages=tuple(notes.pages),
            unchanged=tuple(notes.unchanged),
            looks=tuple(notes.looks.values()),
            kept=notes.kept,
            failures=tuple(notes.failures),
            tally=notes.tally,
            more=resume_at is not None,
            resume_at=resume_at,
            quota=f"{frontier.dropped} addresses beyond the site's quota were left out"
            if frontier.dropped
            else "",
        )

    def _settle(self, visit: Visit) -> None:
        reply, now = visit.reply, self.clock.now()
        size = len(reply.body) if reply is not None else 0
        self.notes.add(requests=visit.asked, bytes=size)
        if visit.turn.is_robots:
            self._settle_robots(visit, now)
            return
        host = visit.turn.host
        network = visit.error is not None and visit.error.trouble in (Trouble.UNREACHABLE, Trouble.TIMEOUT)
        self.frontier.land(host, seconds=reply.seconds if reply else 0.0, reached=not network, now=now)
        if visit.error is not None:
            self._failed(visit.turn.address, visit.error.trouble, str(visit.error), now)
        elif reply is not None:
            self._settle_reply(visit, reply, now)

    def _settle_robots(self, visit: Visit, now: datetime) -> None:
        host = visit.turn.host
        status = visit.reply.status if visit.reply is not None else 0
        body = visit.reply.body if visit.reply is not None else b""
        self.frontier.settle_robots(host, status, body, now)
        rules = self.frontier.rules[host]
        if not rules.everything and rules.parsed is None:
            message = f"{rules.reason} ({visit.error})" if visit.error else rules.reason
            trouble = str(visit.error.trouble) if visit.error else f"status-{status}"
            self.notes.failure(visit.turn.address.url, Step.ROBOTS, trouble, message, now)
        if host == host_of(self.site.url) and not self.kit.only_page:
            start = f"{self.site.url.split(host)[0]}{host}"
            for url in (*rules.sitemaps[:20], f"{start}/sitemap.xml"):
                spelled = canonical(url, base=self.site.url)
                if spelled and registrable(host_of(spelled)) == registrable(host):
                    self.frontier.offer(spelled, Kind.MAP, depth=1, parent="")

    def _settle_reply(self, visit: Visit, reply: Reply, now: datetime) -> None:
        address = visit.turn.address
        if visit.moved:
            self._settle_move(visit, now)
        elif reply.status == 304:  # noqa: PLR2004 (not modified)
            self._settle_unchanged(replace(address, status=304), now)
        elif reply.status in _TRANSIENT:
            self._settle_transient(visit, reply, now)
        elif reply.status in _GONE:
            gone = replace(address, standing=Standing.GONE, why=f"status {reply.status}", digest="", etag="")
            if address.standing is not Standing.GONE and not _is_guess(address):
                self.notes.add(failed=1)
                message = f"{address.url} is not there (status {reply.status})"
                self.notes.failure(address.url, Step.FETCH, f"status-{reply.status}", message, now)
            self._done(replace(gone, status=reply.status, last_modified=""), now, changed=False)
        elif reply.status != 200:  # noqa: PLR2004 (OK)
            self._failed(
                address, f"status-{reply.status}", f"{address.url} answered {reply.status}", now, retry=False
            )
        elif not reply.body:
            self._failed(address, "empty", f"{address.url} answered with no bytes", now, retry=False)
        else:
            self._settle_body(visit, reply, now)

    def _settle_move(self, visit: Visit, now: datetime) -> None:
        address, target = visit.turn.address, visit.moved
        where = f"moved to {target}"
        if address.kind is Kind.PAGE and not in_scope(target, self.site.url):
            own = registrable(host_of(target)) == registrable(host_of(self.site.url))
            why = where if own else f"{where}, a domain of somebody else: not followed"
            if address.depth == 0:
                self.notes.failure(address.url, Step.FETCH, "moved", f"{address.url} {why}", now)
            self._done(replace(address, standing=Standing.SKIPPED, why=why), now, changed=False)
            return
        new = self.frontier.offer(target, address.kind, depth=address.depth + 1, parent=address.parent)
        if address.kind is Kind.IMAGE and address.parent and new:
            image = Candidate(url=target, element="img", via="redirect")
            self.notes.pages.append(PageSeen(url=address.parent, title="", images=(image,)))
        self._done(replace(address, standing=Standing.DONE, why=where), now, changed=False)

    def _settle_transient(self, visit: Visit, reply: Reply, now: datetime) -> None:
        address = visit.turn.address
        asked = reply.headers.get("retry-after", "")
        if reply.status in (429, 503) and (asked or reply.status == 429):  # noqa: PLR2004 (too many requests)
            until = retry_after(asked, now) or now + timedelta(seconds=_DEFAULT_PAUSE_S * 2**address.tries)
            self.frontier.park(visit.turn.host, until)
            if address.tries < _PAUSES:
                self.frontier.again(replace(address, tries=address.tries + 1))
            else:
                self.frontier.put(self.frontier.retry(address, now))
            message = f"{visit.turn.host} asked for a pause until {until:%H:%M:%S} (status {reply.status})"
            self.notes.failure(address.url, Step.FETCH, f"status-{reply.status}", message, now)
            return
        self._failed(address, f"status-{reply.status}", f"{address.url} answered {reply.status}", now)

    def _settle_unchanged(self, address: Address, now: datetime) -> None:
        self.notes.unchanged.append(address.url)
        self.notes.add(unchanged=1)
        self._done(replace(address, standing=Standing.DONE, why=""), now, changed=False)

    def _settle_body(self, visit: Visit, reply: Reply, now: datetime) -> None:
        address = replace(
            visit.turn.address,
            standing=Standing.DONE,
            why="",
            status=reply.status,
            etag=reply.headers.get("etag", ""),
            last_modified=reply.headers.get("last-modified", ""),
            final="" if visit.final == visit.turn.address.url else visit.final,
        )
        same = visit.digest == visit.turn.address.digest
        if visit.broke:
            message = f"{address.url} could not be read ({visit.broke})"
            trouble = "unreadable" if visit.content is Content.IMAGE else "unreadable-page"
            self._failed(address, trouble, message, now, retry=False, step=Step.READ)
            return
        if visit.content is Content.IMAGE:
            self._settle_image(replace(address, kind=Kind.IMAGE), visit, reply, now, same=same)
            return
        if address.kind is Kind.IMAGE and visit.content is not Content.SVG:
            kind = reply.headers.get("content-type", "") or "unknown bytes"
            message = f"{address.url} is no picture but {kind.partition(';')[0]}"
            self._failed(replace(address, digest=visit.digest), "no-picture", message, now, retry=False)
            return
        if same and not visit.scripted:
            self._settle_unchanged(address, now)
            return
        if visit.listed is not None:
            address = replace(address, kind=Kind.MAP)
            self._settle_map(address, visit.listed)
        elif visit.reading is not None:
            self.notes.add(pages=1)
            address = self._settle_page(address, visit, visit.reading)
        self._done(replace(address, digest=visit.digest), now, changed=True)
        self._settle_twin(replace(address, digest=visit.digest), visit.final, now)

    def _settle_twin(self, address: Address, final: str, now: datetime) -> None:
        """A page that was reached by a redirect need not be asked for under its own name."""
        if final == address.url:
            return
        known = self.frontier.addresses.get(final)
        if known is None or (known.standing is Standing.WAITING and known.fetched_at is None):
            self._done(replace(address, url=final, final=""), now, changed=True)

    def _settle_image(
        self, address: Address, visit: Visit, reply: Reply, now: datetime, *, same: bool
    ) -> None:
        self.notes.add(images=1)
        upto = self.matched.get(visit.digest, 0)
        if visit.looked is not None:
            self._keep_look(visit.looked, reply.body, address.url, now)
            upto = visit.looked.upto
            if visit.looked.verdict in _HITS:
                address = replace(address, rank=RANK_HIT)
                self._rank_parent(address.parent)
        if visit.turn.address.kind is Kind.PAGE:
            image = Candidate(url=address.url, element="a", via="href")
            self.notes.pages.append(PageSeen(url=address.parent or address.url, title="", images=(image,)))
        if same:
            self.notes.unchanged.append(address.url)
        self._done(replace(address, digest=visit.digest, matched_upto=upto), now, changed=not same)

    def _keep_look(self, looked: Looked, body: bytes, url: str, now: datetime) -> None:
        self.notes.looks[looked.digest] = looked
        self.matched[looked.digest] = looked.upto
        if looked.trouble:
            self.notes.failure(url, Step.MATCH, "unreadable", looked.trouble, now)
        elif looked.photo is not None:
            self.notes.kept[looked.digest] = body

    def _rank_parent(self, parent: str) -> None:
        page = self.frontier.addresses.get(parent)
        if page is not None and page.rank != RANK_HIT:
            self.frontier.put(replace(page, rank=RANK_HIT))

    def _settle_page(self, address: Address, visit: Visit, reading: PageReading) -> Address:
        """Take in a page's links and images; gives the address with what was learned about it."""
        depth, url, offer = address.depth + 1, address.url, self.frontier.offer
        if address.kind is Kind.PAGE and visit.final != url and not in_scope(visit.final, self.site.url):
            return address
        new = self._offer_images(reading, url, depth)
        for style in reading.styles:
            parent = address.parent if address.kind is Kind.STYLE else url
            offer(style, Kind.STYLE, depth=depth, parent=parent)
        if not self.kit.only_page:
            self._follow(address, reading)
        shown = url if address.kind is not Kind.STYLE else (address.parent or url)
        images = tuple(replace(image, body=None) for image in reading.images)
        whole = shown == url
        self.notes.pages.append(
            PageSeen(url=shown, title=reading.title, images=images, signals=reading.signals, is_whole=whole)
        )
        for image, looked in visit.inline:
            self._settle_inline(image, looked, url)
        if address.kind is Kind.PAGE:
            self.frontier.shape(url, new_images=new + len(visit.inline))
        why = signals.SCRIPT_BUILT if visit.scripted else ""
        return replace(address, kind=Kind.STYLE if visit.content is Content.STYLE else Kind.PAGE, why=why)

    def _follow(self, address: Address, reading: PageReading) -> None:
        depth, url, offer = address.depth + 1, address.url, self.frontier.offer
        further = (*reading.links, reading.refresh) if reading.refresh else reading.links
        for link in further if address.kind is Kind.PAGE else ():
            offer(link, Kind.PAGE, depth=depth, parent=url)
        for listing in reading.maps:
            if registrable(host_of(listing)) == registrable(host_of(self.site.url)):
                offer(listing, Kind.MAP, depth=depth, parent=url)

    def _offer_images(self, reading: PageReading, page: str, depth: int) -> int:
        new = 0
        for image in reading.images:
            if image.body is not None:
                continue
            if self.frontier.offer(image.url, Kind.IMAGE, depth=depth, parent=page):
                new += 1
                if image.via == "original":
                    self.frontier.put(replace(self.frontier.addresses[image.url], rank=RANK_ORIGINAL))
        return new

    def _settle_inline(self, image: Candidate, looked: Looked, page: str) -> None:
        if image.body is None:
            return
        now = self.clock.now()
        self._keep_look(looked, image.body, page, now)
        known = self.frontier.addresses.get(image.url, Address(url=image.url, kind=Kind.IMAGE, parent=page))
        self.notes.add(images=1)
        inline = replace(known, standing=Standing.DONE, digest=looked.digest, matched_upto=looked.upto)
        self._done(inline, now, changed=False)

    def _settle_map(self, address: Address, listed: MapReading) -> None:
        offer, depth = self.frontier.offer, address.depth
        for url, changed_at in listed.pages:
            offer(url, Kind.PAGE, depth=depth, parent=address.url, changed_at=changed_at)
        seen: dict[str, list[Candidate]] = {}
        for page, image in listed.images:
            offer(image.url, Kind.IMAGE, depth=depth, parent=page or address.url)
            seen.setdefault(page or address.url, []).append(image)
        for page, images in seen.items():
            self.notes.pages.append(PageSeen(url=page, title="", images=tuple(images)))
        for url in listed.maps:
            if registrable(host_of(url)) == registrable(host_of(self.site.url)):
                offer(url, Kind.MAP, depth=depth + 1, parent=address.url)

    def _done(self, address: Address, now: datetime, *, changed: bool) -> None:
        self.frontier.visited(address, now, changed=changed)

    def _failed(
        self,
        address: Address,
        trouble: str,
        message: str,
        now: datetime,
        *,
        retry: bool = True,
        step: Step = Step.FETCH,
    ) -> None:
        self.notes.add(failed=1)
        self.notes.failure(address.url, step, trouble, message, now)
        if retry and trouble not in (Trouble.REFUSED, Trouble.TOO_LARGE):
            self.frontier.put(replace(self.frontier.retry(address, now), why=message))
        else:
            self._done(replace(address, standing=Standing.FAILED, why=message), now, changed=False)


def _is_guess(address: Address) -> bool:
    """Whether nobody named this address: a derived original, or the usual place of a sitemap."""
    return address.rank == RANK_ORIGINAL or (address.kind is Kind.MAP and not address.parent)

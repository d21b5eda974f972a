"""What a page, a picture or a sitemap gave: taken up into the frontier and the notes of a slice."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from crawler.extract.elements import ExtractedPage
from crawler.extract.signals import Signal
from crawler.extract.sitemaps import Sitemap
from crawler.extract.sniff import Content
from crawler.http.client import Reply
from crawler.model import Address, Candidate, Judgement, Kind, PageSeen, Site, Standing, Step
from crawler.urls import host_of, in_scope, registrable
from crawler.visit.download import SCRIPT_BUILT, Kit, Visit
from crawler.visit.frontier import RANK_HIT, RANK_ORIGINAL, Frontier
from crawler.visit.notes import Notes
from watermark.matching.verdict import Verdict


@dataclass(slots=True)
class Harvest:
    """Takes in what was read; `matched` says up to which photo each digest was compared."""

    site: Site
    kit: Kit
    frontier: Frontier
    notes: Notes
    matched: dict[str, int] = field(default_factory=dict)

    def image(self, address: Address, visit: Visit, reply: Reply, now: datetime, *, same: bool) -> None:
        """Take in a picture: what matching said of it, and the page that it belongs to."""
        self.notes.add(images=1)
        upto, rank = self.matched.get(visit.digest, 0), address.rank
        if visit.looked is not None:
            self._keep_look(visit.looked, reply.body, address.url, now)
            upto = visit.looked.upto
            if visit.looked.verdict == Verdict.COPY:
                rank = RANK_HIT
                self._rank_parent(address.parent)
        if visit.turn.address.kind is Kind.PAGE:
            image = Candidate(url=address.url, element="a", via="href")
            self.notes.pages.append(PageSeen(url=address.parent or address.url, title="", images=(image,)))
        if same:
            self.notes.unchanged.append(address.url)
        self.frontier.visited(
            address,
            now,
            changed=not same,
            kind=Kind.IMAGE,
            digest=visit.digest,
            matched_upto=upto,
            rank=rank,
        )

    def _keep_look(self, looked: Judgement, body: bytes, url: str, now: datetime) -> None:
        self.notes.judgements[looked.digest] = looked
        self.matched[looked.digest] = looked.upto
        if looked.trouble:
            self.notes.failure(url, Step.MATCH, "unreadable", looked.trouble, now)
        elif looked.photo is not None or looked.carries_our_mark:
            self.notes.kept[looked.digest] = body

    def _rank_parent(self, parent: str) -> None:
        page = self.frontier.addresses.get(parent)
        if page is not None and page.rank != RANK_HIT:
            self.frontier.put(replace(page, rank=RANK_HIT))

    def page(self, address: Address, visit: Visit, reading: ExtractedPage) -> Address:
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
        images = tuple(image if image.body is None else replace(image, body=None) for image in reading.images)
        whole = shown == url
        if Signal.CUT in reading.signals:
            self._note_cut(url, whole=whole)
        self.notes.pages.append(
            PageSeen(url=shown, title=reading.title, images=images, signals=reading.signals, is_whole=whole)
        )
        for image, looked in visit.inline:
            self._inline(image, looked, url)
        if address.kind is Kind.PAGE:
            self.frontier.shape(url, new_images=new + len(visit.inline))
        reason = SCRIPT_BUILT if visit.scripted else None
        return replace(
            address, kind=Kind.STYLE if visit.content is Content.STYLE else Kind.PAGE, reason=reason
        )

    def _note_cut(self, url: str, *, whole: bool) -> None:
        """Note that only a beginning was read; the mark stays with the address while it is unchanged."""
        message = f"{url} was read in part: it is larger than what is read of one page, sheet or sitemap"
        self.notes.failure(url, Step.READ, Signal.CUT, message, self.kit.clock.now())
        if not whole:
            self.notes.pages.append(
                PageSeen(url=url, title="", images=(), signals=(Signal.CUT,), is_whole=True)
            )

    def _follow(self, address: Address, reading: ExtractedPage) -> None:
        depth, url, offer = address.depth + 1, address.url, self.frontier.offer
        further = (*reading.links, reading.refresh) if reading.refresh else reading.links
        for link in further if address.kind is Kind.PAGE else ():
            offer(link, Kind.PAGE, depth=depth, parent=url)
        for listing in reading.sitemaps:
            if registrable(host_of(listing)) == registrable(host_of(self.site.url)):
                offer(listing, Kind.MAP, depth=depth, parent=url)

    def _offer_images(self, reading: ExtractedPage, page: str, depth: int) -> int:
        new = 0
        for image in reading.images:
            if image.body is not None:
                continue
            if self.frontier.offer(image.url, Kind.IMAGE, depth=depth, parent=page):
                new += 1
                if image.via == "original":
                    self.frontier.put(replace(self.frontier.addresses[image.url], rank=RANK_ORIGINAL))
        return new

    def _inline(self, image: Candidate, looked: Judgement, page: str) -> None:
        if image.body is None:
            return
        now = self.kit.clock.now()
        self._keep_look(looked, image.body, page, now)
        known = self.frontier.addresses.get(image.url, Address(url=image.url, kind=Kind.IMAGE, parent=page))
        self.notes.add(images=1)
        inline = replace(known, standing=Standing.DONE, digest=looked.digest, matched_upto=looked.upto)
        self.frontier.visited(inline, now, changed=False)

    def listing(self, address: Address, listed: Sitemap) -> None:
        """Take in what a sitemap or feed lists."""
        offer, depth = self.frontier.offer, address.depth
        for url, changed_at in listed.pages:
            offer(url, Kind.PAGE, depth=depth, parent=address.url, changed_at=changed_at)
        seen: dict[str, list[Candidate]] = {}
        for page, image in listed.images:
            offer(image.url, Kind.IMAGE, depth=depth, parent=page or address.url)
            seen.setdefault(page or address.url, []).append(image)
        for page, images in seen.items():
            self.notes.pages.append(PageSeen(url=page, title="", images=tuple(images)))
        if listed.cut:
            self._note_cut(address.url, whole=False)
        for url in listed.sitemaps:
            if registrable(host_of(url)) == registrable(host_of(self.site.url)):
                offer(url, Kind.MAP, depth=depth + 1, parent=address.url)

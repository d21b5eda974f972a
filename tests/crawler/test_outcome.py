"""What an answer means, whatever answer it is: every address ends somewhere, and nothing is lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crawler.clock import SystemClock
from crawler.extract.elements import ExtractedPage
from crawler.extract.sitemaps import Sitemap
from crawler.extract.sniff import Content
from crawler.http.client import FetchError, Reply
from crawler.model import Address, HostState, ImageLink, Judgement, Kind, Site, SiteState, Standing
from crawler.reasons import NO_ANSWER
from crawler.settings import Plan
from crawler.visit.context import VisitContext
from crawler.visit.download import Download
from crawler.visit.frontier import Frontier
from crawler.visit.host_queues import Turn
from crawler.visit.outcome import DownloadOutcome, KnownSite, outcome_of_download, outcome_of_robots

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
SITE, HOST, DIGEST = "https://a.example/", "a.example", "sha256:" + "0" * 64
PLACES = ["", "https://a.example/b", "https://b.example/c.jpg", "https://www.a.example/d"]
STATUSES = st.sampled_from([200, 203, 204, 301, 304, 400, 403, 404, 410, 418, 429, 500, 503, 520, 599])
PICTURE = ImageLink(url="https://cdn.example/x.jpg", element="img", via="src")
JUDGEMENT = Judgement(digest=DIGEST, verdict="none", upto=3)
JUDGEMENTS = st.sampled_from(["", "unreadable"]).map(
    lambda trouble: Judgement(digest=DIGEST, verdict="copy", upto=3, photo=7, trouble=trouble)
)
ADDRESSES = st.builds(
    Address,
    url=st.sampled_from(["https://a.example/x", SITE]),
    kind=st.sampled_from(list(Kind)),
    standing=st.sampled_from(list(Standing)),
    rank=st.sampled_from([0, 4, 5, 6]),
    depth=st.integers(0, 3),
    tries=st.integers(0, 12),
    digest=st.sampled_from(["", DIGEST]),
    parent=st.sampled_from(["", "https://a.example/p"]),
)
REPLIES = st.builds(
    Reply,
    url=st.just(SITE),
    status=STATUSES,
    headers=st.sampled_from([{}, {"retry-after": "\x1f"}, {"retry-after": "60"}, {"content-type": "x"}]),
    body=st.sampled_from([b"", b"<p>x"]),
)
ERRORS = st.sampled_from(sorted(NO_ANSWER)).map(lambda cause: FetchError(cause, "no answer came"))
DOWNLOADS = st.builds(
    Download,
    turn=ADDRESSES.map(lambda address: Turn(HOST, address)),
    reply=REPLIES,
    error=st.none() | ERRORS,
    final=st.sampled_from(["https://a.example/x", "https://a.example/y", "https://b.example/z"]),
    moved=st.sampled_from(PLACES),
    digest=st.sampled_from([DIGEST, "sha256:" + "1" * 64]),
    content=st.sampled_from(list(Content)),
    page=st.none() | st.just(ExtractedPage(images=(PICTURE,), links=("https://a.example/l",))),
    sitemap=st.none() | st.just(Sitemap(pages=(("https://a.example/m", NOW),))),
    judgement=st.none() | JUDGEMENTS,
    broke=st.sampled_from(["", "ValueError: x"]),
).map(lambda one: replace(one, reply=None) if one.error else one)


def taken_in(download: Download, failures: int = 0) -> tuple[Frontier, DownloadOutcome]:
    """Let a frontier take in what a download means."""
    address = download.turn.address
    host = HostState(host=HOST, robots_status=404, robots_at=NOW, failures=failures)
    state = SiteState(addresses={address.url: address}, hosts={HOST: host})
    plan = Plan()
    frontier = Frontier(Site(url=SITE), state, plan, began=NOW, now=NOW)
    context = VisitContext(plan=plan, began=NOW, judge=lambda *_: JUDGEMENT, upto=3, clock=SystemClock())
    known = KnownSite(frontier.site, context, frontier.addresses, frontier.hosts)
    meaning = outcome_of_robots if download.turn.is_robots else outcome_of_download
    outcome = meaning(download, known, NOW)
    frontier.apply(outcome)
    return frontier, outcome


@given(DOWNLOADS, st.integers(0, 20))
def test_every_address_ends_somewhere(download, failures):
    """Done, gone, left alone or failed, each but the first with its reason, or back at the front of its queue."""
    frontier, outcome = taken_in(download, failures)
    known = frontier.addresses[download.turn.address.url]

    if outcome.is_asked_again:
        assert frontier.resume_at(NOW) is not None
    elif known.standing is Standing.DONE:
        assert known.fetched_at == NOW
    else:
        assert known.standing is not Standing.WAITING
        assert known.reason is not None
        assert known.reason.sentence(known.url)
    assert known.due_at is None or known.due_at >= NOW or outcome.is_asked_again
    parked = frontier.hosts[HOST].parked_until
    assert parked is None or NOW < parked <= NOW + timedelta(days=1)


@given(DOWNLOADS)
def test_every_failure_is_a_row_and_counted(download):
    """What failed has a row of one printable line, and what was shown is a sighting or an address to visit."""
    frontier, outcome = taken_in(download)

    assert len(outcome.failures) >= outcome.counts.failed
    assert all(one.message and one.message.isprintable() for one in outcome.failures)
    assert outcome.counts.requests == 1
    assert all(found.url in frontier.addresses for found in outcome.found if found.kind is Kind.IMAGE)
    if download.judgement is not None and outcome.judgements:
        assert (DIGEST in outcome.kept) == (not download.judgement.trouble)


@given(st.none() | ERRORS, STATUSES, st.binary(max_size=60))
def test_robots_is_known_after_any_answer(error, status, body):
    """After one request the rules of a host are known, and a failure of its robots.txt is a row."""
    reply = None if error else Reply(url=f"{SITE}robots.txt", status=status, headers={}, body=body)
    address = Address(url=f"{SITE}robots.txt", kind=Kind.PAGE)
    download = Download(turn=Turn(HOST, address, is_robots=True), reply=reply, error=error)
    frontier, outcome = taken_in(download)

    assert frontier.robots.rules[HOST] == outcome.rules
    assert bool(outcome.failures) == (not outcome.rules.everything and outcome.rules.parsed is None)
    assert "https://a.example/sitemap.xml" in frontier.addresses

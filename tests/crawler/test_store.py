"""What is written about a night: all or nothing, by whoever holds the lease, and never twice."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.desk.export import COLUMNS, finding_row
from crawler.desk.sentences import says
from crawler.errors import CrawlerError
from crawler.model import (
    Address,
    Decision,
    Finding,
    HostState,
    ImageLink,
    Infringement,
    Judgement,
    JudgementRecord,
    Kind,
    PageSeen,
    Sighting,
    Site,
    SliceResult,
    Standing,
    VisitCounts,
)
from crawler.store.database import open_watch
from crawler.store.runs import Runs
from crawler.store.sites import Sites
from crawler.store.verdict_cache import VerdictCache
from watermark.matching.verdict import Verdict

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
DIGEST = "sha256:" + "0" * 64
PAGE, IMAGE = "https://a.example/", "https://cdn.example/a.jpg"
RESULT = SliceResult(
    addresses=(
        Address(url=PAGE, kind=Kind.PAGE, standing=Standing.DONE, fetched_at=NOW, due_at=NOW, changed_at=NOW),
        Address(
            url=IMAGE, kind=Kind.IMAGE, standing=Standing.DONE, digest=DIGEST, matched_upto=1, fetched_at=NOW
        ),
    ),
    hosts=(
        HostState(host="a.example", robots="User-agent: *", robots_status=200, robots_at=NOW, asked_at=NOW),
    ),
    barren={"a.example/#?": 3},
    pages=(
        PageSeen(
            url=PAGE, title="T", images=(ImageLink(url=IMAGE, element="img", via="src"),), is_whole=True
        ),
    ),
    judgements=(Judgement(digest=DIGEST, verdict="none", upto=1),),
    tally=VisitCounts(pages=1, images=1, requests=2),
)


@pytest.fixture
def night(tmp_path):
    """A run over one site, with its lease."""
    db = open_watch(tmp_path / "pairwatch.db")
    site = Sites(db).put(Site(url=PAGE), NOW)
    progress = Runs(db)
    run = progress.begin(NOW, upto=1)
    progress.plan(run, [site])
    yield progress, run, site, db
    db.close()


def test_what_is_written_comes_back(night):
    """A site's state read back is the state that was written, to the millisecond."""
    progress, run, site, _ = night
    lease = progress.take_lease(site, "here", NOW, seconds=60)

    assert progress.save(run, site, lease, RESULT, NOW)

    state = progress.sightings.state(site)
    assert tuple(state.addresses.values()) == RESULT.addresses
    assert tuple(state.hosts.values()) == RESULT.hosts
    assert state.barren == RESULT.barren


def test_the_same_slice_twice_changes_nothing(night):
    """A slice that two workers ran is there once."""
    progress, run, site, db = night
    lease = progress.take_lease(site, "here", NOW, seconds=60)

    def count():
        return [db.table(name).count for name in ("urls", "placements", "contents")]

    progress.save(run, site, lease, RESULT, NOW)
    before = count()
    progress.save(run, site, lease, RESULT, NOW)

    assert count() == before == [2, 1, 1]


def test_a_lost_lease_writes_nothing(night):
    """Whoever lost the lease is told so, and nothing of theirs is written."""
    progress, run, site, db = night
    old = progress.take_lease(site, "first", NOW, seconds=60)
    progress.take_lease(site, "second", NOW, seconds=60)

    assert not progress.save(run, site, old, RESULT, NOW)
    assert db.execute("select count(*) from urls").fetchone() == (0,)


def test_a_slice_is_written_whole_or_not_at_all(night):
    """An error in the middle leaves no half of a slice."""
    progress, run, site, db = night
    lease = progress.take_lease(site, "here", NOW, seconds=60)
    wrong = replace(RESULT, judgements=(Judgement(digest="not a digest", verdict="none", upto=1),))

    with pytest.raises(Exception, match="CHECK constraint failed"):
        progress.save(run, site, lease, wrong, NOW)
    assert db.execute("select count(*) from urls").fetchone() == (0,)


def test_a_cut_off_run_is_gone_on_with_for_a_day(night):
    """Within 24 hours the same run goes on; later it is abandoned, and a new one begins."""
    progress, run, _, db = night

    again = progress.begin(NOW + timedelta(hours=3), upto=9)
    later = progress.begin(NOW + timedelta(hours=30), upto=9)

    assert (again.id, again.started_at, again.upto, again.resumed) == (run.id, NOW, 1, True)
    assert (later.id, later.resumed) == (run.id + 1, False)
    assert db.execute("select outcome from runs order by id").fetchall() == [("abandoned",), ("running",)]


def test_bytes_seen_before_are_remembered_until_there_are_more_photos(night, tmp_path):
    """The same bytes need no second look, unless our catalogue has grown or the matcher changed since."""
    progress, run, site, _ = night
    progress.save(run, site, progress.take_lease(site, "here", NOW, seconds=60), RESULT, NOW)

    assert VerdictCache(tmp_path / "pairwatch.db", 1, "")(DIGEST) == RESULT.judgements[0]
    assert VerdictCache(tmp_path / "pairwatch.db", 2, "")(DIGEST) is None
    assert VerdictCache(tmp_path / "pairwatch.db", 1, '{"matcher": "b"}')(DIGEST) is None
    assert VerdictCache(tmp_path / "pairwatch.db", 1, "")("sha256:" + "1" * 64) is None


def a_finding(**words) -> Finding:
    """A finding with hostile words in it."""
    place = Sighting(page_url=PAGE, element="img", via="src", alt=words.pop("alt", ""), caption="", heading="",
                  first_seen=NOW, last_seen=NOW)  # fmt: skip
    said = JudgementRecord(
        at=NOW,
        matcher="",
        marks=(),
        settings={},
        upto=1,
        verdict=Verdict.COPY,
        probability=0.99,
        explanation="",
    )
    kind = Infringement if words.get("decision") is Decision.INFRINGEMENT else Finding
    return kind(
        id=1, site_url=PAGE, page_url=PAGE, image_url=IMAGE, photo_id=1, name="a.jpg", case=51, stage="after",
        judgements=(said,), digest=DIGEST, first_seen=NOW, last_seen=NOW, sightings=(place,), **words,
    )  # fmt: skip


@given(st.text(max_size=40))
def test_no_cell_is_a_formula(words):
    """Whatever a copier writes into his page: the spreadsheet shows it as text, on one line."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, quoting=csv.QUOTE_ALL)
    writer.writerow(finding_row(a_finding(alt=words, note=words)))

    cells = next(csv.reader(io.StringIO(text.getvalue())))
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)
    assert not any("\n" in cell or "\r" in cell for cell in cells)


def test_our_file_names_stay_in_the_house():
    """A file may be named after a patient: the table that goes to lawyers and hosts says case, view and digest."""
    row = finding_row(a_finding(view="front", original=DIGEST))

    assert "a.jpg" not in row.values()
    assert (row["case"], row["stage"], row["view"], row["original"]) == ("51", "after", "front", DIGEST)


def test_only_a_person_makes_an_infringement():
    """The machine's words and a person's are of two types, and neither can be had without its ground."""
    with pytest.raises(CrawlerError, match="not confirmed by a person"):
        replace(a_finding(), decision=Decision.INFRINGEMENT)
    with pytest.raises(CrawlerError, match="not confirmed by a person"):
        a_finding(decision=Decision.INFRINGEMENT, decided_by="", decided_at=NOW)
    decided = a_finding(decision=Decision.INFRINGEMENT, decided_by="J. Doe", decided_at=NOW)

    assert says(a_finding()) == "The machine says: a copy of our photograph."
    assert isinstance(decided, Infringement)
    assert says(decided) == "Confirmed as an infringement by J. Doe."

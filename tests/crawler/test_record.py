"""What the record says of a copy is what its site answered, when it answered it, and in whose words."""

import json
import sqlite3
import statistics
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from click.testing import CliRunner

from benchmarks.record_month import Nights, look, simulate
from crawler.model import Listing
from crawler.run.night import run
from crawler.store.database import open_watch
from crawler.store.findings import Findings
from crawler.store.migrations import migrations
from crawler.store.runs import Runs
from crawler.store.sites import Sites
from gallery.store.database import open_database, transaction
from gallery.store.vault import Vault
from pairwatch import cli

AT = "2026-01-01T02:30:00+00:00"
PAGE = '<h1>Results</h1><figure><img src="{src}" alt="{alt}"><figcaption>{caption}</figcaption></figure><p>{claim}</p>'


@dataclass
class Watched:
    """A rival's site under watch, with a photo of ours in the catalogue."""

    folder: object
    served: object
    hands: object
    clock: Nights = field(default_factory=Nights)

    def night(self):
        """Let a day pass, and visit."""
        self.clock.ahead += timedelta(days=1)
        return run(self.folder, executor=self.hands, look=look, clock=self.clock)

    def say(self, *words, code=0):
        said = CliRunner().invoke(cli, ["--data", str(self.folder.root), *map(str, words)])
        assert said.exit_code == code, said.output
        return said.stdout

    def findings(self, *words):
        return [json.loads(line) for line in self.say("findings", "--json", *words).splitlines()]

    def day(self, text):
        """How many nights ago that was: 0 is the last night."""
        return (self.clock.now() - datetime.fromisoformat(text)).days


@pytest.fixture
def rival(serve, watch, hands):
    """Give a rival's site with one photo of ours at stake, its routes to be filled."""
    served = serve({"/robots.txt": "User-agent: *\nAllow: /"})
    folder = watch(served.site())
    with closing(open_watch(folder.database)) as db, transaction(db):
        db.table("cases").insert({"number": 51, "created_at": AT})
        db.table("stages").insert({"id": 1, "case_number": 51, "position": 1, "label": "after"})
        db.table("photos").insert(
            {
                "id": 7, "stage_id": 1, "view": "front", "file": "a.jpg", "digest": "sha256:" + "a" * 64, "bytes": 1,
                "width": 1, "height": 1, "format": "JPEG", "imported_at": AT,
            }
        )  # fmt: skip
    return Watched(folder, served, hands)


def page(src="/a.jpg", alt="", caption="", claim=""):
    """Give a page with one picture and its words."""
    return PAGE.format(src=src, alt=alt, caption=caption, claim=claim)


def test_new_words_are_a_new_row_and_the_former_ones_keep_their_dates(rival, picture):
    """A rival who edits the caption the next day is quoted with both wordings, each in its own time."""
    rival.served.routes |= {
        "/": page(alt="head", caption="our client, by our artist", claim="Done by us in May."),
        "/a.jpg": picture("ours-80"),
    }
    rival.night()
    rival.served.routes["/"] = page(caption="symbol photo")
    rival.night()
    rival.night()

    (told,) = rival.findings()
    words = [(one["caption"], one["claim"], rival.day(one["first_seen"]), rival.day(one["last_seen"]))
             for one in told["pages"]]  # fmt: skip

    assert words == [("symbol photo", "", 1, 0), ("our client, by our artist", "Done by us in May.", 2, 2)]
    assert (rival.day(told["first_seen"]), rival.day(told["last_seen"])) == (2, 0)


def test_what_was_seen_is_never_changed(rival, picture):
    """The database refuses to change or delete a sighting or an observation."""
    rival.served.routes |= {"/": page(), "/a.jpg": picture("ours-80")}
    rival.night()

    with closing(sqlite3.connect(rival.folder.database)) as db:
        for statement in (
            "update sightings set caption = 'other'",
            "delete from sightings",
            "update observations set at = '2020'",
            "delete from observations",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="never changed"):
                db.execute(statement)


def test_a_finding_names_only_pages_where_these_bytes_were(rival, picture):
    """A page that showed other bytes under the same address, or dropped the picture, is not said to show it."""
    rival.served.routes |= {
        "/": page() + '<a href="/two.html">2</a>', "/two.html": page(src="/a.jpg"), "/a.jpg": picture("stranger"),
    }  # fmt: skip
    rival.night()
    rival.served.routes["/two.html"] = "nothing"
    rival.night()
    rival.served.routes["/a.jpg"] = picture("ours-80")
    rival.night()
    rival.served.routes["/"] = '<a href="/two.html">2</a>'
    rival.night()

    (told,) = rival.findings()

    assert [one["page_url"] for one in told["pages"]] == [f"{rival.served.url}/"]
    assert (rival.day(told["first_seen"]), rival.day(told["pages"][0]["last_seen"])) == (1, 1)
    assert rival.day(told["absent_before"]) == 2
    assert (rival.day(told["unlinked_since"]), told["file"], told["absent_since"]) == (0, "served", "unknown")
    assert "the file is still served" in rival.say("findings")


@pytest.mark.parametrize("fault", [401, 403, 451, 500, "empty", "robots", "down"], ids=str)
def test_last_seen_moves_by_proof_only(rival, picture, answer, fault):
    """Whatever is no answer with the page and its picture says nothing: not seen, and not gone either."""
    shown = {"/": page(), "/a.jpg": picture("ours-80")}
    rival.served.routes |= shown
    rival.night()
    before = rival.findings()[0]
    if fault == "robots":
        rival.served.routes["/robots.txt"] = "User-agent: *\nDisallow: /"
    else:
        wrong = {"empty": answer(b"", 200), "down": lambda _: None}.get(fault) or answer(b"no", fault)
        rival.served.routes |= dict.fromkeys(shown, wrong)
    rival.night()
    rival.night()

    (told,) = rival.findings()

    assert (told["last_seen"], told["absent_since"]) == (before["last_seen"], "unknown")
    assert told["pages"][0]["last_seen"] == before["pages"][0]["last_seen"]
    rival.served.routes |= {"/robots.txt": "User-agent: *\nAllow: /", **shown}
    rival.night()
    (back,) = rival.findings()
    assert (rival.day(back["last_seen"]), back["back_on"]) == (0, None)


def test_removed_and_back_are_told_with_their_proofs(rival, picture, answer):
    """A file that answers 404 on a page without it is gone since that night, and back when it is seen again."""
    rival.served.routes |= {"/": "soon"}
    rival.night()
    rival.served.routes |= {"/": page(), "/a.jpg": picture("ours-80")}
    rival.night()
    rival.served.routes |= {"/": "soon again", "/a.jpg": answer(b"", 404)}
    rival.night()
    (gone,) = rival.findings()
    assert (rival.day(gone["absent_before"]), rival.day(gone["last_seen"])) == (2, 1)
    assert (rival.day(gone["absent_since"]), gone["file"]) == (0, "gone")

    rival.night()
    rival.served.routes |= {"/": page(), "/a.jpg": picture("ours-80")}
    rival.night()
    (back,) = rival.findings()

    assert (back["id"], rival.day(back["back_on"]), back["absent_since"]) == (gone["id"], 0, "unknown")
    spans = back["history"][0]["spans"]
    assert [(rival.day(one["first"]), rival.day(one["last"])) for one in spans] == [(3, 3), (0, 0)]
    assert rival.day(spans[0]["absent_since"]) == 2


def test_rotating_addresses_are_one_finding_and_never_fill_the_site(rival, picture):
    """Signed addresses, srcset variants, query strings and nightly re-encodings of one picture are one finding."""
    rival.folder.settings_file.write_text("[crawler]\ndelay_s = 0\nretry_s = 0.05\nsite_addresses = 40\n")
    for number in range(8):
        grey = 80 + number % 3
        srcset = ", ".join(f"/a-{width}.jpg?sig={number} {width}w" for width in (320, 640, 960))
        rival.served.routes |= {
            "/": f'<img srcset="{srcset}"><img src="/b.jpg?v={number}">',
            **{f"/a-{width}.jpg": picture(f"ours-{grey}-{width}-{number}") for width in (320, 640, 960)},
            "/b.jpg": picture("ours-81-b"),
        }
        summary = rival.night()
        assert not any("quota" in sentence for one in summary.sites for sentence in one.blind)
        if number == 2:
            rival.say("review", rival.findings()[0]["id"], "infringement", "--by", "J. Doe")

    (told,) = rival.findings()
    assert (told["decision"], rival.day(told["last_seen"]), rival.day(told["first_seen"])) == (
        "infringement",
        0,
        7,
    )
    assert len({one["image_url"] for one in told["pages"]}) == 32
    with closing(open_watch(rival.folder.database)) as db:
        known = Runs(db).sightings.state(Sites(db).listed()[0]).addresses
        assert len(known) <= 4 + 5 + 4, "the frontier forgets what no page names"


def test_another_look_is_another_finding(rival, picture):
    """What shows new content is a finding of its own, though the photo and the site are the same."""
    rival.served.routes |= {
        "/": page("/a.jpg") + page("/b.jpg"), "/a.jpg": picture("ours-80"), "/b.jpg": picture("ours-160"),
    }  # fmt: skip
    rival.night()

    assert len(rival.findings()) == 2


def test_an_allowed_site_has_no_open_findings(rival, picture):
    """Once a site may show our photos, what was found there is settled, and still in the record."""
    rival.served.routes |= {"/": page(), "/a.jpg": picture("ours-80")}
    rival.night()
    with closing(open_watch(rival.folder.database)) as db:
        Sites(db).remove(f"{rival.served.url}/", datetime.now(UTC))
        Sites(db).put(rival.served.site(listing=Listing.ALLOW), datetime.now(UTC))

    assert rival.findings() == []
    assert [one["state"] for one in rival.findings("--all")] == ["allowed"]


def test_known_findings_are_asked_first(rival, picture):
    """The page and picture of a finding are asked for before anything else at its site."""
    rival.served.routes |= {
        "/": "".join(f'<a href="/{n}.html">{n}</a>' for n in range(9)),
        **{f"/{n}.html": f"page {n}" for n in range(9)},
        "/8.html": page(), "/a.jpg": picture("ours-80"),
    }  # fmt: skip
    rival.night()
    rival.served.asked.clear()
    rival.night()

    assert set(rival.served.paths[:3]) == {"/", "/8.html", "/a.jpg"}, "the start page names them"


def test_the_log_of_a_run_tells_that_run(rival):
    """What run 1 left alone is told of run 1, whatever the site allows since."""
    rival.served.routes |= {"/": '<a href="/x.html">x</a>', "/robots.txt": "User-agent: *\nDisallow: /x.html"}
    rival.night()
    rival.served.routes["/robots.txt"] = "User-agent: *\nDisallow: /y.html"
    rival.served.routes |= {"/": '<a href="/x.html">x</a><a href="/y.html">y</a>', "/x.html": "now"}
    rival.night()

    alone = []
    for number in (1, 2):
        told = json.loads(rival.say("log", "--json", "--run", number))
        alone.append([one["url"].rsplit("/", 1)[1] for one in told["left_alone"]])
    assert alone == [["x.html"], ["y.html"]]


def test_what_a_person_saw_is_kept_apart(rival, picture, tmp_path):
    """A person's sighting bears name and time, keeps its file, and moves no date of the machine's."""
    rival.served.routes |= {"/": page(), "/a.jpg": picture("ours-80")}
    run(rival.folder, executor=rival.hands, look=look)
    (before,) = rival.findings()
    (tmp_path / "screen.png").write_bytes(b"no picture at all")
    where = f"{rival.served.url}/app/1"
    seen = ("--url", where, "--seen-at", "2026-03-01 14:05", "--by", "J. Doe")

    rival.say("tip", tmp_path / "screen.png", *seen, code=1)
    refused = CliRunner().invoke(
        cli, ["--data", str(rival.folder.root), "tip", str(tmp_path / "screen.png"), *seen[:4]]
    )

    with closing(sqlite3.connect(rival.folder.database)) as db:
        rows = db.execute("select url, seen_at, by, digest from person_sightings").fetchall()
    digest = f"sha256:{sha256(b'no picture at all').hexdigest()}"
    assert rows == [(where, "2026-03-01T14:05:00.000+00:00", "J. Doe", digest)]
    assert Vault(rival.folder.evidence).has(digest)
    assert "needs the person's name" in refused.output
    assert rival.findings() == [before]


def test_a_short_simulated_month_is_told_as_it_was(tmp_path):
    """Every sighting, page and span of a few drawn nights agrees with the server's own log."""
    score = simulate(tmp_path, nights=5, seed=3)

    assert score.compared > 30
    assert (score.wrong, score.missed) == ([], [])


def test_times_enclose_what_the_server_did(rival, picture, answer):
    """Each sighting's [sent, received] holds the server's own times of that very answer, closely."""
    server: dict[str, list[tuple[float, float]]] = {}

    def timed(body):
        def reply(handler):
            begun = time.time()
            time.sleep(0.002)
            server.setdefault(handler.path, []).append((begun, time.time()))
            return answer(body)

        return reply

    rival.served.routes |= {
        "/": timed("".join(f'<img src="/{n}.jpg">' for n in range(20)).encode()),
        **{f"/{n}.jpg": timed(picture(f"ours-{n * 12}")) for n in range(20)},
    }
    run(rival.folder, executor=rival.hands, look=look)

    widths = []
    with closing(sqlite3.connect(rival.folder.database)) as db:
        rows = db.execute(
            "select page_url, page_sent, page_received, image_url, image_sent, image_received from sightings"
        )
        for row in rows:
            for url, sent, received in (row[:3], row[3:]):
                first, last = (datetime.fromisoformat(text).timestamp() for text in (sent, received))
                begun, ended = server[url.removeprefix(rival.served.url)][0]
                assert first <= begun + 0.001  # texts have milliseconds
                assert ended <= last + 0.001
                widths.append(last - first)
    assert len(widths) == 40
    assert statistics.median(widths) <= 0.05


@pytest.mark.parametrize("second", ["infringement", "licensed"])
def test_old_findings_of_one_look_are_joined_and_a_conflict_waits(tmp_path, second):
    """Both old numbers open the joined finding; decisions that differ all stay, and a person decides anew."""
    path = tmp_path / "data" / "pairwatch.db"
    with closing(open_database(path)) as db:
        migrations.apply(db, stop_before="m0009_sightings_are_rows")
        _fill_old(db, ("infringement", second))

    def told(number):
        with closing(open_watch(path)) as db:
            return Findings(db).get(number)

    one, other = told(1), told(2)

    assert (one.id, other.id, one.numbers, one.recorded) == (1, 1, (1, 2), "old")
    assert [one.decision for one in one.decisions] == [second, "infringement"]
    assert {place.recorded for place in one.sightings} == {"old"}
    assert {place.image_url for place in one.sightings} == {
        "https://a.example/1.jpg",
        "https://a.example/2.jpg",
    }
    assert one.presence is None
    assert one.state == ("decided" if second == "infringement" else "conflict")
    said = CliRunner().invoke(cli, ["--data", str(path.parent), "review", "2", "dismissed", "--by", "J. Doe"])
    assert said.exit_code == 0, said.output
    assert (told(2).decision, told(2).state, len(told(1).decisions)) == ("dismissed", "decided", 3)


def _fill_old(db, decisions):
    """Write two findings as an older version did: one picture, saved again."""
    with transaction(db):
        db.table("cases").insert({"number": 51, "created_at": AT})
        db.table("stages").insert({"id": 1, "case_number": 51, "position": 1, "label": "after"})
        photo = {
            "id": 7,
            "stage_id": 1,
            "view": "front",
            "file": "a.jpg",
            "digest": "sha256:" + "a" * 64,
            "bytes": 1,
        }
        db.table("photos").insert(photo | {"width": 1, "height": 1, "format": "JPEG", "imported_at": AT})
        db.table("sites").insert({"id": 1, "url": "https://a.example/", "listing": "watch", "added_at": AT})
        url = {
            "site_id": 1,
            "standing": "done",
            "rank": 5,
            "depth": 1,
            "status": 200,
            "etag": "",
            "last_modified": "",
        }
        url |= {"final": "", "digest": "", "matched_upto": 7, "tries": 0, "why": "", "parent": ""}
        db.table("urls").insert(url | {"id": 9, "url": "https://a.example/", "kind": "page"})
        for number, decision in enumerate(decisions, start=1):
            digest = f"sha256:{number:064x}"
            said = {"digest": digest, "verdict": "copy", "photo_id": 7, "probability": 0.9, "explanation": ""}
            said |= {"answer": "{}", "look": "grey32:" + f"{80 + number:02x}" * 1024}
            content = {"width": 1, "height": 1, "matched_upto": 7, "matched_at": AT, "trouble": ""}
            db.table("contents").insert(said | content)
            judged = {"at": AT, "basis": "", "matched_upto": 7, "also": "[]", "carries_our_mark": 0}
            db.table("judgements").insert(said | judged)
            db.table("urls").insert(
                url | {"id": number, "url": f"https://a.example/{number}.jpg", "kind": "image"}
            )
            times = {"first_seen": AT, "last_seen": AT}
            words = {"element": "img", "via": "src", "alt": "", "caption": "", "heading": ""}
            db.table("sightings").insert({"page_id": 9, "image_id": number} | words | times)
            db.table("findings").insert(
                {"id": number, "site_id": 1, "image_id": number, "photo_id": 7, "digest": digest} | times
            )
            db.table("decisions").insert(
                {
                    "site_id": 1,
                    "photo_id": 7,
                    "digest": digest,
                    "decision": decision,
                    "note": "",
                    "by": "A",
                    "at": AT,
                }
            )

"""A case is filled in by people who work beside each other, and nothing of it gets lost or out by accident."""

import io
import re

import pytest

from gallery.events import Action
from gallery.model import Performer, Relation, Section
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog
from gallery.store.keys import ChartLock
from gallery.store.ledger import Ledger
from tests.gallery.web.conftest import enter, form, portrait, token

CHART = "CH-0042-X"


def test_facts_are_saved(case, rooms):
    """What is typed in is in the catalogue, stage by stage, and stands in the form again."""
    facts = form(case, "/cases/1/facts")
    facts |= {"region": "hairline", "light": "daylight", "tags": "hair loss, SMP", "performed_by-2": "other"}
    facts |= {"session-2": "1", "sessions-2": "3", "in_progress-2": "yes", "label-2": "after session 1 of 3"}

    answer = case.post("/cases/1/facts", data=facts)

    saved, stage = Catalog(rooms).case(1), Catalog(rooms).stages(1)[1]
    assert answer.location == "/cases/1/consent"
    assert (saved.region, set(saved.tags)) == ("hairline", {"hair loss", "SMP"})
    assert (stage.performed_by, stage.session, stage.sessions, stage.in_progress) == (
        Performer.OTHER,
        1,
        3,
        True,
    )
    assert form(case, "/cases/1/facts")["light"] == "daylight"


def test_two_people_change_one_case(case, site, rooms):
    """The second to save sees both versions and loses nothing; saving again keeps hers."""
    other = site.app.test_client()
    enter(other, "Ben")
    hers, his = form(case, "/cases/1/facts"), form(other, "/cases/1/facts")
    other.post("/cases/1/facts", data=his | {"region": "crown", "classification": "Norwood 4"})
    conflict = case.post("/cases/1/facts", data=hers | {"region": "hairline", "limits": "No promise."})
    text = conflict.text
    again = hers | {
        "region": "hairline",
        "limits": "No promise.",
        "version": re.findall(r'name="version" value="(\d)"', text)[0],
    }
    case.post("/cases/1/facts", data=again)

    assert conflict.status_code == 409
    assert "Ben changed this page" in text
    assert 'value="hairline"' in text
    assert re.search(r"Ben saved:</strong> crown", text)
    assert re.search(r"Ben saved:</strong> Norwood 4", text)
    assert Catalog(rooms).case(1).region == "hairline"
    assert Catalog(rooms).case(1).limits == "No promise."


def test_a_chart_number_is_locked_away(case, site, rooms):
    """Typed once, it is nowhere in the clear: not in the database file, not on a page; a doctor can ask for it."""
    case.post("/cases/1/facts", data=form(case, "/cases/1/facts") | {"chart": CHART})
    sealed = Casework(rooms).details(1).chart
    rooms.execute("pragma wal_checkpoint(truncate)")
    refused = case.post("/cases/1/chart-number", data={"csrf_token": token(case, "/drafts/new")})
    doctor = site.app.test_client()
    enter(doctor, "Dora")
    shown = doctor.post("/cases/1/chart-number", data={"csrf_token": token(doctor, "/drafts/new")})

    assert ChartLock(site.folder).open(sealed or b"") == CHART
    assert CHART.encode() not in site.folder.database.read_bytes()
    assert CHART not in case.get("/cases/1/facts").text
    assert refused.status_code == 403
    assert CHART in shown.text
    assert [entry.actor for entry in Ledger(rooms).entries() if entry.action is Action.CHART_NUMBER_SEEN] == [
        "Dora"
    ]
    assert CHART not in str(Ledger(rooms).entries())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"session-2": "4", "sessions-2": "3"}, "session 4 of 3 cannot be"),
        ({"sessions-2": "3"}, "which of the 3 sessions was it"),
        ({"session-2": "many"}, "is no number of a session"),
        ({"label-2": "Before"}, "two stages have the same name"),
        ({"label-2": ""}, "a stage has no name"),
    ],
)
def test_wrong_facts_are_refused_in_words(case, wrong, said):
    """A slip is named with its stage, and nothing is half-saved."""
    answer = case.post("/cases/1/facts", data=form(case, "/cases/1/facts") | {"region": "crown"} | wrong)

    assert answer.status_code == 422
    assert said in answer.text.lower()
    assert form(case, "/cases/1/facts")["region"] == ""


def test_authorship_is_prefilled_and_sealed(case, rooms):
    """The camera stands in the form already; who pressed the shutter goes into the ledger, photo by photo."""
    authors = form(case, "/cases/1/who-took-them")
    case.post(
        "/cases/1/who-took-them",
        data=authors | {"person-1": "A. Example", "relation-1": "contractor", "person-2": "B. Example"},
    )
    sealed = [entry for entry in Ledger(rooms).entries() if entry.action is Action.PHOTO_AUTHORSHIP]
    page = case.get("/cases/1/who-took-them").text

    assert authors["camera-1"] == "Canon EOS R6"
    assert [entry.subject for entry in sealed] == ["photo 1", "photo 2"]
    assert sealed[0].detail["relation"] == Relation.CONTRACTOR
    assert "A. Example may own these pictures" in page
    assert Catalog(rooms).photo(1).taken_by == "A. Example"


def test_a_withdrawn_case_cannot_be_changed(case):
    """After a withdrawal every form of the case is closed, and says why."""
    sent = token(case, "/drafts/new")
    case.post("/cases/1/withdraw", data={"csrf_token": sent, "sure": "yes"})

    for path in ("facts", "consent", "who-took-them"):
        assert "was withdrawn" in case.get(f"/cases/1/{path}").text
    assert case.post("/drafts/for/1", data={"csrf_token": sent}).status_code == 409


def test_more_photos_join_a_case(case, rooms):
    """A follow-up a year later is added to the same number; the stages there are keep their names."""
    sent = token(case, "/drafts/new")
    draft = case.post("/drafts/for/1", data={"csrf_token": sent}).location
    late = (io.BytesIO(portrait("later", "front", "2027-02-01 10:00:00")), "IMG_0100.jpg")
    case.post(f"{draft}files", data={"csrf_token": sent, "files": late})
    board = {
        "csrf_token": sent,
        "version": "1",
        "stage-1": "renamed",
        "stage-2": "after",
        "stage-3": "one year later",
    }
    board |= {"photo-1-stage": "3", "photo-1-view": "front", "then": "case"}
    case.post(f"{draft}arrange", data=board)

    assert [stage.label for stage in Catalog(rooms).stages(1)] == ["before", "after", "one year later"]
    assert len(Catalog(rooms).photos(1)) == 3


def test_sections_count_their_versions(case, rooms):
    """Each save of a section is a version of its own, with who did it."""
    case.post("/cases/1/facts", data=form(case, "/cases/1/facts"))
    case.post("/cases/1/facts", data=form(case, "/cases/1/facts"))

    saved = Casework(rooms).saved(1)[Section.FACTS]
    assert (saved.version, saved.by) == (2, "Ada")


def test_a_case_imported_by_command_has_pictures_too(case, rooms):
    """A photo without a small picture gets one at the first look; legal staff see it as well, and are written down."""
    kept = Casework(rooms).thumbnail(1)
    rooms.execute("delete from thumbnails")
    rooms.conn.commit()
    shown = case.get("/photos/1.jpg")

    assert kept is not None
    assert shown.mimetype == "image/jpeg"
    assert Casework(rooms).thumbnail(1) == shown.data
    assert "photo 1" in [
        entry.subject for entry in Ledger(rooms).entries() if entry.action is Action.ORIGINAL_VIEWED
    ]


def test_pictures_on_the_screen_bear_no_metadata(case):
    """What a browser is sent holds pixels alone: no camera, no date."""
    for address in ("/photos/1.jpg", "/photos/1.jpg?large=1"):
        data = case.get(address).data
        assert b"Canon" not in data
        assert b"Exif" not in data


@pytest.mark.parametrize(
    "path",
    [
        "/photos/999.jpg",
        "/cases/999/",
        "/cases/1/preview/website/999.jpg",
        "/cases/1/pairs/1/999",
        "/cases/1/consent/999/form",
        "/drafts/999/",
        "/drafts/999/photos/1.jpg",
        "/site/nothing.html",
    ],
)
def test_what_is_not_there_is_not_found(case, path):
    """An address of nothing is answered with 404, whichever room noticed it, as a page with the way out."""
    answer = case.get(path)

    assert answer.status_code == 404
    assert "<h1>There is no such" in answer.text

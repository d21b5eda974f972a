"""Nothing goes out that was not agreed to and approved; what went out is proven; what is withdrawn is gone."""

import io
import re
from datetime import timedelta

import pytest

from gallery.events import Action
from gallery.model import KnownCopy
from gallery.rules.authorization import load_law
from gallery.services.proof import html_faults
from gallery.site.build import build_site
from gallery.store.catalog import Catalog
from gallery.store.ledger import Ledger
from gallery.web.app import create_app
from tests.gallery.web.conftest import enter, form, portrait, token

SCAN = b"%PDF-1.7 a signed form"
ALL = [element.id for element in load_law("us").elements]


def agree(client, **said):
    """Record a consent through the page."""
    sent = {
        "csrf_token": token(client, "/drafts/new"),
        "signed_on": "2026-01-10",
        "channel": "website",
        "says": ALL,
        "ends_at_event": "the end of the web site",
    }
    sent |= {"document": (io.BytesIO(SCAN), "form.pdf"), "covers": "all"} | said
    return client.post("/cases/1/consent", data=sent)


def prepare(client, site):
    """Fill in all that publication needs, and have a doctor approve."""
    agree(client)
    client.post("/cases/1/facts", data=form(client, "/cases/1/facts"))
    doctor = site.app.test_client()
    enter(doctor, "Dora")
    doctor.post("/cases/1/approve", data={"csrf_token": token(doctor, "/drafts/new")})


def publish(client):
    """Press the button."""
    return client.post("/cases/1/publish", data={"csrf_token": token(client, "/drafts/new")})


def link_in(client):
    """Give the address of the approval page that was just made."""
    found = re.search(r'href="(/approve/[^"]+)"', client.get("/cases/1/publish").text)
    assert found
    return found[1]


def shown(site):
    """Tell whether the built site has a page of Patient 1 with pictures."""
    page = site.folder.public / "patient-1" / "index.html"
    return page.is_file() and "photos/" in page.read_text("utf-8")


def test_a_finished_case_is_published_and_proven(case, site, rooms):
    """Consent, facts and approval in place, the case is on the site, and the proof names each public file."""
    prepare(case, site)
    answer = publish(case)
    proof = case.get("/cases/1/proof").text

    assert answer.location == "/cases/1/proof"
    assert shown(site)
    assert "Nothing leaks, and every page is whole" in proof
    assert "patient-1/index.html" in proof
    with case.get("/site/patient-1/index.html") as page:
        assert page.status_code == 200
    assert [entry.actor for entry in Ledger(rooms).entries() if entry.action is Action.PHOTO_PUBLISHED] == [
        "Ada",
        "Ada",
    ]


def test_a_case_in_the_making_is_held_back(case, site):
    """A consent alone publishes nothing: a nightly build leaves out what nobody released."""
    agree(case)
    built = build_site(site.folder, actor="night", now=site.app.extensions["pairwatch"].clock())

    assert built.photos == 0
    assert "not released for publication yet" in case.get("/cases/1/").text


@pytest.mark.parametrize(
    ("leave_out", "said"),
    [
        ("consent", "no consent is recorded"),
        ("facts", "The facts are not filled in"),
        ("approval", "Nobody has approved"),
    ],
)
def test_what_is_missing_keeps_it_back(case, site, leave_out, said):
    """Without consent, facts or approval the button says what is missing, and nothing is public."""
    if leave_out != "consent":
        agree(case)
    if leave_out != "facts":
        case.post("/cases/1/facts", data=form(case, "/cases/1/facts"))
    if leave_out != "approval":
        doctor = site.app.test_client()
        enter(doctor, "Dora")
        doctor.post("/cases/1/approve", data={"csrf_token": token(doctor, "/drafts/new")})

    answer = publish(case)

    assert answer.status_code == 409
    assert said in answer.text
    assert not shown(site)


def test_staff_cannot_approve_and_legal_cannot_publish(case, site):
    """Two pairs of eyes: who prepares a case does not approve it."""
    lawyer = site.app.test_client()
    enter(lawyer, "Lou")

    assert case.post("/cases/1/approve", data={"csrf_token": token(case, "/drafts/new")}).status_code == 403
    assert publish_as(lawyer) == 403


def publish_as(client):
    """Press the button as somebody who may not."""
    return client.post("/cases/1/publish", data={"csrf_token": token(client, "/password")}).status_code


def test_an_approval_holds_for_what_was_seen(case, site):
    """A caption changed after the approval needs another approval."""
    prepare(case, site)
    words = form(case, "/cases/1/words") | {"caption-1": "Seen from the front"}
    case.post("/cases/1/words", data=words)

    assert "Nobody has approved the case as it is now" in publish(case).text


def test_a_patient_approves_by_link(case, site, rooms):
    """Without an account she sees marked pictures and sentences, no original, and her answer is recorded."""
    agree(case)
    case.post("/cases/1/facts", data=form(case, "/cases/1/facts"))
    case.post("/cases/1/ask", data={"csrf_token": token(case, "/drafts/new"), "asked": "patient"})
    link = link_in(case)
    patient = site.app.test_client()
    page = patient.get(link)
    picture = patient.get(f"{link}/1.jpg")
    said = {"csrf_token": token(patient, link), "name": "The patient", "answer": "approved"}
    patient.post(link, data=said)

    assert "Your photos" in page.text
    assert picture.mimetype == "image/jpeg"
    assert patient.get("/photos/1.jpg").status_code == 302
    assert patient.get("/approve/wrong-secret").status_code == 404
    assert publish(case).location == "/cases/1/proof"
    assert "The patient (by link)" in [entry.actor for entry in Ledger(rooms).entries()]


def test_a_wish_for_changes_stops_it(case, site):
    """When the patient wants changes, a doctor's approval does not outvote her."""
    prepare(case, site)
    case.post("/cases/1/ask", data={"csrf_token": token(case, "/drafts/new"), "asked": "patient"})
    link = link_in(case)
    patient = site.app.test_client()
    said = {
        "csrf_token": token(patient, link),
        "name": "P",
        "answer": "changes",
        "words": "Not the first one",
    }
    patient.post(link, data=said)

    assert "Nobody has approved" in publish(case).text
    assert "Not the first one" in case.get("/cases/1/publish").text


def test_what_a_form_lacks_is_named(case, rooms):
    """A form without the right to revoke is kept, permits nothing, and the page says what it lacks."""
    agree(case, says=[element for element in ALL if element not in {"purpose", "revocation"}])
    page = case.get("/cases/1/consent").text
    consent = Catalog(rooms).consents(1)[0]

    assert "the purpose" in consent.missing
    assert "lacks" in page
    assert "the purpose" in page
    assert consent.document is not None


def test_a_consent_may_end_at_an_event(case, rooms):
    """The event stands in the record in the form's own words; a form that names neither day nor event lacks an end."""
    agree(case)
    agree(case, ends_at_event="")
    named, unnamed = Catalog(rooms).consents(1)

    assert (named.ends_at_event, named.missing) == ("the end of the web site", ())
    assert unnamed.missing == ("a date or an event at which it ends",)
    assert "when: the end of the web site" in case.get("/cases/1/consent").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"signed_on": ""}, "the day of the signature is missing"),
        ({"signed_on": "2999-01-01"}, "in the future"),
        ({"expires_on": "2025-01-01"}, "would expire on 2025-01-01, before it was signed"),
        ({"channel": "nowhere"}, "no channel is ticked"),
        ({"covers": "photos"}, "no photo is ticked"),
        ({"document": (io.BytesIO(b"MZ program"), "form.exe")}, "not a pdf, jpeg or png"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_consent_is_refused_in_words(case, rooms, wrong, said):
    """A slip in the form is named, what was typed stays, and nothing is recorded."""
    answer = agree(case, **wrong)

    assert answer.status_code == 400
    assert said in answer.text.lower()
    assert Catalog(rooms).consents(1) == []


def test_a_signed_form_comes_back_and_is_noted(case, rooms):
    """The scan can be opened again, byte for byte; who opened it is in the ledger."""
    agree(case)
    got = case.get("/cases/1/consent/1/form")

    assert got.data == SCAN
    assert "attachment" in got.headers["Content-Disposition"]
    assert Action.CONSENT_FORM_OPENED in [entry.action for entry in Ledger(rooms).entries()]


def test_scope_by_photo(case, site):
    """A consent for one photo publishes that one alone."""
    prepare(case, site)
    case.post("/cases/1/consent/end", data={"csrf_token": token(case, "/drafts/new"), "channel": ""})
    agree(case, covers="photos", photo="2")
    publish(case)
    proof = case.get("/cases/1/publish").text

    assert "1 of 2 photos are left out" in proof
    assert shown(site)


def test_words_that_promise_are_stopped(case, site):
    """The word permanent keeps a case from being published and is explained; corrected, it goes out."""
    prepare(case, site)
    words = form(case, "/cases/1/words")
    sent = words | {"caption-2": "A permanent result, guaranteed"}
    answer = case.post("/cases/1/words", data=sent, follow_redirects=True)
    stopped = publish(case)
    corrected = form(case, "/cases/1/words") | {"caption-2": ""}
    case.post("/cases/1/words", data=corrected)

    assert "Nothing on skin or hair is permanent for everybody" in answer.text
    assert stopped.status_code == 409
    assert publish(case).status_code == 302


def test_withdrawing_takes_it_down_in_the_same_step(case, site, rooms):
    """One button: pictures gone, a page that says so in their place, a receipt, a list of what is left to do."""
    prepare(case, site)
    publish(case)
    pictures = list((site.folder.public / "photos").iterdir())
    unsure = case.post("/cases/1/withdraw", data={"csrf_token": token(case, "/drafts/new")})
    sent = {"csrf_token": token(case, "/drafts/new"), "sure": "yes", "reason": "asked by phone"}
    case.post("/cases/1/withdraw", data=sent)
    page = case.get("/cases/1/withdraw").text
    folder = site.folder.public / "photos"

    assert unsure.status_code == 400
    assert pictures
    assert not folder.exists() or not list(folder.iterdir())
    assert not shown(site)
    assert "Receipt for the patient" in page
    assert "Photos taken off the site: 2" in page
    assert Ledger(rooms).verify() == []
    assert publish(case).status_code == 409


def test_a_minor_is_never_published(case, site):
    """The tick for a minor blocks publication, whatever was signed and approved."""
    prepare(case, site)
    case.post("/cases/1/facts", data=form(case, "/cases/1/facts") | {"minor": "yes"})

    assert "never published" in publish(case).text
    assert not shown(site)


def test_broken_markup_is_seen():
    """The proof's reading of a page finds a tag that was never closed properly and an id given twice."""
    whole = (
        b"<!doctype html><html><head><title>x</title></head><body><main><p id='a'>x</p></main></body></html>"
    )
    broken = whole.replace(b"</p>", b"</b><i id='a'></i></p>")

    assert html_faults("page.html", whole) == []
    assert html_faults("page.html", broken)


def test_a_name_in_a_caption_is_stopped_and_stops_nobody_else(case, site):
    """A caption with a name that must never be public is refused; the case is held back, so later builds go through."""
    (site.folder.root / "never-publish.txt").write_text("Maria Lopez\n", "utf-8")
    case.post("/cases/1/words", data=form(case, "/cases/1/words") | {"caption-1": "Maria Lopez, before"})
    prepare(case, site)
    answer = publish(case)
    later = build_site(site.folder, actor="night", now=site.app.extensions["pairwatch"].clock())

    assert answer.status_code == 422
    assert "betray a patient" in answer.text
    assert later.photos == 0


def test_a_consent_that_ends_this_week_is_announced(case, site):
    """Whoever opens the list of cases is warned a week before photos leave the site."""
    ends = (site.app.extensions["pairwatch"].clock() + timedelta(days=5)).date()
    agree(case, expires_on=str(ends))

    assert f"Patient 1</a>: last day {ends}" in case.get("/cases/").text


def test_cases_are_found(case):
    """A number, a region or a tag finds a case; what is not there is said."""
    case.post("/cases/1/facts", data=form(case, "/cases/1/facts") | {"region": "crown"})

    assert "Patient 1" in case.get("/cases/?find=patient+1").text
    assert "Patient 1" in case.get("/cases/?find=Crown").text
    assert "No case has “beard”" in case.get("/cases/?find=beard").text


def test_a_withdrawal_reaches_stolen_copies(case, site, rooms):
    """Copies that the crawler knows of are listed for the legal desk, in the ledger too, and never as links."""
    page = "https://rival.example/<b>results</b>"
    client = create_app(
        site.folder, copies=lambda _: [KnownCopy(finding=7, case=1, page=page, decision="open")]
    ).test_client()
    enter(client, "Lou")
    client.post("/cases/1/withdraw", data={"csrf_token": token(client, "/cases/1/withdraw"), "sure": "yes"})
    queued = [entry for entry in Ledger(rooms).entries() if entry.action is Action.COPY_TO_REMOVE]
    shown = client.get("/cases/1/withdraw").text

    assert [(entry.subject, entry.detail["page"]) for entry in queued] == [("finding 7", page)]
    assert "rival.example/&lt;b&gt;results" in shown
    assert 'href="https://rival' not in shown
    assert "Patients who withdrew are still shown on other sites" in client.get("/cases/").text


def test_a_scan_of_many_megabytes_is_kept(case, rooms):
    """A signed form of several pages is larger than other forms, and is taken."""
    answer = agree(case, document=(io.BytesIO(SCAN + bytes(3_000_000)), "form.pdf"))
    answer.request.environ["wsgi.input"].close()  # a test's own temporary file

    assert answer.status_code == 302
    assert Catalog(rooms).consents(1)[0].document is not None


def test_a_public_case_that_was_changed_is_approved_anew(case, site):
    """Words written after the publication reach no reader with anybody's next build, before they are approved."""
    prepare(case, site)
    publish(case)
    words = form(case, "/cases/1/words") | {"caption-1": "Seen from the front"}
    said = case.post("/cases/1/words", data=words, follow_redirects=True).text
    build_site(site.folder, actor="night", now=site.app.extensions["pairwatch"].clock())
    waiting = shown(site)
    refused = publish(case)
    prepare(case, site)
    publish(case)

    assert "until it is approved and published again" in said
    assert not waiting
    assert "Nobody has approved the case as it is now" in refused.text
    assert "Seen from the front" in (site.folder.public / "patient-1" / "index.html").read_text("utf-8")


def test_a_photo_added_to_a_public_case_waits_for_approval(case, site):
    """Nothing that nobody has looked at goes out with a case that is public already."""
    prepare(case, site)
    publish(case)
    sent = {"csrf_token": token(case, "/drafts/new")}
    board = case.post("/drafts/for/1", data=sent).location
    photo = (io.BytesIO(portrait("later", "front", "2027-02-12 10:00:00")), "IMG_9.jpg")
    case.post(f"{board}files", data=sent | {"files": [photo]})
    placed = {name: value for name, value in form(case, board).items() if not name.startswith("photo-")}
    at = re.search(r"photo-(\d+)-stage", case.get(board).text)[1]
    placed |= {f"photo-{at}-stage": "2", f"photo-{at}-view": "left", "then": "case"}
    joined = case.post(f"{board}arrange", data=placed)
    build_site(site.folder, actor="night", now=site.app.extensions["pairwatch"].clock())

    assert joined.location == "/cases/1/"
    assert not shown(site)


def test_an_approval_page_shows_no_photo_that_readers_never_would_see(case, site, rooms):
    """Behind a link to a minor's case there is no picture: nothing of it would ever be published."""
    agree(case)
    case.post("/cases/1/ask", data={"csrf_token": token(case, "/drafts/new"), "asked": "patient"})
    link, visitor = link_in(case), site.app.test_client()
    before = visitor.get(f"{link}/1.jpg").status_code
    rooms.execute("update cases set minor = 1 where number = 1")
    rooms.conn.commit()

    assert before == 200
    assert visitor.get(f"{link}/1.jpg").status_code == 404
    assert "<img" not in visitor.get(link).text


def test_staff_cannot_answer_a_link_of_their_own(case, site):
    """Whoever prepares a case does not approve it as the doctor by the link that she made."""
    agree(case)
    case.post("/cases/1/facts", data=form(case, "/cases/1/facts"))
    case.post("/cases/1/ask", data={"csrf_token": token(case, "/drafts/new"), "asked": "doctor"})
    said = {"csrf_token": token(case, "/drafts/new"), "name": "Dr. Dora", "answer": "approved"}

    assert case.post(link_in(case), data=said).status_code == 403
    assert "Nobody has approved" in publish(case).text


def test_a_link_is_answered_once_and_every_look_is_noted(case, site, rooms):
    """A second visitor cannot turn the answer round; that somebody looked is in the ledger, the secret is not."""
    agree(case)
    case.post("/cases/1/ask", data={"csrf_token": token(case, "/drafts/new"), "asked": "patient"})
    link = link_in(case)
    visitor = site.app.test_client()
    said = {"csrf_token": token(visitor, link), "name": "P", "answer": "approved"}
    first = visitor.post(link, data=said)
    second = visitor.post(link, data=said | {"answer": "changes"})
    visitor.get(f"{link}/1.jpg")
    entries = Ledger(rooms).entries()

    assert first.status_code == 302
    assert second.status_code == 409
    assert "by the link that Ada made" in case.get("/cases/1/publish").text
    looks = [entry.subject for entry in entries if entry.actor == "somebody (by link 1)"]
    assert looks == ["case 1 as it would be published", "photo 1 as it would be published"]
    assert link.rpartition("/")[2] not in str(entries)


def test_the_proof_does_not_repeat_what_leaked(case, site):
    """Everybody at the practice sees that something leaks and where, but not the name or number itself."""
    prepare(case, site)
    publish(case)
    (site.folder.root / "never-publish.txt").write_text("Maria Lopez\n", "utf-8")
    (site.folder.public / "notes.txt").write_text("Maria Lopez called", "utf-8")
    proof = case.get("/cases/1/proof").text

    assert "notes.txt: " in proof
    assert "lopez" not in proof.lower()


def test_nothing_is_published_that_was_saved_in_the_same_moment(case, site, monkeypatch):
    """A colleague's words, saved between the look at the approval and the release, are not released unseen."""
    from gallery.services import publish as publishing

    prepare(case, site)
    colleague, looked = site.app.test_client(), publishing.obstacles_of
    enter(colleague, "Ben")
    words = form(colleague, "/cases/1/words") | {"caption-1": "Seen from the front"}

    def look_slowly(p, number):
        colleague.post("/cases/1/words", data=words)
        return looked(p, number)

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "obstacles_of", look_slowly)
        answer = publish(case)

    assert answer.status_code == 409
    assert not shown(site)

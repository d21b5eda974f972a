"""A person drops photographs and has a case: nothing is lost, nothing is sorted behind her back."""

import base64
import io
import shutil
import socket
import time
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from gallery.events import Action
from gallery.model import Digest
from gallery.store.catalog import Catalog
from gallery.store.database import open_database
from gallery.store.drafts import Drafts
from gallery.store.ledger import Ledger
from gallery.store.vault import Vault
from tests.gallery.web.conftest import composite, enter, portrait, sign_in, token
from watermark.picture.sandbox import Sandbox, sandbox

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def drop(window, *paths):
    """Choose files on a page as a person does, and wait until the board shows them."""
    window.set_input_files("#files", [str(path) for path in paths])
    window.wait_for_selector("[data-go-on]:not([hidden]), [data-card]")
    if window.is_visible("[data-go-on]"):
        window.click("[data-go-on] a")
    window.wait_for_selector("[data-card]")


def saved(window):
    """Wait until the board has saved what was done."""
    window.wait_for_selector("[data-saved]:text-is('Saved.')")


@pytest.mark.browser
def test_nine_photos_become_a_case(page, site, nine_photos):
    """A folder of three visits, phone files among them, is sorted by its days and becomes Patient 1."""
    sign_in(page)
    page.goto("/drafts/new")
    drop(page, *sorted(nine_photos.iterdir()))
    reasons = page.inner_text(".board")
    lanes = [len(lane.query_selector_all("[data-card]")) for lane in page.query_selector_all("[data-lane]")]
    page.click("button[value=case]")
    page.wait_for_url("**/cases/1/")

    database = open_database(site.folder.database)
    photos, intake = Catalog(database).photos(1), Ledger(database).entries(subject="photo 1")
    drafts = Drafts(database).all()
    database.close()
    assert lanes == [3, 3, 3, 0]
    assert "taken on 2026-01-05" in reasons
    assert "looks like the other front photo" in reasons
    assert [photo.stage_position for photo in photos] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert {photo.format for photo in photos} == {"jpeg", "heif"}
    assert all(Vault(site.folder.originals).has(photo.digest) for photo in photos)
    assert intake[0].actor == "Ada"
    assert drafts == []


@pytest.mark.browser
def test_a_bad_file_is_one_sentence(page, nine_photos, tmp_path):
    """A text file and a photo that was cut off are named; the good photo goes on."""
    good = next(nine_photos.glob("*.jpg"))
    (tmp_path / "notes.jpg").write_text("not a photo at all")
    (tmp_path / "cut.jpg").write_bytes(good.read_bytes()[:3000])
    shutil.copy(good, tmp_path / "good.jpg")
    sign_in(page)
    page.goto("/drafts/new")
    page.set_input_files("#files", [str(path) for path in sorted(tmp_path.glob("*.jpg"))])
    page.wait_for_selector("[data-go-on]:not([hidden])")
    said = page.inner_text("[data-files]")
    page.click("[data-go-on] a")
    page.wait_for_selector("[data-card]")

    assert "notes.jpg: expected a picture, this is plain text, not a picture. It was left out." in said
    assert "cut.jpg: found a file that is cut off" in said or "cut off" in said
    assert len(page.query_selector_all("[data-card]")) == 1


@pytest.mark.browser
def test_an_old_composite_is_split_and_can_be_joined(page, site, tmp_path):
    """Side-by-side files come apart at the gutter, say so, and can be made whole again."""
    (tmp_path / "old.jpg").write_bytes(composite())
    sign_in(page)
    page.goto("/drafts/new")
    drop(page, tmp_path / "old.jpg")
    split = [name.inner_text() for name in page.query_selector_all(".file")]
    page.click("text=Do not split >> nth=0")
    page.wait_for_selector(".said.done")
    joined = [name.inner_text() for name in page.query_selector_all(".file")]

    assert split == ["old.jpg (part 1 of 2)", "old.jpg (part 2 of 2)"]
    assert joined == ["old.jpg"]


def test_parts_of_a_composite_keep_where_they_come_from(site):
    """A part's original is cut without loss; the whole is kept too, and the ledger ties them together."""
    client = site.app.test_client()
    enter(client)
    form = {"csrf_token": token(client, "/drafts/new"), "files": (io.BytesIO(composite()), "old.jpg")}
    draft = client.post("/drafts/new", data=form).location
    database = open_database(site.folder.database)
    ids = [photo.id for photo in Drafts(database).photos(1)]
    arranged = {
        "version": "1",
        "stage-1": "before",
        "stage-2": "after",
        "then": "case",
        "csrf_token": form["csrf_token"],
    }
    arranged |= {f"photo-{ids[0]}-stage": "1", f"photo-{ids[0]}-view": "front"}
    arranged |= {f"photo-{ids[1]}-stage": "2", f"photo-{ids[1]}-view": "front"}
    answer = client.post(f"{draft}arrange", data=arranged)
    photos, row = Catalog(database).photos(1), Ledger(database).entries(subject="photo 1")[0]
    database.close()

    assert answer.location == "/cases/1/"
    assert [photo.format for photo in photos] == ["png", "png"]
    assert Vault(site.folder.root / "composites").get(Digest(str(row.detail["cut_from"]))) == composite()
    assert len(str(row.detail["box"]).split(",")) == 4


@pytest.mark.browser
def test_a_closed_browser_loses_nothing(page, nine_photos):
    """What was dropped and moved is there when the page is opened again, and dropped files are not taken twice."""
    files = sorted(nine_photos.glob("*.jpg"))
    sign_in(page)
    page.goto("/drafts/new")
    drop(page, *files[:4])
    page.select_option("[data-card]:first-child [data-stage]", "2")
    saved(page)
    page.goto("/drafts/new")
    page.click("text=Draft 1")
    page.wait_for_selector("[data-card]")
    moved = len(page.query_selector_all("[data-lane='2'] [data-card]"))
    page.set_input_files("#files", [str(path) for path in files])
    page.wait_for_selector("[data-card] >> nth=5")

    assert moved == 2


@pytest.mark.browser
def test_photos_are_moved_by_drag_and_by_keyboard(page, nine_photos):
    """Dragging a photo, or Alt and an arrow key on it, puts it into another stage, and that is saved."""
    sign_in(page)
    page.goto("/drafts/new")
    drop(page, *sorted(nine_photos.glob("*.jpg"))[:4])
    card = "[data-lane='1'] [data-card]:first-child"
    name = page.inner_text(f"{card} .file")
    page.drag_and_drop(f"{card} .file", "[data-lane='2'] .cards")
    saved(page)
    dragged = page.inner_text("[data-lane='2'] [data-card]:last-child .file")
    page.focus("[data-lane='2'] [data-card]:last-child a")
    page.keyboard.press("Alt+ArrowRight")
    saved(page)
    page.reload()

    assert dragged == name
    assert page.inner_text("[data-lane='0'] [data-card] .file") == name


@pytest.mark.browser
def test_files_are_dropped_onto_the_page(page, nine_photos):
    """Dragging files from the desktop onto the field takes them in; what a system hides in folders is passed over."""
    files = sorted(nine_photos.glob("*.jpg"))[:2]
    sign_in(page)
    page.goto("/drafts/new")
    contents = [[path.name, base64.b64encode(path.read_bytes()).decode()] for path in files]
    page.evaluate(
        """(files) => {
          const dropped = new DataTransfer();
          for (const [name, text] of [...files, [".DS_Store", ""]])
            dropped.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
          const field = document.querySelector("[data-drop]");
          field.dispatchEvent(new DragEvent("dragover", {dataTransfer: dropped, bubbles: true, cancelable: true}));
          field.dispatchEvent(new DragEvent("drop", {dataTransfer: dropped, bubbles: true, cancelable: true}));
        }""",
        contents,
    )
    page.wait_for_selector("[data-card] >> nth=1")

    assert page.url.endswith("/drafts/1/")
    assert len(page.query_selector_all("[data-card]")) == 2


@pytest.mark.browser
def test_two_people_sort_one_draft(chromium, page, site, nine_photos):
    """The second to save is shown both ways out, her own version still in the form."""
    sign_in(page)
    page.goto("/drafts/new")
    drop(page, *sorted(nine_photos.glob("*.jpg"))[:4])
    other = chromium.new_context(base_url=site.url)
    ben = other.new_page()
    sign_in(ben, "Ben")
    ben.goto("/drafts/1/")
    ben.fill("#stage-1", "first visit")
    ben.press("#stage-1", "Tab")
    saved(ben)
    other.close()
    page.fill("#stage-1", "baseline")
    page.press("#stage-1", "Tab")
    page.click("text=Show me what to do")
    page.wait_for_selector("text=load what Ben saved")
    mine = page.input_value("#stage-1")
    page.click("button[value=stage]")
    page.wait_for_selector("#stage-3")

    assert mine == "baseline"
    assert page.input_value("#stage-1") == "baseline"


@pytest.mark.browser
def test_it_works_without_javascript(chromium, site, nine_photos):
    """With scripts switched off, choosing files, sorting by lists and making the case still work."""
    context = chromium.new_context(base_url=site.url, java_script_enabled=False)
    window = context.new_page()
    sign_in(window)
    window.goto("/drafts/new")
    window.set_input_files("#files", [str(path) for path in sorted(nine_photos.glob("*.jpg"))[:4]])
    window.click("text=Add them")
    for card in range(4):
        window.select_option(f"[data-view] >> nth={card}", "front")
    window.click("button[value=case]")
    window.wait_for_url("**/cases/1/")
    said = window.inner_text(".said.done")
    context.close()

    assert "Patient 1: 4 photos sealed" in said


def test_a_photo_of_another_case_is_named(site):
    """The same file in two cases is refused with the case, stage and view where it is."""
    client = site.app.test_client()
    enter(client)
    photo = portrait("before", "front", "2026-01-05 10:00:00")
    sent = token(client, "/drafts/new")
    client.post("/drafts/new", data={"csrf_token": sent, "files": (io.BytesIO(photo), "a.jpg")})
    arranged = {
        "csrf_token": sent,
        "version": "1",
        "stage-1": "before",
        "photo-1-stage": "1",
        "photo-1-view": "front",
    }
    client.post("/drafts/1/arrange", data=arranged | {"then": "case"})
    again = client.post("/drafts/new", data={"csrf_token": sent, "files": (io.BytesIO(photo), "b.jpg")})

    assert "b.jpg: is in Patient 1 already (before, front)" in client.get(again.location).text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"photo-1-stage": "1"}, "The view is missing for: a.jpg"),
        ({"photo-1-stage": "0"}, "No photo is in a stage yet"),
        ({"stage-2": "Before", "photo-1-stage": "1"}, "Two stages are named"),
        ({"stage-1": "", "photo-1-stage": "1"}, "a stage with photos in it has no name"),
    ],
)
def test_what_is_missing_is_said(site, form, said):
    """A case that is not ready stays a draft, and the page says what to do."""
    client = site.app.test_client()
    enter(client)
    sent = token(client, "/drafts/new")
    photo = portrait("before", "front", "2026-01-05 10:00:00")
    client.post("/drafts/new", data={"csrf_token": sent, "files": (io.BytesIO(photo), "a.jpg")})
    base = {"csrf_token": sent, "version": "1", "stage-1": "before", "photo-1-view": "", "then": "case"}

    answer = client.post("/drafts/1/arrange", data=base | form)

    assert answer.status_code == 422
    assert said.lower() in answer.text.lower().replace("&#34;", '"')
    assert client.get("/drafts/1/").status_code == 200


def test_every_look_is_written_down(site):
    """Whoever is shown a photograph is in the ledger, once for the same look."""
    client = site.app.test_client()
    enter(client)
    sent = token(client, "/drafts/new")
    photo = portrait("before", "front", "2026-01-05 10:00:00")
    client.post("/drafts/new", data={"csrf_token": sent, "files": (io.BytesIO(photo), "a.jpg")})
    for _ in range(2):
        client.get("/drafts/1/photos/1.jpg")
    database = open_database(site.folder.database)
    looks = [entry for entry in Ledger(database).entries() if entry.action is Action.ORIGINAL_VIEWED]
    database.close()

    assert [(look.actor, look.subject, look.detail["of"]) for look in looks] == [
        ("Ada", "draft photo 1", "draft 1")
    ]


@pytest.mark.browser
def test_the_pages_are_accessible(page, nine_photos):
    """The accessibility checker axe finds nothing on the sign-in, the list, the drop page and the board."""
    found = {}
    page.goto("/sign-in")
    found["sign-in"] = Axe().run(page, options={"runOnly": STANDARDS})
    sign_in(page)
    found["cases"] = Axe().run(page, options={"runOnly": STANDARDS})
    page.goto("/password")
    found["password"] = Axe().run(page, options={"runOnly": STANDARDS})
    page.goto("/drafts/new")
    found["new"] = Axe().run(page, options={"runOnly": STANDARDS})
    drop(page, *sorted(nine_photos.glob("*.jpg"))[:2])
    found["board"] = Axe().run(page, options={"runOnly": STANDARDS})

    assert {name: result.generate_report() for name, result in found.items() if result.violations_count} == {}


# waitress leaves the socket of a broken connection to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_upload_that_is_cut_off_leaves_nothing_behind(site, nine_photos):
    """A connection that breaks in the middle of a file adds no photo, and the pages go on."""
    client = site.app.test_client()
    enter(client)
    client.post("/drafts/new", data={"csrf_token": token(client, "/drafts/new")})
    cookie = client.get_cookie("pairwatch").value
    photo = next(nine_photos.glob("*.jpg")).read_bytes()
    head = (
        f"POST /drafts/1/files HTTP/1.1\r\nHost: {site.url[7:]}\r\nCookie: pairwatch={cookie}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(photo) + 500}\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
    )
    with socket.create_connection(("127.0.0.1", int(site.url.rpartition(":")[2]))) as line:
        line.sendall(head.encode() + photo[: len(photo) // 2])
    database = open_database(site.folder.database)
    photos = Drafts(database).photos(1)
    database.close()

    assert photos == []
    assert client.get("/drafts/1/").status_code == 200


def test_a_phone_photograph_of_many_megabytes_comes_in(site):
    """Large files are taken from whoever may add cases; a stranger is led to the sign-in."""
    client = site.app.test_client()
    enter(client)
    out = io.BytesIO()
    Image.effect_noise((1600, 1600), 90).save(out, "JPEG", quality=95)
    sent = {"csrf_token": token(client, "/drafts/new"), "files": [(io.BytesIO(out.getvalue()), "IMG_1.jpg")]}
    stranger = site.app.test_client().post("/drafts/new", data={"files": [(io.BytesIO(b"?"), "x.jpg")]})

    assert len(out.getvalue()) > 1024 * 1024
    assert client.post("/drafts/new", data=sent).location == "/drafts/1/"
    assert client.get("/drafts/1/photos/1.jpg").status_code == 200
    assert stranger.location.startswith("/sign-in")


def test_a_drafts_number_is_never_used_again(site):
    """What the ledger says of draft 1 stays about that one: the next draft has a number of its own."""
    client = site.app.test_client()
    enter(client)
    sent = token(client, "/drafts/new")
    numbers = []
    for _ in range(3):
        numbers.append(client.post("/drafts/new", data={"csrf_token": sent}).location)
        client.post(f"{numbers[-1]}discard", data={"csrf_token": sent, "version": "1"})

    assert numbers == ["/drafts/1/", "/drafts/2/", "/drafts/3/"]


def test_nobody_throws_away_what_a_colleague_has_sorted(site):
    """A draft that Ben saved since Ada opened it is neither discarded nor sorted anew by her old page."""
    ada, ben = site.app.test_client(), site.app.test_client()
    enter(ada)
    enter(ben, "Ben")
    photo = portrait("before", "front", "2026-01-05 10:00:00")
    sent = {"csrf_token": token(ada, "/drafts/new"), "files": (io.BytesIO(photo), "a.jpg")}
    ada.post("/drafts/new", data=sent)
    board = {"version": "1", "stage-1": "baseline", "photo-1-stage": "1", "photo-1-view": "top"}
    ben.post("/drafts/1/arrange", data=board | {"csrf_token": token(ben, "/drafts/1/")})
    old = {"csrf_token": token(ada, "/drafts/new"), "version": "1"}
    refused = [
        ada.post("/drafts/1/discard", data=old),
        ada.post("/drafts/1/sort", data=old | {"again": "yes"}),
    ]

    assert [answer.status_code for answer in refused] == [409, 409]
    assert all("Ben changed this draft" in answer.text for answer in refused)
    assert 'value="baseline"' in ada.get("/drafts/1/").text
    ada.post("/drafts/1/discard", data=old | {"version": "2"})
    assert ada.get("/drafts/1/").status_code == 404


def test_every_large_look_is_written_down(site):
    """A photograph as large as the screen is a look of its own each time; small ones come with the page."""
    client = site.app.test_client()
    enter(client)
    photo = portrait("before", "front", "2026-01-05 10:00:00")
    sent = {"csrf_token": token(client, "/drafts/new"), "files": (io.BytesIO(photo), "a.jpg")}
    client.post("/drafts/new", data=sent)
    for _ in range(3):
        client.get("/drafts/1/photos/1.jpg?large=1")
    database = open_database(site.folder.database)
    looks = [entry for entry in Ledger(database).entries() if entry.action is Action.ORIGINAL_VIEWED]
    database.close()

    assert len(looks) == 3


def looked_up(client, number):
    """Ask as the page does until every photo of a draft was looked up."""
    for _ in range(600):
        answer = client.get(f"/drafts/{number}/twins").get_json()
        if not answer["waiting"]:
            return answer["found"]
        time.sleep(0.1)
    raise AssertionError("the draft's photos are still being looked up")


def test_a_photo_of_another_case_saved_anew_is_named_and_may_come_in(site, case):
    """A smaller copy of Patient 1's photo is a warning with a link; the patient's other shots are none."""
    picture = Image.open(io.BytesIO(portrait("before", "front", "2026-01-05 10:00:00")))
    smaller = io.BytesIO()
    picture.resize((432, 324)).save(smaller, "JPEG", quality=80)
    files = {
        "copy.jpg": smaller.getvalue(),
        "later.jpg": portrait("later", "front", "2027-02-12 10:00:00"),
        "stranger.jpg": portrait("before", "front", "2026-03-05 10:00:00", person=8),
    }
    sent = {
        "csrf_token": token(case, "/drafts/new"),
        "files": [(io.BytesIO(data), name) for name, data in files.items()],
    }
    there = case.post("/drafts/new", data=sent).location
    number = int(there.strip("/").split("/")[-1])
    found = looked_up(case, number)
    shown = case.get(there).text
    board = {"csrf_token": sent["csrf_token"], "version": "1", "stage-1": "before", "then": "case"}
    for photo in Drafts(open_database(site.folder.database)).photos(number):
        board |= {f"photo-{photo.id}-stage": "1", f"photo-{photo.id}-view": "front"}
    made = case.post(f"/drafts/{number}/arrange", data=board, follow_redirects=True)

    [twin] = found.values()
    assert twin["case"] == "/cases/1/"
    assert twin["sentence"].startswith("copy.jpg is a copy of Patient 1's before photo")
    assert 'href="/cases/1/">Open Patient 1</a>' in shown
    assert "Patient 2: 3 photos sealed" in made.text
    assert "Please check: copy.jpg is a copy of Patient 1" in made.text


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="a process's children are read from /proc")
def test_a_strangers_file_is_opened_outside_the_server(site, case):
    """After an upload the server has a helper process, the one that decodes within caps."""
    sandbox().close()
    sent = {
        "csrf_token": token(case, "/drafts/new"),
        "files": (io.BytesIO(portrait("later", "left", "2027-02-12 10:00:00")), "a.jpg"),
    }
    assert case.post("/drafts/new", data=sent).status_code == 302

    children = [
        child
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    said = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children]
    assert any(b"watermark.picture.sandbox_worker" in words for words in said)


def test_a_file_may_be_named_like_a_part(site):
    """A photograph whose own name ends in "(part 1 of 2)" is no half of anything, and sorted as a whole."""
    client = site.app.test_client()
    enter(client)
    sent = token(client, "/drafts/new")
    photo = (io.BytesIO(portrait("after", "front", "2026-02-10 10:00:00")), "later (part 1 of 2)")
    client.post("/drafts/new", data={"csrf_token": sent, "files": photo})
    database = open_database(site.folder.database)
    [only] = Drafts(database).photos(1)
    database.close()

    assert "of one picture" not in only.why
    assert client.post("/drafts/1/photos/1/join", data={"csrf_token": sent}).status_code == 400


def test_a_dropped_photograph_is_opened_once(site, monkeypatch):
    """Its header, its thumbnail and the search for a composite's gutters come from one opening."""
    opened = []
    really = Sandbox._open

    def counted(self, data, limits, **asked):
        opened.append(data)
        return really(self, data, limits, **asked)

    monkeypatch.setattr(Sandbox, "_open", counted)
    client = site.app.test_client()
    enter(client)
    sent = token(client, "/drafts/new")
    photo = portrait("after", "front", "2026-02-10 10:00:00")
    answer = client.post("/drafts/new", data={"csrf_token": sent, "files": (io.BytesIO(photo), "a.jpg")})

    assert answer.location == "/drafts/1/"
    assert opened == [photo]

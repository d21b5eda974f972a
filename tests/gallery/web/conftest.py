"""The staff's pages for real: a catalogue on disk, a server on loopback, users, photographs as files."""

import gc
import io
import re
import shutil
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import pytest
import waitress
from argon2 import PasswordHasher
from PIL import Image

from gallery.settings import DataFolder
from gallery.staff import Role, User
from gallery.store.accounts import Accounts
from gallery.store.database import open_database
from gallery.web.app import create_app
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from sample_clinic.drawing.furniture import collage
from watermark.picture.encode import Blocks, encode

PASSWORD = "correct horse battery staple"  # noqa: S105 (of people who do not exist)
PEOPLE = {
    "Ada": Role.STAFF,
    "Ben": Role.STAFF,
    "Dora": Role.DOCTOR,
    "Lou": Role.LEGAL,
    "Root": Role.ADMINISTRATOR,
}
SIZE = (480, 360)
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@dataclass
class Site:
    """A running server and where its data are."""

    url: str
    folder: DataFolder
    app: object


@pytest.fixture(scope="session")
def blank(tmp_path_factory):
    """An empty catalogue with one user of each role; tests work on copies."""
    folder = DataFolder(tmp_path_factory.mktemp("blank") / "data")
    database = open_database(folder.database)
    for name, role in PEOPLE.items():
        Accounts(database, QUICK).add(User(name, role), PASSWORD, datetime.now(UTC))
    database.close()
    return folder


@pytest.fixture(scope="session")
def made_case(blank, tmp_path_factory):
    """Patient 1 with two stages of one photo each, made through the pages by Ada; tests work on copies."""
    folder = DataFolder(tmp_path_factory.mktemp("made") / "data")
    shutil.copytree(blank.root, folder.root)
    client = create_app(folder).test_client()
    enter(client)
    sent = token(client, "/drafts/new")
    photos = [
        (io.BytesIO(portrait("before", "front", "2026-01-05 10:00:00")), "IMG_0007.jpg"),
        (io.BytesIO(portrait("after", "front", "2026-02-10 10:00:00")), "IMG_0008.jpg"),
    ]
    client.post("/drafts/new", data={"csrf_token": sent, "files": photos})
    board = {"csrf_token": sent, "version": "1", "stage-1": "before", "stage-2": "after", "then": "case"}
    board |= {
        f"photo-{at}-{name}": value
        for at in (1, 2)
        for name, value in (("stage", str(at)), ("view", "front"))
    }
    client.post("/drafts/1/arrange", data=board)
    wait_for_fingerprints()
    return folder


@pytest.fixture
def data_folder(request, tmp_path):
    """A catalogue of its own for each test: with Patient 1 where the test asks for `case`."""
    made = request.getfixturevalue("made_case" if "case" in request.fixturenames else "blank")
    folder = DataFolder(tmp_path / "data")
    shutil.copytree(made.root, folder.root)
    return folder


@pytest.fixture
def site(data_folder):
    """The pages served by the real server on a free port of this machine."""
    app = create_app(data_folder)
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4, max_request_body_size=2**30)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.effective_port}", data_folder, app)
    server.trigger.pull_trigger(lambda: _close(server))
    thread.join(10)
    server.task_dispatcher.shutdown()
    gc.collect()  # what this server leaves behind is this test's, and no later one's
    assert not thread.is_alive()


def _close(server):
    """Hang up on everybody, then stop listening: run in the server's own thread."""
    for channel in list(server.active_channels.values()):
        channel.handle_close()
    server.close()


@pytest.fixture
def page(chromium, site):
    """A fresh browser window on the pages; anything the browser complains about fails the test."""
    context = chromium.new_context(base_url=site.url, viewport={"width": 1280, "height": 900})
    window = context.new_page()
    complaints = []
    window.on("pageerror", lambda error: complaints.append(str(error)))
    window.on(
        "console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None
    )
    window.set_default_timeout(15_000)
    yield window
    context.close()
    assert complaints == []


def sign_in(window, name="Ada"):
    """Sign in as one of `PEOPLE`."""
    window.goto("/sign-in")
    window.fill("#name", name)
    window.fill("#password", PASSWORD)
    window.click("button.main")
    window.wait_for_url("**/cases/")


def exif(taken, camera="Canon EOS R6"):
    """Give the EXIF block of a camera for a time such as 2026-01-05 10:00:00."""
    block = Image.Exif()
    maker, _, model = camera.partition(" ")
    block[0x010F], block[0x0110], block[0x0132] = maker, model, taken.replace("-", ":")
    return block.tobytes()


@cache
def portrait(stage, view, taken, *, person=3, size=SIZE):
    """Draw one photograph as a camera writes it."""
    picture = draw_portrait(Person(person), Room(2), stage=stage, view=view, size=size)
    return encode(picture, format="jpeg", quality=92, blocks=Blocks(exif=exif(taken)))


@cache
def heic(stage, view, taken, *, person=3):
    """Draw one photograph as a phone writes it."""
    picture = draw_portrait(Person(person), Room(2), stage=stage, view=view, size=SIZE)
    out = io.BytesIO()
    Image.fromarray(picture.rgb).save(out, "HEIF", quality=90, exif=exif(taken, "Apple iPhone 15"))
    return out.getvalue()


def composite(person=3):
    """Draw an old side-by-side file."""
    pair = [
        draw_portrait(Person(person), Room(2), stage=stage, view="front", size=SIZE)
        for stage in ("before", "after")
    ]
    return encode(collage(pair, cell=(360, 360), gap=8), format="jpeg", quality=90)


DAYS = {"before": "2026-01-05", "after": "2026-02-10", "later": "2027-02-12"}


@pytest.fixture(scope="session")
def nine_photos(tmp_path_factory):
    """Nine files of one patient: three visits, three views; one visit taken with a phone."""
    folder = tmp_path_factory.mktemp("camera")
    for at, (stage, day) in enumerate(DAYS.items()):
        for number, view in enumerate(("front", "left", "top")):
            draw = heic if stage == "after" else portrait
            name = f"IMG_{at * 10 + number:04}.{'heic' if stage == 'after' else 'jpg'}"
            (folder / name).write_bytes(draw(stage, view, f"{day} 10:0{number}:00"))
    return folder


def wait_for_fingerprints():
    """Wait for what the pages have started beside themselves."""
    for thread in threading.enumerate():
        if thread.name in {"fingerprints", "measurements", "copies", "renditions"}:
            thread.join()


@pytest.fixture(autouse=True)
def finish_fingerprints():
    """Let no test end before the work it has started."""
    yield
    wait_for_fingerprints()


def token(client, path="/sign-in"):
    """Give the form token of a page."""
    text = client.get(path).text
    return text.split('name="csrf_token" value="')[1].split('"')[0]


def enter(client, name="Ada", password=PASSWORD):
    """Send the sign-in form."""
    return client.post("/sign-in", data={"csrf_token": token(client), "name": name, "password": password})


@pytest.fixture
def case(site):
    """Patient 1, and Ada signed in."""
    client = site.app.test_client()
    enter(client)
    return client


def form(client, path):
    """Give a page's form as a browser would send it back untouched."""
    text = client.get(path).text
    main = text.split("<main")[1]
    values: dict[str | None, str] = {}
    for tag in re.findall(r"<input[^>]*>", main):
        found = dict(re.findall(r'(\w[\w-]*)="([^"]*)"', tag))
        if found.get("type") not in {"checkbox", "radio", "file"} or " checked" in tag:
            values.setdefault(found.get("name"), found.get("value", ""))
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', main, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        values[name] = chosen[1] if chosen else ""
    values |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', main, re.DOTALL))
    values.pop(None, None)
    return values


@pytest.fixture
def rooms(site):
    """The catalogue beside the pages."""
    database = open_database(site.folder.database)
    yield database
    database.close()

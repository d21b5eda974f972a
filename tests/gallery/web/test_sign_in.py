"""Only people whom the practice named come in, and a hostile page, host or guesser does not."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.staff import Role, Task, User
from gallery.store.accounts import Accounts, Attempt, wait_before_sign_in
from gallery.store.database import open_database
from gallery.store.ledger import Ledger
from gallery.web.app import create_app
from tests.gallery.web.conftest import PASSWORD, PEOPLE, enter, token

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def app(data_folder):
    """The application without a server, with a clock that stands."""
    moment = [NOW]
    app = create_app(data_folder, clock=lambda: moment[0])
    app.config["moment"] = moment
    return app


@pytest.mark.parametrize("name", PEOPLE)
def test_everybody_who_was_named_comes_in(app, name):
    """Each role signs in and sees the list of cases."""
    client = app.test_client()

    assert enter(client, name).location == "/cases/"
    assert client.get("/cases/").status_code == 200


def test_nobody_else_comes_in(app):
    """A stranger is led to the sign-in from every page, and a wrong password says nothing about the name."""
    client = app.test_client()

    wrong, unknown = enter(client, "Ada", "wrong wrong wrong"), enter(client, "Eve", "wrong wrong wrong")

    assert client.get("/cases/").location.startswith("/sign-in")
    assert wrong.status_code == unknown.status_code == 401
    assert "do not belong together" in wrong.text
    assert "do not belong together" in unknown.text


def test_every_page_is_closed_but_the_sign_in(app):
    """A page added later is closed to strangers without anybody thinking of it."""
    client = app.test_client()
    open_pages = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods
        and not rule.arguments
        and rule.endpoint != "static"
        and client.get(rule.rule).status_code not in {301, 302, 308}
    ]

    assert open_pages == ["/sign-in"]


def test_five_wrong_passwords_close_the_door(app):
    """The sixth try within a quarter of an hour is refused, even with the right password; later it is let in."""
    client = app.test_client()
    for _ in range(5):
        enter(client, "Ada", "wrong wrong wrong")

    refused = enter(client)
    app.config["moment"][0] += timedelta(minutes=15, seconds=1)

    assert refused.status_code == 429
    assert "Try again in 15 minutes" in refused.text
    assert enter(client).status_code == 302


def test_a_session_ends(app):
    """Two hours without a click sign a person out; so does signing out, on the server too."""
    client = app.test_client()
    enter(client)
    app.config["moment"][0] += timedelta(hours=2, seconds=1)
    idle = client.get("/cases/").status_code
    enter(client)
    stolen = client.get_cookie("pairwatch").value
    client.post("/sign-out", data={"csrf_token": token(client, "/password")})
    client.set_cookie("pairwatch", stolen)

    assert idle == 302
    assert client.get("/cases/").status_code == 302


def test_removing_a_user_ends_the_session_at_once(app, data_folder):
    """Who was removed sees nothing from the next click on."""
    client = app.test_client()
    enter(client)
    database = open_database(data_folder.database)
    Accounts(database).remove("Ada")
    database.close()

    assert client.get("/cases/").status_code == 302


def test_a_new_password_ends_all_other_sessions(app):
    """Whoever changes a password stays signed in here and nowhere else."""
    here, there = app.test_client(), app.test_client()
    enter(here)
    enter(there)
    new = "five other unrelated words"
    here.post("/password", data={"csrf_token": token(here, "/password"), "old": PASSWORD, "new": new})

    assert here.get("/cases/").status_code == 200
    assert there.get("/cases/").status_code == 302
    assert enter(there).status_code == 401
    assert enter(there, "Ada", new).status_code == 302


@pytest.mark.parametrize(
    ("headers", "data"),
    [({}, {}), ({"Origin": "https://evil.example"}, None), ({}, {"csrf_token": "made up"})],
    ids=["no token", "another site's page", "a made-up token"],
)
def test_a_form_from_elsewhere_is_refused(app, headers, data):
    """A form without this session's token, or sent by another site, changes nothing."""
    client = app.test_client()
    enter(client)
    sent = {"csrf_token": token(client, "/password")} if data is None else data

    assert client.post("/sign-out", data=sent, headers=headers).status_code == 400
    assert client.get("/cases/").status_code == 200


def test_only_its_own_names_are_answered(app):
    """A request that names another host (DNS rebinding) is refused."""
    assert app.test_client().get("/sign-in", base_url="http://evil.example").status_code == 400


def test_every_answer_is_shielded(app):
    """No inline script or style, no framing, nothing kept in a cache: on pages, errors and redirects."""
    client = app.test_client()
    for path in ("/sign-in", "/cases/", "/nowhere"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
    cookie = app.test_client().get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize(
    "then", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "javascript:1"]
)
def test_the_sign_in_leads_nowhere_else(app, then):
    """A link to the sign-in cannot send people to another site afterwards."""
    client = app.test_client()
    sent = {"csrf_token": token(client), "name": "Ada", "password": PASSWORD}

    assert client.post("/sign-in", query_string={"then": then}, data=sent).location == "/cases/"


def test_a_role_keeps_its_limits(app):
    """Legal staff see cases but cannot add one, and are told so in words."""
    client = app.test_client()
    enter(client, "Lou")

    refused = client.get("/drafts/new")

    assert refused.status_code == 403
    assert "Your role (legal) may not add and change cases" in refused.text


def test_a_large_form_is_refused(app):
    """A form far larger than any of ours is not read."""
    client = app.test_client()
    enter(client)

    sent = client.post("/password", data={"csrf_token": "x", "old": "x" * 2_000_000})

    assert sent.status_code == 413


def test_signing_in_is_in_the_ledger(app, data_folder):
    """Who came in, and who was refused, can be read later; no password is."""
    client = app.test_client()
    enter(client, "Ada", "wrong wrong wrong")
    enter(client)
    database = open_database(data_folder.database)
    entries = Ledger(database).entries()
    database.close()

    assert [(entry.actor, entry.action) for entry in entries] == [
        ("Ada", Action.SIGN_IN_REFUSED),
        ("Ada", Action.SIGNED_IN),
    ]
    assert "wrong wrong" not in str(entries)


@pytest.mark.parametrize(("name", "password"), [("Ada", PASSWORD), ("New", "short"), ("", PASSWORD)])
def test_a_bad_user_is_refused(data_folder, name, password):
    """A taken name, an empty one or a short password is refused in a sentence."""
    database = open_database(data_folder.database)
    with pytest.raises(GalleryError):
        Accounts(database).add(User(name, Role.STAFF), password, NOW)
    database.close()


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3600)), max_size=40))
def test_waiting_ends_within_a_quarter_of_an_hour(failures):
    """However many tries there were, a person who stops trying is let in after 15 minutes at most."""
    attempts = [Attempt(user, "address", NOW - timedelta(seconds=ago)) for user, ago in failures]
    wait = wait_before_sign_in(attempts, "a", "address", NOW)

    assert timedelta(0) <= wait <= timedelta(minutes=15)
    assert not wait_before_sign_in(attempts, "a", "address", NOW + timedelta(minutes=15))


def test_only_some_may_publish_and_reveal():
    """Legal staff change nothing public but a withdrawal; chart numbers are for doctors and administrators."""
    may = {role: {task for task in Task if User("x", role).may(task)} for role in Role}

    assert may[Role.LEGAL] == {Task.SEE, Task.WITHDRAW}
    assert Task.REVEAL not in may[Role.STAFF]
    assert Task.REVEAL in may[Role.DOCTOR]


def test_after_signing_in_a_person_is_where_they_wanted_to_be(app):
    """Whoever was led to the sign-in from a page comes back to that page."""
    client = app.test_client()
    led = client.get("/drafts/new").location
    sent = {"csrf_token": token(client), "name": "Ada", "password": PASSWORD}

    assert client.post(led, data=sent).location == "/drafts/new"


def test_what_a_stranger_types_as_a_name_is_not_kept(app, data_folder):
    """A password typed into the wrong field does not stay in a ledger that nothing is deleted from."""
    enter(app.test_client(), "my secret passw0rd", "Ada")
    database = open_database(data_folder.database)
    entries = Ledger(database).entries()
    database.close()

    assert [entry.actor for entry in entries] == ["somebody"]
    assert "passw0rd" not in str(entries)


def test_a_stranger_cannot_lock_a_person_out(app):
    """Five guesses at Ada's password from elsewhere close the door for the guesser alone."""
    guesser = app.test_client()
    guesser.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    answers = [enter(guesser, "Ada", "wrong wrong wrong").status_code for _ in range(6)]

    assert answers[-1] == 429
    assert enter(app.test_client()).status_code == 302


@pytest.mark.parametrize("path", ["/photos/99999999999999999999.jpg", "/cases/99999999999999999999/"])
def test_a_number_beyond_all_rows_is_no_page(app, path):
    """An absurd number in an address is a page that is not there, not a broken one."""
    client = app.test_client()
    enter(client)

    assert client.get(path).status_code == 404

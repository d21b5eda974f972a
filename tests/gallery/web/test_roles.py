"""Every page for every role: what it may do, it can; what not, it is told; and no form without its token."""

import pytest

from gallery.staff import MAY, Role, Task
from tests.gallery.web.conftest import PEOPLE, enter, token

OPEN = "open"  # to whoever comes
SIGNED_IN = "signed in"  # to everybody who is
NEEDS = {
    ("GET", "signin.sign_in"): OPEN,
    ("POST", "signin.try_sign_in"): OPEN,
    ("POST", "signin.sign_out"): SIGNED_IN,
    ("GET", "signin.password"): SIGNED_IN,
    ("POST", "signin.password"): SIGNED_IN,
    ("GET", "approval.by_link"): OPEN,
    ("POST", "approval.answer"): OPEN,
    ("GET", "approval.picture"): OPEN,
    ("GET", "static"): OPEN,
    ("GET", "cases.start"): SIGNED_IN,
    ("GET", "cases.overview"): Task.SEE,
    ("GET", "cases.one"): Task.SEE,
    ("GET", "photos.picture"): Task.SEE,
    ("GET", "site.file"): Task.SEE,
    ("GET", "publishing.page"): Task.SEE,
    ("GET", "publishing.preview"): Task.SEE,
    ("GET", "publishing.proof"): Task.SEE,
    ("POST", "publishing.ask"): Task.PUBLISH,
    ("POST", "publishing.publish"): Task.PUBLISH,
    ("POST", "publishing.hold"): Task.PUBLISH,
    ("POST", "publishing.approve"): Task.APPROVE,
    ("POST", "facts.reveal"): Task.REVEAL,
    ("GET", "withdrawal.page"): Task.WITHDRAW,
    ("POST", "withdrawal.withdraw"): Task.WITHDRAW,
    ("POST", "consents.end"): Task.WITHDRAW,
} | {
    (method, f"{room}.{page}"): Task.EDIT
    for room, pages in {
        "new_case": (
            ("GET", "start"), ("POST", "begin"), ("POST", "begin_for"), ("POST", "add_files"), ("POST", "sort"),
            ("GET", "board"), ("POST", "arrange"), ("POST", "join"), ("POST", "discard"), ("GET", "picture"),
            ("GET", "twins"),
        ),
        "pairs": (("GET", "page"), ("POST", "save"), ("GET", "one"), ("POST", "lay"), ("GET", "picture")),
        "facts": (("GET", "page"), ("POST", "save")),
        "consents": (("GET", "page"), ("POST", "record"), ("GET", "document")),
        "authors": (("GET", "page"), ("POST", "save")),
        "words": (("GET", "page"), ("POST", "save")),
    }.items()
    for method, page in pages
}  # fmt: skip
ANY = {
    "number": 1, "photo": 1, "before": 1, "after": 2, "consent": 1, "secret": "made-up",
    "side": "before", "channel": "website", "path": "index.html", "filename": "staff.css",
}  # fmt: skip
NAMES = {role: name for name, role in PEOPLE.items()}


def routes(app):
    """Give every page as (method, endpoint, address)."""
    with app.test_request_context():
        adapter = app.create_url_adapter(None)
        for rule in app.url_map.iter_rules():
            values = {name: ANY[name] for name in rule.arguments}
            address = (adapter or app.url_map.bind("localhost")).build(rule.endpoint, values)
            for method in sorted(rule.methods & {"GET", "POST"}):
                yield method, rule.endpoint, address


def test_every_page_is_in_the_table(site):
    """A page that is added says here who may use it, or this test fails."""
    there = {(method, endpoint) for method, endpoint, _ in routes(site.app)}

    assert there == set(NEEDS)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_can_do_what_it_may_and_nothing_else(site, case, role):
    """The page that says "this is not for your role" comes exactly where the role does not allow the task."""
    client = site.app.test_client()
    enter(client, NAMES[role])
    sent = {"csrf_token": token(client, "/password")}
    wrong = {}
    last = {("POST", "signin.sign_out"), ("POST", "signin.try_sign_in"), ("POST", "new_case.discard")}
    for method, endpoint, address in sorted(routes(site.app), key=lambda route: (route[0], route[1]) in last):
        needed = NEEDS[method, endpoint]
        allowed = needed in {OPEN, SIGNED_IN} or needed in MAY[role]
        with client.open(address, method=method, data=sent if method == "POST" else None) as answer:
            refused = answer.status_code == 403
            if refused == allowed or answer.status_code == 500:
                wrong[method, endpoint] = answer.status_code
        if endpoint == "signin.sign_out":
            enter(client, NAMES[role])
            sent = {"csrf_token": token(client, "/password")}

    assert wrong == {}


def test_strangers_see_open_pages_alone(site, case):
    """Whoever is not signed in is led to the sign-in, or sees nothing at all behind an address that was made up."""
    stranger = site.app.test_client()
    sent = {"csrf_token": token(stranger)}
    let_in = set()
    for method, endpoint, address in routes(site.app):
        with stranger.open(address, method=method, data=sent if method == "POST" else None) as answer:
            if not (answer.status_code == 302 and answer.location.startswith("/sign-in")):
                let_in.add((method, endpoint))

    assert let_in == {route for route, needed in NEEDS.items() if needed == OPEN}


def test_no_form_is_taken_without_its_token(site, case):
    """Each form of each page, sent without the token of this session, is refused and changes nothing."""
    client = site.app.test_client()
    enter(client, "Root")
    before = len(client.get("/cases/1/").text)
    answers = {
        endpoint: client.post(address).status_code
        for method, endpoint, address in routes(site.app)
        if method == "POST"
    }

    assert set(answers.values()) == {400}
    assert len(client.get("/cases/1/").text) == before

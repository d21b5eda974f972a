"""Asking a reverse-image service: never without a yes, never anything but a published file, and its answer is used."""

import base64
import email
import json
import shutil
from email import policy

import pytest
from click.testing import CliRunner

from crawler.desk import reverse_search
from crawler.store.database import open_watch
from gallery.services.intake import Wishes, import_manifest
from gallery.settings import DataFolder
from gallery.site.build import build_site
from gallery.store.ledger import Ledger
from pairwatch import cli
from tests.gallery.conftest import NOW, SETTINGS, Clinic
from watermark.picture.decode import open_picture

LINKS = [
    ("https://cdn.example/a.jpg", "https://copier.example/results"),
    ("https://other.example/b.jpg", "javascript:alert(1)"),
]
TINEYE = {
    "stats": {"timestamp": "1490029747.00", "query_time": "1.10", "total_backlinks": 2, "total_results": 1},
    "code": 200,
    "messages": [],
    "results": {
        "matches": [
            {
                "image_url": "https://img.tineye.com/result/0f1b",
                "domain": "copier.example",
                "score": 86.7,
                "width": 480,
                "height": 360,
                "format": "JPEG",
                "tags": [],
                "backlinks": [{"url": url, "backlink": page, "crawl_date": "2026-01-02"} for url, page in LINKS],
            }
        ]
    },
}  # fmt: skip
GOOGLE = {
    "responses": [
        {
            "webDetection": {
                "webEntities": [{"entityId": "/m/0", "score": 0.5, "description": "Hair"}],
                "fullMatchingImages": [{"url": "https://copier.example/a.jpg"}],
                "pagesWithMatchingImages": [
                    {
                        "url": "https://vision.example/page",
                        "pageTitle": "<b>Results</b>",
                        "partialMatchingImages": [{"url": "https://vision.example/a.jpg"}],
                    }
                ],
                "visuallySimilarImages": [{"url": "https://innocent.example/similar.jpg"}],
                "bestGuessLabels": [{"label": "hair", "languageCode": "en"}],
            }
        }
    ]
}


class Service:
    """A server that speaks a service's documented answers, and keeps what was sent to it."""

    def __init__(self, serve, answer_type) -> None:
        self.sent: list[tuple[dict[str, str], bytes]] = []
        self.answer: object = {}
        self.status = 200
        self._answer_type = answer_type
        self.served = serve({"*": self._reply})

    def _reply(self, handler):
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.sent.append((headers, handler.sent))
        body = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        return self._answer_type(body, self.status, {"Content-Type": "application/json"})


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    """A practice with one case on its site, one that lacks consent, and one that was withdrawn after the build."""
    root = tmp_path_factory.mktemp("practice")
    clinic = Clinic(DataFolder(root / "data"), root / "desk", NOW)
    open_watch(clinic.folder.database).close()
    clinic.folder.settings_file.write_text(SETTINGS)
    rows = clinic.rows({51: ["before", "after"], 52: ["before", "after"]})
    rows = [row | {"consent_signed": "2026-01-15"} if row["case"] == 51 else row for row in rows]
    import_manifest(clinic.folder, clinic.manifest(rows), Wishes(actor="test", now=NOW))
    build_site(clinic.folder, actor="test", now=NOW)
    return clinic.folder


@pytest.fixture
def service(practice, serve, answer, monkeypatch):
    """Both services on loopback, switched on, with keys."""
    made = Service(serve, answer)
    shutil.rmtree(practice.root / "searches", ignore_errors=True)
    practice.settings_file.write_text(
        f'{SETTINGS}\n[crawler]\nsearch_services = "tineye google"\n'
        f'tineye_url = "{made.served.url}/rest/search/"\ngoogle_url = "{made.served.url}/v1/images:annotate"\n'
    )
    monkeypatch.setenv("PAIRWATCH_TINEYE_KEY", "t-key")
    monkeypatch.setenv("PAIRWATCH_GOOGLE_KEY", "g-key")
    return made


def say(folder, *words):
    """Run a command of `site`."""
    return CliRunner().invoke(cli, ["--data", str(folder.root), "site", *words])


def ledger(folder):
    """What the ledger says of searches."""
    db = open_watch(folder.database)
    try:
        return [one for one in Ledger(db).entries() if one.action.startswith("search.")]
    finally:
        db.close()


def uploaded(headers, body):
    """The picture in a multipart upload."""
    told = email.message_from_bytes(
        b"Content-Type: " + headers["content-type"].encode() + b"\r\n\r\n" + body, policy=policy.HTTP
    )
    parts = {part.get_param("name", header="content-disposition"): part for part in told.iter_parts()}
    assert parts["limit"].get_content().strip() == "100"
    return parts["image_upload"].get_content()


def test_tineye_gets_published_files_alone_and_its_answer_is_proposed(practice, service):
    """The file on the site is uploaded as documented, the key stays in a header, and the page found is a proposal."""
    service.answer = TINEYE

    done = say(practice, "search", "tineye", "--yes", "--by", "A. Counsel", "--json")

    assert done.exit_code == 0, done.output
    public = {file.read_bytes() for file in (practice.public / "photos").glob("*.jpg")}
    sent = [uploaded(headers, body) for headers, body in service.sent]
    assert len(sent) == 2
    assert set(sent) <= public
    assert {open_picture(one).width for one in sent} == {240}
    assert {headers["x-api-key"] for headers, _ in service.sent} == {"t-key"}
    assert all("t-key" not in path for path, _ in service.served.asked)
    assert (
        "https://copier.example/  tineye has seen our photo of case 51 there"
        in say(practice, "suggest").output
    )
    permitted, ended = ledger(practice)[-2:]
    assert (permitted.action, permitted.actor, len(permitted.detail["files"])) == (
        "search.permitted",
        "A. Counsel",
        2,
    )
    assert ended.detail == {"sent": 2, "found": 4}


def test_google_gets_the_same_and_lookalikes_are_no_hits(practice, service):
    """WEB_DETECTION is asked for as documented; hits name their images, and lookalikes are none."""
    service.answer = GOOGLE

    done = say(
        practice, "search", "google", "--case", "51", "--most", "1", "--yes", "--by", "A. Counsel", "--json"
    )

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["hits"] == [
        {"page": "https://vision.example/page", "image": "https://vision.example/a.jpg"},
        {"page": "", "image": "https://copier.example/a.jpg"},
    ]
    headers, body = service.sent[0]
    asked = json.loads(body)["requests"][0]
    assert headers["x-goog-api-key"] == "g-key"
    assert asked["features"] == [{"type": "WEB_DETECTION", "maxResults": 100}]
    public = {file.read_bytes() for file in (practice.public / "photos").glob("*.jpg")}
    assert base64.b64decode(asked["image"]["content"]) in public
    proposed = say(practice, "suggest").output
    assert "https://vision.example/" in proposed
    assert "innocent.example" not in proposed


def test_nothing_is_sent_without_a_yes(practice, service):
    """No terminal and no --yes, or a yes of nobody: one sentence, no request, no row of permission."""
    before = len(ledger(practice))

    silent, nameless = say(practice, "search", "tineye"), say(practice, "search", "tineye", "--yes")

    assert (silent.exit_code, nameless.exit_code) == (1, 1)
    assert "without a person's yes" in silent.output
    assert "needs the name of the person" in nameless.output
    assert service.sent == []
    assert len(ledger(practice)) == before


def test_every_service_is_off_until_the_settings_name_it(practice, service):
    """A key alone permits nothing; the sentence says who would get the pictures."""
    practice.settings_file.write_text(SETTINGS)

    shown = say(practice, "search", "tineye", "--yes", "--by", "A. Counsel")

    assert shown.exit_code == 1
    assert "tineye is off: published pictures would go to TinEye" in shown.output
    assert service.sent == []


def test_what_was_not_built_or_is_not_allowed_any_more_is_never_sent(practice, service, monkeypatch):
    """A file put or changed on the site by hand, and a consent that ended: neither is ours to send."""
    files = sorted((practice.public / "photos").glob("*-240.jpg"))
    original = files[0].read_bytes()
    try:
        files[0].write_bytes(original + b"!")
        changed = reverse_search.published(practice, now=NOW)
    finally:
        files[0].write_bytes(original)
    ended = reverse_search.published(practice, now=NOW.replace(year=NOW.year + 100))

    assert len(changed) == len(reverse_search.published(practice, now=NOW)) - 1
    assert {one.case for one in reverse_search.published(practice, now=NOW)} == {51}
    assert reverse_search.published(practice, now=NOW, cases=[52]) == ()
    assert len(ended) in (0, 2)


@pytest.mark.parametrize(
    ("name", "status", "told", "says"),
    [
        ("tineye", 200, {"code": 400, "messages": ["NO_SIGNATURE_ERROR"], "results": []}, "NO_SIGNATURE_ERROR"),
        ("tineye", 403, {"code": 403, "messages": ["Invalid API key"], "results": []}, "answered 403: Invalid API key"),
        ("google", 403, {"error": {"code": 403, "message": "Key not valid."}}, "not valid"),
        ("google", 200, {"responses": [{"error": {"code": 3, "message": "Bad image data."}}]}, "Bad image data."),
        ("google", 502, b"<html>", "something else than its JSON"),
        ("tineye", 200, b"[" * 100_000, "something else than its JSON"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_in_the_services_words(practice, service, name, status, told, says):
    """What a service says no with is one sentence and exit code 1; no further picture is sent to it."""
    service.answer, service.status = told, status

    shown = say(practice, "search", name, "--yes", "--by", "A. Counsel")

    assert shown.exit_code == 1
    assert says in shown.output
    assert len(service.sent) == 1
    assert ledger(practice)[-1].detail == {"sent": 1, "found": 0}

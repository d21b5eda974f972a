"""A sealed bundle proves what it holds to anybody, and every tampering is named."""

import hashlib
import http.server
import io
import json
import random
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from click.testing import CliRunner

from crawler.desk.evidence import check_store, export, seal, stamp_later
from crawler.errors import CrawlerError
from crawler.evidence import verify_bundle
from crawler.evidence.bundle import Tier
from crawler.evidence.verify_bundle import files_of, verify, zip_of
from crawler.evidence.warc import surt
from crawler.model import Judgement
from crawler.run.night import run
from crawler.store.database import watch as opened
from gallery.model import Digest
from gallery.store.ledger import Ledger
from gallery.store.signature import Signer
from gallery.store.vault import Vault
from pairwatch import cli
from tests.crawler.conftest import Answer, _serving
from tests.crawler.tampering import tampered
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture

NOW = datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)


def _ours(body, name):
    """Whatever comes carries our mark."""
    return Judgement(
        digest=f"sha256:{hashlib.sha256(body).hexdigest()}", verdict="copy", upto=1, carries_our_mark=True
    )


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    """A practice whose first night kept two findings on two pages."""
    from crawler.store.database import open_watch
    from crawler.store.sites import Sites
    from gallery.settings import DataFolder

    folder = DataFolder(tmp_path_factory.mktemp("practice"))
    folder.settings_file.write_text("[crawler]\ndelay_s = 0\n", encoding="utf-8")
    rgb = np.random.default_rng(1).integers(0, 255, (240, 180, 3), dtype=np.uint8)
    pictures = [encode(Picture(rgb), format="jpeg"), encode(Picture(rgb[::-1].copy()), format="png")]
    with _serving() as serve, ThreadPoolExecutor(2) as hands, pytest.MonkeyPatch.context() as patch:
        patch.setattr("crawler.run.capturing.browser_program", lambda: None)
        served = serve(
            {
                "/": Answer(b"<a href=/b.html>b</a><img src=/1.jpg alt='our Jane Doe'>"),
                "/b.html": "<img src=/2.png alt='our client'>",
                "/1.jpg": pictures[0],
                "/2.png": pictures[1],
            }
        )
        db = open_watch(folder.database)
        Sites(db).put(served.site(), NOW)
        db.close()
        run(folder, executor=hands, look=_ours)
    return folder


def _data(folder, sealed):
    return Vault(folder.evidence).get(Digest(sealed.digest))


@pytest.fixture(scope="module")
def sealed(practice):
    """A bundle for counsel of both findings."""
    return seal(practice, (1, 2), Tier.COUNSEL, by="J. Smith", purpose="letter", now=NOW)


def _key(folder):
    return Signer(folder).public_key.line


def test_the_verifier_passes_the_test_vectors_of_rfc_8032():
    """The plain Ed25519 agrees with the standard's own vectors, and a flipped bit of them is refused."""
    for public, message, signature in verify_bundle.VECTORS:
        raw = [bytes.fromhex(one) for one in (public, message, signature)]
        assert verify_bundle.is_signed(*raw)
        assert not verify_bundle.is_signed(raw[0], raw[1] + b"x", raw[2])
        assert not verify_bundle.is_signed(raw[0], raw[1], bytes([raw[2][0] ^ 1]) + raw[2][1:])
        scalar = int.from_bytes(raw[2][32:], "little") + verify_bundle._L  # the same point, written otherwise
        assert not verify_bundle.is_signed(raw[0], raw[1], raw[2][:32] + scalar.to_bytes(32, "little"))


def test_a_bundle_is_checked_by_one_file_alone(practice, sealed, tmp_path):
    """What is handed out passes with nothing but Python, and the ledger says who got it."""
    places = export(practice, sealed.number, tmp_path / "out", to="R. Roe", by="J. Smith", now=NOW)
    done = subprocess.run(
        [sys.executable, "-I", "-S", places[1], places[0], "--key", places[2]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("PASS\n")
    assert "not checked: a time by somebody else" in done.stdout
    assert "not proven by any of this: who put the picture on the page" in done.stdout
    with opened(practice) as db:
        last = Ledger(db).entries()[-1]
    assert (last.action, last.actor, last.detail["to"]) == ("evidence.exported", "J. Smith", "R. Roe")
    with pytest.raises(CrawlerError, match="exists already"):
        export(practice, sealed.number, tmp_path / "out", to="R. Roe", by="J. Smith", now=NOW)


def test_sealing_is_tied_into_the_ledger(practice, sealed):
    """A row names the bundle's digest, and the bundle names the row before."""
    with opened(practice) as db:
        row = next(one for one in Ledger(db).entries(subject=f"bundle {sealed.number}"))
        # The tests beside this one seal at times of their own, so the order of dates is left out.
        assert [said for said in Ledger(db).verify() if " is dated " not in said] == []
    manifest = json.loads(dict(files_of(_data(practice, sealed)))["pairwatch/manifest.json"])
    assert row.detail["digest"] == sealed.digest
    assert manifest["ledger_head_before"] == f"{row.seq - 1}:{row.prev}"
    assert [one["manifest"]["subject"]["finding"] for one in manifest["captures"]] == [1, 2]


def test_any_zip_tool_opens_it(practice, sealed):
    """The bundle is a plain ZIP file whose members are right, and the index points at gzip members."""
    with zipfile.ZipFile(io.BytesIO(_data(practice, sealed))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    for name in ("archive/data.warc.gz", "indexes/index.cdx", "pages/pages.jsonl", "datapackage.json"):
        assert name in names


def test_the_public_tier_shows_no_patient(practice):
    """Neither the found pictures' bytes nor the page's words are in it, and the picture is a mosaic."""
    made = seal(practice, (1, 2), Tier.PUBLIC, by="J. Smith", purpose="", now=NOW)
    data = _data(practice, made)
    assert verify(data, _key(practice)).problems == []
    assert b"Jane Doe" not in data
    from warcio.archiveiterator import ArchiveIterator

    files = dict(files_of(data))
    records = [
        (one.rec_type, one.content_stream().read())
        for one in ArchiveIterator(io.BytesIO(files["archive/data.warc.gz"]))
    ]
    shown = [body for kind, body in records if kind == "resource"]
    assert {kind for kind, _ in records} == {"warcinfo", "resource"}
    assert len(shown) == 2
    from watermark.picture.decode import open_picture

    colours = np.unique(open_picture(shown[0]).rgb.reshape(-1, 3), axis=0)
    assert len(colours) <= 12 * 12


def test_tamperings_are_named(practice, sealed):
    """Flipped bits, cuts, swaps and removals by anybody without the key are all named, none is called a crash."""
    data, key = _data(practice, sealed), _key(practice)
    chance = random.Random(12)
    for _ in range(150):
        how, broken = tampered(data, chance)
        report = verify(broken, key)
        assert report.problems, how
        assert "cannot be read" not in report.problems[0], (how, report.problems)


def test_a_bundle_sealed_anew_by_a_stranger_is_named(practice, sealed, tmp_path):
    """Who changes a word and signs with a key of their own passes only for somebody who names no key."""
    from crawler.evidence.bundle import opened as reopened
    from gallery.settings import DataFolder

    stranger = Signer(DataFolder(tmp_path))
    files = dict(reopened(_data(practice, sealed)).files)
    manifest = files["pairwatch/manifest.json"].replace(b'"letter"', b'"forged"')
    files["pairwatch/manifest.json"] = manifest
    files["pairwatch/manifest.json.minisig"] = stranger.sign(manifest, "x").encode()
    files["pairwatch/public.key"] = stranger.public_key.text.encode()
    from crawler.evidence.bundle import Bundle

    forged = Bundle(tuple(files.items())).closed(stranger)
    assert verify(forged).problems == []
    assert any("whose key" in line for line in verify(forged).unchecked)
    assert "another key than yours" in verify(forged, _key(practice)).problems[0]


def test_lost_and_changed_evidence_in_the_store_is_named(practice, sealed):
    """`evidence verify` without a file names each capture and bundle whose bytes are not as they were written."""
    assert check_store(practice) == []
    place = next(practice.evidence.rglob(sealed.digest.partition(":")[2]))
    data = place.read_bytes()
    place.write_bytes(data[:100] + bytes([data[100] ^ 1]) + data[101:])
    try:
        shown = CliRunner().invoke(cli, ["--data", str(practice.root), "evidence", "verify"])
        assert shown.exit_code == 1
        assert f"bundle {sealed.number}" in shown.output
    finally:
        place.write_bytes(data)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080/a/B?b=2&a=1", "1,0,0,127:8080)/a/b?a=1&b=2"),
        ("https://www.Example.org/", "org,example)/"),
        ("http://example.org:80", "org,example)/"),
        ("https://example.org:8443/x/z/", "org,example:8443)/x/z"),
        ("http://example.org/~a%20b?q=%C3%A4", "org,example)/~a%20b?q=%c3%a4"),
        ("urn:pairwatch:exhibit:1", "urn:pairwatch:exhibit:1"),
    ],
)
def test_addresses_are_looked_up_as_replay_tools_do(url, expected):
    """Each form is that of the Internet Archive's canonicalizer, as replay tools compute it."""
    assert surt(url) == expected


_CONF = """
[ tsa ]
default_tsa = one
[ one ]
serial = {root}/serial
crypto_device = builtin
signer_cert = {root}/tsa.pem
signer_key = {root}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A time-stamp authority of this test: gives (ask, roots)."""
    root = tmp_path_factory.mktemp("authority")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=root)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
            "-out", "ca.pem", "-subj", "/CN=Test root", "-days", "30")  # fmt: skip
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tsa.key",
            "-out", "tsa.csr", "-subj", "/CN=Test authority")  # fmt: skip
    (root / "ext").write_text("extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n")
    openssl("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "tsa.pem", "-days", "30", "-extfile", "ext")  # fmt: skip
    (root / "serial").write_text("01")
    (root / "tsa.cnf").write_text(_CONF.format(root=root))

    def ask(request):
        (root / "q").write_bytes(request)
        openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q", "-out", "r")
        return (root / "r").read_bytes()

    return ask, root / "ca.pem"


def test_a_time_stamp_is_asked_checked_and_added_later(practice, authority, tmp_path):
    """Sealed offline, a bundle is stamped later by an authority on the network, and openssl agrees."""
    ask, roots = authority
    made = seal(practice, (1,), Tier.COUNSEL, by="J. Smith", purpose="", now=datetime.now(UTC))
    assert "timestamp_url" in made.no_stamp
    with _Authority(ask) as url:
        practice.settings_file.write_text(
            f'[crawler]\ndelay_s = 0\ntimestamp_url = "{url}"\ntimestamp_roots = "{roots}"\n',
            encoding="utf-8",
        )
        later = stamp_later(practice, made.number, by="J. Smith", now=datetime.now(UTC))
    practice.settings_file.write_text("[crawler]\ndelay_s = 0\n", encoding="utf-8")
    data = _data(practice, later)
    assert any(
        "its own signature" in line or "own signature" in line
        for line in verify(data, _key(practice)).unchecked
    )
    report = verify(data, _key(practice), str(roots))
    assert report.problems == []
    assert any("signed by an authority of yours" in line for line in report.checked)
    files = dict(files_of(data))
    swapped = [(name, b"x" + body if name.endswith(".tsr") else body) for name, body in files.items()]
    assert "manifest.tsr" in verify(zip_of(swapped), _key(practice)).problems[0]
    removed = [one for one in files.items() if not one[0].endswith(".tsr")]
    assert "manifest.tsr was removed" in verify(zip_of(removed), _key(practice)).problems[0]
    with pytest.raises(CrawlerError, match="has a time stamp already"):
        stamp_later(practice, later.number, by="J. Smith", now=datetime.now(UTC))


def test_an_authority_that_lies_or_is_dead_leaves_the_bundle_unstamped(practice, authority):
    """Other nonce, other bytes, other time, garbage, silence: the bundle is sealed without, and says why."""
    ask, _ = authority
    old = []

    def replayed(request):
        old.append(ask(request))
        return old[0]

    def dead(request):
        raise CrawlerError("nobody there")

    now = datetime.now(UTC)

    def sealed_with(post, at=now):
        made = seal(practice, (1,), Tier.COUNSEL, by="J. Smith", purpose="", now=at, post=post)
        assert verify(_data(practice, made), _key(practice)).problems == []
        return made.no_stamp

    assert sealed_with(replayed) == ""
    assert "nonce" in sealed_with(replayed)
    assert "is no stamp" in sealed_with(lambda _: b"<html>")
    assert "is no stamp" in sealed_with(lambda request: ask(request)[:-40])
    assert "this computer's clock" in sealed_with(ask, now - timedelta(days=300))
    assert sealed_with(dead) == "nobody there"


class _Authority:
    """A server on loopback that answers as an authority."""

    def __init__(self, ask):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = ask(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/"

    def __exit__(self, *args):
        self.server.shutdown()
        self.server.server_close()


def test_the_commands_seal_list_and_check(practice, tmp_path):
    """A person seals, sees the bundle listed, exports and checks it, in words and as JSON."""

    def say(*words):
        return CliRunner().invoke(cli, ["--data", str(practice.root), "evidence", *words])

    shown = say("seal", "1", "--by", "J. Smith", "--json")
    assert shown.exit_code == 0, shown.output
    made = json.loads(shown.stdout)
    assert (made["tier"], made["captures"], made["incomplete"]) == ("counsel", 1, 0)
    told = say("seal", "2", "--tier", "public").output
    assert "Without a time stamp" in told
    assert "1 capture, " in told
    assert "pairwatch evidence export" in told.splitlines()[-1]
    listed = [json.loads(line) for line in say("list", "--json").stdout.splitlines()]
    assert made["digest"] in [one["digest"] for one in listed]
    number = str(made["bundle"])
    shown = say("export", number, "--to", "R. Roe", "--out", str(tmp_path / "out"))
    file = shown.stdout.splitlines()[0]
    assert say("verify", file).output.startswith("PASS\n  right: ")
    assert json.loads(say("verify", file, "--json").stdout)["pass"] is True
    assert say("seal", "99").exit_code == 1
    assert say("key").output.startswith("untrusted comment: public key ")

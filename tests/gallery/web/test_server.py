"""`pairwatch serve` opens the pages to this machine alone, and to the practice's network only through TLS."""

import contextlib
import os
import re
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from gallery.errors import GalleryError
from gallery.store.keys import cookie_key
from gallery.web.server import own_certificate, read_certificate
from pairwatch import cli
from tests.gallery.web.conftest import PASSWORD


@pytest.fixture
def serve(data_folder):
    """Start `pairwatch serve` with more arguments; gives its address and all it said before it."""
    started = []

    def start(*arguments):
        program = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pairwatch",
                "--data",
                str(data_folder.root),
                "serve",
                "--port",
                "0",
                *arguments,
            ],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        started.append(program)
        said = ""
        for line in program.stdout or ():
            said += line
            found = re.search(r"https?://\S+", line)
            if found:
                return found[0], said
        pytest.fail(f"the server did not start: {said}")

    yield start
    for program in started:
        program.terminate()
        program.communicate(timeout=10)


def test_it_is_open_to_this_machine(serve):
    """Without more words it listens on loopback and answers."""
    url, _ = serve()

    with urllib.request.urlopen(f"{url}sign-in") as answer:
        assert answer.status == 200
        assert "pairwatch" not in answer.headers.get("Server", "")
    assert url.startswith("http://127.0.0.1:")


def test_the_network_gets_tls_alone(serve, data_folder):
    """With --lan it speaks https with a certificate of its own, and its cookie never travels otherwise."""
    url, said = serve("--lan", "--host", "127.0.0.1")
    certificate = data_folder.root / "keys" / "lan-127.0.0.1.crt"
    trust = ssl.create_default_context(cafile=str(certificate))

    with urllib.request.urlopen(f"{url}sign-in", context=trust) as answer:
        cookie = answer.headers["Set-Cookie"]
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        urllib.request.urlopen(url.replace("https", "http"))

    assert url.startswith("https://127.0.0.1:")
    assert "Secure" in cookie
    fingerprint = read_certificate(certificate, certificate.with_suffix(".key")).fingerprint
    assert f"Certificate (SHA-256): {fingerprint}" in said


def test_a_certificate_is_kept_and_renewed(data_folder):
    """Browsers are asked to trust it once; it is made anew in its last week, and only its owner reads the key."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    first = own_certificate(data_folder, "192.168.1.20", now)
    same = own_certificate(data_folder, "192.168.1.20", now + timedelta(days=300))
    later = own_certificate(data_folder, "192.168.1.20", now + timedelta(days=392))

    assert first.fingerprint == same.fingerprint != later.fingerprint
    if os.name == "posix":
        assert first.key.stat().st_mode & 0o077 == 0


def test_a_wrong_certificate_is_a_sentence(data_folder, tmp_path):
    """A file that is no certificate is named, without a traceback."""
    (tmp_path / "x.pem").write_text("no certificate")
    with pytest.raises(GalleryError, match="are no certificate and key"):
        read_certificate(tmp_path / "x.pem", tmp_path / "x.pem")


@pytest.mark.parametrize(
    "arguments", [["--host", "x"], ["--lan", "--key", "x.pem"], ["--certificate", "x.pem"]]
)
def test_options_that_do_not_fit_are_usage_errors(data_folder, arguments):
    """Opening to the network by accident is not possible: --host alone is refused."""
    assert CliRunner().invoke(cli, ["--data", str(data_folder.root), "serve", *arguments]).exit_code == 2


def test_without_a_catalogue_it_says_what_to_do(tmp_path):
    """In an empty folder it names the command that makes a catalogue."""
    ran = CliRunner().invoke(cli, ["--data", str(tmp_path), "serve"])

    assert ran.exit_code == 1
    assert "pairwatch init" in ran.stderr


def test_users_are_managed_from_the_command_line(data_folder):
    """Added, listed, given a new password, removed: each in one command, and in the ledger."""

    def run(*arguments, answer=""):
        ran = CliRunner().invoke(cli, ["--data", str(data_folder.root), "user", *arguments], input=answer)
        assert ran.exit_code == 0, ran.output
        return ran.output

    twice = f"{PASSWORD}\n{PASSWORD}\n"
    run("add", "Vera Example", "--role", "doctor", answer=twice)
    listed = run("list")
    run("password", "vera example", answer=twice)
    run("remove", "Vera Example")

    assert "Vera Example  doctor" in listed
    assert "Vera" not in run("list")
    assert PASSWORD not in listed


def test_idle_callers_keep_nobody_waiting(serve, data_folder):
    """Somebody who only opens connections cannot freeze the pages for the practice."""
    url, _ = serve("--lan", "--host", "127.0.0.1")
    port = int(url.rstrip("/").rpartition(":")[2])
    trust = ssl.create_default_context(cafile=str(data_folder.root / "keys" / "lan-127.0.0.1.crt"))
    with contextlib.ExitStack() as idle:
        for _ in range(4):
            idle.enter_context(socket.create_connection(("127.0.0.1", port)))
        started = time.monotonic()
        with urllib.request.urlopen(f"{url}sign-in", context=trust) as answer:
            waited = time.monotonic() - started
            assert answer.status == 200

    assert waited < 8
    assert (data_folder.root / "incoming").is_dir()


def test_a_key_is_whole_or_not_there(data_folder):
    """The same key is given at every start, nothing is left beside it, and only its owner reads it."""
    first, again = cookie_key(data_folder), cookie_key(data_folder)

    assert first == again
    assert {file.name for file in (data_folder.root / "keys").iterdir()} == {"cookie.key", "signing.key"}
    if os.name == "posix":
        assert (data_folder.root / "keys" / "cookie.key").stat().st_mode & 0o077 == 0

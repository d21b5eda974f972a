"""Looking after the watch: its light, its mail over a real SMTP server, its timer files."""

import base64
import json
import plistlib
import shutil
import smtplib
import socket
import socketserver
import subprocess
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from xml.dom.minidom import parseString

import pytest
from click.testing import CliRunner

from crawler.errors import CrawlerError
from crawler.model import Outcome
from crawler.run.digest import send
from crawler.run.night import run
from crawler.run.notify import notify, ping
from crawler.run.status import status
from crawler.run.timer import Schedule, Timer, units
from crawler.settings import Plan, plan_from
from pairwatch import cli


class _Smtp(socketserver.StreamRequestHandler):
    """Just enough of RFC 5321 to take a mail."""

    mails: list[EmailMessage]

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        password = ""
        while line := self.rfile.readline():
            if line.upper().startswith(b"EHLO"):
                self.wfile.write(b"250-here\r\n250 AUTH PLAIN\r\n")
                continue
            if line.upper().startswith(b"AUTH PLAIN"):
                password = base64.b64decode(line.split()[2]).split(b"\0")[2].decode()
                self.wfile.write(b"235 welcome\r\n")
                continue
            if line.upper().startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                body = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    body += line
                self.mails.append(message_from_bytes(body, policy=policy.default))
                self.mails[-1]["X-Password"] = password
            if line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def mailbox():
    """A mail server on loopback; gives its port and the mails it took."""
    mails: list[EmailMessage] = []
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), type("Smtp", (_Smtp,), {"mails": mails}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server.server_address[1], mails
    server.shutdown()
    server.server_close()


def test_the_digest_is_sent_when_something_changed_and_once_a_week(
    serve, watch, hands, mailbox, picture, blind
):
    """The first night writes; a quiet night does not; new blindness does; no picture and no markup is in the mail."""
    port, mails = mailbox
    served = serve(
        {"/": "".join(f'<img src="/{n}.jpg">' for n in range(12))}
        | {f"/{n}.jpg": picture(str(n)) for n in range(12)}
    )
    mail = f'mail_to = "desk@example.org"\nsmtp_host = "127.0.0.1"\nsmtp_port = {port}\n'
    folder = watch(served.site(), settings=mail)

    subjects = []
    for markup in (served.routes["/"], served.routes["/"], "<p>nothing</p>"):
        served.routes["/"] = markup
        subjects.append(notify(folder, run(folder, executor=hands, look=blind)))

    assert subjects == [
        "pairwatch: all quiet",
        "",
        "pairwatch: no new findings, but not everything could be seen",
    ]
    assert [mail["Subject"] for mail in mails] == [subjects[0], subjects[2]]
    assert mails[1].get_content_type() == "text/plain"
    assert "pictures went from 12 to 0" in mails[1].get_content()
    assert mails[1]["Auto-Submitted"] == "auto-generated"


def test_a_week_of_silence_ends_with_a_sign_of_life(serve, watch, hands, mailbox, picture, blind):
    """Nothing new for six days: no mail; after seven one says that all is quiet; the password is read from its file."""
    port, mails = mailbox
    served = serve({"/": '<img src="/a.jpg">', "/a.jpg": picture("a")})
    mail = f'mail_to = "desk@example.org"\nsmtp_host = "127.0.0.1"\nsmtp_port = {port}\nsmtp_user = "desk"\n'
    folder = watch(served.site(), settings=mail)
    (folder.root / "keys").mkdir(exist_ok=True)
    (folder.root / "keys" / "smtp.password").write_text("from the file\n")
    summary = run(folder, executor=hands, look=blind)
    later = [replace(summary, finished_at=summary.finished_at + timedelta(days=days)) for days in (0, 6, 7)]

    subjects = [notify(folder, one) for one in later]

    assert subjects == ["pairwatch: all quiet", "", "pairwatch: all quiet"]
    assert [mail["X-Password"] for mail in mails] == ["from the file", "from the file"]


def test_no_password_is_sent_in_the_clear(mailbox, monkeypatch):
    """A server elsewhere that cannot encrypt gets neither password nor mail."""
    port, mails = mailbox
    plan = Plan(smtp_host=socket.gethostname(), smtp_port=port, smtp_user="desk", mail_to="a@b.example")

    class Elsewhere(smtplib.SMTP):
        def _get_socket(self, _host, port, timeout):
            return socket.create_connection(("127.0.0.1", port), timeout)

    monkeypatch.setattr(smtplib, "SMTP", Elsewhere)
    with pytest.raises(CrawlerError, match="offers no encryption"):
        send(EmailMessage(), plan, password="secret")  # noqa: S106 (nobody's)
    assert mails == []


def test_a_mail_server_that_is_down_is_one_sentence(serve, watch, hands, blind):
    """The run is kept; the mail is due again after the next one."""
    folder = watch(
        serve({"/": "x"}).site(), settings='mail_to = "a@b.example"\nsmtp_host = "127.0.0.1"\nsmtp_port = 9\n'
    )
    summary = run(folder, executor=hands, look=blind)

    with pytest.raises(CrawlerError, match=r"could not be handed to 127\.0\.0\.1:9"):
        notify(folder, summary)


def test_the_monitor_is_pinged(serve):
    """A good run asks for the address, a bad one for /fail; a monitor that is down changes nothing."""
    monitor = serve({"*": "ok"})

    assert ping(Plan(ping_url=f"{monitor.url}/abc"), failed=False)
    assert ping(Plan(ping_url=f"{monitor.url}/abc"), failed=True)
    assert not ping(Plan(ping_url="http://127.0.0.1:9/"), failed=False)
    assert monitor.paths == ["/abc", "/abc/fail"]


def test_the_light_turns_red_after_36_hours(serve, watch, hands, picture, blind):
    """Never run: red. Just run: green. A day and a half later: red again, and the exit code says so."""
    folder = watch(serve({"/": '<img src="/a.jpg">', "/a.jpg": picture("a")}).site())
    now = datetime.now(UTC)
    assert status(folder, now=now).light == "red"
    run(folder, executor=hands, look=blind)

    shown = CliRunner().invoke(cli, ["--data", str(folder.root), "status", "--json"])

    assert (shown.exit_code, json.loads(shown.stdout)["light"]) == (0, "green")
    assert status(folder, now=now + timedelta(hours=37)).light == "red"


def test_the_log_says_what_was_left_alone_and_why(serve, watch, hands, picture, blind):
    """Counsel can read what was asked, what failed and what robots.txt kept us from, for each run."""
    routes = {
        "/": '<a href="/private/x.html">x</a><img src="/a.jpg"><img src="/gone.jpg">',
        "/a.jpg": picture("a"),
    }
    served = serve(routes | {"/robots.txt": "User-agent: *\nDisallow: /private/"})
    folder = watch(served.site())
    run(folder, executor=hands, look=blind)

    shown = CliRunner().invoke(cli, ["--data", str(folder.root), "log", "--json"])
    plain = CliRunner().invoke(cli, ["--data", str(folder.root), "log"])

    told = json.loads(shown.stdout)
    assert [one["url"].removeprefix(served.url) for one in told["failures"]] == ["/gone.jpg"]
    assert [(one["url"].removeprefix(served.url), one["why"]) for one in told["left_alone"]] == [
        ("/private/x.html", "robots.txt disallows it")
    ]
    assert "1 pages and 1 images read" in plain.output


def test_a_stopped_run_is_gone_on_with(serve, watch, hands, picture, blind):
    """Asked to stop, a run writes down what it has, says so, and the next one finishes it."""
    pages = {f"/p{n}.html": f'<img src="/{n}.jpg">' for n in range(20)}
    routes = {"/": "".join(f'<a href="{path}">x</a>' for path in pages)} | pages
    served = serve(routes | {f"/{n}.jpg": picture(str(n)) for n in range(20)})
    folder = watch(served.site(), settings="slice_requests = 5\n")
    slices: list[object] = []

    first = run(folder, executor=hands, look=blind, talk=slices.append, stop=lambda: len(slices) >= 2)
    second = run(folder, executor=hands, look=blind)

    assert (first.outcome, second.outcome, second.resumed, first.id) == (
        Outcome.RUNNING,
        Outcome.DONE,
        True,
        second.id,
    )
    assert len(served.paths) == len(set(served.paths)) == 41


@pytest.mark.parametrize("timer", list(Timer))
def test_timer_files_are_whole(timer, tmp_path):
    """Each schedule names the program, the folder and the time, and its own reader accepts it."""
    made = units(timer, Schedule(program=Path("/opt/p w/pairwatch"), data=Path("/srv/a b"), hour=3, minute=5))

    text = "".join(unit.text for unit in made)
    assert "pairwatch" in text
    assert "/srv/a b" in text
    if timer is Timer.LAUNCHD:
        assert plistlib.loads(text.encode())["StartCalendarInterval"] == {"Hour": 3, "Minute": 5}
    elif timer is Timer.WINDOWS:
        task = parseString(text.split("?>", 1)[1])  # noqa: S318 (our own)
        assert task.getElementsByTagName("Exec")
        starts = [one.firstChild.data for one in task.getElementsByTagName("StartBoundary")]
        assert [start.partition("T")[2] for start in starts] == ["03:05:00"]
    elif timer is Timer.CRON:
        assert text.startswith("5 3 * * * '/opt/p w/pairwatch' --data '/srv/a b' crawl")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
def test_systemd_accepts_the_units(tmp_path):
    """systemd-analyze finds nothing wrong with the service and the timer."""
    made = units(Timer.SYSTEMD, Schedule(program=Path("/bin/true"), data=Path("/srv")))
    for unit in made:
        (tmp_path / Path(unit.path).name).write_text(unit.text)

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(path) for path in tmp_path.iterdir())],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert [line for line in done.stderr.splitlines() if "pairwatch" in line] == []
    assert done.returncode == 0


def test_schedule_show_prints_what_install_would_write(tmp_path):
    """A person can look before anything is installed."""
    shown = CliRunner().invoke(
        cli, ["--data", str(tmp_path), "schedule", "show", "--timer", "systemd", "--at", "04:15"]
    )

    assert "OnCalendar=*-*-* 04:15:00" in shown.output
    assert f"--data {tmp_path}" in shown.output


@pytest.mark.parametrize("timer", ["systemd", "cron", "launchd", "windows"])
def test_a_dry_run_says_what_install_would_do_and_does_nothing(tmp_path, monkeypatch, timer):
    """The files and the command are shown for every timer; the home folder stays empty and nothing is run."""
    home, folder = tmp_path / "home", tmp_path / "data"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("PATH", str(home))  # whatever it tried to run would not be found
    assert CliRunner().invoke(cli, ["--data", str(folder), "init"]).exit_code == 0

    said = CliRunner().invoke(
        cli, ["--data", str(folder), "schedule", "install", "--dry-run", "--timer", timer]
    )

    assert (said.exit_code, "Nothing was installed." in said.output) == (0, True)
    assert all(
        unit.path in said.output for unit in units(Timer(timer), Schedule(program=Path("/x"), data=folder))
    )
    command = {"systemd": "systemctl", "cron": "crontab -", "launchd": "launchctl", "windows": "schtasks"}
    assert f"Would run: {command[timer]}" in said.output
    assert list(home.iterdir()) == []


def test_wrong_settings_are_all_named():
    """Every wrong key and value under [crawler] is named at once."""
    with pytest.raises(CrawlerError, match=r"no key 'dely'.*workers = -1"):
        plan_from({"dely": 1, "workers": -1, "delay_s": 2}, "")

"""What the commands print: for machines where asked, and nothing that a hostile site can steer a terminal with."""

import json
import os
import pty
import subprocess
import sys
import termios
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from crawler.cli.output import say_finding
from crawler.desk.sentences import mark_says
from crawler.model import Finding, JudgementRecord, printable
from pairwatch import cli
from watermark.matching.verdict import Verdict

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_no_word_of_a_site_steers_the_terminal(serve, visitor, answer):
    """Escapes in a header are gone from what is kept and printed, and no line is forged."""
    served = serve(
        {
            "/": '<img src="/a.jpg">',
            "/a.jpg": answer(b"words", 200, {"Content-Type": "text/\x1b]52;c;eA==\x07x"}),
        }
    )

    (failure,) = visitor.visit(served.site()).failures

    assert failure.message.isprintable()
    assert printable("a\x1b[2J\r\nb\x9bc\u202ed") == "a [2J  b c d"


def test_nothing_is_quite_certain(capsys):
    """A probability that rounds to all is shown as more than 99.9 %."""
    said = JudgementRecord(
        at=NOW,
        matcher="",
        marks=(),
        settings={},
        upto=1,
        verdict=Verdict.COPY,
        probability=0.9997,
        explanation="e",
    )
    finding = Finding(
        id=7, site_url="", page_url="p", image_url="i\x1b", photo_id=1, name="n", case=51, stage="after",
        judgements=(said,), digest="d", first_seen=NOW, last_seen=NOW,
    )  # fmt: skip

    say_finding(finding)

    out = capsys.readouterr().out
    assert ">99.9%" in out
    assert "100.0%" not in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"mark": "painted-over"}, "painted over"),
        (
            {
                "mark": "painted-over",
                "marks": {"hidden": "there", "publication": {"channel": "website", "day": "2026-03-01"}},
            },
            "painted over; the hidden mark is there and names the file for website, published since 2026-03-01",
        ),
        ({"mark": "never"}, "not on the picture; whether it was removed cannot be told"),
        (
            {"mark": "never", "marks": {"hidden": "not-there", "publication": None}},
            "never on it: made from an unmarked original, as the hidden mark is not there either",
        ),
        ({}, "cannot be told"),
    ],
)
def test_what_became_of_the_mark_is_said_as_a_fact(answer, said):
    """Never marked is said only where the hidden mark says so too; a removal names the file it was taken from."""
    record = JudgementRecord(
        at=NOW, matcher="", marks=(), settings={}, upto=1, verdict=Verdict.COPY,
        probability=1.0, explanation="e", answer=answer,
    )  # fmt: skip
    finding = Finding(
        id=7, site_url="", page_url="p", image_url="i", photo_id=1, name="n", case=51, stage="after",
        judgements=(record,), digest="d", first_seen=NOW, last_seen=NOW,
    )  # fmt: skip

    assert mark_says(finding) == said


def test_report_and_site_remove_speak_json(serve, watch, tmp_path):
    """Both print one object for machines."""
    served = serve({})
    folder = watch(served.site())
    run = ["--data", str(folder.root)]

    written = CliRunner().invoke(cli, [*run, "report", "--out", str(tmp_path / "r"), "--json"])
    removed = CliRunner().invoke(cli, [*run, "site", "remove", f"{served.url}/", "--json"])

    assert json.loads(written.stdout)["report"].endswith("report.html")
    assert json.loads(removed.stdout) == {"url": f"{served.url}/", "list": "removed", "note": ""}


@pytest.mark.slow
def test_a_dead_site_is_called_unreachable(serve, watch):
    """Its line in the progress does not look like that of an empty site."""
    dead = replace(serve({}).site(), url="http://127.0.0.1:9/", allowance=frozenset({"127.0.0.1:9"}))

    shown = CliRunner().invoke(cli, ["--data", str(watch(dead).root), "crawl"])

    assert "http://127.0.0.1:9/: unreachable" in shown.stderr


@pytest.mark.slow
def test_a_terminal_gets_a_bar_of_sites(serve, watch):
    """On a real terminal the bar ends with all sites done; no line is left half written."""
    first, second = (serve({"/": "<title>t</title>"}).site() for _ in range(2))
    folder = watch(first, second)
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (24, 80))

    with subprocess.Popen(
        [sys.executable, "-m", "pairwatch", "--data", str(folder.root), "crawl"],
        stdin=child,
        stdout=subprocess.PIPE,
        stderr=child,
    ) as crawl:
        os.close(child)
        shown = "".join(_read(parent))
        crawl.communicate(timeout=60)

    assert crawl.returncode == 0
    assert "2/2" in shown
    assert "####" in shown
    assert shown.endswith("\n")


def _read(terminal):
    while True:
        try:
            yield os.read(terminal, 4096).decode()
        except OSError:  # Linux says so when the other side is closed
            return

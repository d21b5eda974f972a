"""The program's outer promises: quick help, an example for every command, one sentence for every error."""

import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from gallery.errors import GalleryError
from pairwatch import cli

_TIMED_HELP = """
import sys, time
sys.argv = ["pairwatch", "--help"]
import pairwatch
try:
    pairwatch.main()
except SystemExit:
    print(time.process_time())
"""


def _all_commands(command=cli, path=("pairwatch",)):
    yield path, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _all_commands(child, (*path, name))


EVERY_COMMAND = list(_all_commands())
PROMISED = {
    "init",
    "import",
    "case",
    "build",
    "site",
    "crawl",
    "identify",
    "tip",
    "findings",
    "review",
    "report",
    "verify",
    "demo",
    "doctor",
}


def test_every_promised_command_is_there():
    """The commands of the design exist under their names."""
    assert set(cli.commands) >= PROMISED


@pytest.mark.parametrize(
    ("path", "command"), EVERY_COMMAND, ids=[" ".join(path) for path, _ in EVERY_COMMAND]
)
def test_help_has_a_sentence_and_an_example(path, command):
    """Whoever asks a command for help is shown what it does and a line to try."""
    shown = CliRunner().invoke(cli, [*path[1:], "--help"]).output

    assert command.help
    assert "Example" in shown or isinstance(command, click.Group)
    assert "\\b" not in shown


def test_help_is_quick():
    """`pairwatch --help` answers in 300 ms of CPU, so that completion and typing feel instant."""

    def cpu_seconds():
        ran = subprocess.run(
            [
                sys.executable,
                "-c",
                _TIMED_HELP,
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        return float(ran.stdout.split()[-1])

    assert min(cpu_seconds() for _ in range(3)) < 0.3


def test_an_error_is_a_sentence_and_a_hint():
    """An error of ours ends with exit code 1 and two lines that a receptionist can act on, not with a traceback."""

    @cli.command("break-on-purpose")
    def broken():
        raise GalleryError("expected a data folder, found none at x", hint="run `pairwatch init`")

    try:
        ran = CliRunner().invoke(cli, ["break-on-purpose"])
    finally:
        del cli.commands["break-on-purpose"]

    assert ran.exit_code == 1
    assert ran.stderr == "Error: expected a data folder, found none at x\nHint: run `pairwatch init`\n"


def test_a_failure_is_json_where_json_was_asked_for(tmp_path):
    """A machine that reads a command's JSON gets an object that says what went wrong, row by row for an import."""
    (tmp_path / "cases.csv").write_text("case,stage,view,file\n51,before,front,nowhere.jpg\n")
    run = CliRunner().invoke
    refused = run(cli, ["--data", str(tmp_path / "d"), "import", str(tmp_path / "cases.csv"), "--json"])
    elsewhere = run(cli, ["--data", str(tmp_path / "none"), "build", "--json"])

    told = json.loads(refused.stdout)
    assert refused.exit_code == 1
    assert told["error"].startswith("nothing was imported: 1 problem in cases.csv")
    assert [(problem["row"], problem["column"]) for problem in told["problems"]] == [(2, "file")]
    assert "--skip-bad" in told["hint"]
    assert refused.stderr.count("nowhere.jpg") == 1
    assert json.loads(elsewhere.stdout)["error"].startswith("there is no pairwatch catalogue in")


def test_what_the_system_refuses_is_a_sentence_too(tmp_path):
    """A folder that cannot be made, or a full disk, ends with one sentence and exit code 1, not with a traceback."""
    (tmp_path / "file").write_text("in the way")

    ran = CliRunner().invoke(cli, ["--data", str(tmp_path / "file" / "data"), "init"])

    assert ran.exit_code == 1
    assert ran.stderr.startswith("Error: ")
    assert "Hint: " in ran.stderr


def test_a_typo_is_a_usage_error():
    """A command that does not exist ends with exit code 2."""
    assert CliRunner().invoke(cli, ["crawll"]).exit_code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell):
    """Each supported shell gets a completion script for `pairwatch`."""
    ran = CliRunner().invoke(cli, ["completion", shell])

    assert ran.exit_code == 0
    assert "_PAIRWATCH_COMPLETE" in ran.output


def test_the_doctor_reads_the_crawlers_settings(tmp_path):
    """A key that the crawl would refuse is found by the doctor, before the night."""
    run = CliRunner().invoke
    run(cli, ["--data", str(tmp_path), "init"])
    (tmp_path / "pairwatch.toml").write_text("[crawler]\ndelay = 2\n")

    assert "FAIL  crawler settings: pairwatch.toml: [crawler] has no key 'delay'" in (
        run(cli, ["--data", str(tmp_path), "doctor"]).output
    )


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps rights elsewhere")
def test_only_the_site_is_for_others_to_read(tmp_path):
    """All that a command writes is for its owner alone, but the built site, which a web server reads."""
    program = [sys.executable, "-m", "pairwatch", "--data", str(tmp_path / "data")]
    for command in ("init", "build"):
        subprocess.run([*program, command], check=True, capture_output=True)
    modes = {place.name: place.stat().st_mode & 0o077 for place in (tmp_path / "data").iterdir()}
    site = tmp_path / "data" / "public"

    assert {name for name, mode in modes.items() if mode} == {"public"}
    assert all(place.stat().st_mode & 0o044 == 0o044 for place in (site, *site.rglob("*")))

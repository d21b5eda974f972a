"""The nightly run from the command line: progress while it goes on, what was seen, and what was not."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import click

from crawler.cli.talk import as_json_option, print_json
from crawler.errors import AnotherRunActiveError
from crawler.model import Outcome, RunSummary

if TYPE_CHECKING:
    from crawler.nightly.night import Step
    from gallery.settings import DataFolder

SOME_FAILING, ANOTHER_RUN = 3, 75


@click.command()
@as_json_option
@click.pass_context
def crawl(ctx: click.Context, as_json: bool) -> None:
    """Visit every listed site once, as the nightly schedule does.

    A run that was cut off is gone on with. Exit codes: 0 done, 1 failed, 3 done with some sites failing,
    75 another run is active.

    \b
    Example:
      pairwatch crawl
    """
    from crawler.nightly import run, summary_json

    folder: DataFolder = ctx.obj
    try:
        with _shown() as talk:
            summary = run(folder, talk=talk)
    except AnotherRunActiveError as error:
        click.echo(f"Error: {error}\nHint: {error.hint}", err=True)
        ctx.exit(ANOTHER_RUN)
    if as_json:
        print_json(summary_json(summary))
    else:
        _say_summary(summary)
    ctx.exit(SOME_FAILING if summary.failing else 0)


class _Talk:
    """Tells how a run goes on: one line that is written over on a terminal, one line per slice elsewhere."""

    def __init__(self) -> None:
        self.is_terminal = sys.stderr.isatty()
        self.requests = 0

    def __call__(self, step: "Step") -> None:
        tally = step.result.tally
        self.requests += tally.requests
        line = f"{step.site.url}: {tally.pages} pages, {tally.images} images, {tally.unchanged} unchanged"
        if tally.failed:
            line += f", {tally.failed} failures"
        if not self.is_terminal:
            click.echo(line, err=True)
            return
        start = f"{self.requests} requests, {step.waiting} sites to go  {line}"
        click.echo(f"\r{start[: get_terminal_size().columns - 1]}\x1b[K", nl=False, err=True)


@contextmanager
def _shown() -> Iterator[_Talk]:
    talk = _Talk()
    try:
        yield talk
    finally:
        if talk.is_terminal and talk.requests:
            click.echo("", err=True)


def _say_summary(summary: RunSummary) -> None:
    if summary.resumed:
        click.echo("An earlier run was cut off; this one went on where it stopped.")
    for one in summary.sites:
        mark = "ok  " if one.outcome is Outcome.DONE and not one.blind else "look"
        counts = f"{one.tally.pages} pages, {one.tally.images} images, {one.tally.unchanged} unchanged"
        found = f", {one.new_findings} new findings" if one.new_findings else ""
        allowed = f", {one.allowed_sightings} allowed sightings" if one.allowed_sightings else ""
        click.echo(
            click.style(
                f"{mark} {one.url}: {counts}{found}{allowed}", fg=None if mark == "ok  " else "yellow"
            )
        )
        for sentence in one.blind:
            click.echo(click.style(f"     {sentence}", fg="yellow"))
    seconds = (summary.finished_at - summary.started_at).total_seconds()
    click.echo(
        f"{len(summary.sites)} sites, {summary.tally.requests} requests in {seconds:.0f} s: "
        f"{summary.new_findings} new findings."
    )
    if not summary.sites:
        click.echo("No site is listed. Add one with: pairwatch site add URL")

"""The command that runs a night and shows its progress."""

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import click

from crawler.errors import RunStoppedError
from crawler.model import Outcome, RunSummary, printable
from crawler.reasons import SILENT
from gallery.cli.output import as_json_option, print_json, wants_json
from gallery.errors import GalleryError

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from crawler.run.dispatch import SliceWritten
    from gallery.settings import DataFolder

SOME_FAILING = 3
_BAR_COLUMNS = 36  # of the bar and its count, to the left of what is told


@click.command()
@click.option(
    "--log", type=click.Choice(["text", "json"]), default="text", help="How progress is written to a file."
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Run slices on a dask.distributed scheduler, such as tls://host:8786.",
)
@as_json_option
@click.pass_context
def crawl(ctx: click.Context, log: str, cluster: str | None) -> None:
    """Visit every listed site once, as the nightly schedule does.

    A run that was cut off is gone on with; SIGTERM and Ctrl-C write down what is in the air and stop. Exit
    codes: 0 done, 1 failed or stopped, 3 done with some sites failing, 75 another run is active.

    \b
    Example:
      pairwatch crawl
    """
    from crawler.run.cluster import on_cluster
    from crawler.run.night import run
    from crawler.run.notify import notify, notify_stopped
    from crawler.run.summary import summary_json

    folder: DataFolder = ctx.obj
    try:
        with _shown(as_lines=log == "json") as talk, _stoppable() as stop, on_cluster(cluster) as hands:
            summary = run(folder, talk=talk, stop=stop, executor=hands)
    except (RunStoppedError, GalleryError):
        notify_stopped(folder)
        raise
    if wants_json():
        print_json(summary_json(summary))
    else:
        _say_summary(summary)
    if summary.outcome is Outcome.RUNNING:
        click.echo("Stopped; what was seen is written down, and the next crawl goes on.", err=True)
        ctx.exit(1)
    notify(folder, summary)
    ctx.exit(1 if summary.outcome is Outcome.FAILED else SOME_FAILING if summary.failing else 0)


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Let SIGTERM and Ctrl-C end a run between two slices.

    A second Ctrl-C ends it at once.
    """
    asked = threading.Event()

    def ask(number: int, _frame: object) -> None:
        asked.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Talk:
    """Shows a bar on a terminal, and one line per slice elsewhere."""

    def __init__(self, *, as_lines: bool) -> None:
        self.as_lines = as_lines
        self.is_terminal = sys.stderr.isatty() and not as_lines
        self.requests = 0
        self._bar: ProgressBar[int] | None = None

    def __call__(self, step: "SliceWritten") -> None:
        tally = step.result.tally
        self.requests += tally.requests
        line = f"{step.site.url}: {tally.pages} pages, {tally.images} images, {tally.unchanged} unchanged"
        if not tally.pages + tally.images + tally.unchanged and _unreachable(step):
            line = f"{step.site.url}: unreachable"
        if tally.failed:
            line += f", {tally.failed} failures"
        if self.as_lines:
            told = {"site": step.site.url, **asdict(tally), "sites_to_go": step.waiting}
            click.echo(json.dumps(told), err=True)
            return
        if not self.is_terminal:
            click.echo(line, err=True)
            return
        self._show(step.waiting, f"{self.requests} requests  {line}")

    def _show(self, waiting: int, line: str) -> None:
        """Draw the bar, made when the first slice comes back."""
        if self._bar is None:
            room = get_terminal_size().columns - _BAR_COLUMNS
            self._bar = click.progressbar(
                length=waiting + 1,
                file=sys.stderr,
                width=20,
                show_pos=True,
                show_percent=False,
                show_eta=False,
                item_show_func=lambda said: printable(said or "")[: max(0, room)],
            )
        done = max(0, (self._bar.length or 0) - waiting)
        self._bar.update(max(0, done - self._bar.pos), line)  # type: ignore[arg-type]

    def end(self) -> None:
        """Leave the line with the bar."""
        if self._bar is not None:
            self._bar.render_finish()


def _unreachable(step: "SliceWritten") -> bool:
    return any(one.trouble in SILENT for one in step.result.failures)


@contextmanager
def _shown(*, as_lines: bool) -> Iterator[_Talk]:
    talk = _Talk(as_lines=as_lines)
    try:
        yield talk
    finally:
        talk.end()


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
            click.echo(click.style(f"     {printable(sentence)}", fg="yellow"))
    for sentence in summary.notes:
        click.echo(click.style(f"look {printable(sentence)}", fg="yellow"))
    seconds = (summary.finished_at - summary.started_at).total_seconds()
    click.echo(
        f"{len(summary.sites)} sites, {summary.tally.requests} requests in {seconds:.0f} s: "
        f"{summary.new_findings} new findings."
    )
    if not summary.photos:
        line = "The catalogue holds no photograph: nothing could be found. Add some with: pairwatch import"
        click.echo(click.style(line, fg="yellow"))
    if not summary.sites:
        click.echo("No site is listed. Add one with: pairwatch site add URL")

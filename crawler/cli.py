"""The crawler's commands: each reads its arguments, calls one room, and prints what came of it."""

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crawler.errors import AnotherRunActiveError
from crawler.demo.command import demo
from crawler.model import Decision, Finding, Listing, Outcome, RunSummary
from gallery.settings import DataFolder

if TYPE_CHECKING:
    from sqlite_utils import Database

    from crawler.desk.tips import TipAnswer
    from crawler.nightly.night import Step

SOME_FAILING, ANOTHER_RUN = 3, 75
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


@contextmanager
def _watch(folder: DataFolder) -> "Iterator[Database]":
    from crawler.schema import open_watch

    folder.require()
    db = open_watch(folder.database)
    try:
        yield db
    finally:
        db.close()


@click.group()
def site() -> None:
    """Say which sites are watched, and which may show our photos.

    Example: pairwatch site add https://competitor.example/
    """


def _listing_command(listing: Listing, sentence: str, example: str) -> click.Command:
    @click.argument("url")
    @click.option("--note", default="", help="Why it is on this list, for whoever looks later.")
    @click.option(
        "--delay", type=click.FloatRange(min=0), help="Seconds between two requests (default: the settings')."
    )
    @click.option(
        "--slots",
        type=click.IntRange(1, 64),
        default=1,
        help="Requests at the same time; more than 1 only for your own.",
    )
    @click.option(
        "--private",
        is_flag=True,
        help="Permit its address although it is on this machine or network (tests, demos).",
    )
    @as_json_option
    @click.pass_obj
    def command(
        folder: DataFolder, url: str, note: str, delay: float | None, slots: int, private: bool, as_json: bool
    ) -> None:  # noqa: PLR0913
        from crawler.model import Site
        from crawler.store.sites import Sites
        from crawler.visit.urls import typed

        wanted = Site(
            url=typed(url),
            listing=listing,
            note=note,
            delay_s=delay,
            slots=slots,
            allowance=_allowance(typed(url)) if private else frozenset(),
        )
        with _watch(folder) as db:
            listed = Sites(db).put(wanted, datetime.now(UTC))
        if as_json:
            _print_json({"url": listed.url, "list": str(listed.listing), "note": listed.note})
        else:
            click.echo(f"{listed.url} is on the {listed.listing} list.")

    command.__doc__ = f"{sentence}\n\n\b\nExample:\n  {example}"
    name = {Listing.WATCH: "add", Listing.ALLOW: "allow"}[listing]
    return click.command(name)(command)


def _allowance(url: str) -> frozenset[str]:
    from urllib.parse import urlsplit

    from crawler.errors import BadUrlError
    from crawler.visit.fetch import system_resolver

    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = system_resolver(parts.hostname or "", port)
    except OSError as error:
        raise BadUrlError(f"{parts.hostname} is not known here: {error}", hint="check the name") from error
    return frozenset(f"{entry[4][0]}:{port}" for entry in found)


site.add_command(
    _listing_command(
        Listing.WATCH, "Watch a site every night.", "pairwatch site add https://competitor.example/"
    )
)
site.add_command(
    _listing_command(
        Listing.ALLOW,
        "Let a site show our photos: it is visited too, and what is seen there is counted, never a finding.",
        "pairwatch site allow https://sister-clinic.example/",
    )
)


@site.command("list")
@as_json_option
@click.pass_obj
def list_sites(folder: DataFolder, as_json: bool) -> None:
    r"""List the sites that are watched, allowed, or known from a tip.

    \b
    Example:
      pairwatch site list
    """
    from crawler.store.sites import Sites

    with _watch(folder) as db:
        sites = Sites(db).listed()
    if as_json:
        for one in sites:
            _print_json({"url": one.url, "list": str(one.listing), "note": one.note})
        return
    for one in sites:
        click.echo(f"{one.listing:<6} {one.url}{'  ' + one.note if one.note else ''}")
    if not sites:
        click.echo("No site is listed. Add one with: pairwatch site add URL")


@site.command("remove")
@click.argument("url")
@click.pass_obj
def remove_site(folder: DataFolder, url: str) -> None:
    r"""Visit a site no more; what was found there stays.

    \b
    Example:
      pairwatch site remove https://competitor.example/
    """
    from crawler.store.sites import Sites
    from crawler.visit.urls import typed

    with _watch(folder) as db:
        removed = Sites(db).remove(typed(url))
    click.echo(f"{removed.url} is not visited any more; its findings stay.")


@click.command()
@as_json_option
@click.pass_context
def crawl(ctx: click.Context, as_json: bool) -> None:
    r"""Visit every listed site once, as the nightly schedule does.

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
        _print_json(summary_json(summary))
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
        start = f"\r{self.requests} requests, {step.waiting} sites to go  {line}"
        click.echo(
            start[: click.get_terminal_size()[0] if hasattr(click, "get_terminal_size") else 100] + "\x1b[K",
            nl=False,
            err=True,
        )


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


@click.command()
@click.argument("url_or_file")
@as_json_option
@click.pass_context
def tip(ctx: click.Context, url_or_file: str, as_json: bool) -> None:
    r"""Check a reader's hint at once: the address of a page or an image, or a file.

    \b
    Example:
      pairwatch tip https://someone.example/gallery.html
    """
    from crawler.desk.tips import check_file, check_url
    from crawler.visit.clock import SystemClock

    folder: DataFolder = ctx.obj
    path = Path(url_or_file)
    if path.is_file():
        answer = check_file(folder, path, now=datetime.now(UTC))
    else:
        answer = check_url(folder, url_or_file, clock=SystemClock())
    if as_json:
        _print_json(_tip_json(answer))
    else:
        _say_tip(answer)
    ctx.exit(1 if answer.failures and not answer.images else 0)


def _tip_json(answer: "TipAnswer") -> dict[str, object]:
    from crawler.desk.words import finding_json

    plain: dict[str, object] = {"tip": answer.number, "given": answer.given, "images": answer.images}
    plain |= {"findings": [finding_json(one) for one in answer.findings], "failures": list(answer.failures)}
    if answer.looked is not None:
        plain["answer"] = json.loads(answer.looked.answer) or {"verdict": answer.looked.verdict}
    return plain


def _say_tip(answer: "TipAnswer") -> None:
    if answer.looked is not None:
        click.echo(answer.looked.explanation or f"The machine says: {answer.looked.verdict}.")
    else:
        click.echo(f"{answer.images} images were looked at: {len(answer.findings)} findings.")
    for one in answer.findings:
        _say_finding(one)
    for failure in answer.failures[:20]:
        click.echo(failure, err=True)


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also what is only possible, dismissed or licensed.")
@as_json_option
@click.pass_obj
def findings(folder: DataFolder, everything: bool, as_json: bool) -> None:
    r"""List the copies that were found, by site.

    \b
    Example:
      pairwatch findings --json
    """
    from crawler.desk.words import finding_json, is_for_the_desk
    from crawler.store.findings import Findings

    with _watch(folder) as db:
        known = Findings(db).all()
    shown = [one for one in known if everything or is_for_the_desk(one)]
    for one in shown:
        if as_json:
            _print_json(finding_json(one))
        else:
            _say_finding(one)
    if not as_json:
        rest = len(known) - len(shown)
        click.echo(f"{len(shown)} findings{f' ({rest} more with --all)' if rest else ''}.")


def _say_finding(one: Finding) -> None:
    click.echo(
        f"{one.id:>5}  {one.probability:6.1%}  {one.verdict:<10} case {one.case}, {one.stage}  [{one.decision}]"
    )
    click.echo(f"       {one.image_url}\n       on {one.page_url}\n       {one.explanation}")


@click.command()
@click.argument("number", type=int, metavar="ID")
@click.argument("decision", type=click.Choice([str(one) for one in Decision]))
@click.option("--note", default="", help="Why; kept with the decision and in the ledger.")
@click.option("--by", default=getpass.getuser, show_default="your user name", help="Who decides.")
@as_json_option
@click.pass_obj
def review(folder: DataFolder, number: int, decision: str, note: str, by: str, as_json: bool) -> None:
    r"""Decide a finding: only a person makes it an infringement, and the decision stays.

    \b
    Example:
      pairwatch review 7 infringement --note "same stubble, their logo" --by "J. Doe"
    """
    from crawler.desk.review import review as decide
    from crawler.desk.words import finding_json

    decided = decide(folder, number, Decision(decision), note=note, by=by, now=datetime.now(UTC))
    if as_json:
        _print_json(finding_json(decided))
    else:
        click.echo(f"Finding {decided.id} is now: {decided.decision}, by {decided.decided_by}.")


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("report"),
    show_default=True,
    help="Folder to write into.",
)
@click.option("--all", "everything", is_flag=True, help="Also what is only possible, dismissed or licensed.")
@click.pass_obj
def report(folder: DataFolder, out: Path, everything: bool) -> None:
    r"""Write the findings as report.html, which needs nothing else, and findings.csv.

    \b
    Example:
      pairwatch report --out report
    """
    from crawler.desk.report import write_report

    written = write_report(folder, out, now=datetime.now(UTC), everything=everything, progress=_bar)
    click.echo(f"The report is in {written}")


def _bar(items: "Iterator[Finding] | list[Finding]", length: int, label: str) -> Iterator[Finding]:
    if length == 0 or not sys.stderr.isatty():
        yield from items
        return
    with click.progressbar(items, length=length, label=label, file=sys.stderr) as shown:
        yield from shown


COMMANDS = (site, crawl, tip, findings, review, report, demo)

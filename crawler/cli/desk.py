"""Commands of the legal desk."""

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crawler.cli.output import say, say_finding
from crawler.model import Decision
from gallery.cli.output import as_json_option, bar, print_json, print_result, wants_json
from gallery.settings import DataFolder

if TYPE_CHECKING:
    from crawler.desk.tips import TipAnswer


@click.command()
@click.argument("url_or_file")
@click.option("--url", default="", help="Where a person saw FILE, such as behind a login.")
@click.option(
    "--seen-at", default="", help='When a person saw it, as "2026-11-20 14:05" (UTC) or with an offset.'
)
@click.option("--by", default="", help="Who saw it.")
@as_json_option
@click.pass_context
def tip(ctx: click.Context, url_or_file: str, url: str, seen_at: str, by: str) -> None:
    """Check a reader's hint at once: the address of a page or an image, or a file. Exit code 1: nothing was seen.

    With --url, --seen-at and --by, FILE is kept as that person's sighting, apart from what the machine saw.

    \b
    Example:
      pairwatch tip https://someone.example/gallery.html
      pairwatch tip screen.png --url https://app.example/p/1 --seen-at "2026-11-20 14:05" --by "J. Doe"
    """
    from crawler.clock import SystemClock
    from crawler.desk.tips import Witness, check_file, check_url
    from crawler.urls import names_an_image

    folder: DataFolder = ctx.obj
    path = Path(url_or_file)
    if path.is_file() or ("/" not in url_or_file and names_an_image(url_or_file)):
        witness = Witness(url, _moment(seen_at), by) if url or seen_at or by else None
        answer = check_file(folder, path, now=datetime.now(UTC), witness=witness)
    elif url or seen_at or by:
        raise click.UsageError("--url, --seen-at and --by belong to a file that a person saw")
    else:
        answer = check_url(folder, url_or_file, clock=SystemClock())
    if wants_json():
        print_json(_tip_json(answer))
    else:
        _say_tip(answer)
    ctx.exit(0 if answer.images else 1)


def _moment(text: str) -> datetime:
    """Read a time that somebody typed, in UTC unless it has an offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f'"{text}" is no time such as "2026-11-20 14:05"', param_hint="--seen-at"
        ) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _tip_json(answer: "TipAnswer") -> dict[str, object]:
    from crawler.desk.export import finding_json

    plain: dict[str, object] = {"tip": answer.number, "given": answer.given, "images": answer.images}
    plain |= {"findings": [finding_json(one) for one in answer.findings], "failures": list(answer.failures)}
    if answer.looked is not None:
        plain["answer"] = json.loads(answer.looked.answer) or {"verdict": answer.looked.verdict}
    return plain


def _say_tip(answer: "TipAnswer") -> None:
    if answer.looked is not None:
        if answer.images:
            click.echo(answer.looked.explanation or f"The machine says: {answer.looked.verdict}.")
    elif answer.images:
        click.echo(f"Images looked at: {answer.images}; findings: {len(answer.findings)}.")
    else:
        click.echo("No image could be looked at: this says nothing about the page.", err=True)
    for one in answer.findings:
        say_finding(one)
    for failure in answer.failures[:20]:
        say(failure, err=True)


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also what was dismissed or licensed.")
@as_json_option
@click.pass_obj
def findings(folder: DataFolder, everything: bool) -> None:
    """List the copies that were found, by site.

    \b
    Example:
      pairwatch findings --json
    """
    from crawler.desk.export import finding_json
    from crawler.desk.inbox import is_for_the_desk
    from crawler.store.database import watch
    from crawler.store.findings import Findings

    with watch(folder) as db:
        known = Findings(db).all()
    shown = [one for one in known if everything or is_for_the_desk(one)]
    for one in shown:
        if wants_json():
            print_json(finding_json(one))
        else:
            say_finding(one)
    if not wants_json():
        rest = len(known) - len(shown)
        more = f" ({rest} more with --all: put aside, or the same pictures saved again)" if rest else ""
        click.echo(f"{len(shown)} findings{more}.")


@click.command()
@click.argument("number", type=int, metavar="ID")
@click.argument("decision", type=click.Choice([str(one) for one in Decision]))
@click.option("--note", default="", help="Why; kept with the decision and in the ledger.")
@click.option("--by", default=getpass.getuser, show_default="your user name", help="Who decides.")
@as_json_option
@click.pass_obj
def review(folder: DataFolder, number: int, decision: str, note: str, by: str) -> None:
    """Decide a finding: only a person makes it an infringement, and the decision stays.

    \b
    Example:
      pairwatch review 7 infringement --note "same stubble, their logo" --by "J. Doe"
    """
    from crawler.desk.decisions import review as decide
    from crawler.desk.export import finding_json

    decided = decide(folder, number, Decision(decision), note=note, by=by, now=datetime.now(UTC))
    said = f"Finding {decided.id} is now: {decided.decision}, by {decided.decided_by}."
    print_result(finding_json(decided), said)


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("report"),
    show_default=True,
    help="Folder to write into.",
)
@click.option("--all", "everything", is_flag=True, help="Also what was dismissed or licensed.")
@as_json_option
@click.pass_obj
def report(folder: DataFolder, out: Path, everything: bool) -> None:
    """Write the findings as report.html, which needs nothing else, and findings.csv.

    \b
    Example:
      pairwatch report --out report
    """
    from crawler.desk.report import CSV_NAME, write_report

    written = write_report(
        folder, out, now=datetime.now(UTC), by=getpass.getuser(), everything=everything, progress=bar
    )
    places = {"report": str(written), "table": str(written.with_name(CSV_NAME))}
    print_result(places, f"The report is in {written}")

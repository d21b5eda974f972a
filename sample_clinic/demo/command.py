"""The command `demo` and what it prints."""

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from sample_clinic.demo.story import DemoResult

Item = TypeVar("Item")


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="An empty folder, or one that an earlier demo made.",
)
def demo(out: Path) -> None:
    """Play the whole story on a drawn clinic: import, publish, be copied, crawl, find, report.

    Ends with exit code 1 when a planted copy is missed or anybody else is accused.

    \b
    Example:
      pairwatch demo --out demo
    """
    from sample_clinic.demo.story import play  # noqa: PLC0415 (heavy imports wait, so that --help is quick)

    outcome = play(out, datetime.now(UTC), progress=_bar, say=click.echo)
    _show(outcome)
    if not outcome.right:
        raise click.exceptions.Exit(1)


def _bar(items: Iterable[Item], length: int, label: str) -> Iterator[Item]:
    """Show a progress bar on standard error."""
    with click.progressbar(items, length=length, label=label, file=sys.stderr) as shown:
        yield from shown


def _show(outcome: "DemoResult") -> None:
    from crawler.desk.sentences import subject  # noqa: PLC0415 (as above)

    click.echo(f"\n{'sure':>6}  {'verdict':<10}  {'our photo':<38}  found at")
    for finding in outcome.findings:
        ours = subject(finding)
        click.echo(f"{finding.probability:6.1%}  {finding.verdict:<10}  {ours:<38}  {finding.image_url}")
    for copy in outcome.missed:
        click.echo(
            f"MISSED: the copy '{copy.kind}' at {copy.path} was not found as photo {copy.photo_id}", err=True
        )
    for finding in outcome.accused:
        click.echo(f"WRONGLY ACCUSED: {finding.image_url} is no copy ({finding.verdict})", err=True)
    if outcome.robots_ignored:
        click.echo("RUDE: a page was fetched that robots.txt forbids", err=True)
    for site in outcome.summary.failing:
        click.echo(f"FAILED: {site.url} could not be visited as planned", err=True)
    found = f"{outcome.planted - len(outcome.missed)} of {outcome.planted} planted copies found"
    click.echo(
        f"\n{found}, {len(outcome.accused)} others accused, "
        f"{outcome.summary.allowed_sightings} sightings on our own sister site"
    )
    click.echo(f"Report: {outcome.report}   Site: {outcome.site}")

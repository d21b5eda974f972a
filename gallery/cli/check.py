"""The command that says what stands between one case and publication."""

from typing import TYPE_CHECKING

import click

from gallery.cli.output import as_json_option, at_work, print_result
from gallery.settings import DataFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gallery.services.preflight import Measured


@click.command()
@click.argument("number", type=int)
@click.option("--tell", is_flag=True, help="Let the page of a case that is public say what was measured now.")
@as_json_option
@click.pass_obj
def check(folder: DataFolder, number: int, tell: bool) -> None:
    """Say what stands between case NUMBER and publication: consent, words, pairs, leaks; fails while something blocks.

    Pairs are measured. What differs in them is told on the page of a case that was never published; a page that is
    public says what it said, unless --tell is given, and one that somebody approved must then be approved anew.

    \b
    Example:
      pairwatch case check 51
    """
    from gallery.services.preflight import check_case

    with at_work(folder) as p:
        found = check_case(p, number, tell=tell)
    blocks, advice = list(found.blocks), list(found.advice)
    report = {"case": number, "may_be_published": not blocks, "blocks": blocks, "advice": advice}
    known, measured = found.page_says_so, found.measured
    lines = [f"BLOCKS   {words}." for words in blocks] + [f"advice   {words}." for words in advice]
    verdict = "may not be published yet" if blocks else "may be published"
    lines += [*_lines(measured, known=known), f"Patient {number} {verdict}."]
    print_result(report | {"differences": _values(measured), "page_says_so": known}, *lines)
    if blocks:
        raise click.exceptions.Exit(1)


def _values(measured: "Sequence[Measured]") -> list[dict[str, object]]:
    """Give what differs as plain values."""
    return [
        {
            "view": found.pair.view,
            "stages": [found.pair.before.stage, found.pair.after.stage],
            "name": item.name,
            "told": item.sentence,
        }
        for found in measured
        for item in found.differences
    ]


def _lines(measured: "Sequence[Measured]", *, known: bool) -> list[str]:
    """Say what differs, and whether the page says so."""
    word = "told   " if known else "differs"
    lines = [
        f"{word}  {found.pair.view}: {item.sentence} {item.hint}"
        for found in measured
        for item in found.differences
    ]
    if not known:
        lines.append("The public page says something else of its pairs; let it say this with --tell.")
    return lines

"""The command that says what stands between one case and publication."""

from typing import TYPE_CHECKING

import click

from gallery.cli.talk import as_json_option, now, opened, print_json
from gallery.settings import DataFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gallery.casework import Casework
    from gallery.model import Photo
    from watermark.comparability import Item


@click.command()
@click.argument("number", type=int)
@as_json_option
@click.pass_obj
def check(folder: DataFolder, number: int, as_json: bool) -> None:
    """Say what stands between case NUMBER and publication: consent, words, pairs, leaks; fails while something blocks.

    Pairs are measured, and what differs in them is told on the case's page from the next build on.

    \b
    Example:
      pairwatch case check 51
    """
    from gallery.casework import Casework
    from gallery.catalog import Catalog
    from gallery.leaks import scan
    from gallery.public_site.honesty import page_words
    from gallery.readiness import obstacles_to, standing_of
    from gallery.secrecy import secrets_of
    from gallery.settings import load_settings

    settings = load_settings(folder)
    with opened(folder) as database:
        catalog, casework = Catalog(database), Casework(database)
        standing = standing_of(catalog, casework, number)
        obstacles = obstacles_to(standing, settings, now())
        words = page_words(standing.case, standing.stages, standing.photos, settings).encode()
        leaks = scan([("the page's words", words)], secrets_of(folder, catalog, casework, standing.photos))
        differences = _measured(folder, casework, standing.photos)
    blocks = [obstacle.words for obstacle in obstacles if obstacle.blocks] + [
        leak.sentence() for leak in leaks
    ]
    advice = [obstacle.words for obstacle in obstacles if not obstacle.blocks]
    if as_json:
        told = [{"view": view, "name": item.name, "told": item.sentence} for view, item in differences]
        report = {"case": number, "may_be_published": not blocks, "blocks": blocks, "advice": advice}
        print_json(report | {"differences": told})
    else:
        lines = [f"BLOCKS   {words}." for words in blocks] + [f"advice   {words}." for words in advice]
        lines += [f"told     {view}: {item.sentence} {item.hint}" for view, item in differences]
        verdict = "may not be published yet" if blocks else "may be published"
        click.echo("\n".join([*lines, f"Patient {number} {verdict}."]))
    if blocks:
        raise click.exceptions.Exit(1)


def _measured(
    folder: DataFolder, casework: "Casework", photos: "Sequence[Photo]"
) -> "list[tuple[str, Item]]":
    """Measure every pair, note for its page what differs, and give (view, difference)."""
    from gallery.pairing import measure, pairs_of

    differences, laid = [], casework.alignments()
    for pair in pairs_of(photos):
        measured = measure(folder, pair, laid.get((pair.before.id, pair.after.id))).differences
        casework.write_differences(pair.before.id, pair.after.id, [item.sentence for item in measured], now())
        differences += [(pair.view, item) for item in measured]
    return differences

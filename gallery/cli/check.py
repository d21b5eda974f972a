"""The command that says what stands between one case and publication."""

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from gallery.cli.output import as_json_option, now, opened, print_json
from gallery.events import Action
from gallery.settings import DataFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from gallery.model import Photo
    from gallery.rules.pairs import Pair
    from gallery.store.casework import Casework
    from watermark.pairs.comparability import Measurement


@dataclass(frozen=True)
class Measured:
    """A pair, what differs in it, and the sentences that readers of its page are told."""

    pair: "Pair"
    differences: "Sequence[Measurement]"
    sentences: "Sequence[str]"


@click.command()
@click.argument("number", type=int)
@click.option("--tell", is_flag=True, help="Let the page of a case that is public say what was measured now.")
@as_json_option
@click.pass_obj
def check(folder: DataFolder, number: int, tell: bool, as_json: bool) -> None:
    """Say what stands between case NUMBER and publication: consent, words, pairs, leaks; fails while something blocks.

    Pairs are measured. What differs in them is told on the page of a case that was never published; a page that is
    public says what it said, unless --tell is given, and one that somebody approved must then be approved anew.

    \b
    Example:
      pairwatch case check 51
    """
    from gallery.rules.disclosures import page_words
    from gallery.rules.leaks import scan
    from gallery.services.readiness import obstacles_to, standing_of
    from gallery.settings import load_settings
    from gallery.store.casework import Casework
    from gallery.store.catalog import Catalog
    from gallery.store.secrets import secrets_of

    settings = load_settings(folder)
    with opened(folder) as database:
        catalog, casework = Catalog(database), Casework(database)
        standing = standing_of(catalog, casework, number)
        obstacles = obstacles_to(standing, settings, now())
        words = page_words(standing.case, standing.stages, standing.photos, settings).encode()
        leaks = scan([("the page's words", words)], secrets_of(folder, catalog, casework, standing.photos))
        differences = _measured(folder, casework, standing.photos)
        known = _tell(database, number, differences, even_if_public=tell)
    blocks = [obstacle.words for obstacle in obstacles if obstacle.blocks] + [
        leak.sentence() for leak in leaks
    ]
    advice = [obstacle.words for obstacle in obstacles if not obstacle.blocks]
    report = {"case": number, "may_be_published": not blocks, "blocks": blocks, "advice": advice}
    if as_json:
        print_json(report | {"differences": _values(differences), "page_says_so": known})
    else:
        lines = [f"BLOCKS   {words}." for words in blocks] + [f"advice   {words}." for words in advice]
        verdict = "may not be published yet" if blocks else "may be published"
        click.echo("\n".join([*lines, *_lines(differences, known=known), f"Patient {number} {verdict}."]))
    if blocks:
        raise click.exceptions.Exit(1)


def _values(differences: "list[Measured]") -> list[dict[str, object]]:
    """Give what differs as plain values."""
    return [
        {
            "view": found.pair.view,
            "stages": [found.pair.before.stage, found.pair.after.stage],
            "name": item.name,
            "told": item.sentence,
        }
        for found in differences
        for item in found.differences
    ]


def _lines(differences: "list[Measured]", *, known: bool) -> list[str]:
    """Say what differs, and whether the page says so."""
    word = "told   " if known else "differs"
    lines = [
        f"{word}  {found.pair.view}: {item.sentence} {item.hint}"
        for found in differences
        for item in found.differences
    ]
    if not known:
        lines.append("The public page says something else of its pairs; let it say this with --tell.")
    return lines


def _measured(folder: DataFolder, casework: "Casework", photos: "Sequence[Photo]") -> "list[Measured]":
    """Measure every pair, and give what differs in each."""
    from gallery.rules.pairs import differences_to_tell, pairs_of, recorded, sentences_about
    from gallery.services.pairs import measure

    laid = casework.alignments()
    found = []
    for pair in pairs_of(photos):
        known = recorded(pair, laid)
        measured = measure(folder, pair, known)
        found.append(Measured(pair, differences_to_tell(measured, known), sentences_about(measured, known)))
    return found


def _tell(database: "Database", number: int, differences: "list[Measured]", *, even_if_public: bool) -> bool:
    """Note for a case's page what differs in its pairs; gives whether the page says, or will say, just that.

    What readers of a public page see never changes by a mere look at it, and never without a row in the ledger.
    """
    from gallery.store.casework import Casework
    from gallery.store.catalog import Catalog
    from gallery.store.database import transaction
    from gallery.store.ledger import Ledger

    casework, before = Casework(database), Casework(database).differences()
    measured = {found.pair.key: tuple(found.sentences) for found in differences}
    news = {pair: said for pair, said in measured.items() if before.get(pair) != said}
    public = bool(Catalog(database).published_photos(number))
    if public and news and not even_if_public:
        return False
    with transaction(database):
        for (one, other), said in news.items():
            casework.write_differences(one, other, said, now())
        if news:
            detail = {"pairs": [[*pair, list(said)] for pair, said in news.items()]}
            Ledger(database).append(getpass.getuser(), Action.PAIRS_MEASURED, f"case {number}", detail, now())
        if public and news and casework.approvals(number):
            casework.hold(number)
            Ledger(database).append(getpass.getuser(), Action.CASE_HELD_CHANGED, f"case {number}", {}, now())
    return True

"""The check of one case before its publication."""

from collections.abc import Sequence
from dataclasses import dataclass

from gallery.events import Action
from gallery.rules.disclosures import page_words
from gallery.rules.leaks import scan
from gallery.rules.pairs import Pair, differences_to_tell, sentences_about
from gallery.services.approval import hold_back
from gallery.services.pairs import measured_pairs
from gallery.services.practice import Practice
from gallery.services.readiness import obstacles_to, standing_of
from gallery.store.secrets import secrets_of
from watermark.pairs.comparability import Measurement


@dataclass(frozen=True, slots=True)
class Measured:
    """A pair, what differs in it, and what readers are told."""

    pair: Pair
    differences: Sequence[Measurement]
    sentences: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What a case's check found.

    `blocks` and `advice` are sentences without a full stop. `page_says_so` tells whether the page tells, or will tell,
    just what was measured.
    """

    blocks: Sequence[str]
    advice: Sequence[str]
    measured: Sequence[Measured]
    page_says_so: bool


def check_case(p: Practice, number: int, *, tell: bool) -> Preflight:
    """Look at consent, words, pairs and leaks of a case."""
    standing = standing_of(p, number)
    obstacles = obstacles_to(standing, p.settings, p.now)
    words = page_words(standing.case, standing.stages, standing.photos, p.settings).encode()
    secrets = secrets_of(p.folder, p.catalog, p.casework, standing.photos)
    leaks = scan([("the page's words", words)], secrets)
    measured = _measured(p, number)
    return Preflight(
        blocks=[one.words for one in obstacles if one.blocks] + [leak.sentence() for leak in leaks],
        advice=[one.words for one in obstacles if not one.blocks],
        measured=measured,
        page_says_so=_tell(p, number, measured, even_if_public=tell),
    )


def _measured(p: Practice, number: int) -> list[Measured]:
    return [
        Measured(pair, differences_to_tell(measured, known), sentences_about(measured, known))
        for pair, known, measured in measured_pairs(p, number)
    ]


def _tell(p: Practice, number: int, measured: Sequence[Measured], *, even_if_public: bool) -> bool:
    """Record what differs in a case's pairs, where its page may change.

    Gives whether the page says, or will say, just that. What readers of a public page see never changes by a mere
    look at it, and never without a row in the ledger.
    """
    before = p.casework.differences()
    seen = {found.pair.key: tuple(found.sentences) for found in measured}
    news = {pair: said for pair, said in seen.items() if before.get(pair) != said}
    public = bool(p.catalog.published_photos(number))
    if public and news and not even_if_public:
        return False
    with p.together():
        for (one, other), said in news.items():
            p.casework.write_differences(one, other, said, p.now)
        if news:
            changed = [[*pair, list(said)] for pair, said in news.items()]
            p.note(Action.PAIRS_MEASURED, f"case {number}", pairs=changed)
        if public and news and p.casework.approvals(number):
            hold_back(p, p.catalog.case(number))
    return True

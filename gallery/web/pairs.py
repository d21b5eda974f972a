"""Can before and after be compared? A card for each pair, and laying the two over each other by two points."""

import hashlib
import logging
import threading
from dataclasses import dataclass

from flask import Blueprint, Response, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import Alignment, Case, Method, Section
from gallery.rules.pairs import (
    Alignments,
    Pair,
    differences_to_tell,
    measured_by,
    pairs_of,
    recorded,
    sentences_about,
)
from gallery.services.pairs import aligned, found, measure, pointed
from gallery.staff import Task
from gallery.web.content import HELD, content_of, hold_back
from gallery.web.sections import known_case, open_case, save_section, show, show_section
from gallery.web.viewing import note_view
from gallery.web.workplace import casework, catalog, folder, me, needs, note, now, rooms
from watermark.errors import WatermarkError
from watermark.pairs.alignment import AS_IT_IS
from watermark.pairs.comparability import Comparability, Measurement

pages = Blueprint("pairs", __name__, url_prefix="/cases/<int:number>/pairs")

_OVERTAKEN = GalleryError(
    "somebody laid this pair in another way, after you opened it",
    hint="look at it here; your own two places are still below, send them again to replace the other's",
)
_POINTS = tuple(f"{side}-{point}-{axis}" for side in ("before", "after") for point in (1, 2) for axis in "xy")


@dataclass(frozen=True, slots=True)
class Card:
    """A pair, what was measured of it, and how it lies: as recorded, or as it would be recorded on going on."""

    pair: Pair
    measured: Comparability
    recorded: Alignment | None
    proposed: Alignment | None

    @property
    def differences(self) -> list[Measurement]:
        """What readers are told, once it lies so."""
        return differences_to_tell(self.measured, self.recorded or self.proposed)


@pages.get("")
@needs(Task.EDIT)
def page(number: int) -> ResponseReturnValue:
    """Show how comparable each pair is."""
    case = open_case(number)
    return show_section("pairs.html", case, Section.PAIRS, {}, cards=_cards(case))


def _cards(case: Case) -> list[Card]:
    alignments, cards = casework().alignments(), []
    for pair in _pairs(case):
        measured, known = _measured(pair, alignments), recorded(pair, alignments)
        proposed = found(pair, measured) if known is None and pair.from_the_first else None
        cards.append(Card(pair, measured, known, proposed))
    return cards


@pages.post("")
@needs(Task.EDIT)
def save(number: int) -> ResponseReturnValue:
    """Record that somebody has looked at the pairs; those found to lie over each other are laid so from now on."""
    case = open_case(number)
    cards = _cards(case)

    def write() -> None:
        for card in cards:
            if card.proposed is not None:
                _write(case, card.pair, card.proposed)
        for pair in _pairs(case):
            _tell(case, pair)

    return save_section(
        "pairs.html", case, Section.PAIRS, {}, typed={}, write=write, then=lambda: "words.page", cards=cards
    )


def _write(case: Case, pair: Pair, alignment: Alignment) -> None:
    casework().write_alignment(*pair.key, alignment)
    how = {"method": str(alignment.method), "transform": alignment.transform}
    note(Action.PAIR_ALIGNED, f"case {case.number}", before=pair.before.id, after=pair.after.id, **how)


def _tell(case: Case, pair: Pair) -> None:
    """Measure a pair as it lies now, and let readers be told."""
    alignments = casework().alignments()
    measured, known = _measured(pair, alignments), recorded(pair, alignments)
    casework().write_differences(*pair.key, sentences_about(measured, known), now())
    seen = {item.name: item.value for item in measured.items}
    about = {"before": pair.before.id, "after": pair.after.id, "measured": seen}
    note(Action.PAIR_COMPARED, f"case {case.number}", **about)


@pages.get("/<int:before>/<int:after>")
@needs(Task.EDIT)
def one(number: int, before: int, after: int) -> ResponseReturnValue:
    """Show a pair laid over each other, and let a person lay it by two points."""
    case = open_case(number)
    return _shown(case, _pair(case, before, after))


def _shown(
    case: Case, pair: Pair, problem: GalleryError | WatermarkError | None = None, status: int = 200
) -> ResponseReturnValue:
    alignments = casework().alignments()
    return show(
        "pair.html",
        case,
        status,
        pair=pair,
        recorded=recorded(pair, alignments),
        measured=_measured(pair, alignments),
        typed=request.form,
        problem=problem,
        seen=_seen(recorded(pair, alignments)),
    )


def _seen(alignment: Alignment | None) -> str:
    """Name how a pair lay when a form was made: whoever lays it meanwhile is not overruled unseen."""
    return "" if alignment is None else hashlib.sha256(repr(alignment).encode()).hexdigest()[:16]


@pages.post("/<int:before>/<int:after>")
@needs(Task.EDIT)
def lay(number: int, before: int, after: int) -> ResponseReturnValue:
    """Lay a pair by two points, by itself, or leave it as it was taken; recorded in the ledger."""
    case = open_case(number)
    pair = _pair(case, before, after)
    try:
        alignment = _wanted(pair)
    except (GalleryError, WatermarkError) as error:
        return _shown(case, pair, error, 400)
    if request.form.get("seen", "") != _seen(casework().alignments().get(pair.key)):
        return _shown(case, pair, _OVERTAKEN, 409)
    with rooms().together():
        content = content_of(case)
        _write(case, pair, alignment)
        told = casework().differences()
        for other in _pairs(case):
            if other.first.id == pair.first.id and other.key in told:
                _tell(case, other)
        held = content != content_of(case) and hold_back(case, me().name)
    said = "Recorded. Only the position is changed, the same for the whole photo; nothing in it is retouched."
    flash(f"{said} {HELD}" if held else said, "warn" if held else "done")
    return redirect(url_for("pairs.one", number=number, before=before, after=after))


def _wanted(pair: Pair) -> Alignment:
    method = request.form.get("method")
    if not pair.from_the_first:
        raise GalleryError(
            f"{pair.before.stage} is not the first stage of this view",
            hint="lay each upon the first: this pair follows",
        )
    if method == "none":
        return Alignment(AS_IT_IS, Method.AS_TAKEN)
    if method == "automatic":
        alignment = found(pair, _measured(pair, {}))
        if alignment is None:
            raise GalleryError(
                "the two photos show too little alike", hint="point at two places in both instead"
            )
        return alignment
    values = {name: request.form.get(name, type=float) for name in _POINTS}
    given = {name: value for name, value in values.items() if value is not None and 0 <= value <= 100}  # noqa: PLR2004
    if len(given) < len(_POINTS):
        raise GalleryError(
            "two places in each photo are needed",
            hint="click the same two places in both, far apart from each other",
        )
    return pointed(pair, given)


@pages.get("/<int:before>/<int:after>/<side>.jpg")
@needs(Task.EDIT)
def picture(number: int, before: int, after: int, side: str) -> ResponseReturnValue:
    """Give one photo of a pair in the earlier one's frame."""
    pair = _pair(known_case(number), before, after)
    laid = aligned(folder(), pair, recorded(pair, casework().alignments()))
    if laid is None or side not in {"before", "after"}:
        abort(404)
    note_view(f"case {number}", f"photo {before if side == 'before' else after}", large=True)
    return Response(laid[0] if side == "before" else laid[1], mimetype="image/jpeg")


def _pairs(case: Case) -> list[Pair]:
    return pairs_of(catalog().photos(case.number))


def _pair(case: Case, before: int, after: int) -> Pair:
    for pair in _pairs(case):
        if (pair.before.id, pair.after.id) == (before, after):
            return pair
    raise GalleryError("this pair is not there any more", hint="look at the case's pairs again")


def _measured(pair: Pair, alignments: Alignments) -> Comparability:
    """Measure a pair, remembered while serving."""
    known, laid = _known(), recorded(pair, alignments)
    key = _key(pair, laid)
    if key not in known:
        known[key] = measure(folder(), pair, laid)
    return known[key]


def _known() -> dict[object, Comparability]:
    known: dict[object, Comparability] = current_app.extensions.setdefault("pairwatch-measured", {})
    return known


def _key(pair: Pair, laid: Alignment | None) -> object:
    return pair.before.digest, pair.after.digest, measured_by(laid)


def measure_ahead(number: int) -> threading.Thread:
    """Measure a new case's pairs beside the pages, while somebody fills in the facts."""
    pairs, place, known = pairs_of(catalog().photos(number)), folder(), _known()

    def work() -> None:
        for pair in pairs:
            try:
                if _key(pair, None) not in known:
                    known[_key(pair, None)] = measure(place, pair, None)
            except (GalleryError, WatermarkError):
                logging.getLogger(__name__).exception("a pair is not measured yet")

    thread = threading.Thread(target=work, name="measurements")
    thread.start()
    return thread

"""How comparable before and after are, and their alignment by points."""

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from gallery.errors import ConflictError, GalleryError, RefusedError
from gallery.model import Alignment, Case, Method, Section
from gallery.rules.pairs import Pair, recorded_alignment
from gallery.services.pairs import (
    align_automatically,
    aligned,
    cards_of,
    measured_pair,
    pair_of,
    pointed,
    record_alignment,
    require_first,
    save_pairs,
    state_of,
)
from gallery.services.views import note_view
from gallery.staff import Task
from gallery.web.sections import HELD, Sent, known_case, open_case, save_section, show, show_section
from gallery.web.workplace import needs, work
from watermark.errors import WatermarkError
from watermark.pairs.alignment import AS_IT_IS

pages = Blueprint("pairs", __name__, url_prefix="/cases/<int:number>/pairs")

_POINTS = tuple(f"{side}-{point}-{axis}" for side in ("before", "after") for point in (1, 2) for axis in "xy")


@pages.get("")
@needs(Task.EDIT)
def page(number: int) -> ResponseReturnValue:
    """Show how comparable each pair is."""
    case = open_case(number)
    return show_section("pairs.html", case, Section.PAIRS, {}, cards=cards_of(work(), case))


@pages.post("")
@needs(Task.EDIT)
def save(number: int) -> ResponseReturnValue:
    """Record that the pairs were looked at, and align what can be."""
    case, sent = open_case(number), Sent({}, {})
    cards = cards_of(work(), case)
    return save_section(
        "pairs.html",
        case,
        Section.PAIRS,
        sent,
        lambda: save_pairs(work(), case, cards, sent.edit),
        lambda: "words.page",
        cards=cards,
    )


@pages.get("/<int:before>/<int:after>")
@needs(Task.EDIT)
def one(number: int, before: int, after: int) -> ResponseReturnValue:
    """Show a pair aligned, and let a person align it by points."""
    case = open_case(number)
    return _shown(case, pair_of(work(), number, before, after))


def _shown(
    case: Case, pair: Pair, problem: GalleryError | WatermarkError | None = None, status: int = 200
) -> ResponseReturnValue:
    known = recorded_alignment(pair, work().casework.alignments())
    return show(
        "pair.html",
        case,
        status,
        pair=pair,
        recorded=known,
        measured=measured_pair(work().originals, pair, known),
        typed=request.form,
        problem=problem,
        seen=state_of(known),
    )


@pages.post("/<int:before>/<int:after>")
@needs(Task.EDIT)
def lay(number: int, before: int, after: int) -> ResponseReturnValue:
    """Align a pair by points or automatically, or leave it as taken."""
    case = open_case(number)
    pair = pair_of(work(), number, before, after)
    try:
        alignment = _wanted(pair)
        held = record_alignment(work(), case, pair, alignment, seen=request.form.get("seen", ""))
    except ConflictError as error:
        return _shown(case, pair, error, 409)
    except (GalleryError, WatermarkError) as error:
        return _shown(case, pair, error, 400)
    said = "Recorded. Only the position is changed, the same for the whole photo; nothing in it is retouched."
    flash(f"{said} {HELD}" if held else said, "warn" if held else "done")
    return redirect(url_for("pairs.one", number=number, before=before, after=after))


def _wanted(pair: Pair) -> Alignment:
    require_first(pair)
    method = request.form.get("method")
    if method == "none":
        return Alignment(AS_IT_IS, Method.AS_TAKEN)
    if method == "automatic":
        return align_automatically(work(), pair)
    values = {name: request.form.get(name, type=float) for name in _POINTS}
    given = {name: value for name, value in values.items() if value is not None and 0 <= value <= 100}  # noqa: PLR2004
    if len(given) < len(_POINTS):
        raise RefusedError(
            "two places in each photo are needed",
            hint="click the same two places in both, far apart from each other",
        )
    return pointed(pair, given)


@pages.get("/<int:before>/<int:after>/<side>.jpg")
@needs(Task.EDIT)
def picture(number: int, before: int, after: int, side: str) -> ResponseReturnValue:
    """Give one photo of a pair in the earlier one's frame."""
    known_case(number)
    pair = pair_of(work(), number, before, after)
    laid = aligned(work().originals, pair, recorded_alignment(pair, work().casework.alignments()))
    if laid is None or side not in {"before", "after"}:
        abort(404)
    note_view(work(), f"case {number}", f"photo {before if side == 'before' else after}", large=True)
    return Response(laid[0] if side == "before" else laid[1], mimetype="image/jpeg")

"""Can before and after be compared? A card for each pair, and laying the two over each other by two points."""

from flask import Blueprint, Response, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from gallery.accounts import Task
from gallery.casework import Alignment, Section
from gallery.errors import GalleryError
from gallery.model import Case
from gallery.pairing import Pair, aligned, found, measure, pairs_of, pointed
from gallery.web.sections import known_case, open_case, save_section, show, show_section
from gallery.web.viewing import note_view
from gallery.web.workplace import casework, catalog, folder, needs, note, now, rooms
from watermark.comparability import Comparability

pages = Blueprint("pairs", __name__, url_prefix="/cases/<int:number>/pairs")

_POINTS = tuple(f"{side}-{point}-{axis}" for side in ("before", "after") for point in (1, 2) for axis in "xy")


@pages.get("")
@needs(Task.EDIT)
def page(number: int) -> ResponseReturnValue:
    """Show how comparable each pair is."""
    case = open_case(number)
    cards = [(pair, _measured(pair), _recorded(pair)) for pair in _pairs(case)]
    return show_section("pairs.html", case, Section.PAIRS, {}, cards=cards)


@pages.post("")
@needs(Task.EDIT)
def save(number: int) -> ResponseReturnValue:
    """Record that somebody has looked at the pairs."""
    case = open_case(number)
    cards = [(pair, _measured(pair), _recorded(pair)) for pair in _pairs(case)]

    def write() -> None:
        for pair, measured, _ in cards:
            seen = {item.name: item.value for item in measured.items}
            told = [item.sentence for item in measured.differences]
            casework().write_differences(pair.before.id, pair.after.id, told, now())
            note(
                "compared a pair", f"case {number}", before=pair.before.id, after=pair.after.id, measured=seen
            )

    return save_section(
        "pairs.html", case, Section.PAIRS, {}, typed={}, write=write, then=lambda: "words.page", cards=cards
    )


@pages.get("/<int:before>/<int:after>")
@needs(Task.EDIT)
def one(number: int, before: int, after: int) -> ResponseReturnValue:
    """Show a pair laid over each other, and let a person lay it by two points."""
    case = open_case(number)
    return _shown(case, _pair(case, before, after))


def _shown(
    case: Case, pair: Pair, problem: GalleryError | None = None, status: int = 200
) -> ResponseReturnValue:
    recorded = _recorded(pair)
    return show(
        "pair.html",
        case,
        status,
        pair=pair,
        recorded=recorded,
        measured=_measured(pair),
        typed=request.form,
        problem=problem,
    )


@pages.post("/<int:before>/<int:after>")
@needs(Task.EDIT)
def lay(number: int, before: int, after: int) -> ResponseReturnValue:
    """Lay a pair by two points, by itself, or forget how it was laid; recorded in the ledger."""
    case = open_case(number)
    pair = _pair(case, before, after)
    try:
        alignment = _wanted(pair)
    except GalleryError as error:
        return _shown(case, pair, error, 400)
    with rooms().together():
        casework().write_alignment(before, after, alignment)
        detail = (
            {"transform": alignment.transform, "method": alignment.method}
            if alignment
            else {"method": "none"}
        )
        note("laid a pair", f"case {number}", before=before, after=after, **detail)
    flash(
        "Recorded. Only the position is changed, the same for the whole photo; nothing in it is retouched.",
        "done",
    )
    return redirect(url_for("pairs.one", number=number, before=before, after=after))


def _wanted(pair: Pair) -> Alignment | None:
    method = request.form.get("method")
    if method == "none":
        return None
    if method == "automatic":
        alignment = found(folder(), pair)
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
    laid = aligned(folder(), pair, _recorded(pair))
    if laid is None or side not in {"before", "after"}:
        abort(404)
    note_view(f"case {number}", f"photo {before if side == 'before' else after}")
    return Response(laid[0] if side == "before" else laid[1], mimetype="image/jpeg")


def _pairs(case: Case) -> list[Pair]:
    return pairs_of(catalog().photos(case.number))


def _pair(case: Case, before: int, after: int) -> Pair:
    for pair in _pairs(case):
        if (pair.before.id, pair.after.id) == (before, after):
            return pair
    raise GalleryError("this pair is not there any more", hint="look at the case's pairs again")


def _recorded(pair: Pair) -> Alignment | None:
    return casework().alignments().get((pair.before.id, pair.after.id))


def _measured(pair: Pair) -> Comparability:
    """Measure a pair, remembered while serving."""
    known: dict[object, Comparability] = current_app.extensions.setdefault("pairwatch-measured", {})
    key = (pair.before.digest, pair.after.digest, _recorded(pair))
    if key not in known:
        known[key] = measure(folder(), pair, _recorded(pair))
    return known[key]

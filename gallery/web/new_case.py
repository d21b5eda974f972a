"""A new case, from dropped photographs to its permanent number."""

import re
from collections.abc import Iterator

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from gallery.errors import ChangedMeanwhileError, GalleryError
from gallery.model import Draft, Place
from gallery.services import drafts
from gallery.services.board import STAGE_WORDS, VIEWS, Board, stages_of_case
from gallery.services.duplicates import duplicates_of
from gallery.services.pairs import measure_ahead
from gallery.services.views import note_view
from gallery.staff import Task
from gallery.web.sections import known_case
from gallery.web.workplace import here, needs, work

pages = Blueprint("new_case", __name__, url_prefix="/drafts")


@pages.get("/new")
@needs(Task.EDIT)
def start() -> ResponseReturnValue:
    """Ask for photographs."""
    waiting = [draft for draft in work().drafts.all() if draft.case is None]
    return render_template("new-case.html", waiting=waiting)


@pages.post("/new")
@needs(Task.EDIT)
def begin() -> ResponseReturnValue:
    """Start a draft with the files of the form, if it has any."""
    return _received(drafts.start(work()))


@pages.post("/for/<int:number>")
@needs(Task.EDIT)
def begin_for(number: int) -> ResponseReturnValue:
    """Start a draft with more photographs for a case there is."""
    known_case(number)
    return redirect(url_for("new_case.board", number=drafts.start_for(work(), number).id))


@pages.post("/<int:number>/files")
@needs(Task.EDIT)
def add_files(number: int) -> ResponseReturnValue:
    """Add files to a draft, each taken or refused for itself."""
    return _received(work().drafts.draft(number))


def _received(draft: Draft) -> ResponseReturnValue:
    files = [file for file in request.files.getlist("files") if file.filename]
    outcomes = [_take(draft, file) for file in files]
    there = url_for("new_case.board", number=draft.id)
    if request.accept_mimetypes.best == "application/json":
        return jsonify({"ok": True, "draft": there, "files": outcomes})
    for outcome in outcomes:
        if not outcome["ok"]:
            flash(str(outcome["sentence"]), "error")
    drafts.sort_if_untouched(work(), draft.id)
    return redirect(there)


def _take(draft: Draft, file: FileStorage) -> dict[str, object]:
    """Take one file into a draft, or say why it was left out."""
    name = drafts.plain_name(file.filename or "")
    try:
        parts = drafts.add_file(work(), draft.id, name, file.read(drafts.LARGEST_FILE + 1))
    except GalleryError as error:
        return {"ok": False, "name": name, "sentence": f"{error}. It was left out."}
    sentence = "" if parts == 1 else f"{name} was split into {parts} photos."
    return {"ok": True, "name": name, "sentence": sentence}


@pages.post("/<int:number>/sort")
@needs(Task.EDIT)
def sort(number: int) -> ResponseReturnValue:
    """Sort the photographs as the program proposes."""
    if request.form.get("again"):
        drafts.sort_anew(work(), number, _version())
    else:
        drafts.sort_if_untouched(work(), number)
    return redirect(url_for("new_case.board", number=number))


def _version() -> int:
    return request.form.get("version", type=int) or 0


@pages.get("/<int:number>/")
@needs(Task.EDIT)
def board(number: int) -> ResponseReturnValue:
    """Show the photographs sorted into stages."""
    draft = work().drafts.draft(number)
    return _shown(draft, Board(draft.stages, {}))


def _shown(
    draft: Draft, board: Board, *, conflict: GalleryError | None = None, status: int = 200
) -> ResponseReturnValue:
    """Show a draft as it is saved, or as an unsaved form has it."""
    p = work()
    photos = p.drafts.photos(draft.id)
    order = {photo: at for at, photo in enumerate(board.places)}
    shown = []
    for photo in sorted(photos, key=lambda photo: order.get(photo.id, -1)):
        place = board.places.get(photo.id)
        shown.append((photo, place.stage if place else photo.stage, place.view if place else photo.view))
    page = render_template(
        "draft.html",
        draft=draft,
        stages=board.stages,
        fixed=len(stages_of_case(p, draft)),
        photos=shown,
        views=VIEWS,
        stage_words=STAGE_WORDS,
        conflict=conflict,
        next_number=draft.case or p.catalog.next_number(),
        known=[[drafts.whole_name(photo, photos), photo.file_size] for photo in photos],
        twins=duplicates_of(p, photos),
    )
    return page, status


@pages.get("/<int:number>/twins")
@needs(Task.EDIT)
def twins(number: int) -> ResponseReturnValue:
    """Tell which photographs a case has already, as far as known."""
    photos = {photo.id: photo for photo in work().drafts.photos(number)}
    known = duplicates_of(work(), list(photos.values()))
    found = {
        photo: {"sentence": twin.sentence(photos[photo].file), "case": url_for("cases.one", number=twin.case)}
        for photo, twin in known.found.items()
    }
    return jsonify({"waiting": known.waiting, "found": found})


@pages.post("/<int:number>/arrange")
@needs(Task.EDIT)
def arrange(number: int) -> ResponseReturnValue:
    """Save the board, and then stay, add a stage, or make a case."""
    p, then = work(), request.form.get("then")
    draft = p.drafts.draft(number)
    names = {int(key[6:]): request.form[key] for key in request.form if re.fullmatch(r"stage-\d{1,3}", key)}
    wanted = drafts.board_from(p, draft, names, dict(_places()))
    try:
        draft = drafts.arrange(p, number, _version(), wanted, another_stage=then == "stage")
    except ChangedMeanwhileError as error:
        if request.accept_mimetypes.best == "application/json":
            return jsonify({"ok": False, "sentence": f"{error}."}), 409
        return _shown(draft, wanted, conflict=error, status=409)
    if request.accept_mimetypes.best == "application/json":
        return jsonify({"ok": True, "version": draft.version})
    return _finished(draft) if then == "case" else redirect(url_for("new_case.board", number=number))


def _places() -> Iterator[tuple[int, Place]]:
    """Read where the form puts each photograph, in its order."""
    for key in request.form:
        named = re.fullmatch(r"photo-(\d+)-stage", key)
        if named:
            stage = request.form[key]
            view = " ".join(request.form.get(f"photo-{named[1]}-view", "").split())[:40]
            yield int(named[1]), Place(int(stage) if stage.isdecimal() and len(stage) < 4 else 0, view)  # noqa: PLR2004


def _finished(draft: Draft) -> ResponseReturnValue:
    p = work()
    photos = [photo for photo in p.drafts.photos(draft.id) if photo.stage]
    known = duplicates_of(p, photos).found
    number, count = drafts.make_case(p, draft)
    for photo in photos:
        if photo.id in known:
            flash(f"Please check: {known[photo.id].sentence(photo.file)}.", "error")
    drafts.watch_for_copies(here().folder)
    measure_ahead(p, number)
    flash(
        f"Patient {number}: {count} photo{'s'[: count != 1]} sealed. "
        "From now on copies of them are looked for. Nothing is public yet.",
        "done",
    )
    return redirect(url_for("cases.one", number=number))


@pages.post("/<int:number>/photos/<int:photo>/join")
@needs(Task.EDIT)
def join(number: int, photo: int) -> ResponseReturnValue:
    """Put the parts of a file together again."""
    whole = drafts.join(work(), number, photo)
    if whole is None:
        abort(400, description="This photo was not split.")
    flash(f"{whole} is one photo again. It is at the top, not sorted yet.", "done")
    return redirect(url_for("new_case.board", number=number))


@pages.post("/<int:number>/discard")
@needs(Task.EDIT)
def discard(number: int) -> ResponseReturnValue:
    """Throw a draft and its files away."""
    drafts.discard(work(), number, _version())
    flash("The draft and its photos were thrown away.", "done")
    return redirect(url_for("cases.overview"))


@pages.get("/<int:number>/photos/<int:photo>.jpg")
@needs(Task.EDIT)
def picture(number: int, photo: int) -> ResponseReturnValue:
    """Give a photograph small, or screen-sized with `?large=1`."""
    p, large = work(), bool(request.args.get("large"))
    note_view(p, f"draft {number}", f"draft photo {photo}", large=large)
    shown = drafts.large(p, number, photo) if large else p.drafts.thumbnail(number, photo)
    return Response(shown, mimetype="image/jpeg")

"""A new case: photographs are dropped, split and sorted, and become a case under its permanent number."""

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from gallery.errors import ChangedMeanwhileError, GalleryError
from gallery.model import CaseStatus, Draft
from gallery.staff import Task
from gallery.web import receiving
from gallery.web.pairs import measure_ahead
from gallery.web.sections import known_case
from gallery.web.sorting import STAGE_WORDS, VIEWS, Board, propose, read_board
from gallery.web.taking_in import take_in, watch_for_copies
from gallery.web.twins import twins_of
from gallery.web.viewing import note_view
from gallery.web.workplace import catalog, drafts, folder, me, needs, now, rooms
from watermark.errors import WatermarkError
from watermark.pairs.look import look_of
from watermark.picture.decode import DecodeLimits, open_picture

pages = Blueprint("new_case", __name__, url_prefix="/drafts")

_MOST_PHOTOS = 200


@pages.get("/new")
@needs(Task.EDIT)
def start() -> ResponseReturnValue:
    """Ask for photographs."""
    return render_template("new-case.html", waiting=[draft for draft in drafts().all() if draft.case is None])


@pages.post("/new")
@needs(Task.EDIT)
def begin() -> ResponseReturnValue:
    """Start a draft with the files of the form, if it has any."""
    receiving.draft_vault(folder()).sweep(drafts().digests())
    return _received(drafts().start(me().name, now()))


@pages.post("/for/<int:number>")
@needs(Task.EDIT)
def begin_for(number: int) -> ResponseReturnValue:
    """Start a draft with more photographs for a case there is."""
    if known_case(number).status is CaseStatus.WITHDRAWN:
        raise GalleryError(f"Patient {number} was withdrawn: nothing can be added")
    stages = [stage.label for stage in catalog().stages(number)]
    draft = drafts().start(me().name, now(), case=number, stages=stages)
    return redirect(url_for("new_case.board", number=draft.id))


@pages.post("/<int:number>/files")
@needs(Task.EDIT)
def add_files(number: int) -> ResponseReturnValue:
    """Add files to a draft; each is taken or refused for itself."""
    return _received(drafts().draft(number))


def _received(draft: Draft) -> ResponseReturnValue:
    files = [file for file in request.files.getlist("files") if file.filename]
    outcomes = [_take(draft, file) for file in files]
    there = url_for("new_case.board", number=draft.id)
    if request.accept_mimetypes.best == "application/json":
        return jsonify({"ok": True, "draft": there, "files": outcomes})
    for outcome in outcomes:
        if not outcome["ok"]:
            flash(str(outcome["sentence"]), "error")
    _sort_if_untouched(draft.id)
    return redirect(there)


def _take(draft: Draft, file: FileStorage) -> dict[str, object]:
    """Take one file into a draft; what is wrong with it is a sentence, and the others go on."""
    name = receiving.plain_name(file.filename or "")
    try:
        received = receiving.receive(name, file.read(DecodeLimits().max_bytes + 1))
        _check_new(draft, received)
        receiving.keep(folder(), received)
        drafts().add_photos(draft.id, received.photos)
    except (GalleryError, WatermarkError) as error:
        reason = str(error).removeprefix("expected a picture, ")
        said = reason if reason.startswith(name) else f"{name}: {reason}"
        return {"ok": False, "name": name, "sentence": f"{said}. It was left out."}
    parts = len(received.photos)
    return {
        "ok": True,
        "name": name,
        "sentence": "" if parts == 1 else f"{name} was split into {parts} photos.",
    }


def _check_new(draft: Draft, received: receiving.Received) -> None:
    if len(drafts().photos(draft.id)) >= _MOST_PHOTOS:
        raise GalleryError(f"a draft holds at most {_MOST_PHOTOS} photos; make it a case first")
    for photo in received.photos:
        known = catalog().photo_of(photo.digest)
        if known is not None:
            raise GalleryError(f"is in Patient {known.case} already ({known.stage}, {known.view})")


def _sort_if_untouched(number: int) -> None:
    """Sort a draft that no person has sorted yet."""
    draft = drafts().draft(number)
    if draft.version == 1:
        board = _proposed(draft)
        drafts().propose(number, board.stages, board.places)


def _proposed(draft: Draft) -> Board:
    photos = drafts().photos(draft.id)
    looks = {photo.id: look_of(open_picture(drafts().thumbnail(draft.id, photo.id))) for photo in photos}
    return propose(photos, looks, _fixed(draft))


@pages.post("/<int:number>/sort")
@needs(Task.EDIT)
def sort(number: int) -> ResponseReturnValue:
    """Sort the photographs as the program proposes: by itself after files came, or all anew when asked."""
    if request.form.get("again"):
        board = _proposed(drafts().draft(number))
        version = request.form.get("version", type=int) or 0
        with rooms().together():
            drafts().arrange(number, version, board.stages, board.places, me().name, now())
            drafts().propose(number, board.stages, board.places)
    else:
        _sort_if_untouched(number)
    return redirect(url_for("new_case.board", number=number))


@pages.get("/<int:number>/")
@needs(Task.EDIT)
def board(number: int) -> ResponseReturnValue:
    """Show the photographs sorted into stages."""
    draft = drafts().draft(number)
    return _shown(draft, Board(draft.stages, {}))


def _shown(
    draft: Draft, board: Board, *, conflict: GalleryError | None = None, status: int = 200
) -> ResponseReturnValue:
    """Show a draft as it is saved, or as a form that could not be saved has it."""
    photos = drafts().photos(draft.id)
    order = {photo: at for at, photo in enumerate(board.places)}
    shown = []
    for photo in sorted(photos, key=lambda photo: order.get(photo.id, -1)):
        place = board.places.get(photo.id)
        shown.append((photo, place.stage if place else photo.stage, place.view if place else photo.view))
    page = render_template(
        "draft.html",
        draft=draft,
        stages=board.stages,
        fixed=len(_fixed(draft)),
        photos=shown,
        views=VIEWS,
        stage_words=STAGE_WORDS,
        conflict=conflict,
        next_number=draft.case or catalog().next_number(),
        known=[[photo.file.split(" (part ")[0], photo.file_size] for photo in photos],
        twins=twins_of(folder(), photos, len(catalog().photo_digests())),
    )
    return page, status


@pages.get("/<int:number>/twins")
@needs(Task.EDIT)
def twins(number: int) -> ResponseReturnValue:
    """Tell which photographs a case has already, as far as they were looked up."""
    photos = {photo.id: photo for photo in drafts().photos(number)}
    known = twins_of(folder(), list(photos.values()), len(catalog().photo_digests()))
    found = {
        photo: {"sentence": twin.sentence(photos[photo].file), "case": url_for("cases.one", number=twin.case)}
        for photo, twin in known.found.items()
    }
    return jsonify({"waiting": known.waiting, "found": found})


def _fixed(draft: Draft) -> list[str]:
    return [stage.label for stage in catalog().stages(draft.case)] if draft.case else []


@pages.post("/<int:number>/arrange")
@needs(Task.EDIT)
def arrange(number: int) -> ResponseReturnValue:
    """Save how a person sorted the photographs; then stay, add a stage, or make it a case."""
    draft = drafts().draft(number)
    wanted = read_board(request.form, drafts().photos(number), _fixed(draft))
    stages = wanted.stages
    if request.form.get("then") == "stage":
        stages = (*stages, _free_name(stages))
    version = request.form.get("version", type=int) or 0
    try:
        draft = drafts().arrange(number, version, stages, wanted.places, me().name, now())
    except ChangedMeanwhileError as error:
        if request.accept_mimetypes.best == "application/json":
            return jsonify({"ok": False, "sentence": f"{error}."}), 409
        return _shown(draft, wanted, conflict=error, status=409)
    if request.accept_mimetypes.best == "application/json":
        return jsonify({"ok": True, "version": draft.version})
    if request.form.get("then") == "case":
        return _finished(draft)
    return redirect(url_for("new_case.board", number=number))


def _free_name(stages: tuple[str, ...]) -> str:
    taken = {label.casefold() for label in stages}
    return next((word for word in STAGE_WORDS if word not in taken), f"stage {len(stages) + 1}")


def _finished(draft: Draft) -> ResponseReturnValue:
    photos = [photo for photo in drafts().photos(draft.id) if photo.stage]
    known = twins_of(folder(), photos, len(catalog().photo_digests())).found
    number, count = take_in(rooms(), folder(), draft, me().name, now())
    for photo in photos:
        if photo.id in known:
            flash(f"Please check: {known[photo.id].sentence(photo.file)}.", "error")
    watch_for_copies(folder())
    measure_ahead(number)
    flash(
        f"Patient {number}: {count} photo{'s'[: count != 1]} sealed. "
        "From now on copies of them are looked for. Nothing is public yet.",
        "done",
    )
    return redirect(url_for("cases.one", number=number))


@pages.post("/<int:number>/photos/<int:photo>/join")
@needs(Task.EDIT)
def join(number: int, photo: int) -> ResponseReturnValue:
    """Put the parts of a file together again: it was one photograph after all."""
    part = drafts().photo(number, photo)
    if part.composite is None:
        abort(400, description="This photo was not split.")
    whole = receiving.draft_vault(folder()).get(part.composite)
    received = receiving.receive(part.file.rsplit(" (part ", 1)[0], whole, split=False)
    parts = [other.id for other in drafts().photos(number) if other.composite == part.composite]
    with rooms().together():
        drafts().remove_photos(number, parts)
        drafts().add_photos(number, received.photos)
    flash(f"{received.photos[0].file} is one photo again. It is at the top, not sorted yet.", "done")
    return redirect(url_for("new_case.board", number=number))


@pages.post("/<int:number>/discard")
@needs(Task.EDIT)
def discard(number: int) -> ResponseReturnValue:
    """Throw a draft and its files away."""
    gone = drafts().digests()
    drafts().remove(number, request.form.get("version", type=int) or 0)
    for digest in gone - drafts().digests():
        receiving.draft_vault(folder()).discard(digest)
    flash("The draft and its photos were thrown away.", "done")
    return redirect(url_for("cases.overview"))


@pages.get("/<int:number>/photos/<int:photo>.jpg")
@needs(Task.EDIT)
def picture(number: int, photo: int) -> ResponseReturnValue:
    """Give a photograph small, or screen-sized with `?large=1`."""
    large = bool(request.args.get("large"))
    note_view(f"draft {number}", f"draft photo {photo}", large=large)
    if not large:
        return Response(drafts().thumbnail(number, photo), mimetype="image/jpeg")
    data = receiving.draft_vault(folder()).get(drafts().photo(number, photo).digest)
    return Response(receiving.screen_size(data), mimetype="image/jpeg")

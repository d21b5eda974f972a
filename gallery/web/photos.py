"""Originals on the screen, small or as large as a screen; each look at one is in the ledger."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from gallery.model import Photo
from gallery.staff import Task
from gallery.store.vault import Vault
from gallery.web.receiving import screen_size, thumbnail
from gallery.web.viewing import note_view
from gallery.web.workplace import casework, catalog, folder, needs

pages = Blueprint("photos", __name__)


@pages.get("/photos/<int:photo>.jpg")
@needs(Task.SEE)
def picture(photo: int) -> ResponseReturnValue:
    """Give a photograph small, or screen-sized with `?large=1`, without any of its metadata."""
    found = catalog().photo(photo)
    large = bool(request.args.get("large"))
    note_view(f"case {found.case}", f"photo {photo}", large=large)
    return Response(_large(found) if large else _small(found), mimetype="image/jpeg")


def _large(photo: Photo) -> bytes:
    return screen_size(Vault(folder().originals).get(photo.digest))


def _small(photo: Photo) -> bytes:
    kept = casework().thumbnail(photo.id)
    if kept is None:
        kept = thumbnail(Vault(folder().originals).get(photo.digest))
        casework().keep_thumbnail(photo.id, kept)
    return kept

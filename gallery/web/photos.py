"""Originals on the screen, small or as large as a screen; each look at one is in the ledger."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from gallery.accounts import Task
from gallery.vault import Vault
from gallery.web.receiving import screen_size, thumbnail
from gallery.web.viewing import note_view
from gallery.web.workplace import catalog, folder, needs

pages = Blueprint("photos", __name__)


@pages.get("/photos/<int:photo>.jpg")
@needs(Task.SEE)
def picture(photo: int) -> ResponseReturnValue:
    """Give a photograph small, or screen-sized with `?large=1`, without any of its metadata."""
    found = catalog().photo(photo)
    note_view(f"case {found.case}", f"photo {photo}")
    data = Vault(folder().originals).get(found.digest)
    return Response(
        screen_size(data) if request.args.get("large") else thumbnail(data), mimetype="image/jpeg"
    )

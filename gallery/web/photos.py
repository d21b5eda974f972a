"""Originals on the screen, each look at one recorded."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from gallery.services import pictures
from gallery.services.views import note_view
from gallery.staff import Task
from gallery.web.workplace import needs, work

pages = Blueprint("photos", __name__)


@pages.get("/photos/<int:photo>.jpg")
@needs(Task.SEE)
def picture(photo: int) -> ResponseReturnValue:
    """Give a photograph small, or screen-sized with `?large=1`, without any of its metadata."""
    found, large = work().catalog.photo(photo), bool(request.args.get("large"))
    note_view(work(), f"case {found.case}", f"photo {photo}", large=large)
    shown = pictures.large(work(), found) if large else pictures.small(work(), found)
    return Response(shown, mimetype="image/jpeg")

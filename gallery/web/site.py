"""The built site, shown to whoever is signed in."""

from flask import Blueprint, send_from_directory
from flask.typing import ResponseReturnValue

from gallery.staff import Task
from gallery.web.workplace import here, needs

pages = Blueprint("site", __name__)


@pages.get("/site/<path:path>")
@needs(Task.SEE)
def file(path: str) -> ResponseReturnValue:
    """Give a file of the built site."""
    return send_from_directory(here().folder.public.resolve(), path)

"""What can go wrong in the gallery.

The commands and the pages word every one of them, so that callers between need not handle them. Docstrings name an
error where a caller does.
"""

from datetime import datetime
from http import HTTPStatus

from watermark.errors import PairwatchError


class GalleryError(PairwatchError):
    """The gallery could not do what was asked."""


class NotFoundError(GalleryError):
    """There is no such case, photo, draft, user or file."""

    status = HTTPStatus.NOT_FOUND


class ConflictError(GalleryError):
    """What is there already stands against it."""


class ChangedMeanwhileError(ConflictError):
    """Somebody else saved the same thing after it was opened."""

    def __init__(self, what: str, by: str, at: datetime) -> None:
        super().__init__(f"{by} changed {what} at {at:%H:%M} UTC, after you opened it")
        self.by, self.at = by, at


class RefusedError(GalleryError):
    """The input is not what was expected, or a rule forbids it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class DamagedError(GalleryError):
    """A file of ours is missing, or not as it was written."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR


class UnavailableError(GalleryError):
    """The machine lacks disk, memory or rights for it."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

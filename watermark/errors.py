"""The root of all our errors, and what can go wrong with a picture."""

from http import HTTPStatus
from typing import ClassVar


class PairwatchError(Exception):
    """Something that was asked for could not be done.

    Attributes:
        hint: what to do.
        status: how a page answers.
        exit_code: how a command ends.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep what was expected and found, and the way out."""
        super().__init__(message)
        self.hint = hint

    def to_json(self) -> dict[str, object]:
        """Give it as plain values."""
        return {"error": str(self), "hint": self.hint}


class WatermarkError(PairwatchError):
    """A picture or an index could not be used."""


class UnreadablePictureError(WatermarkError):
    """The bytes are no picture that can be decoded."""


class PictureTooLargeError(WatermarkError):
    """The picture has more pixels, frames or bytes than allowed."""


class IndexDamagedError(WatermarkError):
    """The fingerprint index is corrupt or of another version."""

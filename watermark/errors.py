"""What can go wrong with a picture, each as one sentence and what to do about it."""


class WatermarkError(Exception):
    """A picture or an index that could not be used; `hint` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep one sentence of what was expected and found, and the way out."""
        super().__init__(message)
        self.hint = hint


class UnreadablePictureError(WatermarkError):
    """The bytes are no picture that can be decoded: empty, cut off, or something else under a picture's name."""


class PictureTooLargeError(WatermarkError):
    """The picture would need more pixels, frames or bytes than the limits allow (a bomb, or a scan)."""


class IndexDamagedError(WatermarkError):
    """The fingerprint index is corrupt or was written by another version, and must be rebuilt from the vault."""

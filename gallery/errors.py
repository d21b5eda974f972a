"""What can go wrong with our own catalogue, each as one sentence and what to do about it."""


class GalleryError(Exception):
    """The catalogue could not do what was asked; `hint` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep one sentence of what was expected and found, and the way out."""
        super().__init__(message)
        self.hint = hint

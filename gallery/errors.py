"""What can go wrong with our own catalogue, each as one sentence and what to do about it."""

from datetime import datetime


class GalleryError(Exception):
    """The catalogue could not do what was asked; `hint` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep one sentence of what was expected and found, and the way out."""
        super().__init__(message)
        self.hint = hint

    def to_json(self) -> dict[str, object]:
        """Give it as plain values."""
        return {"error": str(self), "hint": self.hint}


class ChangedMeanwhileError(GalleryError):
    """Somebody else saved the same thing after it was opened; `by` says who, `at` when."""

    def __init__(self, what: str, by: str, at: datetime) -> None:
        super().__init__(f"{by} changed {what} at {at:%H:%M} UTC, after you opened it")
        self.by, self.at = by, at

"""The names of what became of our mark."""

from enum import StrEnum


class MarkState(StrEnum):
    """What became of the mark that the published photo bears."""

    KEPT = "kept"
    PARTLY_KEPT = "partly-kept"
    CROPPED = "cropped"
    PAINTED_OVER = "painted-over"
    NEVER = "never"
    UNKNOWN = "unknown"

"""The names of what the machine says of one picture."""

from enum import StrEnum


class Verdict(StrEnum):
    """What the machine says of one picture, strongest first."""

    COPY = "copy"
    SAME_SCENE = "same-scene"
    POSSIBLE = "possible"
    CANNOT_TELL = "cannot-tell"
    NONE = "none"

"""Times as the database writes them and readers see them."""

from datetime import UTC, datetime


def text_of(moment: datetime) -> str:
    """Write a moment as UTC ISO text with milliseconds.

    Such texts sort as time does, also beside older ones that end with the second.
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def moment_of(text: str) -> datetime:
    """Read a moment that `text_of` wrote."""
    return datetime.fromisoformat(text)


def text_or_none(moment: datetime | None) -> str | None:
    """Write a moment into a column that may be empty."""
    return text_of(moment) if moment else None


def moment_or_none(text: str | None) -> datetime | None:
    """Read a moment of a column that may be empty."""
    return datetime.fromisoformat(text) if text else None


def day(moment: datetime | str) -> str:
    """Give the day of a moment for a reader (2026-03-01)."""
    return _printed(moment)[:10]


def minute(moment: datetime | str) -> str:
    """Give a moment to the minute ("2026-03-01 12:30")."""
    return _printed(moment)[:16].replace("T", " ")


def _printed(moment: datetime | str) -> str:
    return moment if isinstance(moment, str) else text_of(moment)

"""Times as the database and the ledger write them."""

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

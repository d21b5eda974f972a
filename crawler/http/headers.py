"""Header values as servers really send them. Pure.

Every reader gives a value or nothing and never raises, whatever bytes came.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice

from crawler.urls import canonical, origin_of

_PACKINGS = frozenset(("identity", "gzip", "x-gzip", "deflate", "br", "none", "utf-8"))
MAX_FIELDS = 100
MAX_VALUE = 4096
LONGEST_PAUSE = timedelta(days=1)
PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/*;q=0.8,*/*;q=0.7"
IMAGE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
STYLE = "text/css,*/*;q=0.1"
_UNSENDABLE = re.compile(r"[^\x21-\x7e\x80-\xff]+")  # RFC 9110, 5.5: visible ASCII and obs-text
_DIGITS = re.compile(r"[0-9]{1,17}")


def received(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give an answer's fields by lower-case name, each on one line."""
    return {name.lower(): _one_line(value) for name, value in islice(pairs, MAX_FIELDS)}


def conditional(etag: str, last_modified: str) -> dict[str, str]:
    """Give the request fields of a conditional request (RFC 9110, 13.1)."""
    fields = {"If-None-Match": _one_line(etag), "If-Modified-Since": _one_line(last_modified)}
    return {name: value for name, value in fields.items() if value}


def referer(page: str, url: str) -> dict[str, str]:
    """Give the Referer field with which a browser asks for what a page shows.

    The page itself within an origin, its origin beyond, nothing from https to http. Source: W3C Referrer Policy,
    strict-origin-when-cross-origin, which browsers take by default.
    """
    if not page.startswith(("http://", "https://")) or (
        page.startswith("https:") and url.startswith("http:")
    ):
        return {}
    return {"Referer": page if origin_of(page) == origin_of(url) else f"{origin_of(page)}/"}


def media_type(fields: Mapping[str, str]) -> str:
    """Give the media type in lower case without parameters, or ""."""
    return fields.get("content-type", "").partition(";")[0].strip().lower()


def unknown_packing(fields: Mapping[str, str]) -> str:
    """Give the content coding that cannot be undone, or ""."""
    named = re.split(r"[\s,]+", fields.get("content-encoding", "").lower())
    return next((one for one in named if one and one not in _PACKINGS), "")


def content_length(fields: Mapping[str, str]) -> int | None:
    """Give how many decoded bytes are announced, or None."""
    value = "" if "content-encoding" in fields else fields.get("content-length", "")
    return int(value) if _DIGITS.fullmatch(value) else None


def location(fields: Mapping[str, str], base: str) -> str | None:
    """Give the canonical address that a redirect names, or None."""
    value = fields.get("location", "")
    with suppress(UnicodeError):
        value = value.encode("latin-1").decode("utf-8")  # header bytes arrive as Latin-1
    return canonical(value, base=base) if value else None


def retry_after(fields: Mapping[str, str], now: datetime) -> datetime | None:
    """Give the end of a pause of at most a day (RFC 9110, 10.2.3)."""
    value = fields.get("retry-after", "")
    if _DIGITS.fullmatch(value):
        return now + min(timedelta(seconds=min(int(value), 10**6)), LONGEST_PAUSE)
    try:
        found = parsedate_to_datetime(value)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(found, now + timedelta(seconds=1)), now + LONGEST_PAUSE)


def _one_line(value: str) -> str:
    """Give a value without what no header can carry."""
    return _UNSENDABLE.sub(" ", value[:MAX_VALUE]).strip()

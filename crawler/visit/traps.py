"""Pages that lead nowhere, such as endless calendars. Pure."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from crawler.reasons import Cause, Reason
from crawler.settings import Plan

MAX_QUERY_PARTS = 8
MAX_REPEATS = 2  # of one path segment, as Heritrix permits
MAX_SAME_NUMBERS = 5  # of one number, as albums and dates have them
_FURTHER_PAGE = re.compile(
    r"/(?:page|seite|pagina|p)[/-]?\d{1,4}(?:\.\w{3,5})?/?(?:\?|$)|"
    r"[?&](?:page|paged|pg|p|seite|offset|start|from)=\d{1,6}(?:&|$)|"
    r"/(?:19|20)\d\d(?:/\d\d?){0,2}/?(?:page/\d{1,4}/?)?(?:\?|$)",
    re.IGNORECASE,
)
_VARYING = re.compile(r"(?=[a-z]*\d)[a-z0-9]{8,}|\d+", re.IGNORECASE)


class TrapFinder:
    """Counts the pages of one shape that show nothing new."""

    def __init__(self, barren: Mapping[str, int], plan: Plan) -> None:
        """Go on with the counts of the slice before."""
        self._barren, self._plan = dict(barren), plan

    @property
    def barren(self) -> dict[str, int]:
        """Pages in a row without a new image, by shape."""
        return {shape: count for shape, count in self._barren.items() if count > 1}

    def count(self, url: str, new_images: int) -> None:
        """Count what a page has shown."""
        shape = shape_of(url)
        if new_images:
            self._barren.pop(shape, None)
        else:
            self._barren[shape] = self._barren.get(shape, 0) + 1

    def refusal(self, url: str, depth: int) -> Reason | None:
        """Say why a page is left alone, or None."""
        if depth > self._plan.depth:
            return Reason(Cause.TOO_DEEP, str(self._plan.depth))
        if self._barren and self._barren.get(shape_of(url), 0) >= self._plan.barren:
            return Reason(Cause.TRAP_BARREN, str(self._plan.barren))
        return endless(url)


def shape_of(url: str) -> str:
    """Give what the pages of one kind have in common."""
    parts = urlsplit(url)
    names = ",".join(sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}))
    return f"{parts.netloc}{_VARYING.sub('#', parts.path)}?{names}"


def is_further_page(url: str) -> bool:
    """Tell whether an address is a further page of a list, or of an archive by date."""
    return _FURTHER_PAGE.search(url) is not None


def endless(url: str) -> Reason | None:
    """Say why an address looks endless or repeating by itself, or None."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    if any(
        segments.count(one) > (MAX_SAME_NUMBERS if one.isdigit() else MAX_REPEATS) for one in set(segments)
    ):
        return Reason(Cause.TRAP_PATH)
    if parts.query.count("&") >= MAX_QUERY_PARTS:
        return Reason(Cause.TRAP_QUERY, str(MAX_QUERY_PARTS))
    return None

"""What a night could not see at a site, in sentences."""

from dataclasses import dataclass

from crawler.extract.signals import Signal
from crawler.model import Site, Standing
from crawler.reasons import BOUNDS, ROBOTS, Cause, Reason
from crawler.store.coverage import SiteCoverage

_MANY = 0.2
_FEWEST = 5
_DROP = 10
_OWN = frozenset(  # an address's own fault, which says nothing about the visit
    (
        *(str(cause) for cause in (Cause.UNREADABLE, Cause.NO_PICTURE, Cause.EMPTY)),
        *(Reason(Cause.STATUS, status).trouble for status in ("404", "410")),
    )
)
_SIGNS: dict[str, str] = {
    Signal.LOGIN: "ask for a login",
    Signal.BOT_BLOCK: "show a bot block instead of their content",
    Signal.PARKED: "belong to a parked domain",
    Signal.SCRIPT_BUILT: "are built by scripts and show no picture without them",
    Signal.COOKIE_WALL: "ask for consent to cookies before they show anything",
    Signal.ELSEWHERE: "show albums or films at other hosts, which are not looked at",
    Signal.TOO_LONG: "name pictures whose addresses are too long to be asked for",
    Signal.TOO_DEEP: "are nested so deeply that they were read in pieces",
    Signal.CUT: "were read in part: each is larger than what is read of one",
    Signal.NO_IMAGE_INDEX: "ask that their images are not indexed (noted; it does not forbid a visit)",
}


@dataclass(frozen=True, slots=True)
class BlindSpots:
    """What was not seen, in sentences.

    `missed` says that the visit did not go as planned.
    """

    sentences: tuple[str, ...]
    missed: bool


def blind_spots(
    site: Site, seen: SiteCoverage, *, limit: Reason | None = None, crash: str = ""
) -> BlindSpots:
    """Name all that keeps a quiet site from being called clean.

    `limit` is the bound that ended the visit; `crash` what it broke off with.
    """
    missed = [f"the visit broke off: {crash}"] if crash else []
    missed += _start(site, seen)
    missed += _failures(seen)
    told = [limit.sentence()] if limit else []
    if seen.left:
        told.append(f"{seen.left} addresses are left for the next night")
    told += _signs(seen)
    told += _skips(seen)
    told += _pictures(seen)
    return BlindSpots(tuple(dict.fromkeys(missed + told)), bool(missed))


def _start(site: Site, seen: SiteCoverage) -> list[str]:
    why = seen.start_reason.sentence(site.url) if seen.start_reason else ""
    if seen.robots:
        return [seen.robots]
    if seen.start in (Standing.FAILED, Standing.GONE):
        return [f"the start page {site.url} could not be read: {why}"]
    if seen.start is Standing.SKIPPED:
        return [f"the start page {site.url} was left alone: {why}"]
    return []


def _failures(seen: SiteCoverage) -> list[str]:
    found = []
    total = max(1, seen.tally.pages + seen.tally.images + seen.tally.unchanged + seen.tally.failed)
    for trouble, count in seen.troubles:
        if trouble in _OWN:
            continue
        if count >= _FEWEST and count / total >= _MANY:
            found.append(f"{count} of {total} requests ended with {trouble}")
    return found


def _signs(seen: SiteCoverage) -> list[str]:
    found = []
    pages = max(1, seen.pages)
    for sign, count in seen.signs:
        if sign == Signal.CUT:
            found.append(f"{count} pages, style sheets or sitemaps {_SIGNS[sign]}")
            continue
        share = count / pages
        if sign in seen.start_signs or share >= _MANY:
            where = "the start page among them" if sign in seen.start_signs else "not the start page"
            found.append(f"{count} of {pages} pages {_SIGNS.get(sign, sign)} ({where})")
    return found


def _skips(seen: SiteCoverage) -> list[str]:
    found = [
        f"{count} addresses were left alone: {why}" for cause, why, count in seen.skips if cause in BOUNDS
    ]
    barred = sum(count for cause, _, count in seen.skips if cause in ROBOTS)
    if barred and seen.start is not Standing.SKIPPED:
        found.append(f"robots.txt forbids {barred} addresses, which were left alone")
    return found


def _pictures(seen: SiteCoverage) -> list[str]:
    if seen.images_lost >= _DROP and seen.images < _MANY * seen.images_lost:
        before = seen.images + seen.images_lost
        return [f"pictures went from {before} to {seen.images}: look whether the site hides them from us"]
    if seen.pages and not seen.images_ever:
        return ["no picture was seen on any page"]
    if seen.images_too_large:
        return [f"{seen.images_too_large} pictures are larger than is fetched or looked at"]
    return []

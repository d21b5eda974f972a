"""Signs that a page hides its pictures: a login wall, a bot block, a parked domain, scripts. Pure."""

import re

LOGIN = "login wall"
BOT_BLOCK = "bot block"
PARKED = "parked domain"
SCRIPT_BUILT = "built by scripts"
NO_IMAGE_INDEX = "asks that its images are not indexed"
TOO_DEEP = "nested too deeply"
CUT = "read in part"

_BOT = re.compile(
    r"just a moment\.\.\.|attention required!|checking your browser|verify (?:that )?you are (?:a )?human|"
    r"access denied|are you a robot|cf-challenge|captcha-delivery|request unsuccessful\. incapsula|"
    r"pardon our interruption",
    re.IGNORECASE,
)
_PARKED = re.compile(
    r"this domain (?:name )?(?:is|may be) for sale|buy this domain|domain (?:is )?parked|"
    r"parked free|sedoparking|"
    r"domain has expired|related searches.{0,80}privacy policy",
    re.IGNORECASE | re.DOTALL,
)
_APP_ROOT = re.compile(
    r"<div[^<>]{1,300}?id=[\"'](?:root|app|__next|__nuxt|gatsby-focus-wrapper)[\"'][^<>]{0,300}>\s{0,300}+</div>",
    re.IGNORECASE,
)
_NEEDS_SCRIPT = re.compile(r"(?:enable|requires?|need[s]?) (?:to run this app|java ?script)", re.IGNORECASE)
_MARKED = {"noimageindex": NO_IMAGE_INDEX, "too-deep": TOO_DEEP, "cut": CUT}
_SHORT = 15_000
_FEW = 3


def signals_of(text: str, title: str, *, images: int, marks: frozenset[str]) -> tuple[str, ...]:
    """Name the signs on one page.

    Args:
        text: The page's markup.
        title: Its title.
        images: How many different images were found on it.
        marks: What the walk noticed: "password", "next-data", "noimageindex", "too-deep", "cut".
    """
    found = [sign for mark, sign in _MARKED.items() if mark in marks]
    if images >= _FEW:
        return tuple(found)
    if "password" in marks:
        found.append(LOGIN)
    start = title if len(text) > _SHORT else f"{title}\n{text}"
    if _BOT.search(start):
        found.append(BOT_BLOCK)
    if _PARKED.search(start):
        found.append(PARKED)
    if images == 0 and ("next-data" in marks or _APP_ROOT.search(text) or _NEEDS_SCRIPT.search(start)):
        found.append(SCRIPT_BUILT)
    return tuple(found)

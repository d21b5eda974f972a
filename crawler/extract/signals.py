"""Signs that a page hides its pictures. Pure."""

import re
from collections.abc import Iterator
from enum import StrEnum


class Signal(StrEnum):
    """Why a page's pictures may not all be seen."""

    LOGIN = "login wall"
    BOT_BLOCK = "bot block"
    PARKED = "parked domain"
    SCRIPT_BUILT = "built by scripts"
    NO_IMAGE_INDEX = "asks that its images are not indexed"
    TOO_DEEP = "nested too deeply"
    CUT = "read in part"
    COOKIE_WALL = "cookie wall"
    ELSEWHERE = "shows albums at other hosts"
    TOO_LONG = "names addresses that are too long to be asked for"


_BOT = re.compile(
    r"just a moment\.\.\.|attention required!|checking your browser|verify (?:that )?you are (?:a )?human|"
    r"access denied|are you a robot|cf-challenge|captcha-delivery|request unsuccessful\. incapsula|"
    r"pardon our interruption",
    re.IGNORECASE,
)
_COOKIES = re.compile(
    r"(?:accept|enable|allow|agree to|consent to)[^<>.]{0,60}cookies?[^<>.]{0,60}"
    r"to (?:continue|proceed|view|see|access|enter|use)|"
    r"to (?:continue|proceed|view|see|access|enter)[^<>.]{0,60}(?:accept|enable|allow|agree to)[^<>.]{0,40}cookies?|"
    r"cookies? (?:must be|are) (?:enabled|required)",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"https?://(?:(?:www\.)?instagram\.com/(?:p|reel)/|"
    r"(?:www\.)?youtube(?:-nocookie)?\.com/(?:watch|embed|shorts|playlist)|youtu\.be/|player\.vimeo\.com/|"
    r"drive\.google\.com/|photos\.google\.com/|photos\.app\.goo\.gl/|(?:www\.)?flickr\.com/(?:photos|gp)/|flic\.kr/|"
    r"(?:www\.)?facebook\.com/(?:media|[^/\s\"'>]+/(?:photos|albums))|(?:www\.)?dropbox\.com/(?:s|sh|scl)/|"
    r"(?:www\.)?imgur\.com/(?:a|gallery)/|1drv\.ms/|(?:www\.)?icloud\.com/sharedalbum|(?:www\.)?pinterest\.[a-z.]+/pin/|"
    r"[\w-]+\.smugmug\.com/)",
    re.IGNORECASE,
)
_PARKED = re.compile(
    r"this domain (?:name )?(?:is|may be) for sale|buy this domain|domain (?:is )?parked|"
    r"parked free|sedoparking|"
    r"domain has expired|related searches.{0,80}privacy policy",
    re.IGNORECASE | re.DOTALL,
)
_APP_ROOT = re.compile(
    r"<div[^<>]{1,300}?id=[\"'](?:root|app|__next|__nuxt|gatsby-focus-wrapper|[\w-]{0,30}(?:gallery|galerie|portfolio|before-?after)[\w-]{0,30})[\"'][^<>]{0,300}>\s{0,300}+</div>",
    re.IGNORECASE,
)
_NEEDS_SCRIPT = re.compile(r"(?:enable|requires?|need[s]?) (?:to run this app|java ?script)", re.IGNORECASE)
_SHORT = 15_000
_FEW = 3


def is_album_elsewhere(link: str) -> bool:
    """Tell whether a canonical address is an album or film at a well-known host."""
    return _ELSEWHERE.match(link) is not None


def signals_of(
    markup: str, title: str, *, images: int, has_password: bool, has_state: bool
) -> Iterator[Signal]:
    """Name what hides the pictures of a page with few.

    `images` counts the different ones on it; `has_state` says that it holds the state of a script application.
    """
    if images >= _FEW:
        return
    start = title if len(markup) > _SHORT else f"{title}\n{markup}"
    if has_password:
        yield Signal.LOGIN
    if _BOT.search(start):
        yield Signal.BOT_BLOCK
    if _PARKED.search(start):
        yield Signal.PARKED
    if _COOKIES.search(start):
        yield Signal.COOKIE_WALL
    if images < _FEW and (has_state or _APP_ROOT.search(markup) or _NEEDS_SCRIPT.search(start)):
        yield Signal.SCRIPT_BUILT

"""From a served variant of a picture to its original. Pure."""

import re
from collections.abc import Callable
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit, urlunsplit

from crawler.urls import canonical

_SIZES = re.compile(r"-\d{2,5}x\d{2,5}(?=\.(?:jpe?g|png|webp|avif|gif)$)", re.IGNORECASE)
_SCALED = re.compile(r"-(?:scaled|rotated|e\d{10,})(?=\.(?:jpe?g|png|webp|avif|gif)$)", re.IGNORECASE)
_CLOUDINARY = re.compile(r"(/image/(?:upload|fetch)/)((?:[a-z]{1,3}_[^/]+(?:,[a-z]{1,3}_[^/]+)*/)+)(.+)")
_WIX = re.compile(r"^(/media/[^/]+\.(?:jpe?g|png|webp|avif|gif))/v1/.+", re.IGNORECASE)
_SHOPIFY = re.compile(
    r"_(?:pico|icon|thumb|small|compact|medium|large|grande|master|original|\d*x\d*)"
    r"(?:_crop_\w+)?(?:@\dx)?(?=\.(?:jpe?g|png|webp|avif|gif)$)",
    re.IGNORECASE,
)
_WEBP_TWIN = re.compile(r"\.(jpe?g|png)\.(?:webp|avif)$", re.IGNORECASE)
_RESIZING = frozenset({
    "w", "h", "width", "height", "fit", "crop", "resize", "q", "quality", "auto", "fm", "format", "dpr",
    "ssl", "strip", "zoom", "sharp", "ixlib", "s", "rect",
})  # fmt: skip
_RESIZERS = ("imgix.net", "squarespace-cdn.com", "shopify.com", "wp.com", "contentful.net", "ctfassets.net")


def originals_of(url: str) -> tuple[str, ...]:
    """Give the addresses of a shown variant's probable originals.

    Only addresses derived from well-known schemes are given, at most three: WordPress sizes, Photon,
    next/image and other proxies with a `url=` parameter, Cloudinary, imgix, Wix, Shopify, Squarespace.
    """
    found: list[str] = []
    parts = urlsplit(url)
    for rule in _RULES:
        made = rule(parts)
        spelled = canonical(made, base=url) if made and made != url else None
        if spelled and spelled != url and spelled not in found:
            found.append(spelled)
    return tuple(found[:3])


def _with_path(parts: SplitResult, path: str) -> str:
    return urlunsplit(parts._replace(path=path))


def _wordpress(parts: SplitResult) -> str:
    return _with_path(parts, _SCALED.sub("", _SIZES.sub("", parts.path)))


def _photon(parts: SplitResult) -> str:
    return f"https://{parts.path.lstrip('/')}" if re.fullmatch(r"i\d\.wp\.com", parts.netloc) else ""


def _proxied(parts: SplitResult) -> str:
    fields = parse_qs(parts.query) if "=" in parts.query else {}
    for name in ("url", "src", "image", "img", "u", "imgurl"):
        for value in fields.get(name, ()):
            if value.startswith(("http://", "https://", "/")):
                return value
    return ""


def _embedded(parts: SplitResult) -> str:
    """Take a whole address inside the path (Thumbor, imgproxy, Cloudinary fetch)."""
    found = re.search(r"/(https?:/{1,2}[^/].*)$", unquote(parts.path))
    return re.sub(r"^(https?:)/+", r"\1//", found[1]) if found else ""


def _cloudinary(parts: SplitResult) -> str:
    found = _CLOUDINARY.search(parts.path)
    return _with_path(parts, parts.path[: found.start()] + found[1] + found[3]) if found else ""


def _wix(parts: SplitResult) -> str:
    found = _WIX.match(parts.path)
    return _with_path(parts, found[1]) if found and parts.netloc.endswith("wixstatic.com") else ""


def _shopify(parts: SplitResult) -> str:
    if "cdn.shopify.com" not in parts.netloc and "/cdn/shop/" not in parts.path:
        return ""
    return _with_path(parts, _SHOPIFY.sub("", parts.path))


def _resized(parts: SplitResult) -> str:
    """Drop parameters that only ask for a size (imgix, Squarespace)."""
    if not parts.query:
        return ""
    names = {part.partition("=")[0].lower() for part in parts.query.split("&")}
    known_host = parts.netloc.endswith(_RESIZERS)
    if names <= _RESIZING and (known_host or names & {"w", "width", "h", "height", "resize", "fit"}):
        return urlunsplit(parts._replace(query=""))
    if parts.netloc.endswith("squarespace-cdn.com"):
        return urlunsplit(parts._replace(query="format=original"))
    return ""


def _webp_twin(parts: SplitResult) -> str:
    return _with_path(parts, _WEBP_TWIN.sub(r".\1", parts.path))


_RULES: tuple[Callable[[SplitResult], str], ...] = (
    _proxied,
    _photon,
    _embedded,
    _cloudinary,
    _wix,
    _shopify,
    _wordpress,
    _resized,
    _webp_twin,
)

"""Images named inside CSS, JSON, scripts and data URIs. Pure."""

import base64
import binascii
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, unquote_to_bytes

from crawler.urls import names_an_image

MAX_INLINE_BYTES = 8 * 1024 * 1024
# Possessive, and never without success once begun, so that a hostile sheet is read over once only.
_CSS_URL = re.compile(
    r"url\(\s*+(?:\"((?:\\[\s\S]?|[^\"\\])*+)\"?|'((?:\\[\s\S]?|[^'\\])*+)'?|((?:\\[\s\S]?|[^)\\\s])*+))",
    re.IGNORECASE,
)
_CSS_END = re.compile(r"\s{0,50}+(?:\)|\Z)")
_CSS_SET = re.compile(r"image-set\(((?:[^()]|\([^()]*+\))*+)\)", re.IGNORECASE)
_SRCSET_URL = re.compile(r"[ \t\r\n\f,]*+(\S+)")
_CSS_IMPORT = re.compile(r"@import\s+(?:url\(\s*)?[\"']?([^\"')\s;]+)", re.IGNORECASE)
_CSS_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)")
_QUOTED = re.compile(
    r"\"([^\"\\\n]{4,4000}(?:\\.[^\"\\\n]*)*)\"|'([^'\\\n]{4,4000}(?:\\.[^'\\\n]*)*)'|`([^`\n]{4,2000})`"
)
_MOST_TEXT = 1024 * 1024
_RUN = re.compile(r"(?:https?:)?//[^\s\"'<>()\\]{1,2000}+", re.IGNORECASE)
_START = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_ENDING = re.compile(r"\.(?:jpe?g|png|webp|avif|gif|hei[cf]|bmp|tiff?)(?:\?\S*+)?(?![\w.])", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{\s?(?:width|w|size)\s?\}|%7B(?:width|w|size)%7D", re.IGNORECASE)
_USUAL_WIDTH = 1080
_WIX_MEDIA = "https://static.wixstatic.com/media/"
_INTERCHANGE = re.compile(r"\[\s*+([^\s,\[\]\"']{4,2000}+)\s*+,")
_ARGUMENT = re.compile(r"(?<=[\"'`(])[^\s\"'`()<>{}]{4,2000}+(?=[\"'`)])")
_REFRESH = re.compile(r"\s*+\d*+[\d.]*+(?:\s*+[;,]\s*+|\s++)(?:url\s*+=\s*+)?+(\S[\s\S]*+)", re.IGNORECASE)
_WIX = re.compile(
    r"(?<![\w/])[0-9a-f]{6,32}_[0-9a-f]{32}~mv2(?:_d_\w+)?\.(?:jpe?g|png|webp|gif|avif)", re.IGNORECASE
)
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_DATA = re.compile(r"data:image/[\w.+-]+(?:;[\w=.+-]+)*,", re.IGNORECASE)
_IMAGE_KEYS = frozenset({
    "image", "images", "img", "src", "url", "contenturl", "thumbnail", "thumbnailurl", "thumb", "photo",
    "picture", "poster", "logo", "original", "full", "large",
})  # fmt: skip


def srcset(value: str) -> Iterator[str]:
    """Give the addresses of a srcset, which may hold commas themselves.

    Source: HTML standard, "parse a srcset attribute".
    """
    at = 0
    while found := _SRCSET_URL.match(value, at):
        at = found.end()
        if found[1].endswith(","):
            yield found[1].rstrip(",")
            continue
        yield found[1]
        depth = 0
        while at < len(value) and (value[at] != "," or depth > 0):
            depth += (value[at] == "(") - (value[at] == ")")
            at += 1


def templated(references: Iterable[str], widths_said: str | None) -> Iterator[str]:
    """Give addresses with a shop's `{width}` filled in by its largest.

    Source: lazysizes rias, as Shopify's themes use it.
    """
    for reference in references:
        if not ("{" in reference or "%7" in reference) or not _TEMPLATE.search(reference):
            yield reference
            continue
        widths = [int(number) for number in re.findall(r"\d{2,4}", widths_said or "")]
        yield _TEMPLATE.sub(str(max(widths, default=_USUAL_WIDTH)), reference)


def css_urls(text: str) -> Iterator[str]:
    """Give every address that CSS names by url() or image-set()."""
    if "(" not in text:
        return
    for found in _CSS_URL.finditer(text):
        raw = next((group for group in found.groups() if group is not None), "")
        if raw and _CSS_END.match(text, found.end()):
            yield _unescaped_css(raw)
    for group in _CSS_SET.finditer(text):
        for quoted in re.finditer(r"[\"']([^\"']+)[\"']", group[1]):
            yield _unescaped_css(quoted[1])


def css_imports(text: str) -> Iterator[str]:
    """Give the style sheets that a style sheet imports."""
    for found in _CSS_IMPORT.finditer(text):
        yield found[1]


def _unescaped_css(text: str) -> str:
    if "\\" not in text:
        return text

    def plain(found: re.Match[str]) -> str:
        return chr(min(int(found[1], 16), 0x10FFFF)) if found[1] else found[2]

    return _CSS_ESCAPE.sub(plain, text)


def json_images(value: object, *, named: bool = False, depth: int = 0) -> Iterator[str]:
    """Give the strings in parsed JSON whose ending or key names an image."""
    if depth > 60:  # noqa: PLR2004 (JSON that deep is an attack)
        return
    if isinstance(value, str):
        yield from _string_images(value, named=named)
    elif isinstance(value, list):
        for item in value:
            yield from json_images(item, named=named, depth=depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            about_images = str(key).lower() in _IMAGE_KEYS and str(key).lower() != "url"
            inside = named and str(key).lower() in _IMAGE_KEYS
            yield from json_images(item, named=about_images or inside, depth=depth + 1)


def _string_images(value: str, *, named: bool) -> Iterator[str]:
    if "~mv2" in value and _WIX.fullmatch(value):
        yield _WIX_MEDIA + value
    elif value.startswith("data:image/") or names_an_image(value) or (named and "/" in value):
        yield value
    elif "<img" in value or "&lt;img" in value:
        yield from text_images(html.unescape(value))


def text_images(text: str) -> Iterator[str]:
    r"""Give what looks like an image's address in a script."""
    text = text[:_MOST_TEXT]
    if "\\" in text:
        text = _UNICODE.sub(lambda found: chr(int(found[1] or found[2], 16)), text).replace("\\/", "/")
        text = text.replace('\\"', '"')
    for found in _QUOTED.finditer(text):
        inner = found[1] or found[2] or found[3]
        if "~mv2" in inner and _WIX.fullmatch(inner):
            yield _WIX_MEDIA + inner
        elif names_an_image(inner) and not re.search(r"[\s<>{}]", inner):
            yield inner
        elif "," in inner and " " in inner and names_an_image(inner.split(" ", 1)[0]):
            yield from srcset(inner)
        elif "&quot;" in inner or "%2F" in inner or "%2f" in inner:
            yield from _bare(html.unescape(unquote(inner)))
    yield from _bare(html.unescape(text))
    if "url(" in text:
        yield from css_urls(html.unescape(text))


def _bare(text: str) -> Iterator[str]:
    """Find what begins like an address and ends like a picture."""
    for run in _RUN.finditer(text):
        begun = 0
        for ending in _ENDING.finditer(run[0]):
            start = _START.search(run[0], begun)
            if start is not None and start.end() < ending.start():
                yield run[0][start.start() : ending.end()]
                begun = ending.end()


def script_images(text: str, kind: str) -> Iterator[str]:
    """Give the images that a script element names."""
    stripped = text.strip().removeprefix("<!--").removesuffix("-->").strip()
    if "json" in kind or stripped.startswith(("{", "[")):
        try:
            yield from json_images(json.loads(stripped))
        except (ValueError, RecursionError):
            pass
        else:
            return
    yield from text_images(stripped)


def refresh_target(value: str) -> str:
    """Give the address of a refresh, in a header or a meta element, or "".

    Source: HTML standard, "shared declarative refresh steps".
    """
    found = _REFRESH.match(value)
    if found is None:
        return ""
    target = found[1].strip()
    quote = target[:1]
    return target[1:].partition(quote)[0] if quote in ("'", '"') else target


def handler_images(value: str) -> Iterator[str]:
    """Give the images that an event handler names, such as `onmouseover`."""
    for found in _ARGUMENT.finditer(html.unescape(value) if "&" in value else value):
        if names_an_image(found[0]):
            yield found[0].replace("\\/", "/")


def json_attribute(value: str) -> Iterator[str]:
    """Give the images in an attribute that holds JSON or nearly so."""
    try:
        yield from json_images(json.loads(value))
    except (ValueError, RecursionError):
        yield from text_images(value)
        for found in _INTERCHANGE.finditer(value):  # as Foundation writes it
            if names_an_image(found[1]):
                yield found[1]


def inline_body(uri: str) -> bytes | None:
    """Decode an image's data URI, or give None."""
    if not _DATA.match(uri) or len(uri) > MAX_INLINE_BYTES * 2:
        return None
    head, _, payload = uri.partition(",")
    try:
        if head.lower().endswith(";base64"):
            squeezed = re.sub(r"\s+", "", unquote(payload)).rstrip("=")
            body = base64.b64decode(squeezed + "=" * (-len(squeezed) % 4), validate=False)
        else:
            body = unquote_to_bytes(payload)
    except (binascii.Error, ValueError):
        return None
    return body if 0 < len(body) <= MAX_INLINE_BYTES else None


def inline_name(uri: str, body: bytes) -> str:
    """Name an inline image by its type and SHA-256."""
    kind = uri[5 : uri.find(",")].partition(";")[0].lower()
    return f"data:{kind};sha256,{hashlib.sha256(body).hexdigest()}"

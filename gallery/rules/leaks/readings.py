"""How bytes can be read as text."""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote_plus

_TAG = re.compile(r"<[^<>]{0,2000}>")
_UNICODE_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}={0,2}")
_MARKS = re.compile("[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff]")  # accents, soft hyphens, unseen joiners

# Times at which something was published are public; a photograph taken the same day is not betrayed by them.
_PUBLIC_TIME = re.compile(
    r"<(?P<element>updated|published|lastmod|pubDate|lastBuildDate)>[^<]{0,60}</(?P=element)>"
    r'|"(?:datePublished|dateModified|uploadDate)"\s*:\s*"[^"]{0,60}"'
    r'|"article:(?:published|modified)_time"\s+content="[^"]{0,60}"'
)


def readings(data: bytes) -> list[str]:
    """Give every way a browser or a search engine may read bytes."""
    texts = [_PUBLIC_TIME.sub(" ", data.decode("utf-8", "replace"))]
    if b"\0" in data:
        texts += [
            data[start:].decode(code, "ignore") for code in ("utf-16-le", "utf-16-be") for start in (0, 1)
        ]
    return list(dict.fromkeys(_folded(reading) for text in texts for reading in _spellings(text)))


def base64_in(data: bytes) -> Iterator[bytes]:
    """Yield what is written in base64 in these bytes."""
    for run in dict.fromkeys(_BASE64.findall(data)):
        body = run.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        body = body[: len(body) - (len(body) % 4 == 1)]
        try:
            yield base64.b64decode(body + b"=" * (-len(body) % 4))
        except binascii.Error:
            continue


def _spellings(text: str) -> Iterator[str]:
    yield text
    once = html.unescape(text) if "&" in text else text
    yield once
    if "<" in once:
        yield _TAG.sub(" ", once)
        yield _TAG.sub("", once)
    if "%" in once or "+" in once:
        yield unquote_plus(once)
        yield unquote_plus(unquote_plus(once))
    if "\\" in once:
        yield _UNICODE_ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), once)


def _folded(text: str) -> str:
    """Lower case without accents and unseen characters."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", text)))
    return text.casefold()

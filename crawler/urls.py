"""Canonical addresses, the scope of a site, and the parts of an address that only track a reader. Pure."""

import re
from functools import lru_cache
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

import tldextract
from w3lib.url import safe_url_string

from crawler.errors import BadUrlError

MAX_URL = 2000
MAX_QUERY_PARTS = 8
_PORTS = {"http": 80, "https": 443}
_PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%\[\]|]*")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_TRACKING = re.compile(
    r"(utm_\w+|gclid|gclsrc|dclid|gbraid|wbraid|fbclid|msclkid|yclid|twclid|ttclid|igshid|mc_[ce]id|_ga|_gl|"
    r"mkt_tok|_hs\w+|vero_id|oly_\w+_id|phpsessid|jsessionid|aspsessionid\w*|sessionid|session_id|sid|replytocom)",
    re.IGNORECASE,
)
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#;]*", re.IGNORECASE)
_IMAGE_NAME = re.compile(
    r"\.(?:jpe?g|jpe|jfif|png|webp|avif|gif|hei[cf]|bmp|tiff?|jxl|jp2|svgz?)(?:[?#&!;:]|$)", re.IGNORECASE
)
_HOST = re.compile(r"[a-z0-9._:\-]+")
_VARYING = re.compile(r"(?=[a-z]*\d)[a-z0-9]{8,}|\d+", re.IGNORECASE)
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def canonical(url: str, *, base: str = "", encoding: str = "utf-8") -> str | None:
    """Give the one spelling of an address, or None when it names nothing that can be visited.

    Relative addresses need `base`. Scheme and host in lower case (IDNs as punycode), default port, fragment,
    tracking and session parameters dropped, dot segments resolved, escapes in capital letters. Characters
    outside ASCII become UTF-8 in the path and the page's own encoding in the query, as browsers do.
    """
    try:
        return _canonical(url, _shared(base) if base and url and url[0] not in "?#" else base, encoding)
    except ValueError:  # the base is no address
        return None


@lru_cache(maxsize=4096)
def _shared(base: str) -> str:
    """Give the folder that a page stands in: whatever its neighbours link to, they mean the same by it."""
    return urljoin(base, ".")


@lru_cache(maxsize=65536)
def _canonical(url: str, base: str, encoding: str) -> str | None:
    """Work an address out once: a site's pages link to each other with the same words."""
    text = url.strip(" \t\r\n\f\0").replace("\n", "").replace("\r", "").replace("\t", "")
    try:
        joined = urljoin(base, text.replace("\\", "/")) if base else text
        if not _PLAIN.fullmatch(joined):
            joined = safe_url_string(joined, encoding=encoding)
        return _normal(joined)
    except (ValueError, UnicodeError, LookupError):
        return None


def _normal(url: str) -> str | None:
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    host = (parts.hostname or "").rstrip(".").lower()
    if scheme not in _PORTS or not host or parts.username is not None or len(url) > MAX_URL:
        return None
    if not _HOST.fullmatch(host) or "_" in host.split(".")[-1]:
        return None
    port = parts.port
    shown = f"[{host}]" if ":" in host else host
    place = shown if port in (None, _PORTS[scheme]) else f"{shown}:{port}"
    path = parts.path or "/"
    if ";" in path:
        path = _PATH_SESSION.sub("", path)
    if "/." in path:
        path = _without_dots(path)
    return urlunsplit((scheme, place, _escapes(path), _escapes(_query(parts.query)), ""))


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    tail = "/" if path.rsplit("/", 1)[-1] in {".", ".."} else ""
    return ("/".join(kept) + tail).replace("//", "/") or "/"


def _escapes(text: str) -> str:
    if "%" not in text:
        return text

    def plain(found: re.Match[str]) -> str:
        value = int(found[1], 16)
        return chr(value) if value in _UNRESERVED else f"%{found[1].upper()}"

    return _ESCAPE.sub(plain, text)


def _query(query: str) -> str:
    if not query:
        return ""
    parts = [part for part in query.split("&") if part]
    return "&".join(part for part in parts if not _TRACKING.fullmatch(part.partition("=")[0]))


def typed(text: str) -> str:
    """Give the canonical form of an address that a person typed; `https://` may be left out.

    Raises:
        BadUrlError: It is no http or https address.
    """
    wanted = text.strip()
    if "://" not in wanted and re.match(r"[^\s/:]+\.[^\s/.:]{2,}(?::\d+)?(?:/|$)", wanted):
        wanted = f"https://{wanted}"
    elif re.match(r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?(?:/|$)", wanted):
        wanted = f"http://{wanted}"
    found = canonical(wanted) if re.match(r"https?://", wanted, re.IGNORECASE) else None
    if found is None:
        raise BadUrlError(
            f"an address such as https://example.org/ was expected, found {text!r}",
            hint="only http and https addresses without user names can be visited",
        )
    return found


def host_of(url: str) -> str:
    """Give host, and port where it is not the default one: the unit of politeness and of robots.txt."""
    return urlsplit(url).netloc


def origin_of(url: str) -> str:
    """Give scheme, host and port, such as `https://example.org`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@lru_cache(maxsize=4096)
def registrable(host: str) -> str:
    """Give the domain that somebody registered (`example.co.uk`); for addresses the host itself.

    Source: the Public Suffix List as shipped with tldextract; nothing is downloaded.
    """
    name = host.rsplit(":", 1)[0] if host.count(":") == 1 else host
    return _suffixes(name).top_domain_under_public_suffix or host


def in_scope(url: str, site_url: str) -> bool:
    """Tell whether a page belongs to a site: same host and port, with or without `www.`, any scheme."""
    return _bare(host_of(url)) == _bare(host_of(site_url))


def _bare(host: str) -> str:
    return host.removeprefix("www.")


@lru_cache(maxsize=65536)
def names_an_image(url: str) -> bool:
    """Tell whether an address looks like that of a picture, by the ending of its path or of a parameter."""
    return _IMAGE_NAME.search(url) is not None


def shape_of(url: str) -> str:
    """Give what addresses of one kind have in common: numbers and tokens as `#`, parameters by name.

    A calendar's endless pages share one shape, so that a budget can be set for it.
    """
    parts = urlsplit(url)
    names = ",".join(sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}))
    return f"{parts.netloc}{_VARYING.sub('#', parts.path)}?{names}"


def is_trap(url: str) -> str:
    """Say why a page's address looks like a trap (endless, repeating), or give "" when it does not."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    if any(segments.count(segment) > 2 for segment in set(segments)):  # noqa: PLR2004 (Heritrix's limit)
        return "a path that repeats itself"
    if parts.query.count("&") >= MAX_QUERY_PARTS:
        return f"more than {MAX_QUERY_PARTS} parameters"
    return ""

"""Canonical URLs, and whose they are. Pure."""

import re
from functools import lru_cache
from urllib.parse import quote

import ada_url
import tldextract

from crawler.errors import BadUrlError

MAX_URL = 8000  # what servers take, by default, of a request line
_PARTS = re.compile(
    r"(https?)://([a-z0-9._-]*[a-z0-9_-]|\[[0-9a-f:.]+\])\.*(:\d+)?(/[^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SESSION_ID = r"(?=[a-z]*\d)(?=\d*[a-z])(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-z]{26})"  # as PHP makes them
_IGNORED = re.compile(
    r"(?:utm_\w+|gclid|gclsrc|dclid|gbraid|wbraid|fbclid|msclkid|yclid|twclid|ttclid|igshid|mc_[ce]id|_ga|_gl|"
    r"mkt_tok|_hs\w+|vero_id|oly_\w+_id|replytocom|phpsessid|jsessionid|aspsessionid\w*)(?:=.*)?|"
    rf"(?:sid|session_?id)={_SESSION_ID}",
    re.IGNORECASE | re.DOTALL,
)
_PATH_SESSION = re.compile(
    rf";(?:(?:jsessionid|phpsessid)=[^/;]*|sid={_SESSION_ID}(?=[/;]|$))", re.IGNORECASE
)
_IMAGE_NAME = re.compile(
    r"\.(?:jpe?g|jpe|jfif|png|webp|avif|gif|hei[cf]|bmp|tiff?|jxl|jp2|svgz?)(?:[?#&!;:]|$)", re.IGNORECASE
)
_DOCUMENT_NAME = re.compile(r"\.pdf(?:[?#&!;:]|$)", re.IGNORECASE)
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def canonical(url: str, *, base: str = "", encoding: str = "utf-8") -> str | None:
    """Give the one spelling of an address, or None.

    Joined and spelled by the WHATWG URL standard (hosts by UTS 46, non-transitional). Beyond it, a fragment,
    a host's last dot, tracking parameters and session ids are dropped, and escapes have one spelling.

    Args:
        url: As written; relative ones need `base`.
        base: The address of the page that names it.
        encoding: The page's character set, in which browsers send what is not ASCII in a query.
    """
    if url.startswith(("http://", "https://")):
        base = ""  # so that what other pages call the same is worked out once
    elif base and url and url[0] > " " and url[0] not in "?#" and ":" not in url:
        base = _folder(base)  # in which all pages of a folder mean the same
    return _canonical(url, base, encoding)


@lru_cache(maxsize=4096)
def _folder(base: str) -> str:
    try:
        return ada_url.join_url(base, ".")
    except ValueError:
        return base


@lru_cache(maxsize=65536)
def _canonical(url: str, base: str, encoding: str) -> str | None:
    if not url.isascii() and not encoding.startswith("utf"):
        url = _in_charset(encoding, url)
    try:
        spelled = ada_url.join_url(base, url) if base else ada_url.normalize_url(url)
    except ValueError:
        return None
    parts = _PARTS.fullmatch(spelled)
    if parts is None:
        return None
    scheme, host, port, path, query = parts.groups()
    path = _escapes(path)
    if ";" in path and (bare := _PATH_SESSION.sub("", path)) != path:
        return _canonical(
            f"{scheme}://{host}{port or ''}{bare}{'?' if query else ''}{query or ''}", "", "utf-8"
        )
    found = f"{scheme}://{host}{port or ''}{path}"
    if query:
        kept = "&".join(part for part in _escapes(query).split("&") if part and not _IGNORED.fullmatch(part))
        found = f"{found}?{kept}" if kept else found
    return found if len(found) <= MAX_URL else None


def _in_charset(encoding: str, url: str) -> str:
    """Escape a query in a page's character set."""
    before, mark, query = url.partition("?")

    def escaped(found: re.Match[str]) -> str:
        return quote(found[0], safe="", encoding=encoding, errors="xmlcharrefreplace")

    try:
        return before + mark + _NOT_ASCII.sub(escaped, query)
    except LookupError:
        return url


def _escapes(text: str) -> str:
    """Give escapes their one spelling (RFC 3986, 6.2.2)."""
    if "%" not in text or _LONE_PERCENT.search(text):  # undone beside a lone one, others would come about
        return text

    def plain(found: re.Match[str]) -> str:
        value = int(found[1], 16)
        return chr(value) if value in _UNRESERVED else f"%{found[1].upper()}"

    return _ESCAPE.sub(plain, text)


def typed(text: str) -> str:
    """Give the canonical form of an address that a person typed.

    Raises:
        BadUrlError: It is no http or https address.
    """
    wanted = text.strip()
    if "://" not in wanted and re.match(r"[^\s/:]+\.[^\s/.:]{2,}(?::\d+)?(?:/|$)", wanted):
        wanted = f"https://{wanted}"
    elif re.match(r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?(?:/|$)", wanted):
        wanted = f"http://{wanted}"
    found = canonical(wanted) if re.match(r"https?://[^/\\]", wanted, re.IGNORECASE) else None
    if found is None:
        raise BadUrlError(
            f"an address such as https://example.org/ was expected, found {text!r}",
            hint="only http and https addresses without user names can be visited",
        )
    return found


def host_of(url: str) -> str:
    """Give host, and port where it is not the default one."""
    return url.split("/", 3)[2]


def origin_of(url: str) -> str:
    """Give scheme, host and port, such as `https://example.org`."""
    return "/".join(url.split("/", 3)[:3])


@lru_cache(maxsize=4096)
def registrable(host: str) -> str:
    """Give the domain that somebody registered, such as `example.co.uk`.

    Source: the Public Suffix List as shipped with tldextract; nothing is downloaded.
    """
    name = host.rsplit(":", 1)[0] if host.count(":") == 1 else host
    return _suffixes(name).top_domain_under_public_suffix or host


def same_owner(url: str, other: str) -> bool:
    """Tell whether two addresses are under one registered domain."""
    return registrable(host_of(url)) == registrable(host_of(other))


def in_scope(url: str, site_url: str) -> bool:
    """Tell whether a page belongs to a site, whatever scheme or `www.`."""
    return _bare(host_of(url)) == _bare(host_of(site_url))


def _bare(host: str) -> str:
    return host.removeprefix("www.")


@lru_cache(maxsize=65536)
def names_an_image(url: str) -> bool:
    """Tell whether an address ends like that of a picture."""
    return _IMAGE_NAME.search(url) is not None


@lru_cache(maxsize=65536)
def names_a_document(url: str) -> bool:
    """Tell whether an address ends like that of a PDF."""
    return _DOCUMENT_NAME.search(url) is not None

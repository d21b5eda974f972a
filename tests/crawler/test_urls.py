"""One spelling for each address, so that nothing is visited twice, and a clear scope."""

import ada_url
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.errors import BadUrlError
from crawler.extract.originals import originals_of
from crawler.urls import (
    MAX_URL,
    canonical,
    host_of,
    in_scope,
    names_an_image,
    origin_of,
    registrable,
    same_owner,
    typed,
)
from crawler.visit.traps import endless, shape_of

SPELLINGS = [
    ("HTTP://Example.org:80/a/../b/./c?utm_source=x&a=1#f", "http://example.org/b/c?a=1"),
    ("https://example.org:443", "https://example.org/"),
    ("http://example.org/%7euser/%c3%a9", "http://example.org/~user/%C3%A9"),
    ("http://bücher.example/ü?q=ж", "http://xn--bcher-kva.example/%C3%BC?q=%D0%B6"),
    ("http://example.org/a;jsessionid=12/b?PHPSESSID=3&x=", "http://example.org/a/b?x="),
    ("http://example.org./a\n b", "http://example.org/a%20b"),
    ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ("http://example.org/a//./b/c", "http://example.org/a//b/c"),
    ("http://example.org/a/%2e%2E/b", "http://example.org/b"),
    ("http://faß.example/", "http://xn--fa-hia.example/"),
    ("http://0x7f.1/", "http://127.0.0.1/"),
    ("http://example.org:8080./x", None),
    ("http://example.org.../x", "http://example.org/x"),
    ("http://example.org/%%37%65", "http://example.org/%%37%65"),
    ("http://example.org/?%75tm_source=x&b", "http://example.org/?b"),
    ("http://example.org/a/.;jsessionid=1/b", "http://example.org/a/b"),
    ("http://example.org/case.php?sid=12", "http://example.org/case.php?sid=12"),
    (
        "http://example.org/case.php?sid=patient-12-before-and-after",
        "http://example.org/case.php?sid=patient-12-before-and-after",
    ),
    ("http://example.org/x?sid=8f14e45fceea167a5a36dedd4bea2543&n=1", "http://example.org/x?n=1"),
    ("http://example.org/x?sid=12345678901234567890", "http://example.org/x?sid=12345678901234567890"),
    ("http://example.org/x;sid=8f14e45fceea167a5a36dedd4bea2543", "http://example.org/x"),
    ("http://example.org/x?PHPSESSID=abc", "http://example.org/x"),
]


@pytest.mark.parametrize(("written", "spelled"), SPELLINGS)
def test_one_spelling(written, spelled):
    """Case, ports, dots, escapes, fragments, tracking and session parameters make no second address."""
    assert canonical(written) == spelled


@pytest.mark.parametrize(
    "nothing",
    [
        "javascript:void(0)",
        "mailto:a@b.example",
        "data:,x",
        "http://",
        "http://u:p@x.example/",
        "ftp://x/",
        "//",
        "",
    ],
)
def test_what_cannot_be_visited(nothing):
    """Other schemes, addresses with a password and broken ones name nothing."""
    assert canonical(nothing) is None


PIECES = [
    "/",
    "//",
    ".",
    "..",
    "%2e",
    "%2F",
    "%",
    "%7e",
    "%c3",
    "a",
    "ü",
    "ж",
    "?",
    "&",
    "=",
    "#",
    ";",
    ":",
    "@",
]
PIECES += [
    "\\",
    " ",
    "\t",
    "\n",
    "\0",
    "sid",
    "utm_x=1",
    "jsessionid=1",
    "http:",
    "https://",
    "b.example",
    "8" * 32,
]
REFERENCES = st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
CHARSETS = st.sampled_from(["utf-8", "utf-16-le", "windows-1251", "iso-2022-jp", "no-such-charset"])


@given(REFERENCES, CHARSETS)
def test_no_reference_breaks_it(text, charset):
    """Whatever a page writes: an address that is spelled the same again, or nothing; never an error."""
    found = canonical(text, base="http://example.org/a/b?c", encoding=charset)

    assert found is None or canonical(found) == found
    assert found is None or (found.isascii() and host_of(found) and found.startswith(origin_of(found)))


@given(REFERENCES)
@example("HTTP:")
@example("http:?x")
def test_a_reference_leads_where_a_browser_goes(text):
    """But for fragment, session, tracking and escapes, joining is the WHATWG URL standard's, whatever was cached."""
    base = "http://example.org/a/b.html?c"
    found, browsers = (
        canonical(text, base=base),
        canonical(ada_url.join_url(base, text)) if joins(text) else None,
    )

    assert found == browsers


def joins(text: str) -> bool:
    """Whether the standard finds an address in it."""
    return ada_url.URL.can_parse(text, "http://example.org/a/b.html?c")


@given(st.lists(st.sampled_from(["a", "b", ".", "..", "", "%2e"]), max_size=8))
def test_dots_are_removed_once(segments):
    """A path without its dot segments is another spelling of the same address; no other segment is lost."""
    kept: list[str] = [""]
    for segment in segments:
        if segment == "..":
            kept = kept[:-1] or [""] if len(kept) > 1 else kept
        elif segment not in (".", "%2e"):
            kept.append(segment)
    path, plain = "/" + "/".join(segments), "/".join(kept)
    if segments[-1:] and segments[-1] in (".", "..", "%2e"):
        plain += "/"

    assert canonical(f"http://example.org{path}") == canonical(f"http://example.org{plain or '/'}")


@pytest.mark.parametrize(
    ("charset", "sent"), [("windows-1251", "%E6"), ("iso-8859-1", "%26%231078%3B"), ("utf-8", "%D0%B6")]
)
def test_a_query_is_sent_in_the_pages_character_set(charset, sent):
    """As browsers do, also where the character set lacks the letter; the path is in UTF-8 always."""
    written = canonical("/ж?q=ж", base="http://example.org/", encoding=charset)

    assert written == f"http://example.org/%D0%B6?q={sent}"
    assert canonical("/ж?q=ж?", base="http://example.org/", encoding=charset) == (
        f"http://example.org/%D0%B6?q={sent}?"
    )


@pytest.mark.parametrize("space", ["", " ", "\t", "\n "])
def test_a_reference_that_begins_with_a_question_mark_stays_on_its_page(space):
    """White space before it changes nothing."""
    assert (
        canonical(f"{space}?page=2", base="http://example.org/list.php")
        == "http://example.org/list.php?page=2"
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("example.org", "https://example.org/"),
        (" HTTP://Example.org/x ", "http://example.org/x"),
        ("a.example:8080/x", "https://a.example:8080/x"),
        ("HTTPS://Example.org", "https://example.org/"),
        ("192.168.0.7", "http://192.168.0.7/"),
    ],
)
def test_what_a_person_types(written, meant):
    """`https://` may be left out."""
    assert typed(written) == meant


@pytest.mark.parametrize(
    "wrong", ["", "not a site", "ftp://example.org", "http:///x", "file:///etc/passwd", "/etc"]
)
def test_what_a_person_types_wrongly(wrong):
    """A sentence says what was expected and what was found, and a hint what can be visited."""
    with pytest.raises(BadUrlError) as refused:
        typed(wrong)

    assert str(refused.value) == f"an address such as https://example.org/ was expected, found {wrong!r}"
    assert refused.value.hint == "only http and https addresses without user names can be visited"


def test_scope_and_owner():
    """`www.` and the scheme do not matter for a site; the registered domain tells whose it is."""
    assert in_scope("http://www.example.org/x", "https://example.org/")
    assert not in_scope("https://shop.example.org/", "https://example.org/")
    assert not in_scope("https://example.org:8443/", "https://example.org/")
    assert registrable("a.b.example.co.uk") == registrable("example.co.uk:8080") == "example.co.uk"
    assert registrable("alice.github.io") != registrable("bob.github.io")
    assert host_of("https://example.org:8443/x/y/z") == "example.org:8443"
    assert origin_of("https://example.org:8443/x/y/z") == "https://example.org:8443"
    assert origin_of("https://example.org/") == "https://example.org"


def test_one_owner_has_many_hosts():
    """What is under one registered domain is one owner's, whatever the host and port; a neighbour's is not."""
    assert same_owner("https://cdn.example.org/a.jpg", "http://www.example.org:8080/")
    assert not same_owner("https://alice.github.io/", "https://bob.github.io/")
    assert registrable("[::1]:8080") == "[::1]:8080"
    assert registrable("localhost") == "localhost"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://example.org/a.JPG", True),
        ("https://example.org/a.webp?w=3", True),
        ("https://example.org/a.heic", True),
        ("https://example.org/show?file=a.png&w=3", True),
        ("https://example.org/a.jpgx", False),
        ("https://example.org/jpg", False),
    ],
)
def test_a_pictures_name_is_known_by_its_ending(url, named):
    """The ending counts in any case, before a query and within one."""
    assert names_an_image(url) is named


def test_an_address_of_eight_thousand_characters_is_the_longest():
    """One more character, and it is not visited."""
    start = "http://example.org/"

    assert canonical(start + "a" * (MAX_URL - len(start))) == start + "a" * (MAX_URL - len(start))
    assert canonical(start + "a" * (MAX_URL + 1 - len(start))) is None


@pytest.mark.parametrize(
    ("written", "base", "meant"),
    [
        ("b.html", "http://example.org/a/x.html?p=1", "http://example.org/a/b.html"),
        ("../b.html", "http://example.org/a/x.html", "http://example.org/b.html"),
        ("?p=2", "http://example.org/a/x.html?p=1", "http://example.org/a/x.html?p=2"),
        ("#top", "http://example.org/a/x.html?p=1", "http://example.org/a/x.html?p=1"),
        ("", "http://example.org/a/x.html?p=1", "http://example.org/a/x.html?p=1"),
        ("//other.example/y", "https://example.org/a/", "https://other.example/y"),
        ("https://other.example/y", "http://example.org/a/", "https://other.example/y"),
        ("b.html", "no address", None),
        ("b.html", "", None),
    ],
)
def test_a_reference_is_read_from_its_page(written, base, meant):
    """Relative references need a page that has an address; others stand alone."""
    assert canonical(written, base=base) == meant


def test_traps_have_a_shape():
    """A calendar's pages share one shape; a repeating path is a trap at once."""
    assert shape_of("http://a.example/2024/05?day=1") == shape_of("http://a.example/2025/06?day=2")
    assert shape_of("http://a.example/s/9f3a2b1c4d5e/x") == shape_of("http://a.example/s/0011aabbccdd/x")
    assert endless("http://a.example/a/b/a/b/a/b")
    assert not endless("http://a.example/before/after/before")


@given(
    st.sampled_from(["w/a-300x200.jpg", "x?url=%2Fa.jpg", "a.jpg?w=3", "image/upload/w_3/v1/a.jpg", "a.png"]),
    st.text(max_size=30),
)
def test_originals_are_addresses_too(path, more):
    """What is derived from a shown variant is canonical, another address, and never more than three."""
    shown = canonical(f"http://example.org/{path}{more}")
    found = originals_of(shown) if shown else ()

    assert len(found) <= 3
    assert all(canonical(one) == one != shown for one in found)


def test_a_written_address_needs_no_scheme():
    """Whoever adds the address of a machine means it, as with a name."""
    assert typed("127.0.0.1:8911") == "http://127.0.0.1:8911/"


@pytest.mark.parametrize("host", ["\x1b]52.example", "a\x07b.example", "a b.example", "<b>.example"])
def test_no_control_character_is_part_of_a_host(host):
    """What no host can be called is no address."""
    assert canonical(f"http://{host}/") is None


@pytest.mark.parametrize(
    "end", [".jpg", ".JPEG?w=3", ".webp#x", ".avif&a", "?file=a.png", ".heic", ".tif", ".svg;x"]
)
def test_a_picture_is_known_by_its_ending(end):
    """Whatever case it has and whatever follows; a word that only contains one is none."""
    assert names_an_image(f"https://example.org/a{end}")
    assert not names_an_image("https://example.org/a.jpgs/b.html?x.pngx")

"""Parsing of broken markup in bounded time and memory. Pure."""

import re
from collections.abc import Iterator
from itertools import islice, pairwise

from lxml import etree

Element = etree._Element  # noqa: SLF001 (lxml's only name)
MAX_WORDS = 300
MOST_TEXT = 32 * 1024 * 1024
MOST_TAGS = 150_000
MOST_ATTRIBUTES = 4000
_LARGE = 64 * 1024
_ATTRIBUTE = r"""[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)?)?"""
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_START_TAG = re.compile(rf"<[a-zA-Z][^\s/>]*+(?:[\s/]++|{_ATTRIBUTE})*+")
_MOST_NODES = 500
_DEEP = 2000


def parse_html(text: str) -> Element | None:
    """Parse markup, or give None when there is nothing in it.

    The plain parser, not the one of lxml.html: that asks a function in Python for the class of every element.
    """
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        return etree.fromstring(text.encode("utf-8", "replace").replace(b"\0", b""), parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def is_truncated(root: Element) -> bool:
    """Tell whether the parser dropped what follows an element nested 2048 deep."""
    depth = 0
    while len(root):
        root, depth = root[-1], depth + 1
    return depth >= _DEEP


def pieces(text: str) -> Iterator[str]:
    """Cut markup into pieces that cannot be nested too deeply."""
    starts = [found.start() for found in islice(re.finditer("<", text), 0, None, _DEEP // 2)]
    for start, end in pairwise([*starts, len(text)]):
        yield text[start:end]


def bounded(text: str, *, tags: int = MOST_TAGS) -> tuple[str, str]:
    """Give the markup to be parsed, and what is left out.

    A parsed tag takes 130 to 700 bytes of memory, and the time for a tag grows with the square of its
    attributes (50 s for 130,000 of them, libxml2 2.14), so both have a bound that only attacks reach.
    """
    if len(text) <= _LARGE:
        return text, ""
    kept, left = text[:MOST_TEXT], [text[MOST_TEXT:]]
    if kept.count("<") > tags:
        end = next(islice(re.finditer("<", kept), tags, None)).start()
        kept, left = kept[:end], [kept[end:], *left]
    parts, start = [], 0
    for tag in _START_TAG.finditer(kept):
        if tag.end() - tag.start() > MOST_ATTRIBUTES * 2:
            further = next(islice(_ATTRIBUTES.finditer(kept, *tag.span()), MOST_ATTRIBUTES, None), None)
            if further is not None:
                parts.append(kept[start : further.start()])
                left.append(kept[further.start() : tag.end()])
                start = tag.end()
    return "".join((*parts, kept[start:])), " ".join(filter(None, left))


def element_text(element: Element) -> str:
    """Give the beginning of an element's text on one line."""
    parts: list[str] = []
    for event, node in islice(etree.iterwalk(element, events=("start", "end", "comment")), _MOST_NODES):
        text = (node.text if event == "start" else node.tail if node is not element else "") or ""
        parts.append(text[: MAX_WORDS * 10])
    return shortened(" ".join("".join(parts).split()))


def shortened(text: str) -> str:
    """Cut a text to a length that tables hold."""
    return text if len(text) <= MAX_WORDS else text[: MAX_WORDS - 1] + "…"

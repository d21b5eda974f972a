"""The walk through a page's elements for links and images. Pure."""

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from urllib.parse import urljoin, urlsplit

from lxml import etree

from crawler.extract.originals import originals_of
from crawler.extract.parse import Element, element_text, parse_html, shortened
from crawler.extract.signals import Signal, is_album_elsewhere, signals_of
from crawler.extract.text import (
    css_imports,
    css_urls,
    handler_images,
    inline_body,
    inline_name,
    json_attribute,
    refresh_target,
    script_images,
    srcset,
    templated,
    text_images,
)
from crawler.model import ImageLink
from crawler.urls import MAX_URL, canonical, names_a_document, names_an_image, origin_of

MAX_IMAGES = 4000
MAX_LINKS = 8000
_DEEPEST = 3
_LEVELS, _SIBLINGS, _CLAIM_LETTERS = 4, 3, 200
_ENDS_CLAIM = frozenset(
    ("img", "picture", "h1", "h2", "h3", "h4", "h5", "h6", "script", "style", "nav", "footer")
)
_NOTHING_HERE = frozenset({
    "class", "id", "alt", "title", "width", "height", "rel", "target", "type", "name", "role", "loading",
    "decoding", "sizes", "media", "property", "lang", "dir", "tabindex", "itemprop", "itemscope",
    "itemtype", "charset", "integrity", "crossorigin", "nonce", "for", "value", "placeholder", "method",
    "action", "hreflang", "datetime", "fetchpriority", "referrerpolicy", "as", "defer", "async",
    "http-equiv", "data-id", "data-type", "viewbox", "d", "fill",
})  # fmt: skip
_LAZY = re.compile(
    r"data-(?:[\w-]+-)?(?:src|cfsrc|original|lazy|lazyload|image|img|bg|background(?:-image)?|thumb|thumbnail|poster|large_image|"
    r"orig-file|full-url|full|hi-?res|zoom-image|href|url|lightbox-src|large-file|medium-file)"
)
_SHOWS_SRC = frozenset(("img", "amp-img", "amp-anim", "input", "embed", "source", "image"))
_LINK_IMAGES = re.compile(r"image_src|icon|apple-touch|fluid-icon|mask-icon|thumbnail")
_META_IMAGES = re.compile(r"image|thumbnail|photo|logo|tile", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedPage:
    """What one page or style sheet holds, every address canonical."""

    title: str = ""
    links: tuple[str, ...] = ()
    images: tuple[ImageLink, ...] = ()
    styles: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    refresh: str = ""
    signals: tuple[Signal, ...] = ()


@dataclass(frozen=True, slots=True)
class NearbyText:
    """The words near an element."""

    alt: str = ""
    caption: str = ""
    heading: str = ""
    claim: str = ""


@dataclass(slots=True)
class ElementWalker:
    """Visits a page's elements in document order and keeps what they name.

    `spare` is how many letters of markup inside attributes and scripts may still be walked.
    """

    base: str
    encoding: str
    title: str = ""
    refresh: str = ""
    links: dict[str, None] = field(default_factory=dict)
    images: dict[tuple[str, str, str], ImageLink] = field(default_factory=dict)
    styles: dict[str, None] = field(default_factory=dict)
    sitemaps: dict[str, None] = field(default_factory=dict)
    spelled: dict[str, str | None] = field(default_factory=dict)
    heading: Element | None = None
    heading_words: str | None = None
    captions: dict[Element, str] = field(default_factory=dict)
    spare: int = 0
    tags_seen: int = 0
    depth: int = 0
    has_password: bool = False
    has_state: bool = False
    signals: dict[Signal, None] = field(default_factory=dict)

    def note(self, signal: Signal) -> None:
        """Note a sign that not everything could be seen."""
        self.signals[signal] = None

    def extracted(self, markup: str) -> ExtractedPage:
        """Give what was found, with the originals of shown variants."""
        images = list(self.images.values())
        known = {image.url for image in images}
        for image in images[:MAX_IMAGES]:
            for original in originals_of(image.url) if image.body is None else ():
                if original not in known:
                    known.add(original)
                    images.append(replace(image, url=original, via="original"))
        here = origin_of(self.base) if "//" in self.base else "-"
        if any(is_album_elsewhere(link) for link in self.links if not link.startswith(here)):
            self.note(Signal.ELSEWHERE)
        for signal in self._hiding(markup, len(known)):
            self.note(signal)
        return ExtractedPage(
            title=self.title,
            links=tuple(self.links)[:MAX_LINKS],
            images=tuple(images[: MAX_IMAGES * 2]),
            styles=tuple(self.styles)[:200],
            sitemaps=tuple(self.sitemaps)[:50],
            refresh=self.refresh,
            signals=tuple(self.signals),
        )

    def _hiding(self, markup: str, images: int) -> Iterable[Signal]:
        if not markup:
            return ()
        return signals_of(
            markup, self.title, images=images, has_password=self.has_password, has_state=self.has_state
        )

    def address(self, reference: str) -> str | None:
        """Give the canonical URL of a reference on this page."""
        try:
            return self.spelled[reference]
        except KeyError:
            found = canonical(reference, base=self.base, encoding=self.encoding)
            self.spelled[reference] = found
            if found is None and len(reference) > MAX_URL and names_an_image(reference):
                self.note(Signal.TOO_LONG)
            return found

    def walk(self, root: Element) -> None:
        """Visit every element below a root."""
        base = root.find(".//base[@href]")
        if base is not None and self.depth == 0:
            self.base = _joined(self.base, base.get("href", "").strip())
        for element in root.iter():
            tag = element.tag
            if tag.__class__ is not str:
                self._comment(element)
                continue
            if tag in _BY_TAG:
                _BY_TAG[tag](self, element)
            for name, value in element.items():
                if value and name not in _NOTHING_HERE:
                    self._attribute(element, tag, name, value)  # type: ignore[arg-type]  # text, as parsed

    def walk_pieces(self, texts: Iterable[str]) -> None:
        """Walk piece by piece through a page that is nested too deeply."""
        self.note(Signal.TOO_DEEP)
        for text in texts:
            self._walk_within(text)

    def _walk_within(self, text: str) -> None:
        root = parse_html(text)
        if root is not None:
            self.depth += 1
            self.walk(root)
            self.depth -= 1

    def _comment(self, element: Element) -> None:
        text = element.text or ""
        if isinstance(element, etree._Comment) and ("." in text or "url(" in text):  # noqa: SLF001 (lxml's only name)
            self.tags_seen += text.count("<img") + text.count("<IMG")
            self.all_images(text_images(text), "comment", "text", NearbyText())

    def _attribute(self, element: Element, tag: str, name: str, value: str) -> None:
        rule = _BY_ATTRIBUTE.get(name)
        if rule is not None:
            rule(self, element, tag, value)
        elif "srcset" in name or name == "data-original-set":
            self.all_images(templated(srcset(value), element.get("data-widths")), tag, name, element)
        elif name[:2] == "on":
            self.all_images(handler_images(value), tag, name, element)
        else:
            self._other_attribute(element, tag, name, value)

    def _other_attribute(self, element: Element, tag: str, name: str, value: str) -> None:
        first = value.lstrip()[:1]
        if first in ("{", "["):
            self.all_images(json_attribute(value), tag, name, element)
        elif "url(" in value:
            self.all_images(css_urls(value), tag, name, element)
        elif "<img" in value or "&lt;img" in value:
            self.fragment(html.unescape(value))
        elif names_an_image(value):
            several = "," in value and " " in value.strip()
            shown = srcset(value) if several else (value,)
            self.all_images(templated(shown, element.get("data-widths")), tag, name, element)
        elif _LAZY.fullmatch(name) and tag not in ("script", "form") and " " not in value.strip():
            if tag in ("iframe", "a", "frame"):
                self.link(value)
            elif "/" in value or "." in value or value.startswith("data:"):
                self.all_images(templated((value,), element.get("data-widths")), tag, name, element)

    def all_images(self, references: Iterable[str], tag: str, via: str, near: "Element | NearbyText") -> None:
        """Keep references as image links with the words near their element."""
        words: NearbyText | None = near if isinstance(near, NearbyText) else None
        for reference in references:
            if len(self.images) >= MAX_IMAGES:
                self.note(Signal.CUT)
                return
            if reference.startswith("data:"):
                body = inline_body(reference)
                url = inline_name(reference, body) if body else None
            else:
                body, url = None, self.address(reference)
            if url is None or (url, tag, via) in self.images:
                continue
            words = words or self._words(near)
            self.images[url, tag, via] = ImageLink(
                url=url,
                element=tag,
                via=via,
                alt=words.alt,
                caption=words.caption,
                heading=words.heading,
                claim=words.claim,
                body=body,
            )

    def _words(self, near: "Element | NearbyText") -> NearbyText:
        if isinstance(near, NearbyText):
            return near
        inner = near if near.tag in ("img", "amp-img") else _first(near, "img", 100)
        alt = (inner.get("alt") or inner.get("title") or "") if inner is not None else ""
        caption = ""
        for above in near.iterancestors("figure"):
            if above not in self.captions:
                found = _first(above, "figcaption", 1000)
                self.captions[above] = element_text(found) if found is not None else ""
            caption = self.captions[above]
            break
        if self.heading_words is None:
            self.heading_words = element_text(self.heading) if self.heading is not None else ""
        heading = self.heading_words
        return NearbyText(
            shortened(alt or near.get("title") or near.get("aria-label") or ""),
            caption,
            heading,
            _following(near),
        )

    def link(self, reference: str) -> None:
        """Keep a link to a page."""
        url = self.address(reference) if len(self.links) < MAX_LINKS else None
        if url is not None:
            self.links[url] = None
        elif len(self.links) >= MAX_LINKS:
            self.note(Signal.CUT)

    def fragment(self, text: str) -> None:
        """Walk through markup inside attributes and scripts."""
        if self.depth >= _DEEPEST or len(text) > self.spare:
            return
        self.spare -= len(text)
        self._walk_within(text)

    def on_title(self, element: Element) -> None:
        """Take the first title outside SVG."""
        above = element.getparent()
        if not self.title and above is not None and above.tag == "head":
            self.title = element_text(element)

    def on_heading(self, element: Element) -> None:
        """Remember the heading that following images stand under."""
        self.heading, self.heading_words = element, None

    def on_style(self, element: Element) -> None:
        """Read an inline style sheet."""
        text = element.text or ""
        self.all_images(css_urls(text), "style", "css", NearbyText())
        self.sheets(css_imports(text))

    def sheets(self, references: Iterable[str]) -> None:
        """Keep the addresses of style sheets."""
        for reference in references:
            url = self.address(reference)
            if url is not None:
                self.styles[url] = None

    def on_script(self, element: Element) -> None:
        """Read an inline script."""
        text = element.text or ""
        self.tags_seen += text.count("<img") + text.count("<IMG")
        kind = (element.get("type") or "").lower()
        if text and ("." in text or "json" in kind):
            via = "json-ld" if "ld+json" in kind else "json" if "json" in kind else "script"
            self.all_images(script_images(text, kind), "script", via, NearbyText())
        if element.get("id") == "__NEXT_DATA__":
            self.has_state = True

    def on_noscript(self, element: Element) -> None:
        """Read what readers without scripts get, also when it is escaped."""
        if next(element.iterancestors("noscript"), None) is not None:
            return
        text = "".join(part for part in element.itertext() if isinstance(part, str))
        if "<" in text:
            self.fragment(html.unescape(text))

    def on_option(self, element: Element) -> None:
        """Take the picture that a choice in a form shows."""
        value = element.get("value") or ""
        if names_an_image(value):
            self.all_images((value,), "option", "value", element)

    def on_img(self, _element: Element) -> None:
        """Count, so that images lost in broken markup are noticed."""
        self.tags_seen += 1

    def on_input(self, element: Element) -> None:
        """Notice a login form."""
        if (element.get("type") or "").lower() == "password":
            self.has_password = True

    def on_src(self, element: Element, tag: str, value: str) -> None:
        """Take `src` as an image or a page in a frame."""
        if tag == "source" and _is_of_video(element):
            return
        if tag in _SHOWS_SRC or names_an_image(value) or value.startswith("data:image/"):
            if tag != "script":
                self.all_images((value,), tag, "src", element)
        elif tag in ("iframe", "frame"):
            if names_a_document(value):
                self.all_images((value,), tag, "src", element)
            self.link(value)

    def on_href(self, element: Element, tag: str, value: str) -> None:
        """Take `href` as a link, image, style sheet or feed."""
        if tag == "link":
            self._link_element(element, value)
        elif tag in ("image", "use", "feimage", "svg:image") or (names_an_image(value) and tag != "base"):
            self.all_images((value,), tag, "href", element)
            if tag in ("a", "area"):
                self.link(value)
        elif tag in ("a", "area"):
            if names_a_document(value):
                self.all_images((value,), tag, "href", element)
            self.link(value)

    def _link_element(self, element: Element, value: str) -> None:
        rel = (element.get("rel") or "").lower()
        kind = (element.get("type") or "").lower()
        url = self.address(value)
        if url is None:
            return
        if "stylesheet" in rel or element.get("as") == "style":
            self.styles[url] = None
        elif _LINK_IMAGES.search(rel) or element.get("as") == "image" or names_an_image(value):
            self.all_images((value,), "link", rel or "href", element)
        elif "rss" in kind or "atom" in kind or "sitemap" in rel:
            self.sitemaps[url] = None
        elif {"next", "prev", "alternate", "canonical", "amphtml"} & set(
            rel.split()
        ) and "oembed" not in kind:
            self.links[url] = None

    def on_content(self, element: Element, tag: str, value: str) -> None:
        """Take a meta element's image, refresh and robots wishes."""
        name = " ".join(element.get(key) or "" for key in ("property", "name", "itemprop"))
        if (element.get("http-equiv") or "").lower() == "refresh":
            target = refresh_target(value)
            self.refresh = (self.address(target) or "") if target else self.refresh
        elif names_an_image(value) or (_META_IMAGES.search(name) and "/" in value and ":type" not in name):
            self.all_images((value,), tag, name.strip() or "content", element)
        elif "robots" in name.lower() and "noimageindex" in value.lower():
            self.note(Signal.NO_IMAGE_INDEX)

    def on_image_attribute(self, element: Element, tag: str, value: str) -> None:
        """Take an attribute that always names an image, or an object's `data`."""
        if tag != "object":
            self.all_images((value,), tag, "poster" if tag == "video" else "attribute", element)
            return
        kind = (element.get("type") or "").lower()
        if "flash" in kind or value.lower().endswith(".swf"):
            return
        if "html" not in kind:
            self.all_images((value,), tag, "data", element)
        if not (names_an_image(value) or kind.startswith("image/")):
            self.link(value)

    def on_style_attribute(self, element: Element, tag: str, value: str) -> None:
        """Take the images of a `style` attribute."""
        self.all_images(css_urls(value), tag, "style", element)

    def on_srcdoc(self, _element: Element, _tag: str, value: str) -> None:
        """Read the page inside an iframe's `srcdoc`."""
        self.fragment(value)


def _is_of_video(source: Element) -> bool:
    """Tell whether a source element names a film or a sound, not a picture."""
    above = source.getparent()
    return (above is not None and above.tag in ("video", "audio")) or (source.get("type") or "").startswith(
        ("video/", "audio/")
    )


def _first(element: Element, tag: str, within: int) -> Element | None:
    """Give the first such element among the first few in another."""
    return next((one for one in islice(element.iter(), within) if one.tag == tag), None)


def _following(element: Element) -> str:
    """Give the words that follow an element, up to the next picture or heading."""
    words: list[str] = []
    level: Element | None = element
    for _ in range(_LEVELS):
        if level is None or level.tag in ("body", "html"):
            break
        words.append(level.tail or "")
        for sibling in islice(level.itersiblings(), _SIBLINGS):
            if isinstance(sibling.tag, str):  # a comment or an instruction has no words of its own
                if sibling.tag in _ENDS_CLAIM or _first(sibling, "img", 20) is not None:
                    return shortened(" ".join(" ".join(words).split()))
                if sibling.tag != "figcaption":
                    words.append(element_text(sibling))
            words.append(sibling.tail or "")
        if sum(map(len, words)) >= _CLAIM_LETTERS:
            break
        level = level.getparent()
    return shortened(" ".join(" ".join(words).split()))


def _joined(base: str, reference: str) -> str:
    """Join a base element's address to the page's, if it is one."""
    try:
        joined = urljoin(base, reference)
        return joined if urlsplit(joined).hostname else base
    except ValueError:
        return base


_BY_TAG: dict[str, Callable[[ElementWalker, Element], None]] = {
    "title": ElementWalker.on_title,
    "style": ElementWalker.on_style,
    "script": ElementWalker.on_script,
    "noscript": ElementWalker.on_noscript,
    "img": ElementWalker.on_img,
    "input": ElementWalker.on_input,
    "option": ElementWalker.on_option,
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), ElementWalker.on_heading),
}
_BY_ATTRIBUTE: dict[str, Callable[[ElementWalker, Element, str, str], None]] = {
    "src": ElementWalker.on_src,
    "href": ElementWalker.on_href,
    "xlink:href": ElementWalker.on_href,
    "content": ElementWalker.on_content,
    "style": ElementWalker.on_style_attribute,
    "srcdoc": ElementWalker.on_srcdoc,
    **dict.fromkeys(("poster", "background", "lowsrc", "data", "dynsrc"), ElementWalker.on_image_attribute),
}

"""Renders the site's pages from stories."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gallery.rules.advertising import rules_digest
from gallery.settings import Settings, Tag
from gallery.site.cache import AnswerCache
from gallery.site.relations import Relations
from gallery.site.selection import Selection
from gallery.site.stories import Story, address_of, canonical, slug

_ASSETS = ("site.css", "early.js", "site.js", "ours.js", "icon.svg")
_ROOT = "\x00"  # stands for the way to the root; no word of a record holds it
_LOOK_LIMIT = 16  # of 256 bits; measured on drawn clinics: copies 0 to 14, other people from 34 up


@dataclass(frozen=True, slots=True)
class Page:
    """A page with its address, key and rendering.

    `render` leaves the stories of such keys out of a list: what is searched for leaks needs not hold what was searched.
    """

    address: str
    key: str
    render: Callable[[Container[str]], bytes]


def pages(
    stories: Sequence[Story], gone: Sequence[int], chosen: Selection, settings: Settings, cards: AnswerCache
) -> Iterator[Page]:
    """Give every page and asset of the site.

    `gone` are numbers whose pages say so; `cards` is how stories stood in the lists of earlier builds, by their keys.
    """
    for name, address in assets().items():
        yield Page(address, address, partial(_asset_whole, name))
    tags = tags_of(stories)
    make, relations = _Maker(settings, cards), Relations(stories)
    counted = [(tag, len(tagged)) for tag, tagged in tags.items()]
    yield make.page(
        "index.html", "index.html", stories=stories, tags=counted, chosen=chosen, facets=facets(stories)
    )
    yield make.page("404.html", "missing.html")
    explained = canonical(settings.tags)
    for tag, tagged in tags.items():
        explanation, share = explained.get(tag, Tag(name=tag)), chosen.share("Tag", tag)
        yield make.page(tag_address(tag), "tag.html", tag=explanation, share=share, stories=tagged)
    for story in stories:
        yield make.page(story.address, "case.html", story=story, others=relations.nearest(story))
    for number in gone:
        yield make.page(address_of(number), "gone.html", number=number)
    address = f"assets/known-{hashlib.sha256(_known(stories)).hexdigest()[:8]}.js"
    yield Page(address, address, lambda searched: _known(make.left(stories, searched)))
    yield make.page("really-ours/index.html", "ours.html", known=address)
    if gone:
        yield make.page(".htaccess", "htaccess.txt", gone=list(gone))
    if settings.base_url:
        yield make.page("feed.atom", "feed.atom", stories=sorted(stories, key=_newest))
        yield make.page(
            "sitemap.xml", "sitemap.xml", stories=stories, addresses=[tag_address(t) for t in tags]
        )


def shared_key(settings: Settings) -> str:
    """Digest what all pages are made and judged by."""
    parts = (templates_digest(), rules_digest(), replace(settings, crawler={}))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


class _Maker:
    """Knows what all pages share."""

    def __init__(self, settings: Settings, cards: AnswerCache) -> None:
        self._settings = settings
        self._shared, self._cards = shared_key(settings), cards

    def left(self, stories: Sequence[Story], out: Container[str]) -> Sequence[Story]:
        """Give the stories whose keys are not in `out`."""
        return [story for story in stories if story.key not in out]

    def _card(self, root: str, story: Story) -> Markup:
        """Render a story for a list, once for all lists."""
        made = self._cards.of(story.key, lambda: str(_card_macro()(story, _ROOT)))
        return Markup(made.replace(_ROOT, root))  # noqa: S704 (rendered by our own template)

    def page(
        self,
        address: str,
        template: str,
        *,
        story: Story | None = None,
        stories: Sequence[Story] = (),
        others: Sequence[Story] = (),
        **values: object,
    ) -> Page:
        own = (story,) if story else ()
        listed = [[story.key for story in group] for group in (own or stories, others)]
        root = "../" * address.count("/")
        key = hashlib.sha256(repr((self._shared, template, listed, values)).encode()).hexdigest()
        years = sorted({story.first_published for story in own or stories if story.first_published})
        return Page(
            address,
            key,
            lambda searched: (
                _environment()
                .get_template(template)
                .render(
                    site=self._settings,
                    root=root,
                    card=partial(self._card, root),
                    years=", ".join(dict.fromkeys((years[0], years[-1]))) if years else "",
                    story=story,
                    stories=self.left(stories, searched),
                    others=others,
                    **values,
                )
                .encode()
            ),
        )


def tags_of(stories: Sequence[Story]) -> dict[str, list[Story]]:
    """Give the stories under each tag, alphabetically."""
    tags: dict[str, list[Story]] = {}
    for story in stories:
        for tag in story.tags:
            tags.setdefault(tag, []).append(story)
    return dict(sorted(tags.items()))


def _known(stories: Sequence[Story]) -> bytes:
    """Write what a visitor's browser compares a picture with."""
    entries = [
        (photo.look, story.address, f"Patient {story.number}, {photo.caption}", photo.smallest.path)
        for story in stories
        for photo in story.photos
    ]
    return f"const LIMIT = {_LOOK_LIMIT};\nconst KNOWN = {json.dumps(entries)};\n".encode()


def facets(stories: Sequence[Story]) -> list[tuple[str, list[str]]]:
    """Give what a reader may filter by, common values first."""
    values: dict[str, Counter[str]] = {}
    for story in stories:
        for name, value in story.search:
            values.setdefault(name, Counter())[value] += 1
    named = ((name, [value for value, _ in found.most_common()]) for name, found in values.items())
    return [(name, found) for name, found in named if len(found) > 1]


def _newest(story: Story) -> tuple[int, int]:
    return (-int(re.sub(r"\D", "", story.updated) or 0), -story.number)


def linked_data(story: Story, settings: Settings) -> dict[str, object]:
    """Describe a case for search engines in schema.org's terms."""
    owner = {"@type": "Organization", "name": settings.practice}
    return {
        "@context": "https://schema.org",
        "@type": "ImageGallery",
        "name": f"Patient {story.number}: before and after",
        "url": settings.base_url + story.address,
        "creator": owner,
        "copyrightHolder": owner,
        "keywords": list(story.tags),
        "associatedMedia": [
            {
                "@type": "ImageObject",
                "contentUrl": settings.base_url + photo.largest.path,
                "name": photo.label,
                "caption": photo.caption,
                "width": photo.largest.width,
                "height": photo.largest.height,
                "creditText": settings.practice,
                "copyrightNotice": f"© {story.first_published} {settings.practice}",
                **({"license": settings.web, "acquireLicensePage": settings.web} if settings.web else {}),
            }
            for photo in story.photos
        ],
    }


@cache
def tag_address(tag: str) -> str:
    """Give a tag page's permanent place below the site's root."""
    return f"tags/{slug(tag)}/index.html"


@cache
def assets() -> Mapping[str, str]:
    """Give each asset's address, which changes with its content."""
    addresses = {}
    for name in _ASSETS:
        stem, _, extension = name.partition(".")
        addresses[name] = f"assets/{stem}-{hashlib.sha256(_asset(name)).hexdigest()[:8]}.{extension}"
    return addresses


@cache
def templates_digest() -> str:
    """Digest all templates and assets."""
    digest = hashlib.sha256()
    folder = files("gallery.site")
    for part in ("templates", "assets"):
        for file in sorted((folder / part).iterdir(), key=lambda file: file.name):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def _asset_whole(name: str, _searched: Container[str]) -> bytes:
    return _asset(name)


@cache
def _asset(name: str) -> bytes:
    return (files("gallery.site") / "assets" / name).read_bytes()


@cache
def _card_macro() -> Callable[[Story, str], str]:
    macro: Callable[[Story, str], str] = _environment().get_template("parts.html").module.card  # type: ignore[attr-defined]
    return macro


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gallery.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"assets": assets(), "tag_address": tag_address, "linked_data": linked_data}
    return environment

"""Renders the site's pages from stories: plain files that link to each other by relative addresses."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from gallery.public_site.selection import Selection
from gallery.public_site.story import Story, address_of, canonical, slug
from gallery.settings import Settings, Tag

_ASSETS = ("site.css", "site.js", "ours.js", "icon.svg")
_LOOK_LIMIT = 16  # of 256 bits; measured on drawn clinics: copies 0 to 14, other people from 34 up
_RELATED = 3


@dataclass(frozen=True, slots=True)
class Page:
    """A page to be: where it goes, a key that changes when it does, and how to render it."""

    address: str
    key: str
    render: Callable[[], bytes]


def pages(
    stories: Sequence[Story], gone: Sequence[int], chosen: Selection, settings: Settings
) -> Iterator[Page]:
    """Give every page and asset of the site."""
    for name, address in assets().items():
        yield Page(address, address, partial(_asset, name))
    tags = tags_of(stories)
    make = _Maker(settings, {story.number: story.key for story in stories})
    counted = [(tag, len(tagged)) for tag, tagged in tags.items()]
    yield make.page(
        "index.html", "index.html", stories=stories, tags=counted, chosen=chosen, facets=facets(stories)
    )
    yield make.page("404.html", "missing.html")
    explained = canonical(settings.tags)
    for tag, tagged in tags.items():
        told, share = explained.get(tag, Tag(name=tag)), chosen.share("Tag", tag)
        yield make.page(tag_address(tag), "tag.html", tag=told, share=share, stories=tagged)
    for story in stories:
        yield make.page(story.address, "case.html", stories=[story], others=related(story, tags))
    for number in gone:
        yield make.page(address_of(number), "gone.html", number=number)
    known = _known(stories)
    address = f"assets/known-{hashlib.sha256(known).hexdigest()[:8]}.js"
    yield Page(address, address, lambda: known)
    yield make.page("really-ours/index.html", "ours.html", known=address)
    if gone:
        yield make.page(".htaccess", "htaccess.txt", gone=list(gone))
    if settings.base_url:
        yield make.page("feed.atom", "feed.atom", stories=sorted(stories, key=_newest))
        yield make.page(
            "sitemap.xml", "sitemap.xml", stories=stories, addresses=[tag_address(t) for t in tags]
        )


class _Maker:
    """Knows what all pages share."""

    def __init__(self, settings: Settings, keys: Mapping[int, str]) -> None:
        self._settings, self._keys = settings, keys
        self._shared = repr((templates_digest(), replace(settings, crawler={})))

    def page(
        self,
        address: str,
        template: str,
        *,
        stories: Sequence[Story] = (),
        others: Sequence[Story] = (),
        **values: object,
    ) -> Page:
        told = [[self._keys[story.number] for story in group] for group in (stories, others)]
        key = hashlib.sha256(repr((self._shared, template, told, values)).encode()).hexdigest()
        years = sorted({story.first_published for story in stories if story.first_published})
        return Page(
            address,
            key,
            lambda: (
                _environment()
                .get_template(template)
                .render(
                    site=self._settings,
                    root="../" * address.count("/"),
                    years=", ".join(dict.fromkeys((years[0], years[-1]))) if years else "",
                    stories=stories,
                    others=others,
                    **values,
                )
                .encode()
            ),
        )


def tags_of(stories: Sequence[Story]) -> dict[str, list[Story]]:
    """Give the stories under each tag, tags in the order of the alphabet."""
    tags: dict[str, list[Story]] = {}
    for story in stories:
        for tag in story.tags:
            tags.setdefault(tag, []).append(story)
    return dict(sorted(tags.items()))


def _known(stories: Sequence[Story]) -> bytes:
    """Write what a visitor's browser compares a picture with: (look, page, name, picture) of every photo."""
    entries = [
        (photo.look, story.address, f"Patient {story.number}, {photo.caption}", photo.smallest.path)
        for story in stories
        for photo in story.photos
    ]
    return f"const LIMIT = {_LOOK_LIMIT};\nconst KNOWN = {json.dumps(entries)};\n".encode()


def facets(stories: Sequence[Story]) -> list[tuple[str, list[str]]]:
    """Give what a reader may filter by, and the values there are, most common first."""
    values: dict[str, Counter[str]] = {}
    for story in stories:
        for name, value in story.search:
            values.setdefault(name, Counter())[value] += 1
    named = ((name, [value for value, _ in found.most_common()]) for name, found in values.items())
    return [(name, found) for name, found in named if len(found) > 1]


def _newest(story: Story) -> tuple[int, int]:
    return (-int(re.sub(r"\D", "", story.updated) or 0), -story.number)


def linked_data(story: Story, settings: Settings) -> dict[str, object]:
    """Describe a case for search engines (schema.org): each picture with its stage, owner and notice."""
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


def tag_address(tag: str) -> str:
    """Give a tag page's permanent place below the site's root."""
    return f"tags/{slug(tag)}/index.html"


def related(story: Story, tags: Mapping[str, Sequence[Story]]) -> list[Story]:
    """Give the cases that share most tags with this one, of equals the next numbers; three at most."""
    shared = Counter(other.number for tag in story.tags for other in tags[tag])
    by_number = {other.number: other for tag in story.tags for other in tags[tag]}
    del shared[story.number]
    best = sorted(shared, key=lambda number: (-shared[number], abs(number - story.number), number))
    return [by_number[number] for number in best[:_RELATED]]


@cache
def assets() -> Mapping[str, str]:
    """Give each asset's address, which changes when its content does, so that no browser keeps an old one."""
    addresses = {}
    for name in _ASSETS:
        stem, _, extension = name.partition(".")
        addresses[name] = f"assets/{stem}-{hashlib.sha256(_asset(name)).hexdigest()[:8]}.{extension}"
    return addresses


@cache
def templates_digest() -> str:
    """Give a digest of all templates and assets: another one means that every page must be rendered again."""
    digest = hashlib.sha256()
    folder = files("gallery.public_site")
    for part in ("templates", "assets"):
        for file in sorted((folder / part).iterdir(), key=lambda file: file.name):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


@cache
def _asset(name: str) -> bytes:
    return (files("gallery.public_site") / "assets" / name).read_bytes()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gallery.public_site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"assets": assets(), "tag_address": tag_address, "linked_data": linked_data}
    return environment

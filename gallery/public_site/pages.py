"""Renders the site's pages from stories: plain files that link to each other by relative addresses."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from gallery.public_site.story import Story, address_of, slug
from gallery.settings import Settings

_ASSETS = ("site.css", "site.js", "icon.svg")
_RELATED = 3


def pages(stories: Sequence[Story], gone: Sequence[int], settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Give every page and asset as (address below the root, bytes)."""
    for name, address in assets().items():
        yield address, _asset(name)
    tags = tags_of(stories)
    yield "index.html", _page("index.html", settings, stories=stories, tags=[(t, len(tags[t])) for t in tags])
    yield "404.html", _page("missing.html", settings)
    for tag, tagged in tags.items():
        yield tag_address(tag), _page("tag.html", settings, depth=2, tag=tag, stories=tagged)
    for story in stories:
        yield (
            story.address,
            _page(
                "case.html", settings, depth=1, story=story, stories=[story], related=related(story, stories)
            ),
        )
    for number in gone:
        yield address_of(number), _page("gone.html", settings, depth=1, number=number)


def tags_of(stories: Sequence[Story]) -> dict[str, list[Story]]:
    """Give the stories under each tag, tags in the order of the alphabet."""
    tags: dict[str, list[Story]] = {}
    for story in stories:
        for tag in story.tags:
            tags.setdefault(tag, []).append(story)
    return dict(sorted(tags.items()))


def tag_address(tag: str) -> str:
    """Give a tag page's permanent place below the site's root."""
    return f"tags/{slug(tag)}/index.html"


def related(story: Story, stories: Sequence[Story]) -> list[Story]:
    """Give the cases that share most tags with this one, three at most."""
    mine = set(story.tags)
    others = [(len(mine & set(other.tags)), other) for other in stories if other.number != story.number]
    shared = sorted((pair for pair in others if pair[0]), key=lambda pair: (-pair[0], pair[1].number))
    return [other for _, other in shared[:_RELATED]]


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
    environment.globals |= {"assets": assets(), "tag_address": tag_address}
    return environment


def _page(name: str, settings: Settings, *, depth: int = 0, **values: object) -> bytes:
    stories = values.get("stories")
    years = (
        sorted({story.first_published for story in stories if story.first_published})
        if isinstance(stories, Sequence)
        else []
    )
    text = (
        _environment()
        .get_template(name)
        .render(
            site=settings,
            root="../" * depth,
            years=", ".join(dict.fromkeys((years[0], years[-1]))) if years else "",
            **values,
        )
    )
    return text.encode()

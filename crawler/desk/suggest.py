"""Sites that may be worth watching."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crawler.errors import DamagedError, NotFoundError, RefusedError
from crawler.model import Listing
from crawler.store.database import watch
from crawler.store.sightings import Sightings
from crawler.store.sites import Sites
from crawler.urls import canonical, host_of, in_scope, origin_of, registrable
from gallery.settings import DataFolder

SEARCHES = "searches"
_URL = re.compile(r"https?://[^\s\"'<>,;]+")
_EVERYWHERE = frozenset(
    """facebook.com instagram.com youtube.com youtu.be x.com twitter.com tiktok.com pinterest.com linkedin.com
    google.com goo.gl bing.com wa.me whatsapp.com t.me apple.com wordpress.org gravatar.com wikipedia.org tineye.com
    yandex.com wp.com cloudflare.com googleapis.com gstatic.com""".split()  # noqa: SIM905 (reads better)
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A site that may be worth watching, and why."""

    url: str
    reason: str


def suggest(folder: DataFolder, exported: tuple[Path, ...] = ()) -> list[Suggestion]:
    """Give sites on no list yet, the most often named first.

    Results of permitted searches (`site search`) count by themselves. Of `exported` result files of
    reverse-image-search services (CSV, HTML or text) any address counts.
    """
    with watch(folder) as db:
        sites = Sites(db)
        listed = {registrable(host_of(site.url)) for site in sites.listed(Listing.WATCH, Listing.ALLOW)}
        tipped = [site.url for site in sites.listed(Listing.TIP)]
        linked = Sightings(db).outside_links()
    named = [(url, "a reader's tip named it") for url in tipped]
    named += [(url, f"{site}, which shows copies, shows pictures from there") for site, url in linked]
    named += list(_searched(folder.root / SEARCHES))
    for path in exported:
        named += [(url, f"{path.name} lists it") for url in addresses_in(_text(path))]
    return _ranked(named, listed)


def _searched(place: Path) -> Iterator[tuple[str, str]]:
    """Give what searches found that a person permitted (`site search`)."""
    for path in sorted(place.glob("*.json")):
        try:
            told = json.loads(path.read_text("utf-8"))
            for hit in told["hits"]:
                yield (
                    hit["page"] or hit["image"],
                    f"{told['service']} has seen our photo of case {hit['case']} there",
                )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedError(
                f"{path} is no result of a search: {error}", hint="move it away and search again"
            ) from error


def _ranked(named: list[tuple[str, str]], listed: set[str]) -> list[Suggestion]:
    counts: Counter[str] = Counter()
    reasons: dict[str, str] = {}
    for url, reason in named:
        owner = registrable(host_of(url))
        if owner in listed or owner in _EVERYWHERE:
            continue
        origin = f"{origin_of(url)}/"
        counts[origin] += 1
        reasons.setdefault(origin, reason)
    return [Suggestion(url, reasons[url]) for url, _ in counts.most_common()]


def addresses_in(text: str) -> list[str]:
    """Give every address that a text names, each once, in order."""
    found = (canonical(match.rstrip(").]}")) for match in _URL.findall(text))
    return list(dict.fromkeys(url for url in found if url))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise NotFoundError(
            f"{path} cannot be read: {error.strerror}", hint="name the file that the search service exported"
        ) from error


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One line of a list of sites."""

    url: str
    listing: Listing
    note: str
    number: int = 0


def text_of_list(data: bytes, name: str) -> str:
    """Decode a list of sites.

    Raises:
        RefusedError: It is not UTF-8; names line and column of the first letter that is not.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        raise RefusedError(
            f"{name}: line {line}, column {column}: a letter that is not UTF-8",
            hint='save the file as "CSV UTF-8", as spreadsheets call it, or name the site as xn--…',
        ) from error


def read_list(text: str, name: str) -> list[ListEntry]:
    """Read a list of sites, one per line.

    A line is an address, then optionally `watch` or `allow`, then a note.

    Empty lines and lines that begin with # are left out; commas separate, quotes hold a note together.

    Raises:
        RefusedError: Names line and column of every mistake; nothing is listed then.
    """
    lines: list[ListEntry] = []
    problems: list[str] = []
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        cells = [cell.strip() for cell in next(csv.reader(io.StringIO(raw), skipinitialspace=True))] + [
            "",
            "",
        ]
        column = raw.index(cells[0]) + 1 if cells[0] else 1
        url = canonical(cells[0] if "://" in cells[0] else f"https://{cells[0]}")
        host = host_of(url).partition(":")[0] if url else ""
        if url is None or ("." not in host and host != "localhost"):
            problems.append(f"line {number}, column {column}: {cells[0]!r} is no address of a site")
        elif cells[1] not in ("", "watch", "allow"):
            place = raw.index(cells[1], column + len(cells[0]) - 1) + 1
            problems.append(
                f"line {number}, column {place}: `watch` or `allow` was expected, found {cells[1]!r}"
            )
        else:
            lines.append(ListEntry(url, Listing(cells[1] or "watch"), cells[2], number))
    allowed = [line for line in lines if line.listing is Listing.ALLOW]
    problems += [
        f"line {one.number} and line {other.number}: {one.url} is to be watched and allowed at once"
        for one in lines
        for other in allowed
        if one.listing is Listing.WATCH and in_scope(one.url, other.url)
    ]
    if problems:
        raise RefusedError(
            f"{name}: {'; '.join(problems)}", hint="a line looks like: https://example.org/, watch, a note"
        )
    return lines

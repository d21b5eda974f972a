"""Secrets in forms quick to search for."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache

from gallery.rules.leaks.readings import readings


class LeakKind(StrEnum):
    """What got out, as a person would say it."""

    NAME = "a patient's name"
    CHART_NUMBER = "a chart number"
    DATE = "an exact date"
    FILE_NAME = "an original file name"
    SERIAL = "a serial number"
    PLACE = "a place"
    THUMBNAIL = "an embedded thumbnail"
    COMMENT = "a comment"
    METADATA = "metadata that is not credit"
    REMAINDER = "bytes after the picture's end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What must not be found in anything published.

    Attributes:
        names: of patients, first name first ("Maria Lopez"); also found turned round, joined, by first initial.
        chart_numbers: the practice's own numbers of patients. All-digit ones of fewer than six digits are
            found only beside a word like "chart", because a page is full of short numbers.
        dates: on which photographs were taken or work was done, found in every usual way of writing them.
        file_names: of originals, with their ending. Names that say nothing ("front.jpg") are not looked for.
        serials: of cameras and lenses.
        places: where photographs were taken, as (latitude, longitude) in degrees, found to a hundred metres.
    """

    names: frozenset[str] = frozenset()
    chart_numbers: frozenset[str] = frozenset()
    dates: frozenset[date] = frozenset()
    file_names: frozenset[str] = frozenset()
    serials: frozenset[str] = frozenset()
    places: frozenset[tuple[float, float]] = frozenset()


@dataclass(frozen=True, slots=True)
class Words:
    """Secrets made ready for searching.

    `by_anchor` holds ASCII secrets as word sequences, under their longest word; `glued` those in scripts that need no
    spaces; `loose` are expressions for what is no word of its own.
    """

    by_anchor: dict[bytes, list[tuple[bytes, LeakKind]]] = field(repr=False)
    glued: re.Pattern[bytes] | None
    glued_kinds: dict[bytes, LeakKind] = field(repr=False)
    loose: tuple[tuple[LeakKind, re.Pattern[str]], ...]
    dates: frozenset[date]


_ASCII_WORDS = bytes(byte if chr(byte).isalnum() and byte < 128 else 32 for byte in range(256)).lower()  # noqa: PLR2004
_WORDS = bytes(byte if byte >= 128 or chr(byte).isalnum() else 32 for byte in range(256)).lower()  # noqa: PLR2004
_BY_CHANCE = 8  # bytes: a shorter word turns up in compressed pixels by itself
_LONG = re.compile(rb"[a-z0-9]{4,}")  # the longest word of any secret that is too long for chance
_FEWEST_LETTERS = 4
_TELLING_LETTERS = 8  # of a file name without a number: "front" names any photo, "keller-front" one
_SHORT_NUMBER = 6


@lru_cache(maxsize=2)
def words_of(secrets: Secrets) -> Words:
    """Make secrets ready for searching."""
    by_anchor: dict[bytes, list[tuple[bytes, LeakKind]]] = defaultdict(list)
    glued: dict[bytes, LeakKind] = {}
    for kind, text in _forms(secrets):
        if not text.isascii():
            for spelled in {text.lower(), text.upper(), text}:
                glued.update(
                    (_plain(spelled.encode(code, "ignore"), _WORDS), kind)
                    for code in ("utf-8", "latin-1", "utf-16-le")
                )
        for folded in [text.lower()] if _PLAIN.fullmatch(text) else readings(text.encode()):
            sequence = _plain(folded.encode("utf-8", "replace"), _ASCII_WORDS)
            if folded.isascii() and sequence:
                by_anchor[max(sequence.split(), key=len)].append((sequence, kind))
            elif not folded.isascii():
                glued[_plain(folded.encode("utf-8", "replace"), _WORDS)] = kind
    glued = {form: kind for form, kind in glued.items() if len(form) >= _FEWEST_LETTERS}
    return Words(dict(by_anchor), _any_of(glued), glued, tuple(_loose(secrets)), secrets.dates)


_PLAIN = re.compile(r"[A-Za-z0-9 ._-]+")  # reads one way only


def _any_of(forms: Iterable[bytes]) -> re.Pattern[bytes] | None:
    ready = [re.escape(form).replace(rb"\ ", b" +") for form in sorted(forms, key=len, reverse=True)]
    return re.compile(b"|".join(ready)) if ready else None


def _forms(secrets: Secrets) -> Iterator[tuple[LeakKind, str]]:
    """Yield each secret in every order and joining."""
    for name in secrets.names:
        yield from ((LeakKind.NAME, form) for form in _name_forms(name))
    for name in secrets.file_names:
        yield from ((LeakKind.FILE_NAME, form) for form in _file_forms(name))
    yield from ((LeakKind.SERIAL, serial) for serial in secrets.serials if len(serial) >= _FEWEST_LETTERS)
    yield from ((LeakKind.CHART_NUMBER, number) for number in secrets.chart_numbers if not _is_short(number))


def _name_forms(name: str) -> set[str]:
    words = re.findall(r"[^\W_]+", name)
    if len(words) < 2:  # noqa: PLR2004 (one word)
        return {word for word in words if len(word) >= _FEWEST_LETTERS or not word.isascii()}
    first, *_, last = words
    orders = [words, [last, *words[:-1]], [first, last], [last, first], [first[0], last], [last, first[0]]]
    forms = {joint.join(order) for order in orders for joint in (" ", "")}
    return {form for form in forms if len(form) >= _FEWEST_LETTERS or not form.isascii()}


def _file_forms(name: str) -> set[str]:
    """Give a file name's telling forms, none where it says nothing."""
    name = name.replace("\\", "/").rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    counted = re.search(r"\d{4}", stem) is not None
    letters = len(re.findall(r"[^\W_]", stem))
    if _is_short(stem):  # "1200.jpg" is also how a published file of that width ends
        return set()
    if letters < _FEWEST_LETTERS or (letters < _TELLING_LETTERS and not re.search(r"\d", stem)):
        return set()
    return {name} | ({stem} if counted else set())


def _is_short(number: str) -> bool:
    return number.isdigit() and len(number) < _SHORT_NUMBER


def _loose(secrets: Secrets) -> Iterator[tuple[LeakKind, re.Pattern[str]]]:
    short = sorted(number for number in secrets.chart_numbers if _is_short(number))
    if short:
        beside = r"\b(?:chart|record|file|mrn|emr|pid|patient[ _-]?id)\b\W{0,3}(?:no|nr|number|id)?\W{0,12}"
        yield LeakKind.CHART_NUMBER, re.compile(rf"{beside}0*(?:{'|'.join(short)})(?!\d)")
    ends = {f"{abs(degrees):.6f}"[:-3].replace(".", "[.,]") for place in secrets.places for degrees in place}
    if ends:
        yield LeakKind.PLACE, re.compile(rf"(?<!\d)(?:{'|'.join(sorted(ends))})\d*")


def search_words(data: bytes, words: Words, *, least: int = 0) -> Iterator[tuple[LeakKind, str]]:
    """Yield each secret that stands in these bytes.

    Secrets of fewer than `least` bytes are left out.
    """
    for dropped in (b"", b"\0") if (_UTF_16.search(data) if least else b"\0" in data) else (b"",):
        yield from _sequences(data.translate(_ASCII_WORDS, dropped), words, least)
        if words.glued and not data.isascii():
            for found in words.glued.finditer(data.translate(_WORDS, dropped)):
                form = b" ".join(found[0].split())
                if len(form) >= least:
                    yield words.glued_kinds[form], form.decode("utf-8", "replace")


def _sequences(plain: bytes, words: Words, least: int) -> Iterator[tuple[LeakKind, str]]:
    anchors = words.by_anchor.keys() & set(_LONG.findall(plain) if least else plain.split())
    if not anchors:
        return
    line = b" %b " % b" ".join(plain.split())
    for sequence, kind in (one for anchor in sorted(anchors) for one in words.by_anchor[anchor]):
        if len(sequence) >= least and b" %b " % sequence in line:
            yield kind, sequence.decode()


def search_pixels(data: bytes, words: Words) -> Iterator[tuple[LeakKind, str]]:
    """Yield secrets in a picture's bytes too long to be chance."""
    yield from search_words(data, words, least=_BY_CHANCE)
    for found in (found for pattern in _CENTURIES for found in pattern.finditer(data)) if words.dates else ():
        if _date(*map(int, found.groups())) in words.dates:
            yield LeakKind.DATE, found[0].decode()


def search_text(data: bytes, words: Words) -> Iterator[tuple[LeakKind, str]]:
    """Yield each secret that any reading of these bytes shows."""
    yield from search_words(data, words)
    for reading in readings(data):
        yield from search_words(reading.encode("utf-8", "replace"), words)
        for kind, expression in words.loose:
            yield from ((kind, found[0]) for found in expression.finditer(reading))
        if words.dates:
            yield from (
                (LeakKind.DATE, text) for text, days in _dates_in(reading) if not words.dates.isdisjoint(days)
            )


def _plain(data: bytes, table: bytes) -> bytes:
    return b" ".join(data.translate(table, b"\0").split())


# Each begins with letters of its own, because a search for one of many beginnings costs thirty times as much.
_CENTURIES = tuple(re.compile(century + rb"\d\d)[-:/.](\d\d)[-:/.](\d\d)") for century in (rb"(19", rb"(20"))
_UTF_16 = re.compile(rb"\x00[A-Za-z0-9]\x00[A-Za-z0-9]\x00[A-Za-z0-9]\x00")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_MONTH = rf"(?P<word>{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<year>\d{4})(?P<joint>[-:/._ ]?)(?P<month>\d{2})(?P=joint)(?P<day>\d{2})(?=\D|\d{6}(?!\d)|$)",
        r"(?P<year>\d{4})\W{1,2}(?P<month>\d{1,2})\W{1,2}(?P<day>\d{1,2})(?!\d)",
        r"(?P<day>\d{1,2})[-./_ ](?P<month>\d{1,2})[-./_ ](?P<year>\d{4})(?!\d)",
        r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{2})(?![\d/])",
        rf"{_DAY}\.?[\s_-]{{1,3}}(?:of\s)?{_MONTH},?[\s_-]{{1,3}}(?P<year>\d{{4}})",
        rf"{_MONTH}[\s_-]{{1,3}}{_DAY},?[\s_-]{{1,3}}(?P<year>\d{{4}})",
        r"(?P<year>\d{4})년 ?(?P<month>\d{1,2})월 ?(?P<day>\d{1,2})일",
    )
)


def _dates_in(text: str) -> Iterator[tuple[str, set[date | None]]]:
    """Yield what is written like a date, with its possible days."""
    for pattern in _DATES:
        for found in pattern.finditer(text):
            if (
                found.start() and text[found.start() - 1].isalnum()
            ):  # a lookbehind would make every search much slower
                continue
            parts = found.groupdict()
            year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)  # noqa: PLR2004
            day = int(parts["day"])
            month = _MONTHS[parts["word"]] if parts.get("word") else int(parts["month"])
            yield found[0], {_date(year, month, day), _date(year, day, month)}


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

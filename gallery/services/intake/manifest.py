"""Reads a manifest, the table of photographs to import. Pure."""

import csv
import difflib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gallery.errors import RefusedError
from gallery.model import PUBLIC_CHANNEL, Performer
from gallery.stages import sessions_in

COLUMNS: Mapping[str, str] = {
    "case": "the public number: 51 or Patient 51 (needed)",
    "stage": "before, after session 2 of 3, one year later … (needed)",
    "view": "front, left, right, top, donor … (needed)",
    "file": "the photo, relative to the manifest (needed)",
    "procedure": "what was done before this stage was photographed",
    "performed_by": "us, other (another doctor) or unknown: who did the work that this stage shows",
    "session": "the session this stage follows, a number (else read from the stage)",
    "sessions": "how many sessions are planned",
    "elapsed": "time since that session in words: immediately, 7 days, 1 year",
    "in_progress": "yes while further work is planned",
    "note": "what a reader must know: redness, next step (published)",
    "taken": "date of the photograph, 2026-03-01 (kept sealed; else from the camera)",
    "taken_by": "who pressed the shutter (kept sealed)",
    "alt": "what the picture shows, for readers who cannot see it (published)",
    "caption": "the line under the picture (published)",
    "region": "treated region: hairline, crown, scar … (published)",
    "classification": "Norwood 4, Ludwig II … (published)",
    "hair_length": "shaved, short, long (published)",
    "limits": "what this case does not show or promise (published)",
    "tags": "words to find the case by, separated by | or ; (published)",
    "minor": "yes when the patient was under age: never published",
    "consent_signed": "date of the signed consent; it covers the photos of the rows that name it",
    "consent_expires": "its last day, if it has one",
    "consent_scope": "channels it covers, separated by | or ; (website when empty)",
}
NEEDED = ("case", "stage", "view", "file")
_ALIASES = {
    "patient": "case",
    "case_number": "case",
    "photo": "file",
    "filename": "file",
    "file_name": "file",
}
_LONGEST = {"stage": 80, "view": 40, "file": 1000}
_LONGEST_TEXT = 2000
_VIEWS = {
    "vertex": "top", "crown": "top", "l": "left", "r": "right", "f": "front",
    "frontal": "front", "closeup": "close-up",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one place of a manifest.

    Rows are numbered as a spreadsheet numbers them.
    """

    row: int
    column: str
    message: str

    def to_json(self) -> dict[str, object]:
        """Give it as plain values."""
        return {"row": self.row, "column": self.column, "message": self.message}

    def __str__(self) -> str:
        """Give one sentence that names the row and the column."""
        where = f"row {self.row}" if self.row else "the manifest"
        return (
            f'{where}, column "{self.column}": {self.message}' if self.column else f"{where}: {self.message}"
        )


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """The consent that a row names."""

    signed_on: date
    expires_on: date | None
    channels: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One photograph to import, with all that its row says."""

    number: int
    case: int
    stage: str
    view: str
    file: str
    performed_by: Performer
    session: int | None
    sessions: int | None
    in_progress: bool
    minor: bool
    taken: date | None
    tags: tuple[str, ...]
    consent: ConsentTerms | None
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The rows that can be used, and what is wrong with the others."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest from the bytes of a CSV file.

    UTF-8 or UTF-16 with or without byte order marks, else Windows-1252 or Mac Roman; commas, semicolons or tabs, as the
    first row has them; any line ends.

    Raises:
        GalleryError: It is no table, or a column is missing, unknown or there twice.
    """
    lines = _table(_decoded(data))
    if not lines:
        raise RefusedError(
            "the manifest is empty", hint=f"its first row must name the columns: {','.join(NEEDED)}"
        )
    header = _header(lines[0])
    rows, problems = [], []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        texts = {name: cells[place] for name, place in header.items() if place < len(cells)}
        named = set(header.values())
        surplus = [cell for at, cell in enumerate(cells) if cell.strip() and at not in named]
        row, wrong = read_row(number, texts, surplus)
        problems.extend(wrong)
        if row is not None:
            rows.append(row)
    if not rows and not problems:
        raise RefusedError("the manifest names no photo", hint="add one row per photo below the column names")
    return Manifest(tuple(rows), tuple(problems))


def read_row(
    number: int, texts: Mapping[str, str], surplus: Sequence[str] = ()
) -> tuple[Row | None, list[Problem]]:
    """Read one row, or name what is wrong in each of its cells."""
    return _Reader(number, texts, surplus).read()


def _decoded(data: bytes) -> str:
    if data[:4] == b"PK\x03\x04" or data[:4] == b"\xd0\xcf\x11\xe0":
        raise RefusedError(
            "the manifest is a workbook, not a CSV file",
            hint='in the spreadsheet program choose "save as" and "CSV UTF-8"',
        )
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encodings = ["utf-16"]
    elif b"\x00" in data[:200]:
        encodings = ["utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"]
    else:
        encodings = ["utf-8", "mac_roman" if _from_an_old_mac(data) else "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding).lstrip("\ufeff")
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise RefusedError("the manifest is not text", hint='save it again as "CSV UTF-8"')


def _from_an_old_mac(data: bytes) -> bool:
    """Tell Mac Roman from Windows-1252 by where its letters are.

    Within words, Mac Roman has its accented letters at 0x80 to 0x9F, where Windows-1252 has signs, and Windows-1252
    has them at 0xC0 to 0xFF. A list without either is of a Mac where its lines end as those of a Mac do.
    """
    words = rb"(?<=[A-Za-z])[%s]|[%s](?=[a-z])"
    mac, windows = (
        len(re.findall(words % (span, span), data))
        for span in (rb"\x83-\x90\x96\x98-\x9f", rb"\xc0-\xd6\xd8-\xf6\xf8-\xff")
    )
    return mac > windows or (mac == windows and b"\n" not in data and b"\r" in data)


def _table(text: str) -> list[list[str]]:
    text = text.lstrip("\r\n")
    first = text.splitlines()[0] if text else ""
    told = re.fullmatch(r'"?sep=(.)"?[,;\t]*', first.strip("\r\n "), re.IGNORECASE)
    if told:
        delimiter, text = told[1], text[len(first) :].lstrip("\r\n")
    else:
        delimiter = max(",;\t", key=lambda sign: _columns_named(first, sign))
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise RefusedError(
            f"the manifest is not a readable table: {error}",
            hint='look for a quotation mark that is not closed, or save it again as "CSV UTF-8"',
        ) from error


def _columns_named(first: str, delimiter: str) -> tuple[int, int]:
    """Count the columns that a first row names, read with a delimiter, and how often it stands there."""
    cells = next(csv.reader([first], delimiter=delimiter), [])
    return sum(_column(cell) in COLUMNS for cell in cells), first.count(delimiter)


def _column(cell: str) -> str:
    name = re.sub(r"[\s-]+", "_", cell.strip().lower())
    return _ALIASES.get(name, name)


def _header(cells: list[str]) -> dict[str, int]:
    header: dict[str, int] = {}
    for place, cell in enumerate(cells):
        name = _column(cell)
        if not name:
            continue
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, n=1)
            meant = f'; did you mean "{near[0]}"?' if near else ""
            raise RefusedError(
                f'row 1, column {place + 1}: "{cell.strip()[:60]}" is not a column of a manifest{meant}',
                hint=f"columns are: {', '.join(COLUMNS)}",
            )
        if name in header:
            raise RefusedError(f'row 1, column {place + 1}: the column "{name}" is there twice')
        header[name] = place
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise RefusedError(
            f'row 1: the column "{missing[0]}" is missing',
            hint=f"the first row must name at least: {','.join(NEEDED)}",
        )
    return header


class _Reader:
    """Reads one row, and collects what is wrong in it."""

    def __init__(self, number: int, texts: Mapping[str, str], surplus: Sequence[str]) -> None:
        self._number, self._surplus = number, surplus
        self._cells = {name: text.strip() for name, text in texts.items()}
        self._problems: list[Problem] = []

    def read(self) -> tuple[Row | None, list[Problem]]:
        texts = {name: self._text(name) for name in COLUMNS}
        if self._surplus:
            self._wrong("", f'has "{self._surplus[0].strip()[:40]}" where the first row names no column')
        label, view = " ".join(texts["stage"].split()), " ".join(texts["view"].lower().split())
        in_label = sessions_in(label)
        row = Row(
            number=self._number,
            case=self._case(texts["case"]) or 0,
            stage=label,
            view=_VIEWS.get(view, view),
            file=texts["file"],
            performed_by=self._performer(texts["performed_by"]),
            session=self._count("session") or in_label[0],
            sessions=self._count("sessions") or in_label[1],
            in_progress=self._yes("in_progress"),
            minor=self._yes("minor"),
            taken=self._date("taken"),
            tags=_listed(texts["tags"].lower()),
            consent=self._consent(texts["consent_scope"]),
            texts=texts,
        )
        if row.session and row.sessions and row.session > row.sessions:
            self._wrong("session", f"is {row.session}, but only {row.sessions} sessions are planned")
        return (None if self._problems else row), self._problems

    def _wrong(self, column: str, message: str) -> None:
        self._problems.append(Problem(self._number, column, message))

    def _text(self, column: str) -> str:
        text = self._cells.get(column, "")
        if not text and column in NEEDED:
            self._wrong(column, "is empty")
        if len(text) > _LONGEST.get(column, _LONGEST_TEXT):
            self._wrong(column, f"is longer than {_LONGEST.get(column, _LONGEST_TEXT)} letters")
        if not text.replace("\n", " ").replace("\r", " ").replace("\t", " ").isprintable():
            self._wrong(column, "has characters that cannot be printed")
        return text

    def _case(self, text: str) -> int | None:
        found = re.fullmatch(r"(?:patient|case|no\.?|#)?\s*#?(\d{1,9})", text, re.IGNORECASE | re.ASCII)
        if found and int(found[1]) > 0:
            return int(found[1])
        if text:
            self._wrong("case", f'"{text[:40]}" is not a public number such as 51 or Patient 51')
        return None

    def _performer(self, text: str) -> Performer:
        words = {"": Performer.UNKNOWN, "another doctor": Performer.OTHER, "other doctor": Performer.OTHER}
        word = text.lower()
        if word in words:
            return words[word]
        try:
            return Performer(word)
        except ValueError:
            self._wrong("performed_by", f'"{text[:40]}" is none of us, other, unknown')
            return Performer.UNKNOWN

    def _count(self, column: str) -> int | None:
        text = self._cells.get(column, "")
        if not text:
            return None
        if re.fullmatch(r"\d{1,2}", text, re.ASCII) and int(text) > 0:
            return int(text)
        self._wrong(column, f'"{text[:40]}" is not a number from 1 to 99')
        return None

    def _yes(self, column: str) -> bool:
        text = self._cells.get(column, "").lower()
        if text not in {"", "yes", "no", "true", "false", "1", "0"}:
            self._wrong(column, f'"{text[:40]}" is neither yes nor no')
        return text in {"yes", "true", "1"}

    def _date(self, column: str) -> date | None:
        text = self._cells.get(column, "")
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._wrong(column, f'"{text[:40]}" is not a date such as 2026-03-01')
            return None

    def _consent(self, scope: str) -> ConsentTerms | None:
        signed, expires = self._date("consent_signed"), self._date("consent_expires")
        if signed is None:
            if expires or scope:
                self._wrong("consent_signed", "is empty, but the row says more about a consent")
            return None
        if expires and expires < signed:
            self._wrong("consent_expires", f"{expires} is before the consent was signed ({signed})")
        return ConsentTerms(signed, expires, frozenset(_listed(scope.lower()) or (PUBLIC_CHANNEL,)))


def _listed(text: str) -> tuple[str, ...]:
    words = (" ".join(word.split()) for word in re.split(r"[|;,]", text))
    return tuple(dict.fromkeys(filter(None, words)))

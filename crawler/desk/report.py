"""The report of findings as one HTML file and a CSV file."""

import base64
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from crawler.desk.export import COLUMNS, finding_row
from crawler.desk.inbox import is_for_the_desk
from crawler.desk.sentences import MARK_ONLY_MEANS, former_judgements, mark_says, says, subject, whereabouts
from crawler.model import Finding, Infringement
from crawler.store.database import watch
from crawler.store.findings import Findings
from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import Digest
from gallery.parallel import Progress, silently
from gallery.services.lookup import Lookup
from gallery.settings import DataFolder, load_settings
from gallery.store.head import Head
from gallery.store.ledger import Ledger
from gallery.store.vault import Vault
from watermark.errors import WatermarkError
from watermark.matching.error_rates import ErrorRates
from watermark.matching.illustration import illustrate
from watermark.matching.model import matching_rates
from watermark.matching.result import Answer
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture, resize
from watermark.picture.sandbox import sandbox

LONGEST = 560
HTML_NAME, CSV_NAME = "report.html", "findings.csv"


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture of an exhibit with its caption.

    `source` is a `data:` URI.
    """

    caption: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A finding with its pictures.

    `trouble` says why there are none.
    """

    finding: Finding
    subject: str
    says: str
    confirmed: bool
    changes: tuple[str, ...]
    mark: str
    before: tuple[str, ...]
    pictures: tuple[Figure, ...]
    trouble: str = ""


def write_report(
    folder: DataFolder,
    out: Path,
    *,
    now: datetime,
    by: str = "pairwatch",
    everything: bool = False,
    progress: Progress = silently,
) -> Path:
    """Write report.html and findings.csv into a folder.

    Works without any network or matching: pictures and transforms are those that were kept when they were seen.
    `everything` includes what was dismissed or licensed. The ledger notes for `by` which originals it shows.
    """
    with watch(folder) as db:
        findings = [one for one in Findings(db).all() if everything or is_for_the_desk(one)]
    lookup, evidence = Lookup(folder), Vault(folder.evidence)
    exhibits = [
        _exhibit(finding, lookup, evidence) for finding in progress(findings, len(findings), "Report")
    ]
    with watch(folder) as db:
        shown = sorted({one.finding.photo_id for one in exhibits if one.finding.photo_id and one.pictures})
        about = {"photos": shown, "to": str(out)}
        head = Ledger(db).append(by, Action.ORIGINAL_EXPORTED, "report", about, now)
    page = _render(exhibits, load_settings(folder).practice, now, head)
    out.mkdir(parents=True, exist_ok=True)
    _replace(out / CSV_NAME, _csv(findings))
    _replace(out / HTML_NAME, page)
    return out / HTML_NAME


def _exhibit(finding: Finding, lookup: Lookup, evidence: Vault) -> Exhibit:
    pictures: tuple[Figure, ...] = ()
    trouble = ""
    try:
        pictures = tuple(_pictures(finding, lookup, evidence))
    except (GalleryError, WatermarkError) as error:
        trouble = f"The pictures cannot be shown: {error}"
    return Exhibit(
        finding=finding,
        subject=subject(finding),
        confirmed=isinstance(finding, Infringement),
        says=" ".join(filter(None, (says(finding), whereabouts(finding)))),
        changes=tuple(finding.answer.get("changes", ())),
        before=former_judgements(finding),
        mark=mark_says(finding),
        pictures=pictures,
        trouble=trouble,
    )


def _pictures(finding: Finding, lookup: Lookup, evidence: Vault) -> Iterator[Figure]:
    data = evidence.get(Digest(finding.digest))
    named = {"verdict": finding.verdict, "probability": finding.probability}
    answer = Answer.from_json({**named, **finding.answer})
    found = sandbox().open_picture(data, lookup.limits, frame=answer.frame)
    moving = f", frame {answer.frame + 1} of {answer.frames}" if answer.frames > 1 else ""
    yield Figure(f"Found there, as it is{moving}", _uri(found))
    if finding.photo_id is None:
        return
    photo = lookup.picture(finding.photo_id)
    yield Figure(f"Ours: {subject(finding)}, {finding.view}", _uri(photo))
    if answer.transform is None:
        return
    exhibit = illustrate(found, photo, answer.transform)
    yield Figure(
        "Both in turn, in upright stripes: where they fit, lines run on from one to the next",
        _uri(exhibit.overlay),
    )
    yield Figure(
        "Green: fine detail agrees; red: it does not; grey: nothing can be said", _uri(exhibit.agreement)
    )


def _uri(picture: Picture) -> str:
    data = encode(_at_most(picture), format="webp", quality=80)
    return f"data:image/webp;base64,{base64.b64encode(data).decode('ascii')}"


def _at_most(picture: Picture) -> Picture:
    return picture if max(picture.width, picture.height) <= LONGEST else resize(picture, LONGEST)


def _render(exhibits: list[Exhibit], practice: str, now: datetime, head: Head) -> str:
    environment = Environment(
        loader=PackageLoader("crawler.desk"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    copies, marks = (
        _by_site(one for one in exhibits if (one.finding.photo_id is None) is alone)
        for alone in (False, True)
    )
    return environment.get_template("report.html").render(
        copies=copies,
        marks=marks,
        exhibits=exhibits,
        practice=practice,
        now=now,
        ledger_head=str(head),
        mark_only_means=MARK_ONLY_MEANS,
        measured=_measured(),
    )


def _by_site(exhibits: Iterable[Exhibit]) -> list[tuple[str, list[Exhibit]]]:
    return [(site, list(group)) for site, group in groupby(exhibits, key=lambda one: one.finding.site_url)]


def _measured() -> ErrorRates | None:
    """Give the matcher's error rates, or None where none were shipped."""
    try:
        return ErrorRates.of(matching_rates())
    except FileNotFoundError:
        return None


def _csv(findings: Iterable[Finding]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(finding_row(finding) for finding in findings)
    return "\ufeff" + text.getvalue()


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8", newline="")
    fresh.replace(path)

"""The whole story on a drawn clinic, and whether its answer is right.

A practice imports, marks and publishes, is copied, crawls, finds and reports.
"""

import shutil
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from crawler.desk.report import write_report
from crawler.errors import CrawlerError
from crawler.model import Finding, Listing, RunSummary, Site
from crawler.run.night import run
from crawler.store.database import open_watch
from crawler.store.findings import Findings
from crawler.store.sites import Sites
from gallery.model import PUBLIC_CHANNEL
from gallery.parallel import Progress
from gallery.services.intake import Wishes, import_manifest
from gallery.settings import DataFolder
from gallery.site.build import build_site
from gallery.store.catalog import Catalog
from gallery.store.database import open_database
from sample_clinic.demo.practice import SETTINGS, draw_practice, look_alike_photographs, take_all
from sample_clinic.demo.servers import ServedSite, serve
from sample_clinic.demo.websites import COPIES, PlantedCopy, Published, copier_site, honest_site, sister_site

if TYPE_CHECKING:
    from crawler.run.dispatch import SliceWritten

_ACTOR = "demo"
_MARKER = ".pairwatch-demo"
_SISTER_SHOWS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What was planted, what was found, and who was wrongly accused."""

    findings: tuple[Finding, ...]
    planted: int
    missed: tuple[PlantedCopy, ...]
    accused: tuple[Finding, ...]
    robots_ignored: bool
    summary: RunSummary
    report: Path
    site: Path

    @property
    def right(self) -> bool:
        """Say whether all copies and nobody else were found."""
        return not (self.missed or self.accused or self.robots_ignored or self.summary.failing)


def play(out: Path, now: datetime, *, progress: Progress, say: Callable[[str], None]) -> DemoResult:
    """Play the whole story in the folder `out`.

    The folder is made, or emptied when an earlier demo made it.

    Raises:
        CrawlerError: `out` holds something that no demo made.
    """
    _make_room(out)
    folder = _found_practice(out, now, progress, say)
    rival_photos, copier_photos = _draw_rivals(out, progress)
    stolen = _published(folder)
    copier, planted = copier_site(stolen, copier_photos)
    with ExitStack() as stack:
        sites = (copier, honest_site(rival_photos), sister_site(stolen[-_SISTER_SHOWS:]))
        shadow, rival, sister = (stack.enter_context(serve(files)) for files in sites)
        say(
            f"Three sites answer on loopback: a copier {shadow.url}, a rival {rival.url}, our sister site {sister.url}"
        )
        _watch(folder, [shadow, rival], sister, now)
        summary = _crawled(
            folder, sum(path.startswith("img/") for files in sites for path in files), progress
        )
        report = write_report(folder, out / "report", now=now)
    findings = _findings(folder)
    return DemoResult(
        findings=findings,
        planted=len(planted),
        missed=tuple(copy for copy in planted if not _found(copy, shadow, findings)),
        accused=tuple(finding for finding in findings if not _planted(finding, shadow, planted)),
        robots_ignored=any(path.startswith("private/") for path in shadow.asked),
        summary=summary,
        report=report,
        site=folder.public / "index.html",
    )


def _make_room(out: Path) -> None:
    if out.exists() and any(out.iterdir()):
        if not (out / _MARKER).exists():
            raise CrawlerError(
                f"{out} is not empty and was not made by the demo",
                hint="name an empty folder: pairwatch demo --out DIR",
            )
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / _MARKER).touch()


def _found_practice(out: Path, now: datetime, progress: Progress, say: Callable[[str], None]) -> DataFolder:
    """Draw a practice, import its manifest and build its site."""
    manifest = draw_practice(out / "clinic", now.date(), progress)
    folder = DataFolder(out / "data")
    folder.root.mkdir()
    folder.settings_file.write_text(SETTINGS, encoding="utf-8")
    open_database(folder.database).close()
    imported = import_manifest(folder, manifest, Wishes(actor=_ACTOR, now=now), progress=progress)
    say(f"Imported {len(imported.photos)} photos of {len(imported.new_cases)} cases, as staff do")
    built = build_site(folder, actor=_ACTOR, now=now, progress=progress)
    for line in built.lines():
        say(line)
    return folder


def _draw_rivals(out: Path, progress: Progress) -> tuple[list[Path], list[Path]]:
    """Draw the rival's and the copier's own patients.

    The last two patients are the copier's.
    """
    (out / "rival").mkdir()
    photographs = look_alike_photographs(out / "rival")
    paths = take_all(photographs, progress, "Photographing look-alikes")
    return paths[:-4], paths[-4:]


def _published(folder: DataFolder) -> list[Published]:
    """List files that anyone can save from the built gallery.

    They are the largest JPEG of each photo, taken from all cases.
    """
    database = open_database(folder.database)
    try:
        public = Catalog(database).publications(PUBLIC_CHANNEL)
    finally:
        database.close()
    files = sorted(folder.public.rglob("*.jpg"), key=lambda path: path.stat().st_size)
    largest = {
        photo: path
        for path in files
        for photo, publication in public.items()
        if publication.token in path.name
    }
    everything = [Published(photo, largest[photo]) for photo in sorted(largest)]
    step = max(1, len(everything) // (len(COPIES) + _SISTER_SHOWS))
    return everything[::step]


def _watch(folder: DataFolder, watched: Sequence[ServedSite], sister: ServedSite, now: datetime) -> None:
    database = open_watch(folder.database)
    try:
        sites = Sites(database)
        for served in watched:
            sites.put(_site(served, Listing.WATCH), now)
        sites.put(_site(sister, Listing.ALLOW), now)
    finally:
        database.close()


def _site(served: ServedSite, listing: Listing) -> Site:
    """Describe a loopback site.

    Reaching a private address needs this explicit allowance.
    """
    return Site(
        url=served.url + "/", listing=listing, allowance=frozenset({served.url.removeprefix("http://")})
    )


def _crawled(folder: DataFolder, images: int, progress: Progress) -> RunSummary:
    """Run one night in a thread and show its progress."""
    steps: SimpleQueue[SliceWritten | None] = SimpleQueue()
    with ThreadPoolExecutor(1) as pool:
        night = pool.submit(run, folder, talk=steps.put)
        night.add_done_callback(lambda _: steps.put(None))
        seen = (image for step in iter(steps.get, None) for image in range(step.result.tally.images))
        deque(progress(seen, images, "Crawling three sites over HTTP"), maxlen=0)
        return night.result()


def _findings(folder: DataFolder) -> tuple[Finding, ...]:
    database = open_watch(folder.database)
    try:
        return tuple(Findings(database).all())
    finally:
        database.close()


def _found(copy: PlantedCopy, shadow: ServedSite, findings: Sequence[Finding]) -> bool:
    url = f"{shadow.url}/{copy.path}"
    return any(
        (finding.image_url, finding.photo_id, finding.verdict) == (url, copy.photo_id, "copy")
        for finding in findings
    )


def _planted(finding: Finding, shadow: ServedSite, planted: Sequence[PlantedCopy]) -> bool:
    return any(finding.image_url == f"{shadow.url}/{copy.path}" for copy in planted)

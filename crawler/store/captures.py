"""What was kept of findings, and the bundles made of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gallery.store.database import Store, transaction
from gallery.times import moment_of, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a capture shows: a finding's picture on one page, in its words.

    Args:
        words: What stood around the picture, one mapping for each element.
        run: In which run, or None.
    """

    finding: int
    site: int
    page_url: str
    image_url: str
    digest: str
    words: tuple[Mapping[str, str], ...]
    run: int | None = None

    @property
    def key(self) -> str:
        """The same while neither page, bytes nor words are others, under whatever address the picture is."""
        told = [self.finding, self.page_url, self.digest, [dict(one) for one in self.words]]
        return json.dumps(told, sort_keys=True, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What is kept of one subject.

    Args:
        parts: What was kept of each answer and picture, as JSON values, in order.
        manifest: The digest of its list of contents; "" for one that was cut off.
        is_complete: Whether nothing is missing.
    """

    id: int
    finding: int
    page_url: str
    image_url: str
    digest: str
    begun_at: datetime
    parts: tuple[Mapping[str, Any], ...]
    manifest: str
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRecord:
    """A sealed bundle.

    Args:
        digest: Of its file.
        replaces: The bundle that this one is with a time stamp, or None.
    """

    id: int
    digest: str
    tier: str
    findings: tuple[int, ...]
    by: str
    at: datetime
    replaces: int | None


class Captures(Store):
    """Captures and bundles, which are only ever added."""

    def begin(self, subject: Subject, now: datetime) -> int:
        """Write that a capture was begun, and give its number."""
        with transaction(self._db):
            cursor = self._db.execute(
                """insert into captures (finding_id, site_id, page_url, image_url, digest, subject, run_id, begun_at)
                   values (:finding, :site, :page, :image, :digest, :subject, :run, :at)""",
                {
                    "finding": subject.finding,
                    "site": subject.site,
                    "page": subject.page_url,
                    "image": subject.image_url,
                    "digest": subject.digest,
                    "subject": subject.key,
                    "run": subject.run,
                    "at": text_of(now),
                },
            )
        return int(cursor.lastrowid or 0)

    def add(self, capture: int, number: int, part: Mapping[str, Any]) -> None:
        """Write down one part of a capture."""
        with transaction(self._db):
            self._db.execute(
                "insert into capture_parts (capture_id, number, told) values (:capture, :number, :told)",
                {"capture": capture, "number": number, "told": json.dumps(part, ensure_ascii=False)},
            )

    def end(self, capture: int, manifest: str, *, is_complete: bool, now: datetime) -> None:
        """Write that a capture has ended."""
        with transaction(self._db):
            self._db.execute(
                """insert into capture_ends (capture_id, manifest, is_complete, ended_at)
                   values (:capture, :manifest, :complete, :at)""",
                {"capture": capture, "manifest": manifest, "complete": int(is_complete), "at": text_of(now)},
            )

    def complete_subjects(self) -> frozenset[str]:
        """Name all that need not be captured again."""
        rows = self._db.execute(
            "select subject from captures join capture_ends on capture_id = id where is_complete"
        )
        return frozenset(str(subject) for (subject,) in rows)

    def never_published(self) -> frozenset[int]:
        """Name the photos that were never public, of which a copy is a leak of ours."""
        rows = self._db.execute("select id from photos where first_published_at is null")
        return frozenset(int(number) for (number,) in rows)

    def of(self, finding: int | None = None) -> list[Capture]:
        """Give the captures of one finding or all, the oldest first."""
        which = {"finding": finding}
        parts: dict[int, list[Mapping[str, Any]]] = {}
        for capture, told in self._db.execute(
            """select capture_id, told from capture_parts join captures on captures.id = capture_id
                where :finding is null or finding_id = :finding order by capture_id, number""",
            which,
        ):
            parts.setdefault(capture, []).append(json.loads(told))
        rows = self._db.query(
            """select captures.*, manifest, is_complete from captures left join capture_ends on capture_id = id
                where :finding is null or finding_id = :finding order by id""",
            which,
        )
        return [
            Capture(
                id=row["id"],
                finding=row["finding_id"],
                page_url=row["page_url"],
                image_url=row["image_url"],
                digest=row["digest"],
                begun_at=moment_of(row["begun_at"]),
                parts=tuple(parts.get(row["id"], ())),
                manifest=row["manifest"] or "",
                is_complete=bool(row["is_complete"]),
            )
            for row in rows
        ]

    def put_bundle(
        self,
        digest: str,
        tier: str,
        findings: tuple[int, ...],
        *,
        by: str,
        now: datetime,
        replaces: int | None = None,
    ) -> int:
        """Write down a bundle, and give its number."""
        with transaction(self._db):
            cursor = self._db.execute(
                """insert into bundles (digest, tier, findings, by, at, replaces)
                   values (:digest, :tier, :findings, :by, :at, :replaces)""",
                {
                    "digest": digest,
                    "tier": tier,
                    "findings": json.dumps(findings),
                    "by": by,
                    "at": text_of(now),
                    "replaces": replaces,
                },
            )
        return int(cursor.lastrowid or 0)

    def bundles(self) -> list[BundleRecord]:
        """Give every bundle, the oldest first."""
        return [
            BundleRecord(
                id=row["id"],
                digest=row["digest"],
                tier=row["tier"],
                findings=tuple(json.loads(row["findings"])),
                by=row["by"],
                at=moment_of(row["at"]),
                replaces=row["replaces"],
            )
            for row in self._db.query("select * from bundles order by id")
        ]

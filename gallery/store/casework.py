"""What staff add to a case and correct in it."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta

from gallery.errors import ChangedMeanwhileError, ConflictError
from gallery.model import (
    Alignment,
    Approval,
    Authorship,
    Case,
    Details,
    Method,
    Relation,
    Saved,
    Section,
    Stage,
    Words,
)
from gallery.store.database import Store, transaction
from gallery.times import moment_of, text_of


class Casework(Store):
    """Facts, authorship, words, alignments and approvals of cases in the catalogue's database."""

    # -- versions

    def saved(self, number: int) -> dict[Section, Saved]:
        """Give when each section of a case that was saved was saved last."""
        rows = self._db.execute(
            "select section, version, saved_by, saved_at from case_sections where case_number = ?", [number]
        )
        return {Section(row[0]): Saved(int(row[1]), str(row[2]), moment_of(row[3])) for row in rows}

    @contextmanager
    def saving(self, number: int, section: Section, version: int, by: str, now: datetime) -> Iterator[None]:
        """Save a section of a case as one transaction.

        Raises:
            ChangedMeanwhileError: Somebody saved this section since `version`.
        """
        with transaction(self._db):
            last = self.saved(number).get(section, Saved())
            if last.version != version:
                raise ChangedMeanwhileError("this page", last.by or "Somebody", last.at or now)
            yield
            self._db.execute(
                """insert into case_sections (case_number, section, version, saved_by, saved_at)
                   values (:number, :section, :version, :by, :now)
                   on conflict do update set version = :version, saved_by = :by, saved_at = :now""",
                {
                    "number": number,
                    "section": str(section),
                    "version": version + 1,
                    "by": by,
                    "now": text_of(now),
                },
            )

    # -- holding back

    def hold(self, number: int) -> None:
        """Keep a case from being published until it is released."""
        with transaction(self._db):
            self._db.execute("insert into held_cases values (?) on conflict do nothing", [number])

    def release(self, number: int) -> None:
        """Let a case be published as far as its consents go."""
        with transaction(self._db):
            self._db.execute("delete from held_cases where case_number = ?", [number])

    # -- facts

    def details(self, number: int) -> Details:
        """Give what only staff see of a case."""
        row = self._db.execute(
            "select light, chart from case_details where case_number = ?", [number]
        ).fetchone()
        return Details(str(row[0]), bytes(row[1]) if row[1] is not None else None) if row else Details()

    def charts(self) -> list[bytes]:
        """Give the chart numbers of all cases, as they are encrypted."""
        rows = self._db.execute("select chart from case_details where length(chart) > 0 order by case_number")
        return [bytes(row[0]) for row in rows]

    def write_facts(self, case: Case, stages: Iterable[Stage], details: Details) -> None:
        """Write a case's facts over those it has."""
        with transaction(self._db):
            self._db.execute(
                """update cases set limits = :limits, region = :region, classification = :classification,
                                    hair_length = :hair_length, minor = :minor where number = :number""",
                {name: getattr(case, name) for name in _CASE_FACTS},
            )
            self._db.execute("delete from case_tags where case_number = ?", [case.number])
            self._db.conn.executemany(
                "insert into case_tags (case_number, tag) values (?, ?)",
                [(case.number, tag) for tag in case.tags],
            )
            self._write_stages(list(stages))
            self._db.execute(
                """insert into case_details (case_number, light, chart) values (:number, :light, :chart)
                   on conflict do update set light = :light, chart = :chart""",
                {"number": case.number, "light": details.light, "chart": details.chart},
            )

    def _write_stages(self, stages: list[Stage]) -> None:
        for stage in stages:  # a name may go from one stage to another: free all of them first
            self._db.execute("update stages set label = '#' || id where id = ?", [stage.id])
        for stage in stages:
            self._db.execute(
                """update stages set label = :label, procedure = :procedure, performed_by = :performed_by,
                                     session = :session, sessions = :sessions, elapsed = :elapsed,
                                     in_progress = :in_progress, note = :note where id = :id""",
                {name: getattr(stage, name) for name in _STAGE_FACTS},
            )

    # -- photographs

    def write_words(self, words: Mapping[int, Words]) -> None:
        """Write the description and the caption of photographs."""
        with transaction(self._db):
            self._db.conn.executemany(
                "update photos set alt = ?, caption = ? where id = ?",
                [(said.alt, said.caption, photo) for photo, said in words.items()],
            )

    def authorships(self, photos: Iterable[int]) -> dict[int, Authorship]:
        """Give who took these photographs, as far as it was recorded."""
        wanted = frozenset(photos)
        rows = self._db.query("select * from authorships")
        return {
            int(row.pop("photo_id")): Authorship(**{**row, "relation": Relation(row["relation"])})
            for row in rows
            if row["photo_id"] in wanted
        }

    def people(self) -> list[str]:
        """Name everybody who ever took a photograph here, whoever took most first."""
        rows = self._db.execute(
            "select person from authorships group by person order by count(*) desc, person"
        )
        return [str(row[0]) for row in rows]

    def write_authorships(self, authors: Mapping[int, Authorship]) -> None:
        """Write who took these photographs."""
        with transaction(self._db):
            for photo, author in authors.items():
                self._db.execute(
                    """insert into authorships (photo_id, person, relation, camera, choices, assignment)
                       values (:photo, :person, :relation, :camera, :choices, :assignment)
                       on conflict do update set person = :person, relation = :relation, camera = :camera,
                                                 choices = :choices, assignment = :assignment""",
                    asdict(author) | {"photo": photo},
                )
                self._db.execute("update photos set taken_by = ? where id = ?", [author.person, photo])

    def thumbnail(self, photo: int) -> bytes | None:
        """Give a photograph's small JPEG, or None when none was kept yet."""
        row = self._db.execute("select jpeg from thumbnails where photo_id = ?", [photo]).fetchone()
        return bytes(row[0]) if row else None

    def keep_thumbnail(self, photo: int, jpeg: bytes) -> None:
        """Keep a photograph's small JPEG."""
        with transaction(self._db):
            self._db.execute(
                "insert into thumbnails (photo_id, jpeg) values (?, ?) on conflict do nothing", [photo, jpeg]
            )

    # -- pairs

    def alignments(self) -> dict[tuple[int, int], Alignment]:
        """Give how pairs are aligned, by the ids of their photos."""
        rows = self._db.execute("select before_id, after_id, transform, method from alignments")
        return {(row[0], row[1]): Alignment(_matrix(row[2]), Method(row[3])) for row in rows}

    def write_alignment(self, before: int, after: int, alignment: Alignment | None) -> None:
        """Write how a pair is aligned, or forget it where None is given."""
        with transaction(self._db):
            self._db.execute("delete from alignments where before_id = ? and after_id = ?", [before, after])
            if alignment is not None:
                self._db.execute(
                    "insert into alignments (before_id, after_id, transform, method) values (?, ?, ?, ?)",
                    [before, after, json.dumps(alignment.transform), alignment.method],
                )

    def differences(self) -> dict[tuple[int, int], tuple[str, ...]]:
        """Give what readers are told about measured pairs, by their photos' ids."""
        rows = self._db.execute("select before_id, after_id, sentences from differences")
        return {(row[0], row[1]): tuple(json.loads(row[2])) for row in rows}

    def write_differences(self, before: int, after: int, sentences: Iterable[str], now: datetime) -> None:
        """Write what readers are told about a measured pair, even if nothing."""
        with transaction(self._db):
            self._db.execute(
                "insert or replace into differences (before_id, after_id, sentences, measured_at) values (?, ?, ?, ?)",
                [before, after, json.dumps(list(sentences)), text_of(now)],
            )

    # -- approvals

    def ask(self, number: int, asked: str, content: str, by: str, now: datetime) -> str:
        """Ask a doctor or patient to approve a content.

        Returns the secret of the link, of which only a digest is stored.
        """
        secret = secrets.token_urlsafe(24)
        with transaction(self._db):
            self._db.execute(
                """insert into approvals (case_number, asked, link, content, asked_by, asked_at)
                   values (?, ?, ?, ?, ?, ?)""",
                [number, asked, _link(secret), content, by, text_of(now)],
            )
        return secret

    def approvals(self, number: int) -> list[Approval]:
        """Give what was asked and answered about a case, the latest first."""
        return self._approvals(number, None)

    def asked_by_link(self, secret: str, now: datetime) -> Approval | None:
        """Give what a link asks, or None without one of the last two weeks."""
        found = self._approvals(None, _link(secret))
        return next((asked for asked in found if asked.asked_at > now - _LINK_LIFE), None)

    def _approvals(self, number: int | None, link: str | None) -> list[Approval]:
        rows = self._db.query(
            """select id, case_number as "case", asked, content, asked_by, asked_at, answer, answered_by, words
               from approvals where case_number = :number or link = :link order by id desc""",
            {"number": number, "link": link},
        )
        return [Approval(**{**row, "asked_at": moment_of(row["asked_at"])}) for row in rows]

    def answer(self, approval: int, answer: str, by: str, words: str, now: datetime) -> None:
        """Write the answer to what was asked."""
        with transaction(self._db):
            written = self._db.execute(
                """update approvals set answer = ?, answered_by = ?, answered_at = ?, words = ?
                   where id = ? and answer is null""",
                [answer, by, text_of(now), words, approval],
            ).rowcount
        if not written:
            raise ConflictError("this was answered already", hint="ask the practice for a new link")


_LINK_LIFE = timedelta(days=14)
_CASE_FACTS = ("number", "limits", "region", "classification", "hair_length", "minor")
_STAGE_FACTS = (
    "id", "label", "procedure", "performed_by", "session", "sessions", "elapsed", "in_progress", "note",
)  # fmt: skip


def _link(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _matrix(text: str) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    (a, b, c), (d, e, f) = json.loads(text)
    return (a, b, c), (d, e, f)

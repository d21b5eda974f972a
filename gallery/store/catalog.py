"""All SQL about cases, stages, photos, consents and publications."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from gallery.errors import ConflictError, NotFoundError
from gallery.model import Case, CaseStatus, Consent, Digest, Performer, Photo, Publication, Stage
from gallery.store.database import Store, transaction
from gallery.times import moment_of, moment_or_none, text_of

_PHOTOS = """
    select photos.*, stages.case_number, stages.label, stages.position
    from photos join stages on stages.id = photos.stage_id
"""


class Catalog(Store):
    """Cases and their photographs in the catalogue's database.

    Each write is whole or not there, alone or in the caller's transaction.
    """

    # -- cases

    def next_number(self) -> int:
        """Give the lowest number above every case there ever was."""
        return int(self._db.execute("select coalesce(max(number), 0) + 1 from cases").fetchone()[0])

    def add_case(self, case: Case, now: datetime) -> None:
        """Add a case under its permanent number."""
        if self.find_case(case.number) is not None:
            raise ConflictError(
                f"case {case.number} already exists",
                hint=f"the next free number is {self.next_number()}; numbers are never reused",
            )
        with transaction(self._db):
            self._db.execute(
                """insert into cases (number, limits, region, classification, hair_length, minor, created_at)
                   values (:number, :limits, :region, :classification, :hair_length, :minor, :now)""",
                {name: getattr(case, name) for name in _CASE_COLUMNS} | {"now": text_of(now)},
            )
            self.tag_case(case.number, case.tags)

    def tag_case(self, number: int, tags: Iterable[str]) -> None:
        """Add tags to those a case has."""
        with transaction(self._db):
            self._db.conn.executemany(
                "insert into case_tags (case_number, tag) values (?, ?) on conflict do nothing",
                [(number, tag) for tag in tags],
            )

    def find_case(self, number: int) -> Case | None:
        """Give a case, or None where there never was one."""
        return next(iter(self._cases(number)), None)

    def case(self, number: int) -> Case:
        """Give a case."""
        case = self.find_case(number)
        if case is None:
            raise NotFoundError(f"there is no case {number}", hint="see all cases with: pairwatch case list")
        return case

    def cases(self) -> list[Case]:
        """Give all cases by number, withdrawn ones too."""
        return self._cases(None)

    def _cases(self, number: int | None) -> list[Case]:
        tags: dict[int, list[str]] = {}
        for row in self._db.query("select case_number, tag from case_tags order by tag"):
            tags.setdefault(row["case_number"], []).append(row["tag"])
        rows = self._db.query(
            """select *, exists (select 1 from held_cases where case_number = number) as held from cases
               where :number is null or number = :number order by number""",
            {"number": number},
        )
        return [_case(row, tuple(tags.get(row["number"], ()))) for row in rows]

    def withdraw_case(self, number: int, now: datetime) -> Case:
        """Mark a case withdrawn for ever, and end all its consents."""
        case = self.case(number)
        if case.status is CaseStatus.WITHDRAWN:
            raise ConflictError(f"case {number} was already withdrawn on {case.withdrawn_at:%Y-%m-%d}")
        at = {"number": number, "now": text_of(now)}
        with transaction(self._db):
            self._db.execute(
                "update cases set status = 'withdrawn', withdrawn_at = :now where number = :number", at
            )
            self._db.execute(
                """update consents set withdrawn_at = :now
                   where case_number = :number and withdrawn_at is null""",
                at,
            )
        return replace(case, status=CaseStatus.WITHDRAWN, withdrawn_at=now)

    # -- stages and photos

    def add_stage(self, stage: Stage) -> Stage:
        """Add a stage after a case's others, with its id and position."""
        with transaction(self._db):
            row = self._db.execute(
                """insert into stages (case_number, position, label, procedure, performed_by,
                                       session, sessions, elapsed, in_progress, note)
                   values (:case, (select count(*) + 1 from stages where case_number = :case), :label,
                           :procedure, :performed_by, :session, :sessions, :elapsed, :in_progress, :note)
                   returning id, position""",
                {name: getattr(stage, name) for name in _STAGE_COLUMNS},
            ).fetchone()
        return replace(stage, id=int(row[0]), position=int(row[1]))

    def stages(self, number: int | None = None) -> list[Stage]:
        """Give the stages of one case, or of all, in story order."""
        rows = self._db.query(
            """select * from stages where :number is null or case_number = :number
               order by case_number, position""",
            {"number": number},
        )
        return [_stage(row) for row in rows]

    def add_photo(self, photo: Photo, now: datetime) -> Photo:
        """Add a photo to its stage, and give it with its id."""
        known = self.photo_of(photo.digest)
        if known is not None:
            raise ConflictError(
                f"{photo.file} is already in the catalogue: Patient {known.case}, {known.stage}, {known.view}"
            )
        with transaction(self._db):
            row = self._db.execute(
                """insert into photos (stage_id, view, file, digest, bytes, width, height, format,
                                       taken_at, taken_by, alt, caption, imported_at)
                   values (:stage_id, :view, :file, :digest, :bytes, :width, :height, :format,
                           :taken_at, :taken_by, :alt, :caption, :now)
                   returning id""",
                {name: getattr(photo, name) for name in _PHOTO_COLUMNS} | {"now": text_of(now)},
            ).fetchone()
        return replace(photo, id=int(row[0]), imported_at=now)

    def photo(self, photo_id: int) -> Photo:
        """Give a photo by its id."""
        row = next(iter(self._db.query(_PHOTOS + " where photos.id = :id", {"id": photo_id})), None)
        if row is None:
            raise NotFoundError(
                f"there is no photo {photo_id}", hint="see a case's photos with: pairwatch case show"
            )
        return _photo(row)

    def photo_of(self, digest: Digest) -> Photo | None:
        """Give the photo whose original has this digest, or None."""
        row = next(iter(self._db.query(_PHOTOS + " where digest = :digest", {"digest": digest})), None)
        return None if row is None else _photo(row)

    def photos(self, number: int | None = None) -> list[Photo]:
        """Give photos of one case or of all, in story order."""
        rows = self._db.query(
            _PHOTOS
            + """ where :number is null or stages.case_number = :number
                  order by stages.case_number, stages.position, photos.id""",
            {"number": number},
        )
        return [_photo(row) for row in rows]

    def files_and_days(self) -> list[tuple[str, str]]:
        """Give every photo's file name and time, empty where nobody knows."""
        return [(row[0], row[1] or "") for row in self._db.execute("select file, taken_at from photos")]

    def shared_words(self) -> list[str]:
        """Give every text that cases and stages are described with, each once."""
        described = """select label from stages union select procedure from stages union select region from cases
                       union select tag from case_tags union select classification from cases"""
        return [str(row[0]) for row in self._db.execute(described)]

    def photo_digests(self) -> dict[int, Digest]:
        """Give every photo's id and the digest of its original."""
        return {int(row[0]): Digest(row[1]) for row in self._db.execute("select id, digest from photos")}

    # -- consent

    def add_consent(self, consent: Consent, now: datetime) -> Consent:
        """Record what a patient signed, and give it with its id."""
        with transaction(self._db):
            row = self._db.execute(
                """insert into consents
                   (case_number, signed_on, expires_on, ends_at_event, covers, document, missing, recorded_at) values
                   (:case, :signed_on, :expires_on, :ends_at_event, :covers, :document, :missing, :now) returning id""",
                {
                    "case": consent.case,
                    "signed_on": consent.signed_on.isoformat(),
                    "expires_on": consent.expires_on.isoformat() if consent.expires_on else None,
                    "ends_at_event": consent.ends_at_event,
                    "covers": "case" if consent.photos is None else "photos",
                    "document": consent.document,
                    "missing": json.dumps(consent.missing),
                    "now": text_of(now),
                },
            ).fetchone()
            consent = replace(consent, id=int(row[0]), recorded_at=now)
            self._db.conn.executemany(
                "insert into consent_channels (consent_id, channel) values (?, ?)",
                [(consent.id, channel) for channel in sorted(consent.channels)],
            )
            self._db.conn.executemany(
                "insert into consent_photos (consent_id, photo_id) values (?, ?)",
                [(consent.id, photo) for photo in sorted(consent.photos or ())],
            )
        return consent

    def consents(self, number: int | None = None) -> list[Consent]:
        """Give consents of one case or of all, in recorded order."""
        channels = self._grouped("select consent_id, channel from consent_channels")
        photos = self._grouped("select consent_id, photo_id from consent_photos")
        rows = self._db.query(
            "select * from consents where :number is null or case_number = :number order by id",
            {"number": number},
        )
        return [_consent(row, channels, photos) for row in rows]

    def _grouped(self, sql: str) -> dict[int, list[object]]:
        groups: dict[int, list[object]] = {}
        for key, value in self._db.execute(sql):
            groups.setdefault(key, []).append(value)
        return groups

    def withdraw_consents(self, number: int, channels: frozenset[str] | None, now: datetime) -> list[Consent]:
        """End a case's consents for these channels, and give those ended.

        A consent for more channels than those ended goes on for the rest.
        """
        ended = [
            consent
            for consent in self.consents(number)
            if consent.withdrawn_at is None and (channels is None or consent.channels & channels)
        ]
        with transaction(self._db):
            for consent in ended:
                self._db.execute(
                    "update consents set withdrawn_at = :now where id = :id",
                    {"now": text_of(now), "id": consent.id},
                )
                rest = consent.channels - (channels or consent.channels)
                if rest:
                    self.add_consent(replace(consent, channels=rest), now)
        return ended

    # -- publications

    def publications(self, channel: str) -> dict[int, Publication]:
        """Give what is public in a channel, by photo."""
        return self.publications_by_channel().get(channel, {})

    def publications_by_channel(self) -> dict[str, dict[int, Publication]]:
        """Give what is public, by channel and photo."""
        found: dict[str, dict[int, Publication]] = {}
        for channel, photo, token, recipe in self._db.execute(
            "select channel, photo_id, token, recipe from publications"
        ):
            found.setdefault(channel, {})[photo] = Publication(token, recipe)
        return found

    def published_photos(self, number: int) -> list[int]:
        """Give the ids of a case's photos that are public anywhere."""
        rows = self._db.execute(
            """select distinct photo_id from publications join photos on photos.id = photo_id
               join stages on stages.id = stage_id where case_number = ? order by 1""",
            [number],
        )
        return [int(row[0]) for row in rows]

    def designs(self) -> dict[int, list[str]]:
        """Give every design in which photos were ever published, by photo, the newest first."""
        rows = self._db.execute("select photo_id, design from designs order by published_at desc")
        designs: dict[int, list[str]] = {}
        for photo, design in rows:
            designs.setdefault(int(photo), []).append(str(design))
        return designs

    def designed(self, channel: str) -> frozenset[int]:
        """Give the photos of which it is known how they were published in a channel."""
        rows = self._db.execute("select photo_id from designs where channel = ?", [channel])
        return frozenset(int(row[0]) for row in rows)

    def record_design(self, photo_id: int, channel: str, design: str, now: datetime) -> None:
        """Record how a photo is marked and labelled in a channel from now on; earlier ways stay known."""
        self._db.execute(
            """insert into designs (photo_id, channel, design, published_at) values (?, ?, ?, ?)
               on conflict do update set published_at = excluded.published_at""",
            [photo_id, channel, design, text_of(now)],
        )

    def publish(self, photo_id: int, channel: str, shown: Publication, now: datetime) -> None:
        """Record under which name a photo is public from now on."""
        values = {"id": photo_id, "channel": channel, "now": text_of(now)} | asdict(shown)
        with transaction(self._db):
            self._db.execute(
                """insert into publications (photo_id, channel, token, recipe, published_at)
                   values (:id, :channel, :token, :recipe, :now)
                   on conflict (photo_id, channel) do update
                   set token = excluded.token, recipe = excluded.recipe""",
                values,
            )
            self._db.execute(
                "update photos set first_published_at = coalesce(first_published_at, :now) where id = :id",
                values,
            )

    def unpublish(self, photo_id: int, channel: str) -> None:
        """Forget the name under which a photo was public."""
        with transaction(self._db):
            self._db.execute(
                "delete from publications where photo_id = ? and channel = ?", [photo_id, channel]
            )

    def check(self) -> list[str]:
        """Let SQLite look for damage and for references to nothing."""
        pages = [str(row[0]) for row in self._db.execute("pragma integrity_check")]
        problems = [f"the database file is damaged: {line}" for line in pages if line != "ok"]
        for table, row, parent, _ in self._db.execute("pragma foreign_key_check"):
            problems.append(f"table {table}, row {row}, refers to a row of {parent} that is not there")
        return problems


_CASE_COLUMNS = ("number", "limits", "region", "classification", "hair_length", "minor")
_STAGE_COLUMNS = (
    "case", "label", "procedure", "performed_by", "session", "sessions", "elapsed", "in_progress", "note",
)  # fmt: skip
_PHOTO_COLUMNS = (
    "stage_id", "view", "file", "digest", "bytes", "width", "height", "format",
    "taken_at", "taken_by", "alt", "caption",
)  # fmt: skip


def _case(row: Mapping[str, Any], tags: tuple[str, ...]) -> Case:
    values = dict(row)
    values |= {
        "status": CaseStatus(str(row["status"])),
        "minor": bool(row["minor"]),
        "held": bool(row["held"]),
        "created_at": moment_of(str(row["created_at"])),
        "withdrawn_at": moment_or_none(row["withdrawn_at"]),
    }
    return Case(tags=tags, **values)


def _stage(row: Mapping[str, Any]) -> Stage:
    values = dict(row)
    values["case"] = values.pop("case_number")
    values["performed_by"] = Performer(str(row["performed_by"]))
    values["in_progress"] = bool(row["in_progress"])
    return Stage(**values)


def _photo(row: Mapping[str, Any]) -> Photo:
    values = dict(row)
    values["case"] = values.pop("case_number")
    values["stage"] = values.pop("label")
    values["stage_position"] = values.pop("position")
    for name in ("imported_at", "first_published_at"):
        values[name] = moment_or_none(row[name])
    return Photo(**values)


def _consent(
    row: Mapping[str, Any], channels: Mapping[int, list[object]], photos: Mapping[int, list[object]]
) -> Consent:
    number = int(str(row["id"]))
    listed = frozenset(int(str(photo)) for photo in photos.get(number, ()))
    return Consent(
        id=number,
        case=int(str(row["case_number"])),
        signed_on=date.fromisoformat(str(row["signed_on"])),
        expires_on=date.fromisoformat(str(row["expires_on"])) if row["expires_on"] else None,
        ends_at_event=str(row["ends_at_event"]),
        channels=frozenset(str(channel) for channel in channels.get(number, ())),
        photos=None if row["covers"] == "case" else listed,
        document=Digest(str(row["document"])) if row["document"] else None,
        missing=tuple(json.loads(str(row["missing"]))),
        recorded_at=moment_of(str(row["recorded_at"])),
        withdrawn_at=moment_or_none(row["withdrawn_at"]),
    )

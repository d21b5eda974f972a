"""Dropped photographs on their way to a case."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from gallery.errors import ChangedMeanwhileError, ConflictError, NotFoundError
from gallery.model import Digest, Draft, DraftPhoto, NewPhoto, Place
from gallery.store.database import Store, transaction
from gallery.times import moment_of, text_of


class Drafts(Store):
    """Drafts and their photographs in the catalogue's database."""

    def start(self, by: str, now: datetime, *, case: int | None = None, stages: Sequence[str] = ()) -> Draft:
        """Start an empty draft under a number never used before."""
        values = {"case": case, "stages": json.dumps(list(stages)), "by": by, "now": text_of(now)}
        with transaction(self._db):
            self._db.execute("update draft_numbers set last = last + 1")
            number = self._db.execute(
                """insert into drafts (id, case_number, stages, created_by, created_at, saved_by, saved_at)
                   select last, :case, :stages, :by, :now, :by, :now from draft_numbers returning id""",
                values,
            ).fetchone()[0]
        return self.draft(int(number))

    def draft(self, number: int) -> Draft:
        """Give a draft."""
        for draft in self._drafts(number):
            return draft
        raise NotFoundError(
            "this draft is not there any more",
            hint="it became a case or was thrown away: look in the list of cases",
        )

    def all(self) -> list[Draft]:
        """Give all drafts, the last saved first."""
        return self._drafts(None)

    def _drafts(self, number: int | None) -> list[Draft]:
        rows = self._db.query(
            """select id, case_number as "case", stages, version, created_by, created_at, saved_by, saved_at
               from drafts where :number is null or id = :number order by saved_at desc, id desc""",
            {"number": number},
        )
        return [
            Draft(
                **{
                    **row,
                    "stages": tuple(json.loads(row["stages"])),
                    "created_at": moment_of(row["created_at"]),
                    "saved_at": moment_of(row["saved_at"]),
                }
            )
            for row in rows
        ]

    def add_photos(self, draft: int, photos: Iterable[NewPhoto]) -> list[int]:
        """Add photographs, not sorted yet, and give their ids."""
        ids = []
        with transaction(self._db):
            known = {photo.digest: photo for photo in self.photos(draft)}
            for photo in photos:
                if photo.digest in known:
                    raise ConflictError(f"{photo.file} is the same photo as {known[photo.digest].file}")
                row = self._db.execute(
                    """insert into draft_photos (draft_id, file, digest, composite, box, size, file_size,
                                                 width, height, format, taken_at, camera, thumbnail, position)
                       values (:draft, :file, :digest, :composite, :box, :size, :file_size,
                               :width, :height, :format, :taken_at, :camera, :thumbnail,
                               (select count(*) from draft_photos where draft_id = :draft)) returning id""",
                    {one.name: getattr(photo, one.name) for one in fields(NewPhoto)}
                    | {"draft": draft, "box": json.dumps(photo.box) if photo.box else None},
                ).fetchone()
                ids.append(int(row[0]))
        return ids

    def photos(self, draft: int) -> list[DraftPhoto]:
        """Give a draft's photographs by stage and place, unsorted ones first."""
        rows = self._db.query(
            """select id, draft_id as draft, file, digest, composite, box, size, file_size, width, height,
                      format, taken_at, camera, stage, view, position, why, sure
               from draft_photos where draft_id = ? order by stage, position, id""",
            [draft],
        )
        return [
            DraftPhoto(**{**row, "box": tuple(json.loads(row["box"])) if row["box"] else None})
            for row in rows
        ]

    def photo(self, draft: int, photo: int) -> DraftPhoto:
        """Give one photograph of a draft."""
        for found in self.photos(draft):
            if found.id == photo:
                return found
        raise NotFoundError("this photo is not in this draft", hint="load the draft's page again")

    def thumbnail(self, draft: int, photo: int) -> bytes:
        """Give a photograph's small JPEG."""
        row = self._db.execute(
            "select thumbnail from draft_photos where draft_id = ? and id = ?", [draft, photo]
        ).fetchone()
        if row is None:
            raise NotFoundError("this photo is not in this draft", hint="load the draft's page again")
        return bytes(row[0])

    def remove_photos(self, draft: int, photos: Iterable[int]) -> None:
        """Take photographs out of a draft."""
        with transaction(self._db):
            self._db.conn.executemany(
                "delete from draft_photos where draft_id = ? and id = ?", [(draft, photo) for photo in photos]
            )

    def propose(self, draft: int, stages: Sequence[str], places: Mapping[int, Place]) -> None:
        """Sort photographs as the program proposes, which is nobody's save."""
        with transaction(self._db):
            self._place(draft, stages, places)
            self._db.conn.executemany(
                "update draft_photos set why = ?, sure = ? where draft_id = ? and id = ?",
                [(place.why, place.sure, draft, photo) for photo, place in places.items()],
            )

    def arrange(
        self,
        draft: int,
        version: int,
        stages: Sequence[str],
        places: Mapping[int, Place],
        by: str,
        now: datetime,
    ) -> Draft:
        """Sort photographs as a person wants it, in the order of `places`.

        Raises:
            ChangedMeanwhileError: Somebody else saved the draft since `version`.
        """
        with transaction(self._db):
            self._unchanged(draft, version)
            self._place(draft, stages, places)
            self._db.execute(
                "update drafts set version = version + 1, saved_by = ?, saved_at = ? where id = ?",
                [by, text_of(now), draft],
            )
        return self.draft(draft)

    def _unchanged(self, draft: int, version: int) -> None:
        saved = self.draft(draft)
        if saved.version != version:
            raise ChangedMeanwhileError("this draft", saved.saved_by, saved.saved_at)

    def _place(self, draft: int, stages: Sequence[str], places: Mapping[int, Place]) -> None:
        self._db.execute("update drafts set stages = ? where id = ?", [json.dumps(list(stages)), draft])
        self._db.conn.executemany(
            """update draft_photos
               set why = iif(stage = ?1 and view = ?2, why, ''), sure = iif(stage = ?1 and view = ?2, sure, 1),
                   stage = ?1, view = ?2, position = ?3
               where draft_id = ?4 and id = ?5""",
            [(place.stage, place.view, at, draft, photo) for at, (photo, place) in enumerate(places.items())],
        )

    def remove(self, draft: int, version: int) -> None:
        """Forget a draft and its photographs.

        Raises:
            ChangedMeanwhileError: Somebody else saved the draft since `version`.
        """
        with transaction(self._db):
            self._unchanged(draft, version)
            self._db.execute("delete from drafts where id = ?", [draft])

    def digests(self) -> frozenset[Digest]:
        """Give the digest of every file that a draft still needs."""
        rows = self._db.execute("select digest, composite from draft_photos")
        return frozenset(Digest(digest) for row in rows for digest in row if digest)

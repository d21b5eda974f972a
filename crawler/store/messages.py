"""Tips that came in, and digests that were mailed."""

import json
from dataclasses import asdict
from datetime import datetime

from crawler.model import PersonSighting
from crawler.store.rows import Row
from gallery.events import Action
from gallery.store.database import Store, transaction
from gallery.store.ledger import Ledger
from gallery.times import moment_or_none, text_of


class Tips(Store):
    """What readers told."""

    def add(self, given: str, *, state: str, found: list[Row], now: datetime) -> int:
        """Keep a reader's tip, and give its number."""
        with transaction(self._db):
            cursor = self._db.execute(
                "insert into tips (given, at, state, found) values (:given, :at, :state, :found)",
                {"given": given, "at": text_of(now), "state": state, "found": json.dumps(found)},
            )
            number = int(cursor.lastrowid or 0)
            Ledger(self._db).append("pairwatch", Action.TIP_TAKEN, f"tip {number}", {"state": state}, now)
        return number

    def add_person(self, tip: int, seen: PersonSighting, *, site: int, photo: int | None) -> None:
        """Keep what a person says to have seen, apart from what the machine saw."""
        with transaction(self._db):
            self._db.execute(
                """insert into person_sightings (tip_id, site_id, digest, photo_id, url, seen_at, by, recorded_at)
                   values (:tip, :site, :digest, :photo, :url, :seen_at, :by, :recorded_at)""",
                asdict(seen)
                | {"tip": tip, "site": site, "photo": photo}
                | {"seen_at": text_of(seen.seen_at), "recorded_at": text_of(seen.recorded_at)},
            )


class Mails(Store):
    """Digests that were sent."""

    def last(self) -> datetime | None:
        """Give when the last digest was sent."""
        return moment_or_none(self._db.execute("select max(at) from mails").fetchone()[0])

    def add(self, run_id: int, subject: str, now: datetime) -> None:
        """Note that a digest was sent."""
        with transaction(self._db):
            self._db.execute(
                "insert into mails (run_id, subject, at) values (:run, :subject, :at)",
                {"run": run_id, "subject": subject, "at": text_of(now)},
            )

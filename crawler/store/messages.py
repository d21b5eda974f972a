"""Tips that came in, and digests that were mailed."""

import json
from datetime import datetime

from crawler.store.rows import Row
from gallery.store.database import Store, transaction
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
        return int(cursor.lastrowid or 0)


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

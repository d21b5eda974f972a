"""The register of hidden marks and what each stands for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from gallery.store.database import Store, transaction
from gallery.times import moment_of, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenMarkRow:
    """One publication's hidden mark of 64 bits.

    `key_name` names the key that it is read with.
    """

    payload: int
    photo_id: int
    channel: str
    day: date
    key_name: str
    recorded_at: datetime | None = None
    recipient: str = ""


class HiddenMarks(Store):
    """The register of hidden marks, to which rows are only added."""

    def register(self, marks: Iterable[HiddenMarkRow], now: datetime) -> None:
        """Write down marks that are about to be published or handed out."""
        with transaction(self._db):
            for one in marks:
                payload, day = f"{one.payload:016x}", one.day.isoformat()
                row = [payload, one.photo_id, one.channel, day, one.key_name, text_of(now)]
                self._db.execute("insert or ignore into hidden_marks values (?, ?, ?, ?, ?, ?)", row)
                if one.recipient:
                    handed = [payload, one.recipient]
                    self._db.execute("insert or ignore into handed_copies values (?, ?)", handed)

    def find(self, payload: int) -> HiddenMarkRow | None:
        """Give what a payload stands for, or None."""
        return next(iter(self._select("payload = ?", f"{payload:016x}")), None)

    def by_photo(self) -> dict[int, list[HiddenMarkRow]]:
        """Give every photo's marks, the oldest first."""
        found: dict[int, list[HiddenMarkRow]] = {}
        for row in self._select("1 = ?", 1):
            found.setdefault(row.photo_id, []).append(row)
        return found

    def of_other_keys(self, key_name: str) -> int:
        """Count the marks that were made with another key than this one."""
        query = "select count(*) from hidden_marks where key_name <> ?"
        return int(self._db.execute(query, [key_name]).fetchone()[0])

    def _select(self, where: str, value: object) -> list[HiddenMarkRow]:
        columns = "payload, photo_id, channel, day, key_name, recorded_at, coalesce(recipient, '')"
        tables = "hidden_marks left join handed_copies using (payload)"
        query = f"select {columns} from {tables} where {where} order by recorded_at"  # noqa: S608 (ours)
        return [
            HiddenMarkRow(
                payload=int(payload, 16),
                photo_id=photo_id,
                channel=channel,
                day=date.fromisoformat(day),
                key_name=key_name,
                recorded_at=moment_of(recorded_at),
                recipient=recipient,
            )
            for payload, photo_id, channel, day, key_name, recorded_at, recipient in self._db.execute(
                query, [value]
            )
        ]

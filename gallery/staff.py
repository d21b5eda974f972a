"""Roles at the practice, and what each of them may do on the staff's pages."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is at the practice; what each may do is in `MAY`."""

    STAFF = "staff"
    DOCTOR = "doctor"
    LEGAL = "legal"
    ADMINISTRATOR = "administrator"


class Task(StrEnum):
    """Things on the staff's pages that not everybody may do."""

    SEE = "see cases and originals"
    EDIT = "add and change cases"
    PUBLISH = "publish"
    APPROVE = "approve for the practice"
    WITHDRAW = "withdraw a case"
    REVEAL = "see a chart number"


_EVERYBODY = frozenset({Task.SEE, Task.WITHDRAW})
_WRITERS = _EVERYBODY | {Task.EDIT, Task.PUBLISH}
MAY = {
    Role.LEGAL: _EVERYBODY,
    Role.STAFF: _WRITERS,
    Role.DOCTOR: _WRITERS | {Task.APPROVE, Task.REVEAL},
    Role.ADMINISTRATOR: _WRITERS | {Task.APPROVE, Task.REVEAL},
}


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in."""

    name: str
    role: Role

    def may(self, task: Task) -> bool:
        """Tell whether the person's role allows a task."""
        return task in MAY[self.role]

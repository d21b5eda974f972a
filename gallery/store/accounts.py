"""Users, their passwords and roles, sessions, and refused attempts to sign in."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlite_utils import Database

from gallery.errors import ConflictError, NotFoundError, RefusedError
from gallery.staff import Role, User
from gallery.store.database import transaction
from gallery.times import moment_of, text_of

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200

_WINDOW = timedelta(minutes=15)
_FAILURES_PER_USER_AND_ADDRESS = 5
_FAILURES_PER_USER = 50
_FAILURES_PER_ADDRESS = 20
_IDLE = timedelta(hours=2)
_LONGEST_SESSION = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in that failed."""

    user: str
    address: str
    at: datetime


def wait_before_sign_in(failures: Iterable[Attempt], user: str, address: str, now: datetime) -> timedelta:
    """Tell how long this name from this address must wait.

    Five wrong passwords for one name from one address, twenty from one address, or fifty for one name from
    anywhere, within a quarter of an hour close the door until the oldest of them is a quarter of an hour old:
    a stranger's guesses lock out the stranger, not the person whose name was guessed.
    """
    recent = sorted(
        (failure for failure in failures if failure.at > now - _WINDOW), key=lambda failure: failure.at
    )
    wait = timedelta(0)
    of_user = [failure for failure in recent if failure.user.casefold() == user.casefold()]
    for limit, same in (
        (_FAILURES_PER_USER_AND_ADDRESS, [failure for failure in of_user if failure.address == address]),
        (_FAILURES_PER_USER, of_user),
        (_FAILURES_PER_ADDRESS, [failure for failure in recent if failure.address == address]),
    ):
        if len(same) >= limit:
            wait = max(wait, same[-limit].at + _WINDOW - now)
    return wait


class Accounts:
    """Users, sessions and attempts in the catalogue's database."""

    def __init__(self, db: Database, hasher: PasswordHasher | None = None) -> None:
        """Use an opened catalogue, and argon2id with its library's own costs."""
        self._db = db
        self._hasher = hasher or PasswordHasher()

    # -- users

    def add(self, user: User, password: str, now: datetime) -> None:
        """Let a person sign in."""
        name = " ".join(user.name.split())
        if not name or len(name) > 80:  # noqa: PLR2004 (the table's own limit)
            raise RefusedError(f"a name of 1 to 80 letters was expected, found {len(name)}")
        if self.find(name):
            raise ConflictError(f"there is a user {name} already", hint="see all with: pairwatch user list")
        _check_password(password)
        with transaction(self._db):
            self._db.execute(
                "insert into users (name, role, password, created_at) values (?, ?, ?, ?)",
                [name, str(user.role), self._hasher.hash(password), text_of(now)],
            )

    def find(self, name: str) -> User | None:
        """Give a user, or None where nobody has this name."""
        row = self._db.execute("select name, role from users where name = ?", [name]).fetchone()
        return User(str(row[0]), Role(row[1])) if row else None

    def all(self) -> list[User]:
        """Give all users by name."""
        rows = self._db.execute("select name, role from users order by name")
        return [User(str(row[0]), Role(row[1])) for row in rows]

    def remove(self, name: str) -> None:
        """End a person's access at once."""
        self._require(name)
        with transaction(self._db):
            self._db.execute("delete from users where name = ?", [name])

    def change_password(self, name: str, password: str) -> None:
        """Set a new password and sign the person out everywhere."""
        self._require(name)
        _check_password(password)
        with transaction(self._db):
            self._db.execute(
                "update users set password = ? where name = ?", [self._hasher.hash(password), name]
            )
            self._db.execute("delete from web_sessions where user = ?", [name])

    def _require(self, name: str) -> None:
        if self.find(name) is None:
            raise NotFoundError(f"there is no user {name}", hint="see all with: pairwatch user list")

    # -- signing in

    def wait(self, user: str, address: str, now: datetime) -> timedelta:
        """Tell how long this name from this address must still wait."""
        rows = self._db.execute(
            "select user, address, at from sign_in_attempts where succeeded = 0 and at > ?",
            [text_of(now - _WINDOW)],
        )
        failures = [Attempt(str(row[0]), str(row[1]), moment_of(row[2])) for row in rows]
        return wait_before_sign_in(failures, user, address, now)

    def sign_in(self, name: str, password: str, address: str, now: datetime) -> User | None:
        """Check a name and a password, and give their user or None.

        The attempt is counted before the password is looked at, so that many at once gain nothing; an unknown
        name takes as long as a known one.
        """
        with transaction(self._db):
            self._db.execute("delete from sign_in_attempts where at < ?", [text_of(now - timedelta(days=1))])
            attempt = self._db.execute(
                "insert into sign_in_attempts (user, address, at) values (?, ?, ?) returning id",
                [name[:80], address, text_of(now)],
            ).fetchone()[0]
        row = self._db.execute("select password from users where name = ?", [name]).fetchone()
        password = password[: LONGEST_PASSWORD + 1]
        if row is None:
            self._hasher.hash(password)
            return None
        stored = str(row[0])
        try:
            self._hasher.verify(stored, password)
        except (Argon2Error, InvalidHashError):
            return None
        with transaction(self._db):
            self._db.execute("update sign_in_attempts set succeeded = 1 where id = ?", [attempt])
            if self._hasher.check_needs_rehash(stored):
                self._db.execute(
                    "update users set password = ? where name = ?", [self._hasher.hash(password), name]
                )
        return self.find(name)

    # -- sessions

    def start_session(self, user: User, now: datetime) -> str:
        """Start a session and give its secret key.

        Only a digest of the key is stored.
        """
        key = secrets.token_urlsafe(32)
        with transaction(self._db):
            self._db.execute(
                "insert into web_sessions (key, user, started_at, seen_at) values (?, ?, ?, ?)",
                [_digest(key), user.name, text_of(now), text_of(now)],
            )
        return key

    def session_user(self, key: str, now: datetime) -> User | None:
        """Give the user of a session, or None when it ended.

        It ends after two hours without a click, or twelve in all.
        """
        row = self._db.execute(
            """select users.name, users.role, web_sessions.seen_at from web_sessions
               join users on users.name = web_sessions.user
               where key = :key and seen_at > :idle and started_at > :oldest""",
            {"key": _digest(key), "idle": text_of(now - _IDLE), "oldest": text_of(now - _LONGEST_SESSION)},
        ).fetchone()
        if row is None:
            return None
        if now - moment_of(row[2]) > timedelta(minutes=1):
            with transaction(self._db):
                self._db.execute(
                    "update web_sessions set seen_at = ? where key = ?", [text_of(now), _digest(key)]
                )
        return User(str(row[0]), Role(row[1]))

    def end_session(self, key: str, now: datetime) -> None:
        """End a session, and forget those that ended by themselves."""
        with transaction(self._db):
            self._db.execute(
                "delete from web_sessions where key = ? or started_at < ?",
                [_digest(key), text_of(now - _LONGEST_SESSION)],
            )


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise RefusedError(
            f"a password of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters was expected, "
            f"found {len(password)}",
            hint="four or five unrelated words are easy to remember and hard to guess",
        )


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()

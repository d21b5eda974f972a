"""Signing in to the staff's pages, and who may."""

import math

from gallery.errors import RefusedError
from gallery.events import Action
from gallery.services.practice import Practice
from gallery.settings import DataFolder
from gallery.staff import User
from gallery.store import keys


def cookie_key(folder: DataFolder) -> bytes:
    """Give the key that signs the pages' cookie, made at the first start."""
    return keys.cookie_key(folder)


class TooManyAttemptsError(RefusedError):
    """A name or an address must wait after too many wrong passwords."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"too many wrong passwords; wait {minutes} minute{'s'[: minutes != 1]}")
        self.minutes = minutes


def sign_in(p: Practice, name: str, password: str, address: str) -> tuple[User, str] | None:
    """Start a session for a name and its password.

    Gives the user and the session's secret key, or None when name and password do not fit.

    Raises:
        TooManyAttemptsError: The name or the address must wait.
    """
    user = _proven(p, name, password, address)
    if user is None:
        known = p.accounts.find(name)  # a password typed into the name's field is not written down
        who = known.name if known else "somebody"
        p.ledger.append(who, Action.SIGN_IN_REFUSED, "staff pages", {"address": address}, p.now)
        return None
    key = p.accounts.start_session(user, p.now)
    p.ledger.append(user.name, Action.SIGNED_IN, "staff pages", {"address": address}, p.now)
    return user, key


def _proven(p: Practice, name: str, password: str, address: str) -> User | None:
    wait = p.accounts.wait(name, address, p.now)
    if wait:
        raise TooManyAttemptsError(math.ceil(wait.total_seconds() / 60))
    return p.accounts.sign_in(name, password, address, p.now)


def change_own_password(p: Practice, user: User, old: str, new: str, address: str) -> str | None:
    """Change a user's own password and end all other sessions.

    Gives a fresh session's secret key, or None when the old password is wrong.

    Raises:
        TooManyAttemptsError: The user or the address must wait.
        GalleryError: The new password is too short or too long.
    """
    if _proven(p, user.name, old, address) is None:
        return None
    p.accounts.change_password(user.name, new)
    p.note(Action.PASSWORD_CHANGED, user.name)
    return p.accounts.start_session(user, p.now)


def add_user(p: Practice, user: User, password: str) -> None:
    """Let a person sign in."""
    with p.together():
        p.accounts.add(user, password, p.now)
        p.note(Action.USER_ADDED, user.name, role=str(user.role))


def remove_user(p: Practice, name: str) -> None:
    """End a person's access at once."""
    with p.together():
        p.accounts.remove(name)
        p.note(Action.USER_REMOVED, name)


def set_password(p: Practice, name: str, password: str) -> None:
    """Give a person a new password and end their sessions."""
    with p.together():
        p.accounts.change_password(name, password)
        p.note(Action.PASSWORD_SET, name)

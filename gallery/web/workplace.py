"""What every page works with: the data folder, the clock, the opened catalogue and who is signed in."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import abort, current_app, g

from gallery.events import Action
from gallery.model import KnownCopy
from gallery.settings import DataFolder, Settings, load_settings
from gallery.staff import Task, User
from gallery.store.accounts import Accounts
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog
from gallery.store.database import open_database, transaction
from gallery.store.drafts import Drafts
from gallery.store.ledger import Ledger

Clock = Callable[[], datetime]
Copies = Callable[[DataFolder], Sequence[KnownCopy]]
Params = ParamSpec("Params")
Answer = TypeVar("Answer")


def utc_now() -> datetime:
    """Give the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where the pages' data are, what time it is, and who knows of copies on other sites."""

    folder: DataFolder
    clock: Clock
    copies: Copies


def no_copies(_: DataFolder) -> Sequence[KnownCopy]:
    """Know of no copy: nobody looks through other sites."""
    return ()


def here() -> Workplace:
    """Give the workplace of the running application."""
    return cast("Workplace", current_app.extensions["pairwatch"])


def copies_of(number: int) -> list[KnownCopy]:
    """Give the known copies of a case's photographs on other sites."""
    return [copy for copy in here().copies(folder()) if copy.case == number]


def folder() -> DataFolder:
    """Give the data folder."""
    return here().folder


def now() -> datetime:
    """Give the time by the application's clock."""
    return here().clock()


def local_now() -> datetime:
    """Give the time by the practice's own clock, by which consents begin and end."""
    return settings().local(now())


def settings() -> Settings:
    """Give the practice's settings, read once per request."""
    if "settings" not in g:
        g.settings = load_settings(folder())
    return cast("Settings", g.settings)


def rooms() -> "Rooms":
    """Give the rooms of the catalogue, opened once per request and closed after it."""
    if "rooms" not in g:
        g.rooms = Rooms(folder())
    return cast("Rooms", g.rooms)


class Rooms:
    """The catalogue's rooms on one connection, so that a page can write to several in one transaction."""

    def __init__(self, folder: DataFolder) -> None:
        """Open the catalogue of a data folder."""
        self.database = open_database(folder.database)
        self.catalog = Catalog(self.database)
        self.accounts = Accounts(self.database)
        self.casework = Casework(self.database)
        self.drafts = Drafts(self.database)
        self.ledger = Ledger(self.database)

    def together(self) -> AbstractContextManager[None]:
        """Write all of a block or nothing of it."""
        return transaction(self.database)

    def close(self) -> None:
        """Close the connection."""
        self.database.close()


def catalog() -> Catalog:
    """Give the catalogue's cases, stages, photos and consents."""
    return rooms().catalog


def accounts() -> Accounts:
    """Give the users and their sessions."""
    return rooms().accounts


def casework() -> Casework:
    """Give what staff add to cases."""
    return rooms().casework


def drafts() -> Drafts:
    """Give the drafts."""
    return rooms().drafts


def ledger() -> Ledger:
    """Give the ledger."""
    return rooms().ledger


def note(action: Action, subject: str, **detail: object) -> None:
    """Write to the ledger what the person who is signed in did just now."""
    ledger().append(me().name, action, subject, detail, now())


def me() -> User:
    """Give who is signed in; pages that need nobody must not ask."""
    user = g.get("user")
    if user is None:
        abort(401)
    return cast("User", user)


def needs(task: Task) -> Callable[[Callable[Params, Answer]], Callable[Params, Answer]]:
    """Show a page only to people whose role allows a task; others get a page that says so."""

    def guard(page: Callable[Params, Answer]) -> Callable[Params, Answer]:
        @wraps(page)
        def guarded(*args: Params.args, **kwargs: Params.kwargs) -> Answer:
            if not me().may(task):
                abort(403, description=f"Your role ({me().role}) may not {task}. Ask an administrator.")
            return page(*args, **kwargs)

        return guarded

    return guard


def close_database(_: BaseException | None = None) -> None:
    """Close what this request opened."""
    opened = g.pop("rooms", None)
    if opened is not None:
        opened.close()

"""What every page works with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import abort, current_app, g

from gallery.model import KnownCopy
from gallery.services.practice import Practice
from gallery.settings import DataFolder
from gallery.staff import Task, User

Clock = Callable[[], datetime]
Copies = Callable[[DataFolder], Sequence[KnownCopy]]
Params = ParamSpec("Params")
Answer = TypeVar("Answer")


def utc_now() -> datetime:
    """Give the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Workplace:
    """The pages' data folder, clock, and source of known copies."""

    folder: DataFolder
    clock: Clock
    copies: Copies


def no_copies(_: DataFolder) -> Sequence[KnownCopy]:
    """Give no copy, where nobody watches other sites."""
    return ()


def here() -> Workplace:
    """Give the workplace of the running application."""
    return cast("Workplace", current_app.extensions["pairwatch"])


def known_copies() -> Sequence[KnownCopy]:
    """Give the known copies of our photographs on other sites."""
    return here().copies(here().folder)


def work() -> Practice:
    """Give the practice's data, opened once per request and closed after it."""
    if "practice" not in g:
        g.practice = Practice(here().folder, "", here().clock())
    return cast("Practice", g.practice)


def signed_in_as(user: User) -> None:
    """Let a person be who asks for all that this request does."""
    g.user = user
    work().actor = user.name


def me() -> User:
    """Give who is signed in, or end the request."""
    user = g.get("user")
    if user is None:
        abort(401)
    return cast("User", user)


def needs(task: Task) -> Callable[[Callable[Params, Answer]], Callable[Params, Answer]]:
    """Show a page only to people whose role allows a task."""

    def guard(page: Callable[Params, Answer]) -> Callable[Params, Answer]:
        @wraps(page)
        def guarded(*args: Params.args, **kwargs: Params.kwargs) -> Answer:
            if not me().may(task):
                abort(403, description=f"Your role ({me().role}) may not {task}. Ask an administrator.")
            return page(*args, **kwargs)

        return guarded

    return guard


def close_practice(_: BaseException | None = None) -> None:
    """Close what this request opened."""
    opened = g.pop("practice", None)
    if opened is not None:
        opened.close()

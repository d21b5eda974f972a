"""What only the crawler's commands share: opening the watch, and printing other people's words."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from crawler.model import Finding, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from gallery.settings import DataFolder

_CERTAIN = 0.9995


@contextmanager
def watch(folder: "DataFolder") -> "Iterator[Database]":
    """Open the database of a data folder that has one, with the crawler's tables."""
    from crawler.store.database import open_watch

    folder.require()
    db = open_watch(folder.database)
    try:
        yield db
    finally:
        db.close()


def say(line: str, *, err: bool = False) -> None:
    """Print a line that may hold other people's words."""
    click.echo(printable(line), err=err)


def say_finding(one: Finding) -> None:
    """Print a finding for people."""
    from crawler.desk.wording import likeness, subject

    what = f"{one.verdict:<10} {subject(one)}  [{one.decision}]"
    sure = ">99.9%" if one.probability >= _CERTAIN else f"{one.probability:6.1%}"
    if one.photo_id is None:  # how like it is to some photo of ours would be taken for how sure the mark is
        sure = "  mark"
    say(f"{one.id:>5}  {sure}  {what}")
    also = f"In the same picture: {'; '.join(one.also)}." if one.also else ""
    for line in filter(None, (one.image_url, f"on {one.page_url}", one.explanation, also, likeness(one))):
        say(f"       {line}")

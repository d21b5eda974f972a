"""Opening the database with the crawler's tables in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from crawler.store.migrations import migrations
from gallery.settings import DataFolder
from gallery.store.database import bring_up_to_date, open_database


def open_watch(path: Path) -> Database:
    """Open the database with the crawler's tables in it, up to date."""
    db = open_database(path)
    bring_up_to_date(db, migrations)
    return db


@contextmanager
def watch(folder: DataFolder) -> Iterator[Database]:
    """Open a data folder's database for as long as needed.

    Raises:
        GalleryError: There is no catalogue.
    """
    folder.require()
    db = open_watch(folder.database)
    try:
        yield db
    finally:
        db.close()

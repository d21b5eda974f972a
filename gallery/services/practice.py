"""A unit of work on a practice's data, opened once and closed once."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import cached_property

from gallery.errors import ConflictError
from gallery.events import Action
from gallery.model import Case, CaseStatus
from gallery.settings import DataFolder, Settings, load_settings
from gallery.store.accounts import Accounts
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog
from gallery.store.database import open_database, transaction
from gallery.store.drafts import Drafts
from gallery.store.head import Head
from gallery.store.ledger import Ledger
from gallery.store.vault import Vault


class Practice:
    """A practice's records, files and settings during one unit of work.

    All records are on one connection, so that several can be written in one transaction (`together`).

    Attributes:
        folder: The practice's data.
        actor: Who asks, as the ledger names them.
        now: When, in UTC.
        originals: The vault of catalogued photographs.
        forms: The vault of signed consent forms.
        incoming: The vault of files whose draft is no case yet.
        composites: The vault of old composites whose parts became originals.
    """

    def __init__(self, folder: DataFolder, actor: str, now: datetime) -> None:
        """Open the catalogue of a data folder."""
        folder.require()
        self.folder, self.actor, self.now = folder, actor, now
        self.database = open_database(folder.database)
        self.catalog = Catalog(self.database)
        self.casework = Casework(self.database)
        self.drafts = Drafts(self.database)
        self.accounts = Accounts(self.database)
        self.ledger = Ledger(self.database)
        self.originals = Vault(folder.originals)
        self.forms = Vault(folder.evidence / "consents")
        self.incoming = incoming_of(folder)
        self.composites = Vault(folder.root / "composites")

    @cached_property
    def settings(self) -> Settings:
        """The practice's settings, read when first asked for."""
        return load_settings(self.folder)

    @property
    def local_now(self) -> datetime:
        """The time by the practice's own clock, by which consents begin and end."""
        return self.settings.local(self.now)

    def together(self) -> AbstractContextManager[None]:
        """Write all of a block or nothing of it."""
        return transaction(self.database)

    def note(self, action: Action, subject: str, **detail: object) -> Head:
        """Write to the ledger what the actor did."""
        return self.ledger.append(self.actor, action, subject, detail, self.now)

    def open_case(self, number: int) -> Case:
        """Give a case that can still be changed."""
        case = self.catalog.case(number)
        if case.status is CaseStatus.WITHDRAWN:
            raise ConflictError(f"Patient {number} was withdrawn: nothing in it can be changed any more")
        return case

    def close(self) -> None:
        """Close the connection."""
        self.database.close()


def incoming_of(folder: DataFolder) -> Vault:
    """Give the vault of files whose draft is no case yet."""
    return Vault(folder.root / "drafts")


@contextmanager
def practice(folder: DataFolder, *, actor: str, now: datetime) -> Iterator[Practice]:
    """Open a practice's data for one unit of work, and close it afterwards."""
    opened = Practice(folder, actor, now)
    try:
        yield opened
    finally:
        opened.close()

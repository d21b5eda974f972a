"""What becomes public, written into catalogue and ledger together."""

from collections.abc import Mapping
from datetime import datetime

from sqlite_utils import Database

from gallery.events import Action
from gallery.model import Publication
from gallery.store.catalog import Catalog
from gallery.store.database import transaction
from gallery.store.ledger import Ledger


def record_publications(
    database: Database, channel: str, published: Mapping[int, Publication], *, actor: str, now: datetime
) -> None:
    """Record how photos are public in a channel from now on.

    All others of the channel no longer are.
    """
    catalog, ledger = Catalog(database), Ledger(database)
    with transaction(database):
        before = catalog.publications(channel)
        changes = []
        for photo, shown in published.items():
            if before.get(photo) != shown:
                catalog.publish(photo, channel, shown, now)
                changes.append((Action.PHOTO_PUBLISHED, photo, shown))
        for photo in before.keys() - published.keys():
            catalog.unpublish(photo, channel)
            changes.append((Action.PHOTO_UNPUBLISHED, photo, before[photo]))
        for action, photo, shown in changes:
            detail = {"channel": channel, "token": shown.token}
            ledger.append(actor, action, f"photo {photo}", detail, now)

"""What becomes public, written into catalogue and ledger together."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlite_utils import Database

from gallery.events import Action
from gallery.model import Publication
from gallery.store.catalog import Catalog
from gallery.store.database import transaction
from gallery.store.ledger import Ledger


def record_publications(
    database: Database,
    channel: str,
    published: Mapping[int, Publication],
    *,
    actor: str,
    now: datetime,
    design_of: Callable[[str], str | None],
) -> None:
    """Record how photos are public in a channel from now on.

    All others of the channel no longer are. `design_of` gives a shown recipe's design as JSON, by its key.
    """
    catalog, ledger = Catalog(database), Ledger(database)
    with transaction(database):
        before, designed = catalog.publications(channel), catalog.designed(channel)
        changes = []
        for photo, shown in published.items():
            if before.get(photo) != shown:
                catalog.publish(photo, channel, shown, now)
                changes.append((Action.PHOTO_PUBLISHED, photo, shown))
            design = None if before.get(photo) == shown and photo in designed else design_of(shown.recipe)
            if design:
                catalog.record_design(photo, channel, design, now)
        for photo in before.keys() - published.keys():
            catalog.unpublish(photo, channel)
            changes.append((Action.PHOTO_UNPUBLISHED, photo, before[photo]))
        for action, photo, shown in changes:
            detail = {"channel": channel, "token": shown.token}
            ledger.append(actor, action, f"photo {photo}", detail, now)

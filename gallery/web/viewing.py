"""Every look at a patient's photograph leaves a row in the ledger: who, which, when."""

from datetime import datetime, timedelta

from flask import current_app

from gallery.events import Action
from gallery.web.workplace import ledger, me, now

_SAME_LOOK = timedelta(minutes=15)


def note_view(subject: str, what: str, *, by: str = "", large: bool = False) -> None:
    """Write down that somebody is shown a photograph; each time if large, else once per quarter hour.

    Args:
        subject: what it belongs to.
        what: what is shown.
        by: who looks; whoever is signed in where it is not said.
        large: as large as a screen; small ones come with every page, and again with each turn to it.
    """
    seen: dict[tuple[str, str], datetime] = current_app.extensions.setdefault("pairwatch-views", {})
    key, time = (by or me().name, f"{subject} {what}"), now()
    last = seen.get(key)
    if not large and last is not None and time - last < _SAME_LOOK:
        return
    for old in [other for other, at in list(seen.items()) if time - at >= _SAME_LOOK]:
        seen.pop(old, None)
    ledger().append(key[0], Action.ORIGINAL_VIEWED, what, {"of": subject}, time)
    seen[key] = time

"""Looks at patients' photographs, each of which the ledger records."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

from gallery.events import Action
from gallery.services.practice import Practice

_SAME_LOOK = timedelta(minutes=15)
_lock = threading.Lock()
_seen: dict[tuple[Path, str, str], datetime] = {}


def note_view(p: Practice, subject: str, what: str, *, by: str = "", large: bool = False) -> None:
    """Record that somebody is shown a photograph.

    `by` is who looks, if not the actor. Each `large` look, which fills a screen, is recorded; small ones come with
    every page.
    """
    key = (p.folder.root, by or p.actor, f"{subject} {what}")
    with _lock:
        last = _seen.get(key)
        if not large and last is not None and p.now - last < _SAME_LOOK:
            return
        for old in [other for other, at in _seen.items() if p.now - at >= _SAME_LOOK]:
            del _seen[old]
    p.ledger.append(key[1], Action.ORIGINAL_VIEWED, what, {"of": subject}, p.now)
    with _lock:
        _seen[key] = p.now

"""Judging pictures anew whose last answer rests on another matcher, other marks or other settings."""

from collections.abc import Callable
from datetime import datetime

from crawler.store.judgements import Judgements
from crawler.visit.context import Judge
from gallery.errors import GalleryError
from gallery.model import Digest
from gallery.store.vault import Vault


def rejudge(
    judgements: Judgements,
    evidence: Vault,
    look: Judge,
    *,
    now: Callable[[], datetime],
    stop: Callable[[], bool],
) -> int:
    """Judge what findings are about from the evidence that was kept; all else when it is next fetched.

    A site that took a picture down must not keep what a former matcher said of it. Evidence that is missing or
    damaged is the business of `pairwatch verify`.

    Args:
        judgements: Where answers are written.
        evidence: The pictures as they were found.
        look: What judges them; its `basis` says on what ground, "" for none.
        now: Tells the time.
        stop: Asked between pictures; once true, the rest is left for the next night.

    Returns:
        How many pictures were judged.
    """
    done = 0
    for digest in judgements.expire(getattr(look, "basis", "")):
        if stop():
            break
        try:
            body = evidence.get(Digest(digest))
        except GalleryError:
            continue
        judgements.put([look(body, "evidence")], now())
        done += 1
    return done

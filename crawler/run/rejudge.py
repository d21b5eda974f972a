"""Judging pictures anew when the ground of their answer changed."""

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
    """Judge the evidence of findings anew, and mark the rest stale.

    A site that took a picture down must not keep what a former matcher said of it. Evidence that is missing or
    damaged is the business of `pairwatch verify`. The `basis` of `look` says on what ground, "" for none. Once `stop`
    says so, the rest is left for the next night. Gives how many pictures were judged.
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

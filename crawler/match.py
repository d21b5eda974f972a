"""From a found picture's bytes to what the matcher says of it: a copy of ours, or nothing to report."""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from crawler.model import Looked
from gallery.lookup import Lookup
from gallery.settings import DataFolder
from watermark.errors import WatermarkError
from watermark.pixels import Limits, read_facts

TOLD = frozenset(("copy", "same-scene", "possible"))
UNREADABLE = "unreadable"
SMALLEST = 32
_LIMITS = Limits(max_bytes=40 * 1024 * 1024, max_pixels=40_000_000)
_opening = threading.Lock()


@dataclass(frozen=True, slots=True)
class Matcher:
    """Looks at pictures for the crawl; can be sent to other processes, where it opens the index once.

    Args:
        root: The data folder.
        upto: The highest photo id there is; a new one makes each process open the index again.
        recall: What was said before about a digest, or None.
    """

    root: Path
    upto: int
    recall: Callable[[str], Looked | None]

    def __call__(self, body: bytes, name: str) -> Looked:
        """Say what a picture is; bytes that cannot be read are an answer too, never an error."""
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        known = self.recall(digest)
        if known is not None:
            return known
        try:
            facts = read_facts(body, _LIMITS)
            if min(facts.width, facts.height) < SMALLEST or not self.upto:
                return Looked(
                    digest=digest, verdict="none", upto=self.upto, width=facts.width, height=facts.height
                )
            found = _lookup(self.root, self.upto).identify(body, name)
        except WatermarkError as error:
            return Looked(digest=digest, verdict=UNREADABLE, upto=self.upto, trouble=str(error))
        told = str(found.answer.verdict) in TOLD
        return Looked(
            digest=digest,
            verdict=str(found.answer.verdict),
            upto=self.upto,
            photo=found.answer.photo if told else None,
            probability=min(1.0, max(0.0, float(found.answer.probability))),
            explanation=found.explanation,
            answer=json.dumps(found.to_json()),
            width=facts.width,
            height=facts.height,
        )


def _lookup(root: Path, upto: int) -> Lookup:
    with _opening:
        return _opened(root, upto)


@lru_cache(maxsize=1)
def _opened(root: Path, upto: int) -> Lookup:  # noqa: ARG001 (part of the key: more photos, another index)
    lookup = Lookup(DataFolder(root))
    lookup.index()
    return lookup

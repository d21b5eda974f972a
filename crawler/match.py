"""What the matcher says of a found picture's bytes."""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.model import TOO_LARGE, UNREADABLE, Judgement
from watermark.matching.verdict import Verdict

if TYPE_CHECKING:
    from gallery.services.lookup import Lookup
    from gallery.settings import DataFolder
    from watermark.picture.decode import DecodeLimits, Header

TOLD = frozenset((Verdict.COPY, Verdict.SAME_SCENE, Verdict.POSSIBLE))
SMALLEST = 32
MAX_BYTES, MAX_PIXELS = 40 * 1024 * 1024, 40_000_000
MEMORY = 144 * 1024 * 1024  # for decoding: a worker stays less than 200 MB above idle under any picture
_FRAMES_BYTES = 64 * 1024 * 1024  # of an animation's frames as they are compared, all together
_opening = threading.Lock()


@dataclass(frozen=True, slots=True)
class Matcher:
    """Judges pictures in any process, which opens the index once.

    `upto` is the highest photo id; a new one makes each process open the index again. `recall` gives what was said
    before about a digest. `basis` is as `basis_of` gives it.
    """

    root: Path
    upto: int
    recall: Callable[[str], Judgement | None]
    basis: str = ""

    def __call__(self, body: bytes, name: str) -> Judgement:
        """Say what a picture is.

        Bytes that cannot be read are an answer too.
        """
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        known = self.recall(digest)
        if known is not None:
            return known
        from watermark.errors import PictureTooLargeError, WatermarkError  # noqa: PLC0415
        from watermark.picture.decode import DecodeLimits  # noqa: PLC0415
        from watermark.picture.sandbox import sandbox  # noqa: PLC0415

        try:
            facts = sandbox().header(
                body, DecodeLimits(max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS, max_memory=MEMORY)
            )
            if min(facts.width, facts.height) < SMALLEST or not self.upto:
                return Judgement(
                    digest=digest,
                    verdict=Verdict.NONE,
                    upto=self.upto,
                    basis=self.basis,
                    width=facts.width,
                    height=facts.height,
                )
            lookup = _lookup(self.root, self.upto, self.basis)
            found = lookup.identify(body, name, _bounded(lookup.limits, facts))
        except WatermarkError as error:
            verdict = TOO_LARGE if isinstance(error, PictureTooLargeError) else UNREADABLE
            return Judgement(
                digest=digest, verdict=verdict, upto=self.upto, basis=self.basis, trouble=str(error)
            )
        told, marked = found.answer.verdict in TOLD, found.answer.carries_our_mark
        look = _look(body, found.answer.frame, lookup) if told or marked else ""
        return Judgement(
            digest=digest,
            verdict=str(found.answer.verdict),
            upto=self.upto,
            photo=found.answer.photo if told else None,
            probability=min(1.0, max(0.0, float(found.answer.probability))),
            explanation=found.explanation,
            answer=json.dumps(found.to_json()),
            also=tuple((other.photo, other.probability) for other in found.answer.also) if told else (),
            width=facts.width,
            height=facts.height,
            look=look,
            carries_our_mark=marked,
            basis=self.basis,
        )


def basis_of(folder: "DataFolder", lookup: "Lookup | None" = None) -> str:
    """Give what every answer rests on beside the photos, as JSON.

    These are the matcher's version, the marks it knows as ours, and the settings.
    """
    from gallery.services.lookup import Lookup  # noqa: PLC0415 (heavy, as above)
    from gallery.settings import load_settings  # noqa: PLC0415
    from watermark.matching.model import matcher_version  # noqa: PLC0415

    chosen = load_settings(folder)
    return json.dumps(
        {
            "matcher": matcher_version(),
            "marks": [mark.text for mark in (lookup or Lookup(folder)).designs.marks],
            "settings": {
                "mark_opacity": chosen.mark_opacity,
                "picture_seconds": chosen.picture_seconds,
                "picture_memory_mib": chosen.picture_memory_mib,
                "picture_frames": chosen.picture_frames,
            },
        }
    )


def _look(body: bytes, frame: int, lookup: "Lookup") -> str:
    """Give how the frame that is ours looks, as text."""
    from watermark.errors import WatermarkError  # noqa: PLC0415 (see above)
    from watermark.picture.perceptual_hash import GreyGrid  # noqa: PLC0415
    from watermark.picture.sandbox import sandbox  # noqa: PLC0415

    try:
        return GreyGrid.of(sandbox().open_picture(body, lookup.limits, longest=512, frame=frame)).text
    except WatermarkError:
        return ""


def _bounded(limits: "DecodeLimits", facts: "Header") -> "DecodeLimits":
    """Give the practice's limits, or a worker's where those are lower."""
    from watermark.matching.identify import WORKED  # noqa: PLC0415 (see above)

    scale = min(1.0, WORKED / max(facts.width, facts.height))
    frames = int(_FRAMES_BYTES / (3 * facts.width * facts.height * scale**2))
    return replace(
        limits,
        max_bytes=MAX_BYTES,
        max_pixels=MAX_PIXELS,
        max_memory=min(limits.max_memory, MEMORY),
        max_frames=min(limits.max_frames, max(2, frames)),
    )


def _lookup(root: Path, upto: int, basis: str) -> "Lookup":
    with _opening:
        return _opened(root, upto, basis)


@lru_cache(maxsize=1)
def _opened(root: Path, upto: int, basis: str) -> "Lookup":  # noqa: ARG001 (the key: what makes it another)
    from gallery.services.lookup import Lookup  # noqa: PLC0415 (see above)
    from gallery.settings import DataFolder  # noqa: PLC0415

    lookup = Lookup(DataFolder(root))
    lookup.index()
    return lookup

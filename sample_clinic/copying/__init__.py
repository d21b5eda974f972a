"""The ways photographs are copied, one small function each: what the matcher must survive.

Every function takes a picture and a source of chance, and gives the copy a stranger would show. What a
copy is set among (screens, neighbours, logos) is drawn here too, unlike anything in `sample_clinic.drawing`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from numpy.random import Generator, default_rng

from sample_clinic.copying import coding, cover, setting, shape
from sample_clinic.copying.canvas import Attack
from watermark.picture.pixels import Picture

__all__ = ["ATTACKS", "SINGLE", "Attack", "several"]


def _fixed(attack: Callable[[Picture, Generator, float], Picture], amount: float) -> Attack:
    return lambda picture, rng: attack(picture, rng, amount)


def _small(longest: int) -> Attack:
    return lambda picture, rng: coding.shrunk(picture, rng, longest)


def _jpeg_10(picture: Picture, rng: Generator) -> Picture:
    return coding.jpeg(picture, rng, 10, 10)


SINGLE: Final[Mapping[str, Attack]] = MappingProxyType({
    "jpeg": coding.jpeg,
    "jpeg-10": _jpeg_10,
    "webp": coding.webp,
    "shrunk": coding.shrunk,
    "shrunk-320": _small(320),
    "shrunk-160": _small(160),
    "shrunk-96": _small(96),
    "enlarged": coding.enlarged,
    "blurred": coding.blurred,
    "noised": coding.noised,
    "sharpened": coding.sharpened,
    "smoothed": coding.smoothed,
    "denoised": coding.denoised,
    "grey": coding.grey,
    "sepia": coding.sepia,
    "recoloured": coding.recoloured,
    "filtered": coding.filtered,
    "48-colours": coding.few_colours,
    "brighter": coding.brighter,
    "darker": coding.darker,
    "contrast": coding.contrasted,
    "mirrored": shape.mirrored,
    "rotated-3": _fixed(shape.rotated, 3.0),
    "rotated-10": _fixed(shape.rotated, 10.0),
    "rotated-90": shape.quarter_turned,
    "stretched": shape.stretched,
    "cropped-70": _fixed(shape.cropped, 0.70),
    "cropped-50": _fixed(shape.cropped, 0.50),
    "cropped-25": _fixed(shape.cropped, 0.25),
    "cropped-12": _fixed(shape.cropped, 0.12),
    "foot-cut": shape.foot_cut,
    "mark-inpainted": cover.mark_inpainted,
    "mark-boxed": cover.mark_boxed,
    "mark-blurred": cover.mark_blurred,
    "rivals-logo": cover.rivals_logo,
    "banner": cover.bannered,
    "eyes-mosaic": cover.eyes_mosaic,
    "eyes-bar": cover.eyes_barred,
    "framed": cover.framed,
    "new-background": cover.new_background,
    "beside-another": setting.beside_another,
    "tile-of-four": setting.tile_of_four,
    "half": shape.half,
    "page-screenshot": setting.page_screenshot,
    "phone-screenshot": setting.phone_screenshot,
    "photo-of-screen": setting.photo_of_screen,
})  # fmt: skip
"""Every single way of copying, by its name."""

# What people do one after the other. Crops below half, halves and tiny sizes are hard enough alone.
_COMBINED: Final = (
    "jpeg", "webp", "shrunk", "recoloured", "filtered", "brighter", "darker", "contrast", "mirrored",
    "rotated-3", "stretched", "cropped-70", "cropped-50", "foot-cut", "mark-inpainted", "rivals-logo",
    "banner", "framed", "grey", "blurred", "sharpened", "eyes-bar", "beside-another", "page-screenshot",
)  # fmt: skip


def several(picture: Picture, rng: Generator) -> Picture:
    """Copy in two to four ways, one after the other."""
    for kind in rng.choice(_COMBINED, int(rng.integers(2, 5)), replace=False):
        picture = SINGLE[str(kind)](picture, rng)
    return picture


ATTACKS: Final[Mapping[str, Attack]] = MappingProxyType({**SINGLE, "several": several})
"""Every way of copying, by its name; `several` mixes them."""


def copied(picture: Picture, kind: str, seed: int) -> Picture:
    """Copy a picture in one of the ways of `ATTACKS`; the same seed gives the same copy."""
    return ATTACKS[kind](picture, default_rng(seed))

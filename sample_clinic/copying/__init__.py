"""Ways in which photographs are copied, one small function each.

Every function takes a picture and a source of chance, and gives the copy a stranger would show. What a
copy is set among (screens, neighbours, logos) is drawn here too, unlike anything in `sample_clinic.drawing`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from numpy.random import Generator, default_rng

from sample_clinic.copying import embedding, geometry, overlays, photometry
from sample_clinic.copying.canvas import Attack
from watermark.picture.pixels import Picture

__all__ = ["ATTACKS", "SINGLE", "Attack", "several"]


def _fixed(attack: Callable[[Picture, Generator, float], Picture], amount: float) -> Attack:
    return lambda picture, rng: attack(picture, rng, amount)


def _small(longest: int) -> Attack:
    return lambda picture, rng: photometry.shrunk(picture, rng, longest)


def _jpeg_10(picture: Picture, rng: Generator) -> Picture:
    return photometry.jpeg(picture, rng, 10, 10)


SINGLE: Final[Mapping[str, Attack]] = MappingProxyType({
    "jpeg": photometry.jpeg,
    "jpeg-10": _jpeg_10,
    "webp": photometry.webp,
    "shrunk": photometry.shrunk,
    "shrunk-320": _small(320),
    "shrunk-160": _small(160),
    "shrunk-96": _small(96),
    "enlarged": photometry.enlarged,
    "blurred": photometry.blurred,
    "noised": photometry.noised,
    "sharpened": photometry.sharpened,
    "smoothed": photometry.smoothed,
    "denoised": photometry.denoised,
    "grey": photometry.grey,
    "sepia": photometry.sepia,
    "recoloured": photometry.recoloured,
    "filtered": photometry.filtered,
    "48-colours": photometry.few_colours,
    "brighter": photometry.brighter,
    "darker": photometry.darker,
    "contrast": photometry.contrasted,
    "mirrored": geometry.mirrored,
    "rotated-3": _fixed(geometry.rotated, 3.0),
    "rotated-10": _fixed(geometry.rotated, 10.0),
    "rotated-90": geometry.quarter_turned,
    "stretched": geometry.stretched,
    "cropped-70": _fixed(geometry.cropped, 0.70),
    "cropped-50": _fixed(geometry.cropped, 0.50),
    "cropped-25": _fixed(geometry.cropped, 0.25),
    "cropped-12": _fixed(geometry.cropped, 0.12),
    "foot-cut": geometry.foot_cut,
    "mark-inpainted": overlays.mark_inpainted,
    "mark-boxed": overlays.mark_boxed,
    "mark-blurred": overlays.mark_blurred,
    "rivals-logo": overlays.rivals_logo,
    "banner": overlays.bannered,
    "eyes-mosaic": overlays.eyes_mosaic,
    "eyes-bar": overlays.eyes_barred,
    "framed": overlays.framed,
    "new-background": overlays.new_background,
    "beside-another": embedding.beside_another,
    "tile-of-four": embedding.tile_of_four,
    "half": geometry.half,
    "page-screenshot": embedding.page_screenshot,
    "phone-screenshot": embedding.phone_screenshot,
    "photo-of-screen": embedding.photo_of_screen,
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
    """Copy a picture in one of the ways of `ATTACKS`.

    The same seed gives the same copy.
    """
    return ATTACKS[kind](picture, default_rng(seed))

"""What `sample_clinic.copying` promises: named ways of copying that repeat exactly and take any size."""

import numpy as np
import pytest

from sample_clinic.copying import ATTACKS, SINGLE
from sample_clinic.copying.geometry import cropped
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.picture.pixels import Picture


@pytest.fixture(scope="module")
def portrait():
    """One portrait, large enough for every attack."""
    return draw_portrait(Person(6), Room(3), stage="after", size=(600, 450))


@pytest.mark.parametrize("kind", ATTACKS)
def test_every_attack_gives_a_changed_picture_and_repeats(kind, portrait):
    """The same chance gives the same copy; the original is left alone."""
    before = portrait.rgb.copy()
    first, second = (ATTACKS[kind](portrait, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first.rgb, second.rgb)
    assert first.rgb.shape != before.shape or not np.array_equal(first.rgb, before)
    assert np.array_equal(portrait.rgb, before)
    assert first.rgb.std() > 3


@pytest.mark.parametrize("kind", SINGLE)
@pytest.mark.parametrize("size", [(1, 1), (30, 8), (90, 160)])
def test_small_and_odd_pictures_can_be_attacked(kind, size):
    """A thumbnail, a line or a single pixel is copied without a crash."""
    rgb = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    for seed in range(3):
        assert SINGLE[kind](Picture(rgb), np.random.default_rng(seed)).rgb.size


@pytest.mark.parametrize("share", [0.70, 0.50, 0.25, 0.12])
def test_a_crop_keeps_the_named_share(share, portrait):
    """A crop to 12 % of the area keeps 12 % of the area."""
    for seed in range(5):
        cut = cropped(portrait, np.random.default_rng(seed), share)
        kept = cut.width * cut.height / (portrait.width * portrait.height)
        assert kept == pytest.approx(share, rel=0.13)


def test_the_ways_that_the_practice_fears_are_there():
    """The registry names every way of copying that the practice listed."""
    wanted = {
        "jpeg-10", "shrunk-96", "blurred", "noised", "recoloured", "filtered", "grey", "48-colours",
        "mirrored", "rotated-3", "rotated-10", "rotated-90", "stretched", "cropped-70", "cropped-50",
        "cropped-25", "cropped-12", "framed", "banner", "rivals-logo", "eyes-mosaic", "new-background",
        "beside-another", "tile-of-four", "page-screenshot", "photo-of-screen", "smoothed", "sharpened",
        "foot-cut", "mark-inpainted", "half", "several",
    }  # fmt: skip
    assert wanted <= set(ATTACKS)
    assert len(ATTACKS) >= 34

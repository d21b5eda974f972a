"""The mark that crosses the subject: legible everywhere, fainter on the work, its own in each picture."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_clinic.drawing.everyday import draw_everyday
from watermark.errors import WatermarkError
from watermark.marking.crossing import (
    Crossing,
    contrast,
    crop_cost,
    draw_crossing,
    logo_strokes,
    seed_of,
    strokes_for,
)
from watermark.picture.pixels import Picture

LATTICE_NAME = "a drawn clinic's"
MARK = Crossing(text="© 2026 Seed Clinic")


@pytest.fixture(scope="module")
def treated():
    """A region in the middle of 800 by 600."""
    drawn = np.zeros((600, 800), np.uint8)
    cv2.ellipse(drawn, (400, 280), (160, 130), 0, 0, 360, 1, -1)
    return drawn > 0


@pytest.mark.parametrize("ground", [0, 60, 128, 150, 200, 255])
def test_strokes_stand_out_on_every_ground(ground, treated):
    """Twenty grey levels outside and eight inside the treated region, on black, grey and white alike."""
    plain = Picture(np.full((600, 800, 3), ground, np.uint8))
    marked = draw_crossing(plain, MARK, seed_of(LATTICE_NAME, "photo"), treated)
    strokes = strokes_for((800, 600), MARK, seed_of(LATTICE_NAME, "photo"))
    around = cv2.dilate(treated.astype(np.uint8), np.ones((61, 61), np.uint8)) == 0
    assert contrast(plain, marked, strokes, around) >= 20
    assert 8 <= contrast(plain, marked, strokes, treated) < contrast(plain, marked, strokes, around)


def test_half_dark_half_light_is_marked_on_both_sides():
    """On an edge between black and white the strokes are seen on either side."""
    rgb = np.zeros((600, 800, 3), np.uint8)
    rgb[:, 417:] = 255
    plain = Picture(rgb)
    strokes = strokes_for((800, 600), MARK, seed_of(LATTICE_NAME, "photo"))
    assert contrast(plain, draw_crossing(plain, MARK, seed_of(LATTICE_NAME, "photo")), strokes) >= 20


def test_each_picture_has_its_own_lattice_and_keeps_it():
    """The same picture is marked alike again; another picture, or another key, is marked otherwise."""
    size = 800, 600
    first = strokes_for(size, MARK, seed_of(LATTICE_NAME, "photo 1"))
    assert np.array_equal(first, strokes_for(size, MARK, seed_of(LATTICE_NAME, "photo 1")))
    for other in (
        strokes_for(size, MARK, seed_of(LATTICE_NAME, "photo 2")),
        strokes_for(size, MARK, seed_of("another secret", "photo 1")),
    ):
        alike = float((first * other).sum() / np.sqrt((first**2).sum() * (other**2).sum()))
        assert alike < 0.6


def test_the_mark_cannot_be_cropped_away(treated):
    """Whoever wants a part without strokes loses most of what was treated; beside a mark at the foot, nothing."""
    assert crop_cost(strokes_for((800, 600), MARK, seed_of(LATTICE_NAME, "photo")), treated) > 0.7
    at_the_foot = np.zeros((600, 800), np.float32)
    at_the_foot[540:580, 100:700] = 1
    assert crop_cost(at_the_foot, treated) < 0.05


def test_a_logo_is_drawn_beside_the_words():
    """A logo with a transparent ground, or dark on white, becomes strokes; a plain surface is refused."""
    disc = np.zeros((80, 120), np.uint8)
    cv2.circle(disc, (60, 40), 30, 255, 6)
    clear = logo_strokes(Picture(np.zeros((80, 120, 3), np.uint8)), disc)
    white = np.full((80, 120, 3), 255, np.uint8)
    white[disc > 0] = 20
    opaque = logo_strokes(Picture(white), None)
    assert abs(clear.shape[0] - opaque.shape[0]) <= 2
    with_logo = strokes_for((800, 600), Crossing(text="Seed", logo=clear), seed_of(LATTICE_NAME, "photo"))
    assert (
        with_logo.mean()
        != strokes_for((800, 600), Crossing(text="Seed"), seed_of(LATTICE_NAME, "photo")).mean()
    )
    with pytest.raises(WatermarkError, match="plain surface"):
        logo_strokes(Picture(np.full((30, 30, 3), 9, np.uint8)), None)


def test_a_logo_larger_than_the_picture_fits():
    """Whatever the logo's size, it is drawn as high as the letters ask for."""
    huge = np.zeros((2000, 3000), np.uint8)
    huge[500:1500, 500:2500] = 255
    plain = draw_everyday(3, (320, 240))
    assert (
        draw_crossing(plain, Crossing(text="", logo=huge), seed_of(LATTICE_NAME, "p")).rgb.shape
        == plain.rgb.shape
    )


@given(
    width=st.integers(1, 200),
    height=st.integers(1, 200),
    text=st.sampled_from(["", " ", "©", "Praxis Öl · Łódź"]),
)
@settings(max_examples=25, deadline=None)
def test_any_size_and_words_can_be_marked(width, height, text):
    """Tiny, narrow and wordless pictures come back in their own size."""
    plain = Picture(np.full((height, width, 3), 90, np.uint8))
    marked = draw_crossing(plain, Crossing(text=text), seed_of(LATTICE_NAME, "p"))
    assert marked.rgb.shape == plain.rgb.shape
    if not text.strip():
        assert np.array_equal(marked.rgb, plain.rgb)

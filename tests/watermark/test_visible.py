"""What `watermark.marking.visible` promises: a mark that reads on any skin, bent anew on each picture."""

from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.errors import WatermarkError
from watermark.marking.lettering import is_plain
from watermark.marking.visible import Mark, draw_mark, mark_area
from watermark.picture.pixels import Picture

DESIGN = Mark(text="SEED CLINIC · seed.example")


def flat(shade, size=(600, 450)):
    """A plain picture of one grey level or colour."""
    canvas = np.empty((size[1], size[0], 3), np.uint8)
    canvas[:] = shade
    return Picture(canvas)


def change(picture, design=DESIGN):
    """How many grey levels the mark changes each pixel by."""
    return np.abs(draw_mark(picture, design).rgb.astype(int) - picture.rgb).max(axis=2)


@pytest.mark.parametrize(
    "shade", [0, 60, 128, 149, 151, 200, 255, (92, 60, 46), (176, 124, 92), (238, 205, 184)]
)
def test_the_mark_reads_on_every_shade(shade):
    """Dark skin, lit skin, white walls: the strokes always differ by more than 40 grey levels."""
    changed = change(flat(shade))
    assert np.percentile(changed[changed > 0], 75) > 40
    assert (changed > 20).sum() > 1500


@pytest.mark.parametrize("seed", [2, 5, 11, 4])
def test_the_mark_reads_on_portraits(seed):
    """On clinic portraits of any skin, every quarter of the words stands out from what is below."""
    picture = draw_portrait(Person(seed), Room(seed), size=(900, 700))
    changed = change(picture)
    columns = np.flatnonzero((changed > 20).any(axis=0))
    for part in np.array_split(columns, 4):
        strokes = changed[:, part]
        assert np.percentile(strokes[strokes > 5], 50) > 24


def test_the_mark_stays_in_its_area():
    """Nothing but the strokes and a little around them is changed, and the area says where that is."""
    for size in ((600, 450), (1600, 1200), (500, 900)):
        picture = flat(120, size)
        changed = change(picture) > 0
        area = mark_area(size, DESIGN)
        assert area.shape == changed.shape
        assert not (changed & ~area).any()
        assert 0.005 < area.mean() < 0.12
        assert not area[: size[1] * 3 // 4].any()


def test_each_picture_bends_its_mark_in_its_own_way():
    """Two pictures' marks do not lie on each other, so no fixed mark can be computed from many."""
    first, second = flat(100), flat(101)
    assert np.array_equal(draw_mark(first, DESIGN).rgb, draw_mark(first, DESIGN).rgb)
    difference = np.abs(change(first) - change(second))
    assert difference.max() > 40
    edges = cv2.Canny(change(first).astype(np.uint8), 30, 60) > 0
    assert np.abs(change(first) - change(second))[edges].mean() > 8


def test_a_seed_gives_the_same_mark_on_any_picture():
    """A design with a seed draws the same strokes wherever it is used."""
    design = Mark(text="SEED", seed=5)
    assert np.array_equal(change(flat(10), design), change(flat(10, (600, 450)), design))
    agree = (change(flat(10), design) > 40) == (change(flat(40), design) > 36)
    assert agree.mean() > 0.999


@pytest.mark.parametrize("text", ["", "   ", "\u200b"])
def test_no_words_no_mark(text):
    """A practice without a mark's text publishes pictures as they are."""
    picture = flat(90)
    assert np.array_equal(draw_mark(picture, Mark(text=text)).rgb, picture.rgb)


def test_letters_of_other_languages_are_drawn():
    """A name with umlauts, Turkish or Cyrillic letters does not turn into boxes."""
    shapes = [change(flat(0), Mark(text=letter, seed=1)).tobytes() for letter in "öşЖİ©"]
    assert len(set(shapes)) == 5


@pytest.mark.parametrize("wrong", [{"opacity": 1.2}, {"width": -0.1}, {"middle": (0.5, 7.0)}])
def test_a_share_that_is_none_is_refused(wrong):
    """A setting of 50 where 0.5 was meant is said, with the way out."""
    with pytest.raises(WatermarkError, match="between 0 and 1") as caught:
        Mark(text="SEED", **wrong)
    assert caught.value.hint


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 300),
    st.integers(1, 300),
    st.text(max_size=60),
    st.floats(0, 1),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_any_size_and_words_can_be_marked(width, height, text, opacity, middle):
    """The smallest picture and the longest words still give a picture of the same size.

    Words of a script that no font here has are refused.
    """
    design = Mark(text=text, opacity=opacity, middle=middle)
    if not is_plain(text.strip()):
        with suppress(WatermarkError):
            assert draw_mark(flat(77, (width, height)), design).width == width
        return
    marked = draw_mark(flat(77, (width, height)), design)
    assert (marked.width, marked.height) == (width, height)
    assert mark_area((width, height), design).shape == (height, width)

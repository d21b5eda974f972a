"""What became of our mark in a copy: facts, each from a copy that was made that way."""

import cv2
import numpy as np
import pytest

from sample_clinic.drawing.everyday import draw_everyday
from watermark.marking.hidden import informed
from watermark.marking.hidden.informed import Presence
from watermark.marking.hidden.keys import MarkKey
from watermark.marking.hidden.layers import HiddenMark, hide
from watermark.marking.hidden.strength import luma
from watermark.marking.removal import examine
from watermark.marking.state import MarkState
from watermark.marking.visible import Mark, draw_mark
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture

KEY = MarkKey(b"the key of a drawn clinic, 32 by")
MARK = HiddenMark(subject="photo 1", payload=0x0123_4567_89AB_CDEF)


@pytest.fixture(scope="module")
def plain():
    """A drawn picture of 800 by 600, unmarked."""
    return draw_everyday(14, (800, 600))


@pytest.fixture(scope="module")
def marked(plain):
    """The same with its visible mark."""
    return draw_mark(plain, Mark(text="© 2026 Seed Clinic"))


@pytest.fixture(scope="module")
def strokes(plain, marked):
    """Where the mark lies, uint8."""
    return (np.abs(marked.rgb.astype(int) - plain.rgb).max(2) > 8).astype(np.uint8)


@pytest.fixture(scope="module")
def published(marked):
    """The published pixels: both hidden layers and a JPEG."""
    return open_picture(encode(hide(marked, KEY, MARK), format="jpeg", quality=88)).rgb


def judged(copy, plain, marked, covered=None, hidden=None):
    """Examine a copy that lies on the picture as it is."""
    found = luma(copy)
    covered = np.ones(found.shape, bool) if covered is None else covered
    if hidden is None:
        left = informed.residual(found, covered, plain, 1.0)
        hidden, _ = informed.presence_of(left, found, KEY, MARK.subject, [3, MARK.payload])
    return examine(found, covered, 1.0, (plain, marked), hidden)


def jpeg(rgb, quality=75):
    """Save once more, as those who copy do."""
    return open_picture(encode(Picture(rgb), format="jpeg", quality=quality)).rgb


def boxed(rgb, strokes, name=""):
    """Lay a box over the mark, perhaps with a rival's name."""
    rows, columns = np.flatnonzero(strokes.any(1)), np.flatnonzero(strokes.any(0))
    covered = rgb.copy()
    covered[rows[0] - 6 : rows[-1] + 6, columns[0] - 6 : columns[-1] + 6] = (40, 30, 90)
    if name:
        cv2.putText(covered, name, (columns[0], rows[-1]), cv2.FONT_HERSHEY_DUPLEX, 1.2, (255, 255, 255), 2)
    return covered


def blurred(rgb, strokes):
    """Blur the mark away."""
    where = cv2.dilate(strokes, np.ones((9, 9), np.uint8))[..., None]
    return np.where(where > 0, cv2.GaussianBlur(rgb, (0, 0), 8), rgb)


def inpainted(rgb, strokes):
    """Repair the picture over the mark."""
    return cv2.inpaint(rgb, cv2.dilate(strokes, np.ones((5, 5), np.uint8)), 4, cv2.INPAINT_TELEA)


def test_a_kept_mark_is_kept(plain, marked, published):
    """The published file, saved once more, still shows its mark."""
    seen = judged(jpeg(published), plain, marked)
    assert (seen.state, seen.hidden) == (MarkState.KEPT, Presence.THERE)
    assert seen.kept > 0.9


@pytest.mark.parametrize(
    "remove",
    [boxed, lambda rgb, strokes: boxed(rgb, strokes, "RIVAL INK"), blurred, inpainted],
    ids=["a box", "a box with a rival's name", "a blur", "a repair"],
)
def test_a_mark_that_was_covered_was_painted_over(plain, marked, published, strokes, remove):
    """Whatever covers the mark, it is called painted over, with the hidden layer and without it."""
    copy = jpeg(remove(published, strokes))
    assert judged(copy, plain, marked).state == MarkState.PAINTED_OVER
    assert judged(copy, plain, marked, hidden=Presence.UNREADABLE).state == MarkState.PAINTED_OVER


def test_half_a_mark_is_partly_kept(plain, marked, published, strokes):
    """A blur over half of the mark leaves the other half."""
    half = strokes.copy()
    half[:, : strokes.shape[1] // 2] = 0
    assert judged(jpeg(blurred(published, half)), plain, marked).state == MarkState.PARTLY_KEPT


def test_a_copy_cut_above_the_mark_was_cropped(plain, marked, published, strokes):
    """Where the mark would lie there is no copy."""
    covered = np.ones(strokes.shape, bool)
    covered[np.flatnonzero(strokes.any(1))[0] - 10 :] = False
    copy = jpeg(published).copy()
    copy[~covered] = 0
    assert judged(copy, plain, marked, covered).state == MarkState.CROPPED


def test_an_unmarked_original_was_never_marked(plain, marked):
    """Without mark and hidden layer, but with all its fine detail, it is a copy of the unmarked original."""
    seen = judged(jpeg(plain.rgb, 85), plain, marked)
    assert (seen.state, seen.hidden) == (MarkState.NEVER, Presence.NOT_THERE)


def test_never_is_not_said_without_the_hidden_layer(plain, marked):
    """Where the hidden layer cannot be read nobody can tell a perfect repair from no mark: it is not told."""
    assert judged(jpeg(plain.rgb), plain, marked, hidden=Presence.UNREADABLE).state == MarkState.UNKNOWN


def test_a_copy_without_fine_detail_says_nothing_of_the_hidden_layer(plain, marked, published):
    """A thumbnail that was enlarged again has lost the layer by itself: that proves nothing."""
    small = cv2.resize(published, (32, 24), interpolation=cv2.INTER_AREA)
    copy = cv2.resize(small, (800, 600), interpolation=cv2.INTER_CUBIC)
    seen = judged(copy, plain, marked)
    assert seen.hidden == Presence.UNREADABLE
    assert seen.state != MarkState.NEVER


def test_a_picture_without_a_mark_has_nothing_to_lose(plain):
    """Where nothing was drawn nothing is said."""
    assert judged(plain.rgb, plain, plain).state == MarkState.UNKNOWN

"""Old side-by-side files come apart at their gutters, and plain photographs are never cut."""

from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_clinic.drawing.clinic import VIEWS, Person, Room, draw_portrait
from sample_clinic.drawing.everyday import draw_everyday
from sample_clinic.drawing.furniture import collage
from watermark.pairs.composite import PanelLayout, find_panels
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture, resize

SIZE = (240, 300)
NEAR = 4  # pixels


@cache
def pair(seed: int, size: tuple[int, int] = SIZE) -> list[np.ndarray]:
    """Draw the photographs of one patient: before, after, later."""
    stages = ("before", "after", "later")
    return [draw_portrait(Person(seed), Room(seed), stage=stage, size=size).rgb for stage in stages]


def pasted(
    columns: int, rows: int, gap: int, *, colour: int = 255, frame: int = 0, strip: int = 0
) -> tuple[Picture, list[tuple[int, int, int, int]]]:
    """Paste photographs as old software did; gives the boxes where they are."""
    photos, (width, height) = pair(1), SIZE
    canvas = np.full(
        (2 * frame + strip + rows * (height + gap) - gap, 2 * frame + columns * (width + gap) - gap, 3),
        colour,
        np.uint8,
    )
    if strip:
        foot = canvas.shape[0] - frame
        canvas[foot - strip : foot] = 255 - colour
        place = (canvas.shape[1] // 4, foot - strip // 3)
        cv2.putText(canvas, "Before   After", place, 0, strip / 50, (colour,) * 3, 2, cv2.LINE_AA)
    boxes = []
    for number in range(columns * rows):
        left = frame + number % columns * (width + gap)
        top = frame + number // columns * (height + gap)
        canvas[top : top + height, left : left + width] = photos[number % 3]
        boxes.append((left, top, left + width, top + height))
    return Picture(canvas), boxes


def assert_found(picture, boxes):
    """Every photograph is found, in reading order, to a few pixels."""
    found = find_panels(picture)
    assert len(found.boxes) == len(boxes), found
    assert np.abs(np.subtract(found.boxes, boxes)).max() <= NEAR


@pytest.mark.parametrize("gap", [0, 1, 3, 10, 40])
@pytest.mark.parametrize("colour", [0, 128, 255])
@pytest.mark.parametrize(
    ("columns", "rows", "layout"), [(2, 1, PanelLayout.SIDE_BY_SIDE), (1, 2, PanelLayout.STACKED)]
)
def test_before_and_after_come_apart(columns, rows, layout, gap, colour):
    """Two photographs in one file are found whatever lies between them, or nothing."""
    picture, boxes = pasted(columns, rows, gap, colour=colour)

    assert find_panels(picture).layout is layout
    assert_found(picture, boxes)


@pytest.mark.parametrize(("columns", "rows"), [(3, 1), (2, 2), (3, 2)])
@pytest.mark.parametrize("gap", [0, 8])
def test_more_than_two_come_apart(columns, rows, gap):
    """Rows of three and grids come out photograph by photograph, in reading order."""
    assert_found(*pasted(columns, rows, gap))


@pytest.mark.parametrize("colour", [0, 255])
@pytest.mark.parametrize("frame", [0, 15])
def test_frames_and_label_strips_are_left_out(frame, colour):
    """What was pasted around the photographs is no part of them."""
    assert_found(*pasted(2, 1, 6, colour=colour, frame=frame, strip=40))


def test_labels_across_their_feet_stay():
    """Words written over a photograph do not hide the seam."""
    picture = collage(
        [Picture(rgb) for rgb in pair(2)[:2]], cell=(400, 400), gap=6, labels=("BEFORE", "AFTER")
    )

    assert_found(picture, [(0, 0, 400, 400), (406, 0, 806, 400)])


@settings(max_examples=20, deadline=None)
@given(
    gap=st.sampled_from([0, 4, 12]),
    quality=st.integers(60, 95),
    longest=st.integers(320, 492),
)
def test_resized_and_recompressed_ones_come_apart(gap, quality, longest):
    """A gutter survives years of saving; files whose photographs touch come apart there, or stay whole."""
    picture, boxes = pasted(2, 1, gap)
    small = resize(picture, longest)
    saved = open_picture(encode(small, format="jpeg", quality=quality))
    found = find_panels(saved)

    assert gap == 0 or len(found.boxes) == len(boxes)
    if len(found.boxes) > 1:
        expected = np.array(boxes) * (small.width / picture.width)
        assert np.abs(np.array(found.boxes) - expected).max() <= NEAR


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(VIEWS), st.sampled_from([(240, 300), (320, 240)]))
def test_a_portrait_stays_whole(seed, view, size):
    """One photograph of one head is one photograph, whatever stands in the background."""
    picture = draw_portrait(Person(seed), Room(seed + 1), view=view, size=size)

    assert find_panels(picture).boxes == ((0, 0, *size),)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 500))
def test_an_everyday_picture_stays_whole(seed):
    """Horizons, windows and door posts are no gutters."""
    assert find_panels(draw_everyday(seed, (320, 240))).layout is PanelLayout.SINGLE


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (64, 64)])
def test_plain_and_tiny_pictures_stay_whole(size):
    """A picture with nothing to go by is one photograph."""
    assert find_panels(Picture(np.full((*size, 3), 200, np.uint8))).layout is PanelLayout.SINGLE


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 90), st.integers(1, 90))
def test_boxes_lie_inside_and_apart(seed, width, height):
    """Whatever the picture, boxes are inside it, not empty, and do not overlap."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 256, (-(-height // 30), -(-width // 30), 3), np.uint8)
    rgb = blocks.repeat(90, axis=0).repeat(90, axis=1)[: height * 3, : width * 3]
    found = find_panels(Picture(rgb))
    seen = np.zeros(rgb.shape[:2], int)
    for left, top, right, bottom in found.boxes:
        assert 0 <= left < right <= rgb.shape[1]
        assert 0 <= top < bottom <= rgb.shape[0]
        seen[top:bottom, left:right] += 1
    assert seen.max() == 1

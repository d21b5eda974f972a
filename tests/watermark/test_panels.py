"""Pictures within a picture are found: contact sheets, photos on a page of text, halves in one frame."""

import numpy as np
import pytest
from PIL import Image

from benchmarks import genre
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from sample_clinic.drawing.everyday import draw_everyday
from watermark.matching.bending import bend, bent
from watermark.matching.panels import SMALLEST, panels
from watermark.matching.sides import facing
from watermark.matching.subject import CELLS, subject_of


@pytest.fixture(scope="module")
def pictures():
    """Four drawn pictures."""
    return [Image.fromarray(draw_everyday(seed, (480, 360)).rgb) for seed in range(4)]


def test_every_tile_of_a_contact_sheet_is_a_panel(pictures):
    """All 36 tiles are cut out, each in one piece, whatever is plain at their sides left out."""
    sheet = np.asarray(genre.sheet(pictures[0], np.random.default_rng(3), pictures).convert("L"))
    found = panels(sheet)
    assert len(found) == 36
    assert all(bottom - top > 150 for _, top, _, bottom in found)


def test_a_photo_on_a_page_of_text_is_a_panel(pictures):
    """The photo is cut out of the text; lines of words are no panels."""
    page = np.asarray(genre.text_page(pictures[1], np.random.default_rng(5)).convert("L"))
    found = panels(page)
    assert 1 <= len(found) <= 3
    left, top, right, bottom = found[0]
    assert 0.02 <= (right - left) * (bottom - top) / page.size <= 0.14


def test_one_photograph_has_no_panels(pictures):
    """A picture that fills its frame is looked at as it is, at no further cost."""
    for picture in pictures:
        assert panels(np.asarray(picture.convert("L"))) == []


def test_no_shape_breaks_the_cutting():
    """Whatever the size, panels lie inside the picture and are large enough."""
    rng = np.random.default_rng(8)
    for shape in ((1, 1), (1, 3000), (700, 3), (200, 200), (1000, 1400)):
        luma = (rng.random(shape) > 0.98).astype(np.uint8) * np.uint8(255)
        for left, top, right, bottom in panels(luma):
            assert 0 <= left < right <= shape[1]
            assert 0 <= top < bottom <= shape[0]
            assert min(right - left, bottom - top) >= SMALLEST - 1


def test_the_subject_of_a_portrait_is_told_from_the_wall():
    """The face is subject, the upper corners are not; a plain picture has one in the middle."""
    cells = subject_of(draw_portrait(Person(5), Room(9), size=(800, 600)).rgb)
    middle, corner = slice(CELLS * 2 // 5, CELLS * 3 // 5), slice(0, CELLS // 5)
    assert cells[middle, middle].mean() > 0.9
    assert cells[corner, corner].mean() < 0.1
    assert cells[corner, -CELLS // 5 :].mean() < 0.1
    assert subject_of(np.full((90, 120, 3), 80, np.uint8))[middle, middle].all()


def test_two_windows_face_each_other_along_one_line():
    """The halves of a frame do; halves that overlap, or lie far apart, do not."""
    assert facing((0, 0, 50, 100), (50, 0, 100, 100))
    assert facing((0, 60, 100, 100), (0, 0, 100, 57))
    assert not facing((0, 0, 50, 100), (20, 0, 100, 100))
    assert not facing((0, 0, 30, 100), (70, 0, 100, 100))


def test_waves_are_bent_back():
    """A picture bent by waves of a few pixels lies on the original again, far better than before."""
    luma = np.asarray(Image.fromarray(draw_everyday(6, (512, 384)).rgb).convert("L"))
    shown = np.asarray(
        genre.wavy(Image.fromarray(np.dstack([luma] * 3)), np.random.default_rng(2)).convert("L")
    )
    covered = np.full(luma.shape, 255, np.uint8)
    back = bent(shown, bend(luma, shown, covered, 1.2))
    apart = [float(np.abs(p.astype(float) - luma)[30:-30, 30:-30].mean()) for p in (shown, back)]
    assert apart[1] < 0.6 * apart[0]

"""What makes a before and an after unlike is measured and said plainly; what is alike is not complained of."""

from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.errors import WatermarkError
from watermark.pairs.alignment import align_by_points, align_pair, lay_over
from watermark.pairs.comparability import compare_pair
from watermark.picture.pixels import Picture

SIZE = (800, 600)


@cache
def portrait(seed: int, stage: str, room: int | None = None, view: str = "front") -> Picture:
    """Take a drawn patient's photo."""
    return draw_portrait(
        Person(seed), Room(seed if room is None else room), stage=stage, view=view, size=SIZE
    )


def exposed(picture: Picture, gain: tuple[float, float, float]) -> Picture:
    """Expose a photo otherwise, in linear light."""
    linear = (picture.rgb / 255.0) ** 2.2 * np.array(gain)
    return Picture((np.clip(linear, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8))


def moved(picture: Picture, scale: float, turn: float, shift: tuple[float, float]) -> Picture:
    """Zoom, turn (degrees, counter-clockwise) and shift a photo within its frame."""
    matrix = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), turn, scale)
    matrix[:, 2] += shift
    return Picture(cv2.warpAffine(picture.rgb, matrix, SIZE, borderMode=cv2.BORDER_REFLECT))


def measured(before, after):
    """Give {name: item}."""
    return {item.name: item for item in compare_pair(before, after).items}


@pytest.mark.parametrize("seed", range(4))
def test_a_careful_pair_is_comparable(seed):
    """A pair taken in one room under one light gets no complaint about light, tint, background or sharpness."""
    result = compare_pair(portrait(seed, "before"), portrait(seed, "after"))

    assert result.alignment is not None
    assert {item.name for item in result.differences} <= {"zoom", "tilt"}


@pytest.mark.parametrize(("gain", "words"), [(1.6, "brighter"), (0.6, "darker")])
def test_other_light_is_told(gain, words):
    """Half a stop of exposure is found, its direction said, and how to do better."""
    light = measured(portrait(1, "before"), exposed(portrait(1, "after"), (gain,) * 3))["light"]

    assert light.differs
    assert light.sentence.startswith("The after photo is 0.")
    assert light.sentence.endswith(f"stops {words} than the before photo.")
    assert light.hint == "Use the same lamps, and set the exposure by hand."


def test_another_tint_is_told():
    """Warm light against cold is found, and is not taken for another exposure."""
    items = measured(portrait(2, "before"), exposed(portrait(2, "after"), (1.2, 1.0, 0.75)))

    assert items["colour"].differs
    assert not items["light"].differs


def test_another_room_is_told():
    """Another background is found."""
    assert measured(portrait(3, "before", 0), portrait(3, "after", 1))["background"].differs


def test_a_blurred_photo_is_told():
    """A photo out of focus is found, and the sharp one beside it is not blamed."""
    blurred = Picture(cv2.GaussianBlur(portrait(1, "after").rgb, (0, 0), 2.5))

    assert measured(portrait(1, "before"), blurred)["sharpness"].sentence == (
        "The after photo is less sharp than the before photo."
    )
    assert measured(blurred, portrait(1, "after"))["sharpness"].sentence == (
        "The after photo is sharper than the before photo."
    )


@pytest.mark.parametrize(("scale", "turn"), [(1.12, 0), (0.88, 0), (1.0, 8), (1.1, -8)])
def test_zoom_and_tilt_are_measured(scale, turn):
    """How much closer and how far turned the later photo is, to two percent and one degree."""
    before = portrait(5, "before")
    items = measured(before, moved(before, scale, turn, (10, -8)))

    assert items["zoom"].value == pytest.approx(100 * (scale - 1), abs=2)
    assert items["tilt"].value == pytest.approx(-turn, abs=1)
    assert items["zoom"].differs == (scale != 1.0)
    assert items["tilt"].differs == (turn != 0)


def test_two_different_pictures_are_not_forced_together():
    """A front and a donor view are said not to match, and nothing is measured that would mean nothing."""
    result = compare_pair(portrait(2, "before"), portrait(7, "after", 1, "donor"))

    assert result.alignment is None
    assert "pose" in {item.name for item in result.differences}
    assert "zoom" not in {item.name for item in result.items}


def test_sentences_use_the_stages_names():
    """The sentence speaks of the stages as the page does."""
    bright = exposed(portrait(1, "after"), (2.0,) * 3)
    result = compare_pair(portrait(1, "before"), bright, names=("before", "one year later"))

    assert any(item.sentence.startswith("The one year later photo is") for item in result.differences)


def test_flat_pictures_are_measured_too():
    """Pictures with nothing on them are no error."""
    flat = Picture(np.full((80, 60, 3), 130, np.uint8))

    assert compare_pair(flat, flat).alignment is None


@given(
    scale=st.floats(0.5, 2),
    turn=st.floats(-3, 3),
    shift=st.tuples(st.floats(-300, 300), st.floats(-300, 300)),
    points=st.lists(
        st.tuples(st.integers(0, 500), st.integers(0, 500)).map(lambda p: (float(p[0]), float(p[1]))),
        min_size=2, max_size=3, unique=True,
    ),
)  # fmt: skip
def test_pointing_at_places_lays_them_over_each_other(scale, turn, shift, points):
    """Two or three places that a person clicked fit exactly when one turn, scale and shift can do it."""
    factor = scale * complex(np.cos(turn), np.sin(turn))
    there = [factor * complex(*point) + complex(*shift) for point in points]
    found = align_by_points([(place.real, place.imag) for place in there], points)

    assert found.scale == pytest.approx(scale, rel=1e-6)
    for point, place in zip(points, there, strict=True):
        assert np.array(found.matrix) @ (*point, 1) == pytest.approx((place.real, place.imag), abs=1e-6)


@pytest.mark.parametrize(
    ("before", "after"),
    [([(1, 1)], [(1, 1)]), ([(1, 1), (9, 9)], [(1, 1)]), ([(5, 5), (50, 5)], [(3, 3), (3, 3)])],
)
def test_too_few_places_are_refused(before, after):
    """One place, or the same place twice, cannot say how two photos lie."""
    with pytest.raises(WatermarkError, match="expected"):
        align_by_points(before, after)


def test_laid_over_each_other_both_show_the_same():
    """The laid pair has one frame without empty corners, in which the same places coincide."""
    before = portrait(5, "before")
    after = moved(before, 0.9, 6, (20, 10))
    alignment = align_pair(before, after)
    one, other = lay_over(before, after, alignment)

    assert (one.width, one.height) == (other.width, other.height)
    assert one.width > 0.6 * before.width
    assert np.abs(one.rgb.astype(int) - other.rgb).mean() < 6


def test_small_and_large_files_are_measured_alike():
    """A pair is judged the same whether the files are large or small."""
    before = portrait(1, "before")
    after = moved(exposed(before, (1.6,) * 3), 1.1, 0, (0, 0))
    small = Picture(cv2.resize(after.rgb, (400, 300), interpolation=cv2.INTER_AREA))
    large, little = measured(before, after), measured(before, small)

    assert little["zoom"].value == pytest.approx(large["zoom"].value, abs=2)
    assert little["light"].value == pytest.approx(large["light"].value, abs=0.05)

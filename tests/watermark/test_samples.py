"""What `sample_clinic.drawing` promises: pictures that repeat exactly, differ where people do, hold detail."""

import itertools
import time

import cv2
import numpy as np
import pytest

from benchmarks.painted import draw_painting
from sample_clinic.drawing import furniture
from sample_clinic.drawing.appearance import look_of
from sample_clinic.drawing.clinic import STAGES, VIEWS, Person, Room, draw_portrait
from sample_clinic.drawing.everyday import draw_everyday
from sample_clinic.drawing.noise import tile
from watermark.picture.pixels import resize

SMALL = (480, 360)


def apart(first, second):
    """Mean difference of two pictures in grey levels."""
    return float(np.abs(first.rgb.astype(int) - second.rgb.astype(int)).mean())


def same_place(first, second):
    """Correlation of two pictures' fine detail where they lie on each other, -1 to 1."""
    planes = []
    for picture in (first, second):
        grey = cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
        planes.append((cv2.GaussianBlur(grey, (0, 0), 1.0) - cv2.GaussianBlur(grey, (0, 0), 4.0)).ravel())
    return float(np.corrcoef(*planes)[0, 1])


@pytest.mark.parametrize(("view", "stage"), list(zip(VIEWS, STAGES * 2, strict=True)))
def test_a_portrait_repeats_exactly(view, stage):
    """The same person, room, stage, view and shot give the same pixels, in the size asked for."""
    first, second = (draw_portrait(Person(3), Room(2), stage=stage, view=view, size=SMALL) for _ in range(2))
    assert np.array_equal(first.rgb, second.rgb)
    assert (first.width, first.height) == SMALL


def test_people_rooms_views_and_stages_differ():
    """No two of them give the same picture."""
    pictures = [
        draw_portrait(Person(person), Room(room), stage=stage, view=view, size=SMALL)
        for person, room, stage, view in itertools.product(
            (1, 2), (1, 2), ("before", "after"), ("front", "donor")
        )
    ]
    for first, second in itertools.combinations(pictures, 2):
        assert apart(first, second) > 1.5


def test_a_rivals_room_may_resemble_ours():
    """A room in another's style gives pictures nearer to it than any other room's, and still other pictures."""
    for style in (3, 4):
        ours, alike, other = (
            draw_portrait(Person(style), room, size=SMALL)
            for room in (Room(style), Room(style + 50, like=style), Room(style + 51))
        )
        assert 1.5 < apart(ours, alike) < apart(ours, other)
        assert same_place(ours, alike) < 0.5


def test_another_shot_is_another_photograph_of_the_same_moment():
    """Two shots look alike at a glance and disagree in fine detail: a turn, a look, other grain."""
    first, second = (
        draw_portrait(Person(1), Room(1), stage="after", shot=shot, size=(1200, 900)) for shot in (0, 1)
    )
    assert apart(first, second) < 25
    assert same_place(first, second) < 0.75


def test_treatment_darkens_the_scalp_and_nothing_else_by_much():
    """Before and after differ by density: the top of the head is darker after, the clothes are not."""
    differences = []
    for person in range(4):
        before, after = (
            draw_portrait(Person(person), Room(4), stage=stage, view="top", size=SMALL)
            for stage in ("before", "after")
        )
        middle = (slice(90, 200), slice(190, 290))
        differences.append(before.rgb[middle].mean() - after.rgb[middle].mean())
    assert np.median(differences) > 2


def test_skin_goes_from_light_to_dark():
    """Among forty people there are very light and very dark ones."""
    shades = {seed: float(np.mean(look_of(seed).skin)) for seed in range(40)}
    assert max(shades.values()) > 180
    assert min(shades.values()) < 95
    darkest, lightest = (
        draw_portrait(Person(choose(shades, key=lambda seed: shades[seed])), Room(7), size=SMALL)
        for choose in (min, max)
    )
    middle = (slice(100, 200), slice(200, 280))
    assert lightest.rgb[middle].mean() > darkest.rgb[middle].mean() + 50


def test_portraits_have_detail_at_several_scales():
    """Features are found in the whole, the half and the quarter, as in photographs."""
    detector = cv2.SIFT.create()
    grey = cv2.cvtColor(draw_portrait(Person(5), Room(1), stage="after").rgb, cv2.COLOR_RGB2GRAY)
    for scale, least in ((1.0, 400), (0.5, 150), (0.25, 40)):
        assert (
            len(detector.detect(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)))
            > least
        )


def test_a_portrait_is_quick_to_draw():
    """A 1200 by 900 portrait takes well under a second of CPU once its person has been met."""
    draw_portrait(Person(9), Room(9))
    began = time.process_time()
    draw_portrait(Person(9), Room(9), shot=1)
    assert time.process_time() - began < 1.0


def test_everyday_pictures_repeat_and_differ():
    """Thirty everyday pictures, all different, each the same again."""
    pictures = [draw_everyday(seed, (320, 240)) for seed in range(30)]
    assert np.array_equal(pictures[7].rgb, draw_everyday(7, (320, 240)).rgb)
    assert min(apart(first, second) for first, second in itertools.combinations(pictures, 2)) > 2


@pytest.mark.parametrize(
    "draw",
    [
        furniture.draw_logo,
        furniture.draw_badge,
        furniture.draw_banner,
        furniture.draw_stock,
    ],
)
def test_furniture_repeats_and_differs(draw):
    """Each seed has its own logo, badge, banner and stock picture."""
    assert np.array_equal(draw(3).rgb, draw(3).rgb)
    assert not np.array_equal(draw(3).rgb, draw(4).rgb)


def test_a_collage_holds_its_pictures_in_order():
    """Each picture is in its own cell, and labels are written at the feet."""
    pictures = [draw_everyday(seed, (300, 300)) for seed in range(3)]
    made = furniture.collage(pictures, columns=2, cell=(300, 300), gap=4, labels=["Before", "After"])
    assert (made.width, made.height) == (604, 604)
    assert np.array_equal(made.rgb[:250, :300], pictures[0].rgb[:250])
    assert np.array_equal(made.rgb[304:, :300], pictures[2].rgb)
    assert not np.array_equal(made.rgb[250:300, :300], pictures[0].rgb[250:])


def test_a_page_shows_the_picture_whole():
    """A page screenshot contains the picture, shrunk, among other things."""
    picture = draw_everyday(3, (800, 600))
    page = furniture.page_screenshot(picture, [draw_everyday(4, (200, 200))], seed=5)
    assert (page.width, page.height) == (1280, 900)
    small = cv2.resize(page.rgb, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    found = [
        cv2.matchTemplate(small, resize(picture, wide).rgb, cv2.TM_CCOEFF_NORMED).max()
        for wide in range(132, 200, 3)
    ]
    assert max(found) > 0.8


def test_noise_tiles_are_seamless_and_cannot_be_spoilt():
    """A tile's edges fit each other, and nobody can write into the shared copy."""
    noise = tile(5, 128, 1.2)
    assert np.abs(noise[0] - noise[-1]).mean() < np.abs(noise[0] - noise[64]).mean()
    with pytest.raises(ValueError, match="read-only"):
        noise[0, 0] = 1


def test_paintings_are_the_same_for_the_same_seed_and_move_between_shots():
    """A painted person is drawn alike every time; another shot of the session is another photograph."""
    size = (360, 440)
    first, again = (draw_painting(7, 3, stage="after", size=size) for _ in range(2))
    moved = draw_painting(7, 3, stage="after", shot=1, size=size)
    other = draw_painting(8, 3, stage="after", size=size)
    assert (first.rgb == again.rgb).all()
    apart = [np.abs(first.rgb.astype(int) - one.rgb).mean() for one in (moved, other)]
    assert 1 < apart[0] < apart[1]


def test_a_painted_treatment_only_adds_follicles():
    """Before and after show one person in one room: what differs most is the stubble above."""
    before, after = (
        draw_painting(11, 2, stage=stage).rgb.astype(int).mean() for stage in ("before", "after")
    )
    assert after < before

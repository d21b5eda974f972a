"""A dropped folder is sorted into stages and views, each with how sure that is and why, and a person decides."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.services.grouping import Item, propose
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.picture.perceptual_hash import GreyGrid
from watermark.picture.pixels import Picture

DAY = datetime(2026, 3, 1, 9, 0)  # noqa: DTZ001 (cameras know no zone)


def sorted_as(items):
    """Give {key: (stage label, view)}."""
    proposal = propose(items)
    return {
        placed.key: (None if placed.stage is None else proposal.stages[placed.stage], placed.view)
        for placed in proposal.placed
    }


@pytest.mark.parametrize(
    ("name", "stage", "view"),
    [
        ("before_front.jpg", "before", "front"),
        ("IMG 12 After Left.HEIC", "after", "left"),
        ("pre-op vertex.jpg", "before", "top"),
        ("p51 session 2 of 3 donor.png", "after session 2 of 3", "donor"),
        ("after_session1_right oblique.jpg", "after session 1", "right oblique"),
        ("6months-front.jpg", "6 months later", "front"),
        ("folder\\1 year later crown.jpg", "1 year later", "top"),
        ("BeforeRight.jpg", "before", "right"),
        ("vorher links.jpg", "before", "front"),
    ],
)
def test_a_name_that_speaks_is_believed(name, stage, view):
    """What staff wrote into a file's name is where the photograph goes."""
    assert sorted_as([Item(key=1, name=name)]) == {1: (stage, view)}


def test_pauses_part_the_story():
    """A pause makes a new stage, and the time that passed makes its name, in the story's order."""
    moments = [timedelta(), timedelta(minutes=2), timedelta(hours=5), timedelta(days=92), timedelta(days=370)]
    items = [Item(key=n, name=f"IMG_{n}.jpg", taken_at=DAY + since) for n, since in enumerate(moments)]
    proposal = propose(items[::-1])

    assert proposal.stages == ("before", "after, the same day", "3 months later", "1 year later")
    assert [placed.stage for placed in proposal.placed] == [3, 2, 1, 0, 0]
    assert all(placed.why for placed in proposal.placed)


def test_halves_of_a_composite_are_before_and_after():
    """The parts of an old side-by-side become before and after."""
    parts = [Item(key=n, name="old.jpg (part)", part=("old.jpg", n, 2)) for n in (1, 2)]

    assert [stage for stage, _ in sorted_as(parts).values()] == ["before", "after"]


def test_what_tells_nothing_is_left_to_a_person():
    """A file without date, words or likeness is put nowhere and said to be unsure."""
    (placed,) = propose([Item(key=7, name="x.jpg")]).placed

    assert placed.stage is None
    assert placed.sure == 0
    assert "nothing tells when it was taken" in placed.why


def test_views_are_taken_over_by_likeness():
    """Nine photographs of three stages, one stage named, need at most two corrections."""
    views = ("front", "left", "donor")
    items, truth = [], {}
    for number, stage in enumerate(("before", "after", "later")):
        for place, view in enumerate(views if number else views[::-1]):
            key = number * 3 + place
            picture = draw_portrait(Person(4), Room(2), stage=stage, view=view, size=(240, 180), shot=key)
            name = f"before {view}.jpg" if number == 0 else f"IMG_{key}.jpg"
            taken = DAY + timedelta(days=100 * number, minutes=place)
            items.append(Item(key=key, name=name, taken_at=taken, look=GreyGrid.of(picture)))
            truth[key] = view
    wrong = [key for key, (_, view) in sorted_as(items).items() if view != truth[key]]

    assert len(propose(items).stages) == 3
    assert len(wrong) <= 2


def test_a_grid_of_greys_knows_a_mirrored_picture():
    """It tells a left from a right profile, whatever the light."""
    picture = draw_portrait(Person(3), Room(1), view="left", size=(240, 180))
    grid, darker = GreyGrid.of(picture), GreyGrid.of(Picture(picture.rgb // 2))

    assert grid.correlation(grid) > 0.99
    assert grid.correlation(darker) > 0.99
    assert grid.correlation(GreyGrid.of(Picture(picture.rgb[:, ::-1].copy()))) < 0.99


names = st.text("abcxyz _-0123456789.", max_size=20) | st.sampled_from(
    ["before.jpg", "after left.jpg", "2y top.png"]
)
times = st.none() | st.datetimes(datetime(2001, 1, 1), datetime(2030, 1, 1))  # noqa: DTZ001
zoned = st.datetimes(datetime(2001, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
one = st.builds(Item, key=st.integers(0, 99), name=names, taken_at=times | zoned)
several = st.lists(one, max_size=12, unique_by=lambda item: item.key)


@given(several)
def test_every_photo_gets_one_place(items):
    """Whatever is dropped, each photograph appears once, in order, with a stage that exists or none."""
    proposal = propose(items)

    assert [placed.key for placed in proposal.placed] == [item.key for item in items]
    assert all(placed.stage is None or 0 <= placed.stage < len(proposal.stages) for placed in proposal.placed)
    assert all(0 <= placed.sure <= 1 for placed in proposal.placed)
    assert len(set(proposal.stages)) == len(proposal.stages)

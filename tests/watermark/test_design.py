"""One design says how a photo is published, where its mark and label lie, and is kept as JSON."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watermark.marking.design import Design
from watermark.marking.visible import Label, Mark, label_box
from watermark.picture.framing import CommonFrame
from watermark.picture.pixels import Picture, resize

shares = st.floats(0, 1)
numbers = st.floats(-5000, 5000)
rows = st.tuples(numbers, numbers, numbers)
designs = st.builds(
    Design,
    mark=st.none()
    | st.builds(
        Mark, text=st.text(), opacity=shares, width=shares, middle=st.tuples(shares, shares), seed=st.none()
    ),
    label=st.none() | st.builds(Label, text=st.text(), right=st.booleans()),
    sizes=st.lists(st.integers(32, 8192), max_size=3).map(tuple),
    frame=st.none()
    | st.builds(
        CommonFrame, matrix=st.tuples(rows, rows), width=st.integers(1, 9000), height=st.integers(1, 9000)
    ),
)


@given(designs)
def test_a_design_comes_back_from_json(design):
    """What is recorded of a publication is what is looked for years later."""
    assert Design.from_json(design.to_json()) == design


@pytest.mark.parametrize("size", [(480, 360), (700, 1000), (1600, 1200), (90, 400), (4, 4)])
@pytest.mark.parametrize("right", [False, True])
def test_a_label_changes_exactly_its_box(size, right):
    """Every pixel of the box is changed and no other, so nothing has to be guessed where a label lies."""
    label = Label(text="After session 2 of 2", right=right)
    plain = Picture(np.full((size[1], size[0], 3), 200, np.uint8))
    changed = (Design(label=label).draw(plain).rgb != plain.rgb).any(axis=2)
    left, top, right_edge, bottom = label_box(size, label)

    assert changed[top:bottom, left:right_edge].all()
    assert changed.sum() == (bottom - top) * (right_edge - left)


@pytest.mark.parametrize(
    "frame",
    [None, CommonFrame(((0.8, 0.1, -60.0), (-0.1, 0.8, 40.0)), 900, 700)],
    ids=["whole", "in a frame"],
)
def test_the_areas_cover_every_published_size(frame):
    """On a small picture of the whole photo, mark and label of each published file lie within the areas."""
    photo = Picture(np.full((900, 1200, 3), 120, np.uint8))
    design = Design(
        mark=Mark(text="clinic.example"), label=Label(text="Before"), sizes=(480, 960), frame=frame
    )
    shown = (512, 384)
    area = design.label_area((1200, 900), shown) | design.mark_area((1200, 900), shown)

    whole = (frame.width, frame.height) if frame else (1200, 900)
    for size in design.published((1200, 900)):
        plain = resize(Picture(np.full((whole[1], whole[0], 3), 120, np.uint8)), max(size))
        changed = (design.draw(plain).rgb != plain.rgb).any(axis=2)
        y, x = np.nonzero(changed)
        at = np.stack([x * whole[0] / size[0], y * whole[1] / size[1], np.ones(len(x))])
        if frame is not None:
            at[:2] = np.linalg.inv(np.array([*frame.matrix, (0, 0, 1)]))[:2] @ at
        u, v = (at[:2] * 512 / photo.width).round().astype(int)
        inside = (u >= 0) & (u < 512) & (v >= 0) & (v < 384)
        assert inside.any()
        assert area[v[inside], u[inside]].mean() > 0.97
    assert area.mean() < 0.2

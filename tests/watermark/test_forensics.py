"""What became of our mark: kept, cropped, painted over, never there; and whether a picture carries it at all."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from sample_clinic.drawing.everyday import draw_everyday
from watermark.marking import forensics
from watermark.marking.design import Design
from watermark.marking.state import MarkState
from watermark.marking.visible import Mark, draw_mark, mark_area
from watermark.matching.registration import Query
from watermark.picture.framing import CommonFrame, put_into_frame
from watermark.picture.pixels import Picture

MARK = Mark(text="Seed Clinic")
DESIGN = Design(mark=MARK)
SIZE = (512, 384)


@pytest.fixture(scope="module")
def photo():
    """A textured picture."""
    grain = np.random.default_rng(3).normal(0, 1, (384, 512, 3)).astype(np.float32)
    texture = 40 * cv2.GaussianBlur(grain, (0, 0), 2) * 6
    return Picture(np.clip(120 + texture, 0, 255).astype(np.uint8))


def grey(picture):
    """Give the luma of a picture."""
    return np.asarray(cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2GRAY))


def test_the_state_of_the_mark_is_told(photo):
    """The report states a fact about the mark, not a motive."""
    whole = np.full((photo.height, photo.width), 255, np.uint8)
    marked = draw_mark(photo, MARK)
    assert forensics.mark_state(photo.rgb, grey(marked), whole, DESIGN, SIZE) == MarkState.KEPT
    assert forensics.mark_state(photo.rgb, grey(photo), whole, DESIGN, SIZE) == MarkState.NEVER
    cut = whole.copy()
    cut[300:] = 0
    assert forensics.mark_state(photo.rgb, grey(marked), cut, DESIGN, SIZE) == MarkState.CROPPED
    painted = grey(marked).copy()
    area = (
        cv2.dilate(mark_area((photo.width, photo.height), MARK).astype(np.uint8), np.ones((9, 9), np.uint8))
        > 0
    )
    painted[area] = cv2.GaussianBlur(painted, (0, 0), 12)[area]
    assert forensics.mark_state(photo.rgb, painted, whole, DESIGN, SIZE) == MarkState.PAINTED_OVER


def test_the_mark_is_looked_for_where_it_was_published(photo):
    """A photo that was turned and cut for publication bears its mark elsewhere than the whole photo would."""
    turn = cv2.getRotationMatrix2D((photo.width / 2, photo.height / 2), 5, 1.0)
    (a, b, c), (d, e, f) = turn.tolist()
    frame = CommonFrame(((a, b, c - 40), (d, e, f - 30)), 420, 310)
    published = draw_mark(put_into_frame(photo, frame), MARK)
    back = cv2.invertAffineTransform(np.array(frame.matrix)), (photo.width, photo.height)
    found = np.asarray(cv2.warpAffine(grey(published), *back), np.uint8)
    covered = np.asarray(cv2.warpAffine(np.full((310, 420), 255, np.uint8), *back), np.uint8)
    bare = np.asarray(cv2.warpAffine(grey(put_into_frame(photo, frame)), *back), np.uint8)

    assert (
        forensics.mark_state(photo.rgb, found, covered, replace(DESIGN, frame=frame), SIZE) == MarkState.KEPT
    )
    assert (
        forensics.mark_state(photo.rgb, bare, covered, replace(DESIGN, frame=frame), SIZE) == MarkState.NEVER
    )
    assert forensics.mark_state(photo.rgb, found, covered, DESIGN, SIZE) != MarkState.KEPT


def test_our_mark_is_known_on_any_picture():
    """Upright, small or mirrored: our words are seen; other words and no words are not ours."""
    photo = draw_everyday(14, (640, 480))
    marked = draw_mark(photo, MARK)
    small = Picture(np.asarray(cv2.resize(marked.rgb, (480, 360), interpolation=cv2.INTER_AREA)))
    mirrored = Picture(np.ascontiguousarray(marked.rgb[:, ::-1]))
    assert all(
        forensics.carries(Query(p).features, Query(p).mirrored, MARK) for p in (marked, small, mirrored)
    )
    other = draw_mark(photo, Mark(text="Rival Ink Bar"))
    assert not any(forensics.carries(Query(p).features, Query(p).mirrored, MARK) for p in (photo, other))

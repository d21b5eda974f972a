"""A copy is laid on the published picture to a fraction of a pixel, and says how surely it lies."""

import cv2
import numpy as np
import pytest

from sample_clinic.drawing.everyday import draw_everyday
from watermark.matching.placement import place
from watermark.matching.registration import Homography, Query
from watermark.picture.pixels import Picture


@pytest.fixture(scope="module")
def ours():
    """A drawn picture of 640 by 480."""
    return draw_everyday(3, (640, 480))


@pytest.mark.parametrize(("size", "off"), [((640, 480), 1.5), ((400, 300), 1.0), ((900, 675), 2.0)])
def test_a_rough_place_is_refined_at_any_size(ours, size, off):
    """From a map that is a pixel or two wrong the copy lies right to a fifth of a pixel."""
    copy = Picture(np.asarray(cv2.resize(ours.rgb, size, interpolation=cv2.INTER_AREA), np.uint8))
    grow = 640 / size[0]
    exact = np.array([[grow, 0, grow / 2 - 0.5], [0, grow, grow / 2 - 0.5], [0, 0, 1]])
    rough = exact + np.array([[0.002, 0, off], [0, -0.002, -off], [0, 0, 0]])
    placed = place(Query(copy), Homography(rough, mirrored=False, pairs=0, inliers=0), (640, 480), ours)
    corners = np.array([[0, 0, 1], [size[0], 0, 1], [size[0], size[1], 1], [0, size[1], 1]], float).T
    found, right = placed.homography.matrix @ corners, exact @ corners
    assert np.abs(found[:2] / found[2] - right[:2]).max() < 0.6
    assert placed.steady
    assert placed.covered.mean() > 0.9
    assert abs(placed.scale - grow) < 0.02


def test_a_wrong_place_is_not_steady(ours):
    """A picture laid on another one, and a mirrored one, prove nothing by what is not there."""
    other = draw_everyday(4, (640, 480))
    assert not place(
        Query(other), Homography(np.eye(3), mirrored=False, pairs=0, inliers=0), (640, 480), ours
    ).steady
    flat = Picture(np.full((480, 640, 3), 120, np.uint8))
    assert not place(
        Query(flat), Homography(np.eye(3), mirrored=False, pairs=0, inliers=0), (640, 480), ours
    ).steady
    mirrored = Picture(np.ascontiguousarray(ours.rgb[:, ::-1]))
    flip = np.array([[-1.0, 0, 639], [0, 1, 0], [0, 0, 1]])
    assert not place(
        Query(mirrored), Homography(flip, mirrored=True, pairs=0, inliers=0), (640, 480), ours
    ).steady

"""Laying a found picture on a photo: to a fraction of a pixel, whatever was done to its shape."""

import cv2
import numpy as np
import pytest

from sample_clinic.copying.canvas import stranger
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.matching import registration
from watermark.matching.candidates import find_candidates
from watermark.matching.fingerprint import fingerprint
from watermark.matching.index import Index
from watermark.matching.registration import Query
from watermark.picture.pixels import Picture

SIZE = (800, 600)


@pytest.fixture(scope="module")
def photo():
    """One portrait."""
    return draw_portrait(Person(41), Room(42), stage="after", size=SIZE)


@pytest.fixture(scope="module")
def index(tmp_path_factory, photo):
    """A catalogue of it."""
    index = Index.open(tmp_path_factory.mktemp("index"))
    index.insert({1: fingerprint(photo)})
    return index


def slant(amount):
    """Give the map of a slanted screen."""
    corners = np.array([[0, 0], [SIZE[0], 0], [SIZE[0], SIZE[1]], [0, SIZE[1]]], np.float32)
    moved = corners + np.array([[30, 20], [-10, 40], [-60, -20], [20, -50]], np.float32) * amount
    return cv2.getPerspectiveTransform(corners, moved)


@pytest.mark.parametrize(
    "matrix",
    [
        np.array([[0.5, 0, 0], [0, 0.5, 0], [0, 0, 1]]),
        np.array([[-1.0, 0, SIZE[0] - 1], [0, 1, 0], [0, 0, 1]]),
        np.vstack([cv2.getRotationMatrix2D((400, 300), 10, 0.9), [0, 0, 1]]),
        np.array([[1.3, 0, 0], [0, 1, 0], [0, 0, 1]]),
        slant(1.0),
    ],
    ids=["half size", "mirrored", "turned", "stretched", "slanted screen"],
)
def test_the_map_is_found_to_half_a_pixel(index, photo, matrix):
    """A point of the copy is shown on the right point of the photo, to half a pixel of its small picture."""
    size = tuple(int(v) for v in np.ceil(np.abs(matrix[:2, :2]) @ SIZE)) if matrix[2, 0] == 0 else SIZE
    copy = np.asarray(cv2.warpPerspective(photo.rgb, matrix, size, flags=cv2.INTER_AREA))
    points = np.array([[250, 200, 1.0], [500, 220, 1], [400, 420, 1], [380, 120, 1]])
    assert apart(index, copy, matrix, points) < 0.5


def apart(index, copy, matrix, points):
    """How far at most the found map puts points of the photo from where they are, in small-picture pixels."""
    query = Query(Picture(np.ascontiguousarray(copy)))
    best = find_candidates(index, query.features, query.mirrored, 1)[0]
    record = index.record(best.slot)
    features = query.mirrored if best.mirrored else query.features
    rough = registration.register(query, features, record, best)
    luma = cv2.cvtColor(record.small_rgb(), cv2.COLOR_RGB2GRAY)
    fine = registration.refine(query, luma, rough, registration.ROUGH + registration.FINE)
    there = points @ matrix.T
    back = (there / there[:, 2:]) @ fine.matrix.T
    wanted = (points[:, :2] + 0.5) * record.frame[0] / SIZE[0] - 0.5
    return np.abs(back[:, :2] / back[:, 2:] - wanted).max()


@pytest.mark.parametrize("seed", range(4))
def test_a_foreign_background_does_not_pull_a_head_off_its_place(index, photo, seed):
    """A head cut out and set before something else still lies on its photo, to a third of a pixel."""
    head = np.zeros((SIZE[1], SIZE[0], 1), np.float32)
    cv2.ellipse(head, (400, 270), (120, 180), 0, 0, 360, 1.0, -1)
    copy = photo.rgb * head + stranger(np.random.default_rng(seed), SIZE[1], SIZE[0]) * (1 - head)
    points = np.array([[330, 200, 1.0], [470, 220, 1], [400, 390, 1], [390, 150, 1]])
    assert apart(index, copy.astype(np.uint8), np.eye(3), points) < 1 / 3


def test_maps_that_tear_a_picture_are_refused():
    """A map that flattens, flips or explodes the picture is no explanation."""
    assert registration.plausible(np.eye(3))
    for bad in (
        np.diag([1, 0.01, 1]),
        np.diag([-1.0, 1, 1]),
        np.diag([100.0, 100, 1]),
        np.full((3, 3), np.nan),
    ):
        assert not registration.plausible(bad)


def test_what_is_laid_tells_what_it_covers(photo):
    """Where the copy does not reach, the mask says so."""
    homography = registration.Homography(
        np.array([[1.0, 0, 0], [0, 1, 100], [0, 0, 1]]), mirrored=False, pairs=0, inliers=0
    )
    laid, covered = registration.warp(Query(photo), homography, (SIZE[0], SIZE[1]))
    assert laid.shape == covered.shape == (SIZE[1], SIZE[0])
    assert not covered[:99].any()
    assert (covered[102:] == 255).all()

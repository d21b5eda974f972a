"""What a photograph is recognised by: features, words, records."""

import pickle

import cv2
import imagehash
import numpy as np
import pytest
from PIL import Image

from sample_clinic.drawing.everyday import draw_everyday
from watermark.errors import IndexDamagedError
from watermark.matching import codebook, fingerprint
from watermark.picture import features, perceptual_hash
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
from watermark.picture.perceptual_hash import GreyGrid
from watermark.picture.pixels import Picture, resize


@pytest.fixture(scope="module")
def picture():
    """One drawn picture."""
    return draw_everyday(7, (640, 480))


def test_a_mirrored_copy_needs_no_second_look(picture):
    """A copy in the mirror is found by the features already computed, so checking for one costs next to nothing."""
    luma = features.grey(picture)
    points, descriptors = cv2.SIFT_create(200).detectAndCompute(luma, None)
    seen = cv2.flip(luma, 1)
    turned = [
        cv2.KeyPoint(
            luma.shape[1] - 1 - p.pt[0], p.pt[1], p.size, (180 - p.angle) % 360, p.response, p.octave
        )
        for p in points
    ]
    _, expected = cv2.SIFT_create().compute(seen, turned)
    assert np.abs(descriptors[:, features.MIRROR] - expected).mean() < 6


def test_a_photo_takes_at_most_forty_kilobytes(picture):
    """A catalogue of 100,000 photos fits on the practice's own machine."""
    made = fingerprint.fingerprint(picture)
    assert len(fingerprint.pack(made.record)) + 14 * len(made.words) <= 40 * 1024
    noisy = Picture(np.random.default_rng(1).integers(0, 256, (900, 1200, 3), dtype=np.uint8))
    worst = fingerprint.fingerprint(noisy)
    assert len(fingerprint.pack(worst.record)) + 14 * len(worst.words) <= 40 * 1024


def test_fingerprints_travel_between_processes_and_through_files(picture):
    """What a worker computed is what the index keeps and reads back."""
    made = pickle.loads(pickle.dumps(fingerprint.fingerprint(picture)))  # noqa: S301 (its own)
    again = fingerprint.unpack(fingerprint.pack(made.record))
    assert again.frame == made.record.frame
    assert (again.codes == made.record.codes).all()
    assert (again.places == made.record.places).all()
    assert again.small_rgb().shape == (again.frame[1], again.frame[0], 3)


def test_codes_stand_for_their_descriptors(picture):
    """Shrinking a descriptor to 32 bytes keeps it near itself and far from others."""
    described = features.describe_query(features.grey(picture)).described[:300]
    alike = described @ codebook.decode(codebook.encode(described)).T
    assert (alike.argmax(1) == np.arange(len(described))).mean() > 0.95


def test_the_first_word_is_the_best_of_several(picture):
    """Asking for more words never loses the best one."""
    described = features.describe_query(features.grey(picture)).described[:100]
    assert (
        codebook.nearest_words(described, 1)[:, 0] == codebook.nearest_words(described, 2)[:, 0]
    ).mean() > 0.9


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (900, 3), (17, 31)])
def test_any_shape_can_be_fingerprinted(shape):
    """A line, a dot or a stripe is described like any other picture, with few features or none."""
    made = fingerprint.fingerprint(Picture(np.full((*shape, 3), 99, np.uint8)))
    assert len(made.words) == len(made.record.sizes)
    assert fingerprint.unpack(fingerprint.pack(made.record)).width == shape[1]


def test_a_record_that_is_none_is_refused():
    """Bytes from elsewhere are called damaged, not read."""
    with pytest.raises(IndexDamagedError):
        fingerprint.unpack(b"PWF0" + bytes(100))


def test_a_small_change_moves_few_bits_of_the_hash(picture):
    """Softened, a picture is still near itself among others."""
    luma = features.grey(picture)
    softer = perceptual_hash.phash(np.asarray(cv2.GaussianBlur(luma, (0, 0), 2)))
    assert perceptual_hash.bits_apart(perceptual_hash.phash(luma), np.array([softer], np.uint64))[0] <= 6


@pytest.mark.parametrize("shape", [(128, 171), (9, 9), (600, 31)])
def test_the_hashes_are_those_that_other_tools_compute(shape):
    """Whoever hashes the picture with imagehash finds what is recorded, also as a number and of one grey."""
    rng = np.random.default_rng(shape[0])
    for luma in (rng.integers(0, 256, shape), np.full(shape, 9)):
        coloured = Picture(np.stack([luma, luma[::-1], luma // 2], 2).astype(np.uint8))
        known = Image.fromarray(coloured.rgb)
        assert perceptual_hash.hashes(coloured) == {
            "phash64": str(imagehash.phash(known)),
            "dhash64": str(imagehash.dhash(known)),
        }
        assert perceptual_hash.phash256(coloured) == str(imagehash.phash(known, hash_size=16))
        assert f"{perceptual_hash.phash(features.grey(coloured)):016x}" == str(
            imagehash.phash(Image.fromarray(features.grey(coloured)))
        )


def test_cells_tell_saving_again_from_a_change_in_place(picture):
    """Saved again at another size and quality, every cell stays; a small label changes one."""
    saved = open_picture(encode(resize(picture, 500), format="jpeg", quality=50))
    written = picture.rgb.copy()
    written[20:60, 20:90] = 255 if written[20:60, 20:90].mean() < 128 else 0
    labelled = Picture(written)
    grid, again, other = (GreyGrid.of(one) for one in (picture, saved, labelled))

    assert GreyGrid.from_text(grid.text) == grid
    assert grid.levels_apart(again) <= 10
    assert grid.levels_apart(other) > 25
    assert grid.levels_apart(GreyGrid.from_text("")) == 255

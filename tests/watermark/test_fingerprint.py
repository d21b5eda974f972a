"""What a photograph is recognised by: features, words, records."""

import pickle

import cv2
import imagehash
import numpy as np
import pytest
from PIL import Image

from sample_clinic.drawing.everyday import draw_everyday
from watermark.errors import IndexDamagedError
from watermark.matching import codebook, fingerprint, perceptual_hash
from watermark.picture import features
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
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


def test_the_hash_is_the_text_other_tools_print(picture):
    """The perceptual hash is shown with its kind, and a small change moves few of its bits."""
    assert perceptual_hash.look_text(picture).startswith("phash64:")
    luma = features.grey(picture)
    softer = cv2.GaussianBlur(luma, (0, 0), 2)
    assert (
        perceptual_hash.distances(
            perceptual_hash.look(luma), np.array([perceptual_hash.look(softer)], np.uint64)
        )[0]
        <= 6
    )


@pytest.mark.parametrize("shape", [(128, 171), (40, 33), (9, 9), (600, 31)])
def test_the_hash_is_that_of_imagehash(shape):
    """Bit for bit what the known library gives: for noise and for pictures of one grey."""
    rng = np.random.default_rng(shape[0])
    for luma in (*(rng.integers(0, 256, shape) for _ in range(20)), np.full(shape, 9), np.zeros(shape)):
        grey = np.asarray(luma, np.uint8)
        known = imagehash.phash(Image.fromarray(grey))
        assert f"{perceptual_hash.look(grey):016x}" == str(known)
        coloured = Picture(np.stack([grey, grey[::-1], grey // 2], 2))
        finer = imagehash.phash(Image.fromarray(coloured.rgb), hash_size=16)
        assert perceptual_hash.look_text(coloured, 16) == f"phash256:{finer}"


def test_cells_tell_saving_again_from_a_change_in_place(picture):
    """Saved again at another size and quality, every cell stays; a small label changes one."""
    saved = open_picture(encode(resize(picture, 500), format="jpeg", quality=50))
    written = picture.rgb.copy()
    written[20:60, 20:90] = 255 if written[20:60, 20:90].mean() < 128 else 0
    labelled = Picture(written)
    texts = [perceptual_hash.cells_text(one) for one in (picture, saved, labelled)]

    assert perceptual_hash.cells_apart(texts[0], texts[1]) <= 10
    assert perceptual_hash.cells_apart(texts[0], texts[2]) > 25
    assert perceptual_hash.cells_apart("", "") == 255

"""Marks that nobody sees: read where they are, never where they are not, and never without the key."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_clinic.drawing.everyday import draw_everyday
from watermark.errors import WatermarkError
from watermark.marking.hidden import blind, coding, informed, tracing
from watermark.marking.hidden.keys import MarkKey, Stream
from watermark.marking.hidden.lattice import Search
from watermark.marking.hidden.layers import HiddenMark, has_room, hide, prove
from watermark.marking.hidden.strength import brightened, luma, psnr, scaled, strength
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture

KEY = MarkKey(b"the key of a drawn clinic, 32 by")
OTHER = MarkKey(b"the key of another clinic, 32 by")
MARK = HiddenMark(subject="photo 1", payload=0xDEAD_BEEF_0123_4567)
payloads = st.integers(0, 2**64 - 1)
FIRST_SIGNS, FIRST_ORDER = "+++-+-+--+-++-+-+--+++-++-+++-++", [3, 6, 1, 7, 5, 2, 4, 0]


@pytest.fixture(scope="module")
def picture():
    """A drawn picture of 640 by 480."""
    return draw_everyday(4, (640, 480))


@pytest.fixture(scope="module")
def published(picture):
    """The same with both layers, as the JPEG that is published shows it."""
    return open_picture(encode(hide(picture, KEY, MARK), format="jpeg", quality=88))


@given(payload=payloads, seed=st.integers(0, 2**32))
@settings(max_examples=40)
def test_a_payload_survives_noise_as_strong_as_itself(payload, seed):
    """Sixty-four bits come back from signs under noise of their own strength."""
    word = coding.encode(payload)
    noise = np.random.default_rng(seed).normal(0, 0.8, len(word))
    found = coding.decode(word + noise)
    assert found == coding.Decoded(payload, checks=True)


def test_noise_alone_passes_the_check_by_chance_only():
    """Of a thousand words of noise hardly one has a right check sum, and none the presence statistic."""
    rng = np.random.default_rng(1)
    passed = 0
    for _ in range(300):
        noise = rng.normal(0, 1, coding.CODED)
        found = coding.decode(noise)
        passed += found.checks
        assert coding.presence(noise, coding.encode(found.payload)) < blind.PRESENT_FROM
    assert passed <= 2


@pytest.mark.parametrize("wrong", [-1, 2**64])
def test_a_payload_of_another_length_is_refused(wrong):
    """What is no 64 bits is refused in a sentence."""
    with pytest.raises(WatermarkError, match="64 bits"):
        coding.encode(wrong)


def test_a_short_key_is_refused_and_no_key_is_shown():
    """A key that could be guessed is refused; a good one does not stand in its own description."""
    with pytest.raises(WatermarkError, match="at least 16 bytes"):
        MarkKey(b"short")
    assert "clinic" not in repr(KEY)
    assert KEY.name != OTHER.name


def test_keyed_numbers_stay_the_same_for_ever():
    """The numbers that marks are made of are those of the first release, whatever NumPy is installed."""
    stream = Stream(bytes(range(16)))
    assert "".join("+" if sign > 0 else "-" for sign in stream.signs(32)) == FIRST_SIGNS
    assert stream.order(8).tolist() == FIRST_ORDER
    assert sorted(stream.below(5, 10)) == sorted([*range(5), *range(5)])
    assert all(0 <= number < 1 for number in stream.uniform(100))


def test_both_layers_stay_unseen(picture):
    """Both layers together cost no more than 43.5 dB, and no pixel is changed by more than fine noise."""
    hidden = hide(picture, KEY, MARK)
    assert psnr(picture, hidden) >= 43.5
    assert np.abs(hidden.rgb.astype(int) - picture.rgb).max() <= 24


def test_the_self_test_reads_both_layers(picture, published):
    """What was put in is read back from the published file, with room to spare."""
    proof = prove(published, picture, KEY, MARK)
    assert proof.right
    assert proof.blind > blind.PRESENT_FROM
    assert proof.informed > 3 * informed.PRESENT_FROM


@pytest.mark.parametrize(
    ("what", "key", "mark"),
    [
        ("another payload", KEY, HiddenMark(subject="photo 1", payload=7)),
        ("another practice's key", OTHER, MARK),
        ("another photo's chips", KEY, HiddenMark(subject="photo 2", payload=MARK.payload)),
    ],
)
def test_the_self_test_fails_for_anything_else(picture, published, what, key, mark):
    """A file that carries something else does not pass."""
    assert not prove(published, picture, key, mark).right, what


def test_the_self_test_fails_for_an_unmarked_file(picture):
    """A picture without marks does not pass, and nothing is read from it."""
    proof = prove(picture, picture, KEY, MARK)
    assert not proof.right


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("half its size", lambda rgb: cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)),
        ("mirrored", lambda rgb: rgb[:, ::-1].copy()),
        ("on its side", lambda rgb: np.rot90(rgb).copy()),
        ("cut", lambda rgb: rgb[37:437, 101:601].copy()),
        (
            "turned",
            lambda rgb: cv2.warpAffine(
                rgb, cv2.getRotationMatrix2D((320, 240), 3, 1), (640, 480), borderMode=cv2.BORDER_REFLECT
            ),
        ),
    ],
)
def test_the_blind_layer_is_read_from_a_changed_copy(published, what, change):
    """The copy alone says which page it came from."""
    found = blind.read(Search(luma(change(published.rgb))), KEY)
    assert found.payload == MARK.payload, what


def test_nothing_is_read_with_another_key_or_from_a_bare_picture(picture, published):
    """No payload is ever made of noise."""
    assert blind.read(Search(luma(published.rgb[:260, :360])), OTHER).payload is None
    assert blind.read(Search(luma(picture.rgb[:260, :360])), KEY).payload is None


def test_one_search_serves_many_keys(published):
    """A picture is searched once; each key then reads its own mark or nothing."""
    search = Search(luma(published.rgb[40:340, 60:460]))
    found = [blind.read(search, key).payload for key in (OTHER, KEY, OTHER)]
    assert found == [None, MARK.payload, None]


def test_the_informed_layer_survives_strong_compression(picture, published):
    """The evidence layer is read through a JPEG of quality 25 and a change of light."""
    copy = open_picture(encode(published, format="jpeg", quality=25))
    dimmed = np.clip(luma(copy.rgb) * 0.7 + 20, 0, 255).astype(np.float32)
    left = informed.residual(dimmed, np.ones(dimmed.shape, bool), picture, 1.0)
    assert informed.read(informed.measure(left), KEY, MARK.subject).payload == MARK.payload


def test_the_informed_layer_is_read_from_a_part(picture, published):
    """A third of the picture, the rest covered by something else, is enough."""
    seen, covered = luma(published.rgb), np.zeros((480, 640), bool)
    covered[:, 200:420] = True
    seen[~covered] = 255
    left = informed.residual(seen, covered, picture, 1.0)
    assert informed.read(informed.measure(left), KEY, MARK.subject).payload == MARK.payload


def test_scores_of_what_is_not_there_are_standard_normal(picture, published):
    """A payload that is not there scores as chance does, so that the threshold means what it says."""
    seen = informed.measure(informed.known_residual(published, picture))
    scores = [informed.score(seen, OTHER, f"photo {number}", number) for number in range(200)]
    assert abs(np.mean(scores)) < 0.25
    assert 0.85 < np.std(scores) < 1.15
    assert max(scores) < 5


def test_erasing_the_tile_leaves_the_evidence(picture, published):
    """Somebody who takes the repeated tile off a picture does not take the informed layer off."""
    without = blind.carrier(KEY, MARK.payload, (480, 640)) * strength(luma(picture.rgb))
    cleaned = brightened(published, -scaled(without, 45.0))
    assert blind.read_in_place(luma(cleaned.rgb), KEY).payload is None
    seen = informed.measure(informed.known_residual(cleaned, picture))
    assert informed.read(seen, KEY, MARK.subject).payload == MARK.payload


def test_a_copy_is_traced_to_everybody_who_mixed_theirs(picture):
    """Three of forty recipients average their copies; all three are named, and nobody else."""
    partners = [f"partner {number}" for number in range(40)]
    handed = [
        hide(picture, KEY, HiddenMark(subject="p", payload=1, recipient=one)).rgb for one in partners[3:6]
    ]
    mixed = Picture(np.mean(handed, axis=0).round().astype(np.uint8))
    copy = open_picture(encode(mixed, format="jpeg", quality=70))
    seen = informed.measure(informed.known_residual(copy, picture))
    named = tracing.trace(seen, KEY, "p", partners)
    assert {one.recipient for one in named} == set(partners[3:6])
    assert tracing.trace(seen, KEY, "p", partners[10:]) == []
    assert tracing.trace(seen, OTHER, "p", partners) == []


def test_scores_of_innocent_recipients_are_standard_normal(picture, published):
    """Two hundred who never got the picture score as chance does."""
    seen = informed.measure(informed.known_residual(published, picture))
    scores = tracing.scores(seen, KEY, "photo 1", [f"partner {number}" for number in range(200)])
    assert abs(np.mean(scores)) < 0.25
    assert 0.85 < np.std(scores) < 1.15
    assert max(scores) < tracing.accused_from(200)


def test_a_handed_out_copy_names_its_recipient_in_the_self_test(picture):
    """A copy for one partner passes for that partner alone."""
    copy = hide(picture, KEY, HiddenMark(subject="p", payload=5, recipient="magazine"))
    assert prove(copy, picture, KEY, HiddenMark(subject="p", payload=5, recipient="magazine")).right
    assert not prove(copy, picture, KEY, HiddenMark(subject="p", payload=5, recipient="blog")).right


@pytest.mark.parametrize(
    ("size", "ground"), [((160, 160), 128), ((180, 170), 0), ((180, 170), 255), ((1, 1), 9)]
)
def test_flat_small_black_and_white_pictures_break_nothing(size, ground):
    """Whatever the picture, the answer is a picture of the same size, and nothing false is read from it."""
    plain = Picture(np.full((*size, 3), ground, np.uint8))
    hidden = hide(plain, KEY, MARK)
    assert hidden.rgb.shape == plain.rgb.shape
    assert blind.read(Search(luma(plain.rgb)), KEY).payload is None
    assert prove(plain, plain, KEY, MARK).right is False
    assert has_room(plain) is (min(size) >= 160)

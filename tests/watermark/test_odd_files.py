"""Files as cameras, phones and scanners make them are taken as their makers meant, or refused by name."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from benchmarks.odd_files import (
    KINDS,
    ciede2000,
    fault_of,
    gamma_png,
    large,
    made,
    profiled,
    saved,
    turned,
    wide_code_points,
    wordy_png,
)  # fmt: skip
from sample_clinic.drawing.everyday import draw_everyday
from watermark.errors import UnreadablePictureError
from watermark.picture.containers import jpeg_scans
from watermark.picture.decode import DecodeLimits, open_picture, read_header
from watermark.picture.sandbox import Sandbox

SKY = np.array([[[50, 100, 200]]], np.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_taken_as_it_was_meant(kind):
    """Pixels, sizes, colours (CIEDE2000 at most 3) and what is said of a file are right, or it is refused by name."""
    assert [fault for fault, _ in map(fault_of, made(kind, 4)) if fault] == []


@pytest.mark.slow
def test_200_megapixels_are_opened_within_the_usual_memory():
    """A panorama of 20,000 by 10,000 pixels fits, as JPEG in passes and as PNG; one row more does not."""
    guard = Sandbox(1)
    image = Image.fromarray(draw_everyday(3, (500, 250)).rgb).resize(
        (20_000, 10_000), Image.Resampling.NEAREST
    )
    for data in (saved(image, "JPEG", progressive=True), saved(image, "PNG", compress_level=1)):
        opened = guard.open_first(data, longest=2_000)
        assert (opened.header.width, opened.header.height) == (20_000, 10_000)
        assert opened.frames[0].picture.rgb.shape == (1_000, 2_000, 3)
    guard.close()


@pytest.mark.slow
def test_a_large_picture_has_the_size_its_camera_gave_it():
    """More than 40 megapixels are opened small, and their own size is told."""
    assert fault_of(large(np.random.default_rng(5))) == ("", 0.0)


@pytest.mark.parametrize("make", [turned, gamma_png, profiled, wide_code_points, wordy_png])
def test_what_is_opened_is_what_chromium_shows(chromium, make):
    """A file that a browser can show has the same size, turn and colours here (CIEDE2000 at most 3)."""
    page = chromium.new_page(viewport={"width": 900, "height": 900})
    seen = 0
    for number in range(7):
        data = make(np.random.default_rng(1_000 + number)).data
        kind = {b"\xff\xd8": "jpeg", b"\x89P": "png", b"\0\0": "avif"}.get(data[:2])
        if kind is None or data[8:12] in {b"heic", b"heix", b"mif1", b"msf1"}:
            continue
        source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
        page.set_content(f"<body style='margin:0'><img src='{source}'>")
        image = page.locator("img")
        image.evaluate("i => i.decode()")
        shown = np.asarray(Image.open(io.BytesIO(image.screenshot())).convert("RGB"))
        ours = open_picture(data).rgb
        assert ours.shape == shown.shape
        assert ciede2000(ours, shown).mean() <= 3
        seen += 1
    page.close()
    assert seen >= 2


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"progressive": True}])
@pytest.mark.parametrize("shade", ["white", "black", "photo"])
def test_a_sound_jpeg_is_never_called_damaged(options, shade):
    """Flat surfaces, whose data may be nothing but zeros, and photographs are whole."""
    image = (
        Image.new("RGB", (2_000, 1_500), shade) if shade != "photo" else Image.fromarray(draw_everyday(4).rgb)
    )
    header = read_header(saved(image, "JPEG", **options))
    assert (header.cut_off, header.missing, header.lost) == (False, 0.0, 0.0)


def test_what_is_missing_of_a_cut_jpeg_is_measured():
    """Who allows it gets the upper part of a copy that broke off; who does not is told that it is cut off."""
    data = saved(Image.fromarray(draw_everyday(9).rgb), "JPEG", quality=90)
    cut = data[: len(data) // 2]
    assert 0.3 < read_header(cut, DecodeLimits(max_missing=0.8)).missing < 0.7
    upper = open_picture(cut, DecodeLimits(max_missing=0.8)).rgb[:200]
    assert np.abs(upper.astype(int) - open_picture(data).rgb[:200]).max() == 0
    with pytest.raises(UnreadablePictureError, match="cut off"):
        open_picture(cut)


def test_passes_behind_a_jpegs_end_are_not_counted():
    """Only the picture's own scans are, however many look-alikes a video behind it holds."""
    data = saved(Image.fromarray(draw_everyday(9).rgb), "JPEG")
    scans = jpeg_scans(data + b"\xff\xda" * 9_000)
    assert (scans.count, scans.end) == (1, len(data))


def test_television_colours_in_a_heic_are_those_of_srgb():
    """Code points that mean what every screen shows change nothing."""
    image = Image.fromarray(SKY.repeat(64, 0).repeat(64, 1))
    data = saved(image, "HEIF", quality=-1, chroma=444)
    assert np.abs(open_picture(data).rgb.astype(int) - SKY).max() <= 2


def test_no_word_of_a_library_reaches_the_screen(capfd, recwarn):
    """A tag with too many values is followed or not, in silence."""
    for file in made("turned", 8):
        open_picture(file.data)
        read_header(file.data)
    assert capfd.readouterr() == ("", "")

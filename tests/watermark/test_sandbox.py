"""A stranger's file is opened within a cap on time and memory, and whatever it does, the next one is opened too."""

import io
import os
import signal
import struct
import threading
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from sample_clinic.drawing.everyday import draw_everyday
from watermark.errors import PictureTooLargeError, UnreadablePictureError
from watermark.picture.decode import DecodeLimits, open_frames, open_picture, read_header
from watermark.picture.encode import encode
from watermark.picture.sandbox import Sandbox


@pytest.fixture(scope="module")
def guarded():
    """One guard for all tests: what one of them does to it must not hurt the next."""
    guard = Sandbox()
    yield guard
    guard.close()


@pytest.fixture(scope="module")
def photo():
    """A harmless photograph."""
    return encode(draw_everyday(4, (320, 240)), format="jpeg", quality=85)


def saved(image, kind, **options):
    """The bytes of a Pillow image saved as `kind`."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def large():
    """A file of a few kilobytes that holds 100 megapixels."""
    return saved(Image.new("RGB", (10_000, 10_000)), "PNG", compress_level=1)


def long_gif():
    """A file of some megabytes that holds 5,000 frames of a megapixel."""
    head = saved(Image.new("L", (1000, 1000)), "GIF")
    picture = head[head.index(b",\0\0\0\0") : -1]
    return head[:-1] + picture * 5_000 + b";"


def test_it_opens_what_is_opened_here(guarded, photo):
    """Header, pixels and frame numbers are those that the same bytes give in this process."""
    frames = [Image.new("RGB", (16, 16), (shade, 0, 0)) for shade in range(0, 250, 25)]
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=40)
    for data in (photo, moving):
        limits = DecodeLimits(max_frames=4)
        here, there = list(open_frames(data, limits, longest=200)), guarded.open_frames(
            data, limits, longest=200
        )  # fmt: skip
        assert there.header == read_header(data) == guarded.header(data)
        assert [one.number for one in there.frames] == [one.number for one in here]
        for one, other in zip(here, there.frames, strict=True):
            assert np.array_equal(one.picture.rgb, other.picture.rgb)
    assert np.array_equal(guarded.open_picture(moving, frame=6).rgb, open_picture(moving, frame=6).rgb)


@pytest.mark.parametrize(("data", "says"), [(b"", "empty file"), (b"<html>", "an HTML page")])
def test_what_is_no_picture_is_said_in_the_same_words(guarded, data, says):
    """The sentence of the process that decodes is the sentence that the user reads."""
    with pytest.raises(UnreadablePictureError, match=says):
        guarded.open_frames(data)


def test_a_picture_that_takes_too_long_is_ended_and_the_next_one_opened(guarded, photo):
    """Time is up after half a second, whatever native code is doing, and nobody else suffers."""
    data = large()
    guarded.header(photo)
    began = time.perf_counter()
    with pytest.raises(PictureTooLargeError, match=r"within 0\.4 seconds"):
        guarded.open_picture(data, DecodeLimits(max_seconds=0.4))
    assert time.perf_counter() - began < 3
    assert guarded.open_picture(photo).width == 320


def test_of_an_animation_the_frames_that_came_in_time_are_given(guarded, photo):
    """Five thousand large frames end when time is up; the first of them were seen."""
    opened = guarded.open_frames(long_gif(), DecodeLimits(max_seconds=1.5), longest=100)
    assert opened.header.frames == 5_001
    assert 1 <= len(opened.frames) < DecodeLimits().max_frames
    assert guarded.header(photo).width == 320


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no cap on memory")
def test_a_picture_that_asks_for_too_much_memory_is_refused(guarded, photo):
    """The cap is the system's: 100 megapixels do not fit into 100 MiB, and a photograph still does."""
    with pytest.raises(PictureTooLargeError, match="in 100 MiB of memory"):
        guarded.open_picture(large(), DecodeLimits(max_memory=100 * 1024**2))
    assert guarded.open_picture(photo, DecodeLimits(max_memory=100 * 1024**2)).width == 320


def test_what_an_earlier_picture_broke_is_not_laid_at_the_next_ones_door(photo):
    """A decoder that died meanwhile is replaced, and the picture opened."""
    guard = Sandbox(1)
    guard.header(photo)
    os.kill(guard._idle[0]._process.pid, signal.SIGKILL)
    guard._idle[0]._process.wait()
    assert guard.open_picture(photo).height == 240
    guard.close()


def test_nothing_that_libraries_write_about_a_broken_file_reaches_the_terminal(guarded, capfd):
    """Libtiff and Pillow tell of their troubles on the standard error; the user reads one sentence instead."""
    data = bytearray(saved(Image.new("RGB", (64, 64)), "TIFF", compression="tiff_lzw"))
    data[8:200] = b"\xff" * 192
    with pytest.raises(UnreadablePictureError):
        guarded.open_picture(bytes(data))
    assert capfd.readouterr() == ("", "")


def test_threads_share_it(photo):
    """Eight threads get their pictures from no more than two processes."""
    guard, seen = Sandbox(2), []
    work = [threading.Thread(target=lambda: seen.append(guard.open_picture(photo).width)) for _ in range(8)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert seen == [320] * 8
    assert len(guard._idle) <= 2
    guard.close()


def test_a_module_in_the_folder_where_one_stands_is_not_run(tmp_path, monkeypatch, photo):
    """A folder of downloads may hold a file named like our package."""
    (tmp_path / "watermark.py").write_text("open('ran', 'w').close()")
    monkeypatch.chdir(tmp_path)
    guard = Sandbox()
    assert guard.header(photo).width == 320
    assert not (tmp_path / "ran").exists()
    guard.close()


def test_an_interlaced_png_is_opened(guarded):
    """Adam7, which nobody here writes, is read."""
    rgb = draw_everyday(4, (40, 30)).rgb
    passes = (
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    )
    rows = b"".join(
        b"\0" + row.tobytes() for top, left, down, right in passes for row in rgb[top::down, left::right]
    )
    head = struct.pack(">IIBBBBB", 40, 30, 8, 2, 0, 0, 1)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    assert np.array_equal(guarded.open_picture(data).rgb, rgb)

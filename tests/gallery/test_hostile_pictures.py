"""Whatever file is handed to `identify`: one line for each, a verdict or why there is none, and the rest goes on."""

import io
import json
import os

import numpy as np
import pillow_heif
import pytest
from click.testing import CliRunner
from PIL import Image

from pairwatch import cli

from .conftest import draw


def saved(image, kind, **options):
    """The bytes of a Pillow image saved as `kind`."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def sound_files():
    """One small sound file of every kind a page may show, and of some that it may not."""
    image = Image.fromarray(draw(1, (160, 120)).rgb)
    others = [Image.fromarray(draw(seed, (160, 120)).rgb) for seed in (2, 3)]
    moving = {"save_all": True, "append_images": others, "duration": 80}
    deep = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    seen_through = image.convert("RGBA")
    seen_through.putalpha(128)
    exif = Image.Exif()
    exif[0x0112] = 6
    heif = io.BytesIO()
    pillow_heif.from_pillow(image).save(heif)
    return {
        "plain.jpg": saved(image, "JPEG", exif=exif),
        "progressive.jpg": saved(image, "JPEG", progressive=True),
        "cmyk.jpg": saved(image.convert("CMYK"), "JPEG"),
        "grey.jpg": saved(image.convert("L"), "JPEG"),
        "two.mpo": saved(image, "MPO", save_all=True, append_images=others),
        "plain.png": saved(image, "PNG"),
        "deep.png": saved(deep, "PNG"),
        "palette.png": saved(seen_through.convert("P"), "PNG", transparency=3),
        "alpha.png": saved(seen_through, "PNG"),
        "moving.png": saved(image, "PNG", **moving),
        "moving.gif": saved(image, "GIF", **moving),
        "plain.webp": saved(image, "WEBP"),
        "lossless.webp": saved(seen_through, "WEBP", lossless=True),
        "moving.webp": saved(image, "WEBP", **moving),
        "plain.avif": saved(image, "AVIF"),
        "moving.avif": saved(image, "AVIF", **moving),
        "photo.heic": heif.getvalue(),
        "scan.tiff": saved(image, "TIFF", compression="tiff_lzw"),
        "plain.bmp": saved(image, "BMP"),
        "plain.jp2": saved(image, "JPEG2000"),
        "icon.ico": saved(image, "ICO"),
        "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>',
    }


def mutated(data, rng):
    """A file damaged in one of the ways that finds faults: bytes changed, cut, doubled, filled with extremes."""
    body = bytearray(data)
    at = int(rng.integers(0, len(body)))
    way = int(rng.integers(5))
    if way == 0:
        for place in rng.integers(0, len(body), int(rng.integers(1, 12))):
            body[place] = int(rng.integers(256))
    elif way == 1:
        del body[max(1, at) :]
    elif way == 2:
        body[at:at] = body[at : at + int(rng.integers(1, 400))]
    elif way == 3:
        extreme = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80\0\0\0")[int(rng.integers(4))]
        body[at : at + 4] = extreme
    else:
        head = int(rng.integers(0, min(64, len(body))))
        body[head] ^= 1 << int(rng.integers(8))
    return bytes(body)


@pytest.fixture
def imported(clinic, two_cases):
    """The two cases are in the catalogue."""
    clinic.take_in(two_cases)
    return clinic


@pytest.fixture
def identified(imported):
    """Run `identify --json` on a folder and give its lines by file name."""

    def run(folder, *names):
        files = [str(folder / name) for name in (names or sorted(one.name for one in folder.iterdir()))]
        said = CliRunner().invoke(
            cli, ["--data", str(imported.folder.root), "identify", "-", "--json"], input="\n".join(files)
        )
        assert said.exception is None or isinstance(said.exception, SystemExit), said.exc_info
        lines = [json.loads(line) for line in said.stdout.splitlines()]
        assert [line["file"] for line in lines] == files
        return {line["file"].rpartition("/")[2]: line for line in lines}

    return run


def test_every_kind_of_picture_gets_a_verdict_and_everything_else_a_sentence(identified, tmp_path):
    """Colours, depth, transparency and movement make no difference; an icon and a drawing are named."""
    (tmp_path / "found").mkdir()
    for name, data in sound_files().items():
        (tmp_path / "found" / name).write_bytes(data)
    lines = identified(tmp_path / "found")
    refused = {name for name, line in lines.items() if line["verdict"] is None}
    assert refused == {"icon.ico", "drawing.svg"}
    assert "an SVG drawing" in lines["drawing.svg"]["error"]
    assert {name for name, line in lines.items() if line.get("frames", 1) > 1} == {
        "moving.png", "moving.gif", "moving.webp", "moving.avif", "two.mpo",
    }  # fmt: skip


def test_what_is_no_file_is_a_line(identified, tmp_path):
    """A pipe that nobody writes to, a folder, an endless device and a missing file hold nothing up."""
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "endless.jpg").symlink_to("/dev/zero")
    lines = identified(tmp_path, "pipe.jpg", "folder.jpg", "endless.jpg", "missing.jpg")
    assert all(line["verdict"] is None for line in lines.values())
    assert "a pipe or a device" in lines["pipe.jpg"]["error"]


def test_the_practices_own_cap_is_kept(identified, imported, tmp_path):
    """A picture of 100 megapixels is ended when the practice's second is over; the others are judged."""
    with imported.folder.settings_file.open("a") as settings:
        settings.write("\n[pictures]\nseconds = 0.5\nmemory_mib = 4096\n")
    (tmp_path / "a-large.png").write_bytes(saved(Image.new("RGB", (10_000, 10_000)), "PNG"))
    (tmp_path / "b-ours.jpg").write_bytes((imported.desk / "photos/IMG_51_0.jpg").read_bytes())
    lines = identified(tmp_path, "a-large.png", "b-ours.jpg")
    assert "within 0.5 seconds" in lines["a-large.png"]["error"]
    assert lines["b-ours.jpg"]["verdict"] is not None


@pytest.mark.slow
def test_no_damaged_file_stops_it(identified, tmp_path):
    """Twelve damaged files of each kind, 264 in all: each gets its line, and the sound one at the end its verdict."""
    rng = np.random.default_rng(20)
    (tmp_path / "found").mkdir()
    for name, data in sound_files().items():
        for number in range(12):
            (tmp_path / "found" / f"{number:02}-{name}").write_bytes(mutated(data, rng))
    (tmp_path / "found" / "zz-sound.png").write_bytes(sound_files()["plain.png"])
    lines = identified(tmp_path / "found")
    assert len(lines) == 265
    assert all((line["verdict"] is None) == bool(line.get("error")) for line in lines.values())
    assert lines["zz-sound.png"]["verdict"] is not None

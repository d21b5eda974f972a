"""Files as cameras, phones and scanners make them, each with what is right, and what came of them.

`python -m benchmarks.odd_files --each 200` makes so many of each kind and takes them in; with `--folder FOLDER` the
files of a folder are opened instead, each beside Chromium's picture of it. Colours are compared by CIEDE2000.
"""

import argparse
import io
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin

from sample_clinic.drawing.everyday import draw_everyday
from watermark.errors import WatermarkError
from watermark.picture.decode import Header
from watermark.picture.sandbox import sandbox

Pixels = NDArray[np.uint8]
Rng = np.random.Generator

WORST = 3.0
"""CIEDE2000 that a patch may be off."""

_PATCHES = np.array(
    [
        [200, 30, 40],
        [240, 220, 40],
        [30, 60, 190],
        [20, 140, 90],
        [120, 70, 50],
        [224, 170, 150],
        [128, 128, 128],
        [200, 120, 110],
    ],
    np.uint8,
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OddFile:
    """A file and what is right.

    Attributes:
        data: of the file.
        right: uint8 (height, width, 3) that it shows; None where it is refused.
        says: words of the refusal.
        noted: an attribute of the header that is to tell.
        size: its width and height, where the pixels are not compared.
        loose: whether only most of it is compared (some of it is lost).
    """

    data: bytes
    right: Pixels | None = None
    says: str = ""
    noted: str = ""
    size: tuple[int, int] | None = None
    loose: bool = False


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Save a Pillow image in memory."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def patches(rng: Rng) -> Pixels:
    """Draw eight patches of 32 pixels with colours around those of skin, dressing and ruler."""
    colours = np.clip(_PATCHES.astype(int) + rng.integers(-20, 21, _PATCHES.shape), 8, 247).astype(np.uint8)
    return np.repeat(np.repeat(colours.reshape(2, 4, 3), 32, axis=0), 32, axis=1)


def photo(rng: Rng) -> Pixels:
    """Draw an everyday picture of a size of its own."""
    width, height = (int(side) * 16 for side in rng.integers(12, 26, 2))
    return draw_everyday(int(rng.integers(1_000_000)), (width, height)).rgb


def lab(rgb: Pixels) -> NDArray[np.float64]:
    """Give CIELAB of sRGB under D65."""
    coded = rgb.astype(np.float64) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004
    matrix = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    xyz = linear @ matrix.T / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1
    )


def ciede2000(one: Pixels, two: Pixels) -> NDArray[np.float64]:
    """Give how unlike two pictures' colours are, pixel by pixel.

    Source: Sharma, Wu and Dalal, Color Research and Application 30 (2005).
    """
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(lab(one), -1, 0), np.moveaxis(lab(two), -1, 0)
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(mean**7 / (mean**7 + 25.0**7)))
    c1, c2 = np.hypot((1 + g) * a1, b1), np.hypot((1 + g) * a2, b2)
    h1 = np.degrees(np.arctan2(b1, (1 + g) * a1)) % 360
    h2 = np.degrees(np.arctan2(b2, (1 + g) * a2)) % 360
    turn = (h2 - h1 + 180) % 360 - 180
    turn = np.where(c1 * c2 == 0, 0, turn)
    dl, dc, dh = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    ml, mc, mh = (l1 + l2) / 2, (c1 + c2) / 2, (h1 + turn / 2) % 360
    t = (
        1
        - 0.17 * np.cos(np.radians(mh - 30))
        + 0.24 * np.cos(np.radians(2 * mh))
        + 0.32 * np.cos(np.radians(3 * mh + 6))
        - 0.20 * np.cos(np.radians(4 * mh - 63))
    )
    sl, sc, sh = 1 + 0.015 * (ml - 50) ** 2 / np.sqrt(20 + (ml - 50) ** 2), 1 + 0.045 * mc, 1 + 0.015 * mc * t
    rc = 2 * np.sqrt(mc**7 / (mc**7 + 25.0**7))
    rt = -rc * np.sin(np.radians(60 * np.exp(-(((mh - 275) / 25) ** 2))))
    return np.asarray(np.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rt * (dc / sc) * (dh / sh)))


# Containers.


def motion_photo(rng: Rng) -> OddFile:
    """Draw a JPEG with a video behind it, in which any bytes may be."""
    pixels = photo(rng)
    kind = {"quality": 92, "progressive": bool(rng.integers(2))}
    behind = bytes.fromhex("0000001866747970") + b"mp42" + bytes(12) + b"\xff\xda" * int(rng.integers(5_000))
    behind += rng.integers(0, 256, int(rng.integers(1_000, 400_000)), np.uint8).tobytes()
    return OddFile(data=saved(Image.fromarray(pixels), "JPEG", **kind) + behind, right=pixels)


def large(rng: Rng) -> OddFile:
    """Draw a picture of 41 to 200 megapixels."""
    width = int(rng.choice([8_000, 9_248, 12_000, 16_320, 20_000]))
    height = min(int(rng.integers(41, 200) * 1_000_000 // width), 20_000)
    tile = draw_everyday(int(rng.integers(1_000_000)), (512, 384))
    image = Image.fromarray(tile.rgb).resize((width, height), Image.Resampling.NEAREST)
    kind = {"JPEG": {"quality": 75}, "PNG": {"compress_level": 1}}
    name = str(rng.choice(list(kind)))
    return OddFile(data=saved(image, name, **kind[name]), size=(width, height))


def raw_or_unknown(rng: Rng) -> OddFile:
    """Write a camera's raw file around a preview, or a JPEG XL."""
    preview = saved(Image.fromarray(photo(rng)).resize((256, 192)), "TIFF")
    kind = int(rng.integers(6))
    if kind == 0:
        return OddFile(data=b"\xff\x0a" + rng.bytes(4_000), says="JPEG XL")
    if kind == 1:
        return OddFile(data=b"\0\0\0\x0cJXL \r\n\x87\n" + rng.bytes(4_000), says="JPEG XL")
    if kind == 2:  # noqa: PLR2004
        return OddFile(data=b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + rng.bytes(4_000), says="raw file .CR3")
    if kind == 3:  # noqa: PLR2004
        return OddFile(data=preview[:8] + b"CR\2\0" + preview[12:], says="raw file .CR2")
    image = Image.fromarray(photo(rng)).resize((256, 192))
    tags: dict[int, object] = {50706: b"\1\4\0\0"} if kind == 4 else {271: "NIKON CORPORATION", 254: 1}  # noqa: PLR2004
    data = saved(image, "TIFF", tiffinfo=tags)
    return OddFile(data=data if kind == 4 else with_sensor(data), says="raw file")  # noqa: PLR2004


def with_sensor(data: bytes) -> bytes:
    """Hang a directory of sensor data below a TIFF's preview, as NEF and ARW do."""
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    entries = data[first + 2 : first + 2 + 12 * count]
    data += bytes(len(data) % 2)
    sensor = struct.pack("<HHHIIHHIIHHIII", 3, 256, 4, 1, 512, 257, 4, 1, 384, 262, 3, 1, 32803, 0)
    rows = [entries[at : at + 12] for at in range(0, len(entries), 12)]
    rows = sorted([*rows, struct.pack("<HHII", 330, 4, 1, len(data))], key=lambda row: row[:2][::-1])
    where = len(data) + len(sensor)
    return (
        data[:4]
        + struct.pack("<I", where)
        + data[8:]
        + sensor
        + struct.pack("<H", len(rows))
        + b"".join(rows)
        + bytes(4)
    )


def tiff_of_pages(rng: Rng) -> OddFile:
    """Write a TIFF whose thumbnail comes first or last, marked as one or not."""
    pixels = photo(rng)
    whole = Image.fromarray(pixels)
    small = whole.resize((whole.width // 4, whole.height // 4))
    pages = [small, whole] if rng.integers(2) else [whole, small]
    kind = str(rng.choice(["raw", "tiff_lzw", "tiff_deflate"]))
    return OddFile(
        data=saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression=kind), right=pixels
    )


def several_pages(rng: Rng) -> OddFile:
    """Write a scan of several pictures in one file."""
    pages = [Image.fromarray(photo(rng)).resize((300, 200)) for _ in range(int(rng.integers(2, 5)))]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    return OddFile(data=data, right=np.asarray(pages[0]), noted="pages")


def deep_tiff(rng: Rng) -> OddFile:
    """Write samples of 16 bits: by planes or not, in strips or tiles, with fewer bits, packed or not."""
    pixels = photo(rng)
    grey = bool(rng.integers(4) == 0)
    eight = pixels[..., :1] if grey else pixels
    bits = int(rng.choice([10, 12, 14, 16]))
    told = bits == 14 or bool(rng.integers(2))  # noqa: PLR2004 (14 bits without a word look like a dark picture)
    values = (eight.astype(np.float64) / 255 * (2**bits - 1)).round().astype(np.uint16)
    data = tiff16(
        values,
        planar=bool(rng.integers(2)),
        order=str(rng.choice(["<", ">"])),
        packed=bool(rng.integers(2)),
        predicted=bool(rng.integers(2)),
        most=2**bits - 1 if told and bits < 16 else 0,  # noqa: PLR2004
        rows=int(rng.choice([8, 32, 10_000])),
    )
    right = np.repeat(eight, 3, axis=2) if grey else eight
    noted = "guessed_bits" if not told and bits < 16 else ""  # noqa: PLR2004
    return OddFile(data=data, right=right, noted=noted)


def tiff16(  # noqa: PLR0913 (as many as the format has)
    values: NDArray[np.uint16],
    *,
    planar: bool,
    order: str,
    packed: bool,
    predicted: bool,
    most: int,
    rows: int,
) -> bytes:
    """Write a TIFF of 16-bit samples from uint16 (height, width, samples).

    Args:
        values: the samples.
        planar: whether each colour has its own plane.
        order: "<" or ">".
        packed: whether strips are deflated.
        predicted: whether a packed strip holds differences.
        most: the value of white; 0 where the file does not say.
        rows: of a strip.
    """
    height, width, samples = values.shape
    strips = []
    planes = [values[..., at : at + 1] for at in range(samples)] if planar else [values]
    for plane in planes:
        for top in range(0, height, rows):
            strip = plane[top : top + rows]
            if packed and predicted:
                strip = np.concatenate([strip[:, :1], np.diff(strip, axis=1)], axis=1)
            raw = strip.astype(f"{order}u2").tobytes()
            strips.append(zlib.compress(raw) if packed else raw)
    tags: dict[int, tuple[int, ...]] = {
        256: (width,), 257: (height,), 258: (16,) * samples, 259: (8 if packed else 1,),
        262: (2 if samples == 3 else 1,), 273: tuple(8 + sum(map(len, strips[:at])) for at in range(len(strips))),  # noqa: PLR2004
        277: (samples,), 278: (min(rows, height),), 279: tuple(map(len, strips)), 284: (2 if planar else 1,),
    }  # fmt: skip
    if packed and predicted:
        tags[317] = (2,)
    if most:
        tags[281] = (most,) * samples
    body = b"".join(strips)
    start = 8 + len(body)
    behind, table, rest = start + 2 + 12 * len(tags) + 4, b"", b""
    for tag, numbers in sorted(tags.items()):
        form, kind = ("I", 4) if tag in {273, 279} else ("H", 3)
        packed_numbers = struct.pack(f"{order}{len(numbers)}{form}", *numbers)
        if len(packed_numbers) > 4:  # noqa: PLR2004
            inline, rest = struct.pack(order + "I", behind + len(rest)), rest + packed_numbers
        else:
            inline = packed_numbers.ljust(4, b"\0")
        table += struct.pack(order + "HHI", tag, kind, len(numbers)) + inline
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, start)
    return b"".join([head, body, struct.pack(order + "H", len(tags)), table, bytes(4), rest])


# Orientation.

_TURN_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def exif_block(kind: int, count: int, value: bytes) -> bytes:
    """Write an EXIF block whose only tag is an orientation of any type."""
    return (
        b"Exif\0\0II*\0"
        + struct.pack("<IHHHI", 8, 1, 0x0112, kind, count)
        + value[:4].ljust(4, b"\0")
        + bytes(4)
    )


def turned(rng: Rng) -> OddFile:
    """Turn a picture by a tag that is followed, or by one that is not."""
    pixels = photo(rng)
    upright = Image.fromarray(pixels)
    way = int(rng.integers(1, 9))
    stored = upright.transpose(_TURN_BACK[way]) if way in _TURN_BACK else upright
    exif = Image.Exif()
    exif[0x0112] = way
    kind = int(rng.integers(7))
    if kind < 3:  # noqa: PLR2004
        name = ("TIFF", "JPEG", "PNG")[kind]
        options: dict[str, object] = {"quality": 95} if name == "JPEG" else {}
        return OddFile(data=saved(stored, name, exif=exif, **options), right=pixels)
    if kind == 3:  # noqa: PLR2004 (a HEIC that is turned by a box of its own, and says so again)
        out = io.BytesIO()
        pillow_heif.from_pillow(stored).save(out, quality=95, exif=exif.tobytes())
        return OddFile(data=out.getvalue(), right=pixels)
    plain = saved(stored, "JPEG", quality=95)
    if kind == 4:  # noqa: PLR2004 (only in XMP, which browsers do not follow)
        xmp = (
            b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="%d"/></rdf:RDF></x:xmpmeta>'
        ) % way
        return OddFile(data=saved(stored, "JPEG", quality=95, xmp=xmp), right=np.asarray(stored))
    value = struct.pack("<HH", way, 1) if kind == 5 else struct.pack("<I", way)  # noqa: PLR2004
    block = exif_block(3, 2, value) if kind == 5 else exif_block(4, 1, value)  # noqa: PLR2004
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    return OddFile(data=plain[:2] + segment + plain[2:], right=np.asarray(stored))


# Colour.

_CORNERS = {
    1: (0.64, 0.33, 0.30, 0.60, 0.15, 0.06),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}


def _xyz(corners: tuple[float, ...]) -> NDArray[np.float64]:
    points = np.array([(0.3127, 0.3290), *zip(corners[::2], corners[1::2], strict=True)])
    xyz = np.column_stack([points[:, 0] / points[:, 1], np.ones(4), (1 - points.sum(1)) / points[:, 1]]).T
    return np.asarray(xyz[:, 1:] * np.linalg.solve(xyz[:, 1:], xyz[:, 0]))


def linear_in(rgb: Pixels, primaries: int) -> NDArray[np.float64]:
    """Give the light of sRGB pixels in other primaries, 1 for white."""
    coded = rgb.astype(np.float64) / 255
    light = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004
    return np.asarray(light @ (np.linalg.inv(_xyz(_CORNERS[primaries])) @ _xyz(_CORNERS[1])).T)


def srgb_curve(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Encode light as sRGB does."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)  # noqa: PLR2004


def bright_heic(rng: Rng) -> OddFile:
    """Write a HEIC of 10 bits in PQ or HLG."""
    right = patches(rng)
    points = {
        "color_primaries": int(rng.choice([9, 12])),
        "transfer_characteristics": int(rng.choice([16, 18])),
    }
    light = np.maximum(linear_in(right, points["color_primaries"]), 0) * 203
    if points["transfer_characteristics"] == 16:  # noqa: PLR2004
        power = (light / 10_000) ** 0.1593017578125
        signal = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    else:
        light = light / 1_000
        luma = light @ _xyz(_CORNERS[points["color_primaries"]])[1]
        scene = light * (np.maximum(luma, 1e-9) ** (1 / 1.2 - 1))[..., None]
        high = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
        signal = np.where(scene <= 1 / 12, np.sqrt(3 * scene), high)
    return OddFile(data=heic(signal, points), right=right)


def heic(signal: NDArray[np.float64], points: dict[str, int]) -> bytes:
    """Write a HEIC of 10 bits from a signal between 0 and 1."""
    height, width, _ = signal.shape
    deep = (np.clip(signal, 0, 1) * 65_535).round().astype(np.uint16)
    file = pillow_heif.from_bytes("RGB;16", (width, height), deep.tobytes())
    out = io.BytesIO()
    file.save(out, quality=-1, chroma=444, **points, matrix_coefficients=0, full_range_flag=1)
    return out.getvalue()


def wide_code_points(rng: Rng) -> OddFile:
    """Write Display P3 or BT.2020 by code points, in HEIC, AVIF or PNG."""
    right = patches(rng)
    primaries = int(rng.choice([9, 12]))
    signal = srgb_curve(linear_in(right, primaries))
    coded = (signal * 255).round().astype(np.uint8)
    kind = int(rng.integers(3))
    if kind == 0:
        points = {"color_primaries": primaries, "transfer_characteristics": 13}
        return OddFile(data=heic(signal, points), right=right)
    if kind == 1:
        data = bytearray(saved(Image.fromarray(coded), "AVIF", quality=100, subsampling="4:4:4"))
        at = data.index(b"colrnclx") + 8
        data[at : at + 4] = struct.pack(">HH", primaries, 13)
        return OddFile(data=bytes(data), right=right)
    return OddFile(data=png_with(coded, (b"cICP", bytes([primaries, 13, 0, 1]))), right=right)


def png_with(pixels: Pixels, *chunks: tuple[bytes, bytes]) -> bytes:
    """Save a PNG with chunks of ours behind its header."""
    data = saved(Image.fromarray(pixels), "PNG")
    ours = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return data[:33] + b"".join(ours) + data[33:]


def gamma_png(rng: Rng) -> OddFile:
    """Write a PNG whose gAMA and cHRM, or sRGB, say which colours it has."""
    right = patches(rng)
    primaries = int(rng.choice([0, 1, 12]))
    light = np.clip(linear_in(right, primaries or 1), 0, 1)
    gamma = float(rng.choice([1.0, 0.45455, 0.55556, 0.71]))
    coded = (light**gamma * 255).round().astype(np.uint8)
    chunks = [(b"gAMA", struct.pack(">I", round(gamma * 100_000)))]
    if primaries:
        xy = (0.3127, 0.3290, *_CORNERS[primaries])
        chunks.append((b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in xy))))
    if gamma == 1.0:  # 8 bits of linear light hold no shadows: what comes back is what they hold
        coded_light = coded / 255
        back = coded_light @ (np.linalg.inv(_xyz(_CORNERS[1])) @ _xyz(_CORNERS[primaries or 1])).T
        right = (srgb_curve(back) * 255).round().astype(np.uint8)
    if rng.integers(4) == 0:
        return OddFile(data=png_with(coded, (b"sRGB", b"\0"), *chunks), right=coded)
    return OddFile(data=png_with(coded, *chunks), right=right)


def profiled(rng: Rng) -> OddFile:
    """Write a profile that is called sRGB and is linear, or a grey one, perhaps beside transparency."""
    right = patches(rng)
    exponent = float(rng.choice([1.0, 1.8, 2.6]))
    grey = bool(rng.integers(2))
    pixels = right[..., 1] if grey else right
    coded = (np.clip(linear_in(right, 1), 0, 1) ** (1 / exponent) * 255).round().astype(np.uint8)
    image = Image.fromarray(coded[..., 1] if grey else coded)
    if grey:
        light = (np.asarray(image) / 255) ** exponent
        pixels = (srgb_curve(light) * 255).round().astype(np.uint8)
        right = np.repeat(pixels[..., None], 3, axis=2)
    else:
        light = (coded / 255) ** exponent
        right = (srgb_curve(light) * 255).round().astype(np.uint8)
    if rng.integers(2):
        image.putalpha(255)
    name = "PNG" if image.mode.endswith("A") or rng.integers(2) else "TIFF"
    return OddFile(data=saved(image, name, icc_profile=icc(exponent, grey=grey)), right=right)


def icc(exponent: float, *, grey: bool) -> bytes:
    """Write a profile of sRGB's primaries, or a grey one, with a power as its curve and sRGB's name."""
    base = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = struct.unpack_from(">I", base, 128)[0]
    tags = {}
    for at in range(132, 132 + 12 * count, 12):
        name, offset, size = struct.unpack_from(">4sII", base, at)
        tags[name] = base[offset : offset + size]
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(exponent * 256)) + bytes(2)
    if grey:
        tags = {name: tags[name] for name in (b"desc", b"wtpt", b"cprt")} | {b"kTRC": curve}
    else:
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    start, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += name + struct.pack(">II", start + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    head = bytearray(base[:128])
    head[:4] = struct.pack(">I", start + len(body))
    head[16:20] = b"GRAY" if grey else b"RGB "
    return bytes(head) + table + body


# Words, cuts, losses.


def wordy_png(rng: Rng) -> OddFile:
    """Write a PNG with megabytes of words, packed or not."""
    pixels = photo(rng)
    words = PngImagePlugin.PngInfo()
    text = "made by a camera " * int(rng.integers(70_000, 400_000))
    if rng.integers(2):
        words.add_itxt("parameters", text, zip=bool(rng.integers(2)))
    else:
        words.add_text("Comment", text, zip=bool(rng.integers(2)))
    options = {"icc_profile": icc(1.0, grey=False) + bytes(2_000_000)} if rng.integers(4) == 0 else {}
    right = pixels
    if options:
        right = (srgb_curve(pixels / 255) * 255).round().astype(np.uint8)
    return OddFile(data=saved(Image.fromarray(pixels), "PNG", pnginfo=words, **options), right=right)


def cut_jpeg(rng: Rng) -> OddFile:
    """Cut a JPEG's last bytes off."""
    pixels = photo(rng)
    data = saved(Image.fromarray(pixels), "JPEG", quality=95, progressive=bool(rng.integers(2)))
    return OddFile(
        data=data[: -int(rng.integers(2, len(data) // 60))], right=pixels, noted="cut_off", loose=True
    )


def zeroed_jpeg(rng: Rng) -> OddFile:
    """Overwrite half a JPEG with zeros, as storage does that fails."""
    pixels = photo(rng)
    data = bytearray(saved(Image.fromarray(pixels), "JPEG", quality=92, progressive=bool(rng.integers(2))))
    half = len(data) // 2
    data[half:] = bytes(len(data) - half)
    return OddFile(data=bytes(data), size=(pixels.shape[1], pixels.shape[0]), noted="lost")


KINDS: dict[str, Callable[[Rng], OddFile]] = {
    "a video behind": motion_photo,
    "raw, JPEG XL": raw_or_unknown,
    "thumbnail page": tiff_of_pages,
    "several pages": several_pages,
    "deep TIFF": deep_tiff,
    "turned": turned,
    "PQ and HLG": bright_heic,
    "wide by code points": wide_code_points,
    "gAMA and cHRM": gamma_png,
    "profiles": profiled,
    "much text": wordy_png,
    "cut JPEG": cut_jpeg,
    "zeroed JPEG": zeroed_jpeg,
}
LARGE = {"41 to 200 megapixels": large}


def fault_of(file: OddFile) -> tuple[str, float]:  # noqa: PLR0911 (a fault, a return)
    """Open a file as the intake does, and say what is wrong ("" for nothing) and how far colours are off."""
    try:
        longest = None if file.size is None else 1_600
        opened = sandbox().open_first(file.data, longest=longest)
    except WatermarkError as error:
        refused = str(error)
        wanted = file.says.replace(".", " ").split()
        if file.says and all(word in refused.replace("(", "").replace(")", "") for word in wanted):
            return "", 0.0
        return f"refused: {refused}", 0.0
    if file.says:
        return "taken, but is to be refused", 0.0
    header, rgb = opened.header, opened.frames[0].picture.rgb
    if file.noted and getattr(header, file.noted) == getattr(_PLAIN, file.noted):
        return f"nothing is said of {file.noted}", 0.0
    if file.size is not None:
        return (
            "" if (header.width, header.height) == file.size else f"is {header.width}x{header.height}"
        ), 0.0
    if (
        file.right is None
        or rgb.shape != file.right.shape
        or rgb.shape[1::-1] != (header.width, header.height)
    ):
        return f"is {rgb.shape}, the header says {header.width}x{header.height}", 0.0
    apart = ciede2000(_soft(rgb), _soft(file.right))
    off = float(np.median(apart) if file.loose else np.mean(apart) if apart.size > 128 * 64 else apart.max())
    return ("" if off <= WORST else f"colours are {off:.1f} apart"), off


def _soft(rgb: Pixels) -> Pixels:
    """Shrink to a sixteenth, which lossy formats do not change."""
    image = Image.fromarray(rgb)
    return np.asarray(image.resize((rgb.shape[1] // 16, rgb.shape[0] // 16), Image.Resampling.BOX))


_PLAIN = Header(format="", width=1, height=1, frames=1, taken_at=None, camera=None)


def made(kind: str, count: int) -> Iterator[OddFile]:
    """Make files of a kind; the same count begins with the same files."""
    make = (KINDS | LARGE)[kind]
    for number in range(count):
        yield make(np.random.default_rng([number, *kind.encode()]))


def main() -> None:
    """Print, kind by kind, how many came out right and how far colours were off."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=200)
    parser.add_argument("--large", type=int, default=10)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.folder:
        beside_chromium(asked.folder)
        return
    for kind in asked.only or (KINDS | LARGE):
        began, faults, worst = time.perf_counter(), [], 0.0
        count = asked.large if kind in LARGE else asked.each
        for number, file in enumerate(made(kind, count)):
            fault, off = fault_of(file)
            worst = max(worst, off)
            faults += [f"{number}: {fault}"] if fault else []
        seconds = time.perf_counter() - began
        print(f"{kind}: {count - len(faults)} of {count} right, worst {worst:.2f}, {seconds:.0f} s")
        for fault in faults[:5]:
            print(f"  {fault}")


def beside_chromium(folder: Path) -> None:
    """Print what each file of a folder came to, and how far it is from what Chromium shows."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--force-color-profile=srgb"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 1400})
        for path in sorted(place for place in folder.iterdir() if place.is_file()):
            try:
                opened = sandbox().open_first(path.read_bytes())
            except WatermarkError as error:
                print(f"{path.name}: {error}")
                continue
            header, rgb = opened.header, opened.frames[0].picture.rgb
            page.goto(path.resolve().as_uri())
            image = page.locator("img")
            size = image.evaluate("i => [i.naturalWidth, i.naturalHeight]") if image.count() else [0, 0]
            line = f"{path.name}: {header.width}x{header.height}, Chromium {size[0]}x{size[1]}"
            if size == [header.width, header.height] and max(size) <= 1400:  # noqa: PLR2004
                shown = np.asarray(Image.open(io.BytesIO(image.screenshot())).convert("RGB"))
                if shown.shape == rgb.shape:
                    line += f", CIEDE2000 {ciede2000(shown, rgb).mean():.2f}"
            print(line)
        browser.close()


if __name__ == "__main__":
    main()

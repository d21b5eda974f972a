"""Pixels to a file that holds nothing else.

But for the metadata that we chose.
"""

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from watermark.errors import PictureTooLargeError
from watermark.picture.pixels import Picture


@dataclass(frozen=True, slots=True)
class Blocks:
    """Metadata to write beside the pixels.

    An empty block is left out; `watermark.picture.credit` makes them.

    Attributes:
        xmp: an XMP packet.
        iptc: an IPTC-IIM record; JPEG and TIFF alone have a place for it.
        exif: an EXIF block.
    """

    xmp: bytes = b""
    iptc: bytes = b""
    exif: bytes = b""


Format = Literal["jpeg", "webp", "avif", "png", "tiff"]

# Measured by `benchmarks/effort.py`: WebP 2 beside Pillow's 4 is as like (SSIM within 0.004) in half the time; AVIF 9
# is as like as 8 in 56 % of the time. Pillow's 6 keeps more of a sensor's grain (SSIM 0.88 for 0.85) in nine times.
WEBP_METHOD, AVIF_SPEED = 2, 9
_LONGEST_SIDE: Mapping[str, int] = {
    "jpeg": 65_535,
    "webp": 16_383,
    "avif": 65_535,
    "png": 1_000_000,
    "tiff": 1_000_000,
}


def encode(
    picture: Picture,
    *,
    format: Format,  # noqa: A002
    quality: int = 85,
    blocks: Blocks | None = None,
) -> bytes:
    """Write pixels and given blocks, and nothing else.

    No colour profile is written: the pixels are sRGB, which is what a file without one means.

    Args:
        picture: what to write.
        format: of the file.
        quality: 1 to 100, the encoder's own scale; PNG loses nothing and takes no notice.
        blocks: metadata to write beside the pixels.

    Raises:
        PictureTooLargeError: a side longer than the format can hold.
    """
    if max(picture.width, picture.height) > _LONGEST_SIDE[format]:
        raise PictureTooLargeError(
            f"{format} holds at most {_LONGEST_SIDE[format]} pixels a side, "
            f"the picture has {picture.width} by {picture.height}",
            hint="resize the picture first",
        )
    blocks = blocks or Blocks()
    image = Image.fromarray(np.ascontiguousarray(picture.rgb))
    if format == "jpeg":
        return _jpeg(image, quality, blocks)
    out = io.BytesIO()
    if format == "png":
        info = PngInfo()
        if blocks.xmp:
            info.add_itxt("XML:com.adobe.xmp", blocks.xmp.decode())
        image.save(out, "PNG", pnginfo=info, **_given(exif=blocks.exif))
    elif format == "tiff":  # Pillow takes no notice of xmp here, and none of exif's own directory
        tags = {700: blocks.xmp, 33723: blocks.iptc, **_texts(blocks.exif)}
        image.save(
            out, "TIFF", compression="tiff_lzw", tiffinfo={tag: text for tag, text in tags.items() if text}
        )
    elif format == "webp":
        image.save(out, "WEBP", quality=quality, method=WEBP_METHOD, exif=blocks.exif, xmp=blocks.xmp)
    else:
        image.save(out, "AVIF", quality=quality, speed=AVIF_SPEED, **_given(exif=blocks.exif, xmp=blocks.xmp))
    return out.getvalue()


def _jpeg(image: Image.Image, quality: int, blocks: Blocks) -> bytes:
    """Write a JPEG as small as it gets.

    In passes, with tables of its own.
    """
    chroma = "4:4:4" if quality >= 85 else "4:2:0"  # noqa: PLR2004 (fine stubble shows colour fringes at 4:2:0)
    extra = _app13(blocks.iptc) if blocks.iptc else b""

    def saved(*, small: bool) -> bytes:
        out = io.BytesIO()
        image.save(
            out, "JPEG", quality=quality, subsampling=chroma, optimize=small, progressive=small,
            exif=blocks.exif, extra=extra, **_given(xmp=blocks.xmp),
        )  # fmt: skip
        return out.getvalue()

    try:
        return saved(small=True)
    except OSError:  # Pillow has a byte a pixel of room for the small way, and noise takes more
        return saved(small=False)


def _texts(exif: bytes) -> dict[int, bytes]:
    """Give an EXIF block's fields of text, for a format whose own fields they are."""
    read = Image.Exif()
    if exif:
        read.load(exif)
    return {tag: text.encode("latin-1") for tag, text in read.items() if isinstance(text, str)}


def _given(**blocks: bytes) -> dict[str, bytes]:
    """Keep the blocks that hold something.

    Pillow writes an empty one as an empty one.
    """
    return {name: block for name, block in blocks.items() if block}


def _app13(record: bytes) -> bytes:
    """Wrap an IPTC-IIM record for JPEG.

    Photoshop's image resource 0x0404 in an APP13 segment.

    Source: Adobe Photoshop File Formats Specification, "Image Resource Blocks".
    """
    resource = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(record)) + record + b"\0" * (len(record) % 2)
    body = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body

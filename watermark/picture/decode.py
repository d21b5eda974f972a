"""Bytes to upright sRGB pixels, within limits."""

import io
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from watermark.errors import PictureTooLargeError, UnreadablePictureError
from watermark.picture.colour import over_white, to_srgb
from watermark.picture.pixels import Picture, shrunk

# Pillow's own bomb rule is one number for the whole process, and only warns at first. `DecodeLimits` below belongs
# to each call and is checked at the same moment; every picture comes in here, so nobody loses a rule.
Image.MAX_IMAGE_PIXELS = None
pillow_heif.register_heif_opener()

# What a browser shows, what phones and scanners take. Everything else stays shut: EPS starts another
# program, and of an ICO the picture inside is decoded before anyone can ask how large it is.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "DIB", "TIFF", "JPEG2000", "HEIF")

_DECODER_FAULTS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
    AssertionError,
    struct.error,
    zlib.error,
    Warning,  # only where warnings are turned into errors
)

_TURNS: Mapping[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = frozenset({5, 6, 7, 8})

_STRANGERS: tuple[tuple[bytes, str], ...] = (
    (rb"\x00\x00[\x01\x02]\x00", "an icon"),
    (rb"(?i)\s*(<\?xml[^>]*>\s*)?(<!doctype svg[^>]*>\s*)?<svg\b", "an SVG drawing"),
    (rb"(?i)\s*<(!doctype\s+html|html|head|body|script|div|p)\b", "an HTML page"),
    (rb"(?s)\s*<\?xml", "an XML document"),
    (rb"(?s).{0,1024}?%PDF-", "a PDF document"),
    (rb"(?s)....ftyp(isom|iso\d|mp4\d|qt  |M4V |avc1|3gp\d)", "a video"),
    (rb"\x1aE\xdf\xa3", "a video"),
    (rb"PK\x03\x04", "a ZIP archive"),
    (rb"\x1f\x8b", "a gzip archive"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript document"),
    (rb"(?s)\s*[{\[]\s*[\"{\[\]}\d]", "a JSON document"),
)
_HEAD_BYTES = 4096
_PASSES = 16  # over the largest picture allowed; cameras and sites use up to ten
_WHOLE_PICTURES = 4  # of the largest size: what one animation's frames may add up to
_LONGEST_WALK = 2_000  # frames decoded on the way to the ones that are looked at


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """How much one file may ask for.

    Attributes:
        max_bytes: of the file.
        max_pixels: of one frame, as its header says.
        max_frames: how many frames of an animation are looked at.
        max_seconds: how long decoding may take; held where a process of its own decodes (`pixels.guard`).
        max_memory: bytes that decoding may take; held there too.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 120_000_000
    max_frames: int = 24
    max_seconds: float = 20.0
    max_memory: int = 2 * 1024**3


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a file, numbered from 0."""

    number: int
    picture: Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file's header says.

    For the practice's own eyes: nothing of it is published.

    Attributes:
        format: lower case: jpeg, mpo, png, gif, webp, avif, heif, tiff, bmp, jpeg2000.
        width: in pixels, as shown (orientation applied).
        height: in pixels, as shown.
        frames: 1 for a still picture.
        taken_at: by the camera's clock, which knows no zone unless it says so.
        camera: maker and model.
    """

    format: str
    width: int
    height: int
    frames: int
    taken_at: datetime | None
    camera: str | None


def read_header(data: bytes, limits: DecodeLimits | None = None) -> Header:
    """Read a file's header, and decode nothing.

    Raises:
        UnreadablePictureError: not a picture.
        PictureTooLargeError: beyond the limits.
    """
    with open_header(data, limits) as image:
        width, height = image.size
        if _orientation(image) in _SIDEWAYS:
            width, height = height, width
        exif = _exif(image)
        return Header(
            format=(image.format or "unknown").lower(),
            width=width,
            height=height,
            frames=_frames(image),
            taken_at=_taken_at(exif),
            camera=_camera(exif),
        )


def open_picture(
    data: bytes, limits: DecodeLimits | None = None, *, longest: int | None = None, frame: int = 0
) -> Picture:
    """Decode one frame, upright, sRGB, 8 bits, over white.

    Args:
        data: the file.
        limits: how much it may ask for; `DecodeLimits()` unless told.
        longest: shrink to at most so many pixels on the long side (a JPEG is then decoded small: quicker).
        frame: which one of an animation, counted from 0.

    Raises:
        UnreadablePictureError: not a picture, or cut off.
        PictureTooLargeError: beyond the limits.
    """
    with open_header(data, limits) as image:
        if frame:
            image.seek(frame)
            _check_size(image, limits or DecodeLimits())
        elif longest is not None:
            _draft(image, longest)
        image.load()
        return _picture(image, _orientation(image), longest)


def open_frames(
    data: bytes, limits: DecodeLimits | None = None, *, longest: int | None = None
) -> Iterator[Frame]:
    """Decode frames spread over an animation.

    First and last are among them; a still picture has one.

    At most `limits.max_frames` are given, and at most as many pixels decoded as four of the largest pictures
    allowed would take: of a longer or larger animation the later part is left out.

    Raises:
        UnreadablePictureError: not a picture, or its first frame is broken. A broken later one ends the row.
        PictureTooLargeError: beyond the limits.
    """
    limits = limits or DecodeLimits()
    yield Frame(0, open_picture(data, limits, longest=longest))
    with suppress(UnreadablePictureError), open_header(data, limits) as image:
        affordable = _WHOLE_PICTURES * limits.max_pixels // (image.width * image.height)
        count = min(_frames(image), affordable, _LONGEST_WALK)
        wanted = np.linspace(0, count - 1, max(1, min(count, limits.max_frames))).round().astype(int)
        for number in wanted[1:]:
            image.seek(int(number))
            _check_size(image, limits)
            image.load()
            yield Frame(int(number), _picture(image, _orientation(image), longest))


@contextmanager
def open_header(data: bytes, limits: DecodeLimits | None = None) -> Iterator[ImageFile.ImageFile]:
    """Open a file without decoding it.

    Faults inside the block become one sentence.

    Raises:
        UnreadablePictureError: not a picture, or a decoder stumbled inside the block.
        PictureTooLargeError: beyond the limits.
    """
    limits = limits or DecodeLimits()
    check_bytes(data, limits)
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _check_size(image, limits)
            _check_passes(image, data, limits)
            yield image
    except MemoryError as fault:
        raise PictureTooLargeError(
            "expected a picture that can be decoded in the memory there is, this one asks for more",
            hint="save the picture smaller, or raise the limit",
        ) from fault
    except _DECODER_FAULTS as fault:
        sentence = _why_unreadable(data, fault)
        raise UnreadablePictureError(sentence, hint="save it again as JPEG or PNG") from fault


def check_bytes(data: bytes, limits: DecodeLimits) -> None:
    """Refuse a file of too many bytes.

    Raises:
        PictureTooLargeError: it has more than the limits allow.
    """
    if len(data) > limits.max_bytes:
        raise PictureTooLargeError(
            f"expected at most {limits.max_bytes:,} bytes, found {len(data):,}",
            hint="save the picture smaller, or raise the limit",
        )


def _check_size(image: Image.Image, limits: DecodeLimits) -> None:
    width, height = image.size
    if width * height > limits.max_pixels:
        raise PictureTooLargeError(
            f"expected at most {limits.max_pixels:,} pixels, the header asks for {width:,} by {height:,}",
            hint="save the picture smaller, or raise the limit",
        )


def _check_passes(image: Image.Image, data: bytes, limits: DecodeLimits) -> None:
    """Refuse a JPEG that asks for too many passes.

    A small progressive file may ask for hours.
    """
    passes = data.count(b"\xff\xda") if image.format in ("JPEG", "MPO") else 1
    if passes * image.width * image.height > _PASSES * limits.max_pixels:
        raise PictureTooLargeError(
            f"expected at most {_PASSES} passes over {limits.max_pixels:,} pixels, "
            f"this JPEG asks for {passes:,} over {image.width:,} by {image.height:,}",
            hint="save the picture again",
        )


def _frames(image: Image.Image) -> int:
    """Count an animation's frames.

    Pages of a TIFF are none, and counting them may take minutes.
    """
    return 1 if image.format == "TIFF" else int(getattr(image, "n_frames", 1))


def _why_unreadable(data: bytes, fault: BaseException) -> str:
    if not data:
        return "expected a picture, found an empty file (0 bytes)"
    head = data[:_HEAD_BYTES]
    told = re.sub(rb"(?s)<!--.*?-->", b"", head)
    for pattern, name in _STRANGERS:
        if re.match(pattern, told):
            return f"expected a picture, this is {name}, not a picture"
    if isinstance(fault, UnidentifiedImageError):
        text = b"\0" not in head and sum(byte < 9 or byte > 126 for byte in head) * 8 < len(head)  # noqa: PLR2004
        kind = "this is plain text, not a picture" if text else "found bytes of no known picture format"
        return f"expected a picture, {kind}"
    if "truncated" in str(fault) or isinstance(fault, EOFError):
        return "expected a whole picture, found a file that is cut off"
    reason = " ".join(str(fault).split()) or type(fault).__name__
    return f"expected a picture, found a damaged file ({reason[:120]})"


def _draft(image: Image.Image, longest: int) -> None:
    """Let a JPEG decoder skip detail that is shrunk away."""
    width, height = image.size
    scale = longest / max(width, height)
    if scale < 1 and image.format in ("JPEG", "MPO"):
        image.draft(None, (max(1, round(width * scale)), max(1, round(height * scale))))


def _picture(image: Image.Image, orientation: int, longest: int | None) -> Picture:
    """Turn a decoded Pillow image into a Picture."""
    profile = image.info.get("icc_profile")
    image = _eight_bit(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode in ("1", "P", "PA"):
        image = image.convert("RGB")
    if longest is not None:
        image = shrunk(image, longest)
    image = over_white(image, profile) if image.mode == "RGBA" else to_srgb(image, profile)
    if orientation in _TURNS:
        image = image.transpose(_TURNS[orientation])
    return Picture(np.asarray(image))


def _eight_bit(image: Image.Image) -> Image.Image:
    """Scale deeper greys to 8 bits, which Pillow clips."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    top = 65_535.0 if image.mode.startswith("I") else 1.0
    scaled = np.clip(values / max(top, float(values.max(initial=0.0))) * 255.0, 0.0, 255.0)
    return Image.fromarray(scaled.round().astype(np.uint8))


def _exif(image: Image.Image) -> Image.Exif:
    try:
        return image.getexif()
    except _DECODER_FAULTS:
        return Image.Exif()


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8, or 1 for nonsense."""
    value = _exif(image).get(ExifTags.Base.Orientation, 1)
    return value if isinstance(value, int) and value in _TURNS else 1


def _taken_at(exif: Image.Exif) -> datetime | None:
    try:
        shot = exif.get_ifd(ExifTags.IFD.Exif)
        text = _text(shot.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime))
        zone = _text(shot.get(ExifTags.Base.OffsetTimeOriginal))
        pattern = "%Y:%m:%d %H:%M:%S" + ("%z" if zone else "")
        return datetime.strptime(text + zone, pattern)  # noqa: DTZ007 (a camera's clock knows no zone)
    except _DECODER_FAULTS:
        return None


def _camera(exif: Image.Exif) -> str | None:
    try:
        names = [_text(exif.get(tag)) for tag in (ExifTags.Base.Make, ExifTags.Base.Model)]
    except _DECODER_FAULTS:
        return None
    return " ".join(name for name in names if name) or None


def _text(value: object) -> str:
    return str(value or "").strip("\0 ")

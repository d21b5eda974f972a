"""Bytes to upright sRGB pixels, within limits."""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile

from watermark.errors import PictureTooLargeError, UnreadablePictureError
from watermark.picture.colour import CodePoints, Source, bright_to_srgb, to_srgb
from watermark.picture.containers import JpegScans, avif_colours, exif_orientation, jpeg_scans, png_parts
from watermark.picture.pixels import Picture, shrunk
from watermark.picture.strangers import refuse_raw, why_unreadable
from watermark.picture.tiff import Deep, Pages, is_deep, open_deep, tiff_pages

# Pillow's own bomb rule is one number for the whole process, and only warns at first. `DecodeLimits` below belongs
# to each call and is checked at the same moment; every picture comes in here, so nobody loses a rule.
Image.MAX_IMAGE_PIXELS = None
pillow_heif.register_heif_opener()
warnings.filterwarnings("ignore", module=r"PIL\.")  # what is odd about a file is said by `Header`

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

_SIDEWAYS = frozenset({5, 6, 7, 8})

_PASSES = 16  # over the largest picture allowed; cameras and sites use up to ten
_WHOLE_PICTURES = 4  # of the largest size: what one animation's frames may add up to
_LONGEST_WALK = 2_000  # frames decoded on the way to the ones that are looked at
_FORGED_END = b"\xff\xd9"
_STRIP = 2**24  # pixels whose colours are converted at a time
_DAMAGE_SEEN_AT = 256  # pixels on the long side of a cut JPEG that is measured


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """How much one file may ask for.

    Attributes:
        max_bytes: of the file.
        max_pixels: of one frame, as its header says.
        max_frames: how many frames of an animation are looked at.
        max_seconds: how long decoding may take; held where a process of its own decodes (`pixels.guard`).
        max_memory: bytes that decoding may take; held there too.
        max_missing: share of a cut-off JPEG's rows that may be missing.
    """

    max_bytes: int = 256 * 1024 * 1024
    max_pixels: int = 200_000_000
    max_frames: int = 24
    max_seconds: float = 20.0
    max_memory: int = 2 * 1024**3
    max_missing: float = 0.1


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
        pages: pictures in a TIFF, thumbnails not counted.
        page: which of them is taken, from 1.
        cut_off: whether a JPEG's end is missing.
        missing: share of its rows that are missing, 0 to 1.
        lost: share of a JPEG's data that were overwritten with zeros, 0 to 1.
        guessed_bits: that samples of 16 fill without the file saying so; 0 where it says or fills them.
    """

    format: str
    width: int
    height: int
    frames: int
    taken_at: datetime | None
    camera: str | None
    pages: int = 1
    page: int = 1
    cut_off: bool = False
    missing: float = 0.0
    lost: float = 0.0
    guessed_bits: int = 0


@dataclass(frozen=True, slots=True)
class Damage:
    """What of a JPEG is not as it was; its attributes are those of `Header`."""

    cut_off: bool = False
    missing: float = 0.0
    lost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A file that is open and not decoded.

    Attributes:
        image: what Pillow makes of it.
        source: which colours its numbers mean.
        orientation: how it is turned once it is decoded.
        header: what is told of it.
        deep: its pixels, where Pillow cannot read them whole.
    """

    image: ImageFile.ImageFile
    source: Source
    orientation: int
    header: Header
    deep: Deep | None = None


def read_header(data: bytes, limits: DecodeLimits | None = None) -> Header:
    """Read a file's header.

    Nothing is decoded, but for a JPEG that is cut off (small) and samples of 16 bits.

    Raises:
        UnreadablePictureError: not a picture, or too much of it is missing.
        PictureTooLargeError: beyond the limits.
    """
    with _open(data, limits) as opened:
        return opened.header


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
        UnreadablePictureError: not a picture, or too much of it is missing.
        PictureTooLargeError: beyond the limits.
    """
    with _open(data, limits) as opened:
        image = opened.image
        if frame:
            image.seek(frame)
            _check_size(image, limits or DecodeLimits())
        elif longest is not None:
            _draft(image, longest)
        return _picture(opened, data, longest)


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
    with suppress(UnreadablePictureError), _open(data, limits) as opened:
        image = opened.image
        affordable = _WHOLE_PICTURES * limits.max_pixels // (image.width * image.height)
        count = min(opened.header.frames, affordable, _LONGEST_WALK)
        wanted = np.linspace(0, count - 1, max(1, min(count, limits.max_frames))).round().astype(int)
        for number in wanted[1:]:
            image.seek(int(number))
            _check_size(image, limits)
            yield Frame(int(number), _picture(opened, data, longest))


@contextmanager
def open_header(data: bytes, limits: DecodeLimits | None = None) -> Iterator[ImageFile.ImageFile]:
    """Open a file without decoding it.

    Faults inside the block become one sentence.

    Raises:
        UnreadablePictureError: not a picture, or a decoder stumbled inside the block.
        PictureTooLargeError: beyond the limits.
    """
    with _open(data, limits) as opened:
        yield opened.image


@contextmanager
def _open(data: bytes, limits: DecodeLimits | None) -> Iterator[_Opened]:
    """Open a file and read what is told of it; errors are those of `open_header`."""
    limits = limits or DecodeLimits()
    check_bytes(data, limits)
    pages = tiff_pages(data)
    refuse_raw(data, pages)
    scans, png = jpeg_scans(data), png_parts(data)
    whole = png.data if png else _ended(data, scans) if scans and scans.end is None else data
    try:
        with Image.open(io.BytesIO(whole), formats=_FORMATS) as image:
            if pages:
                image.seek(pages.page.index)
            _check_size(image, limits)
            if scans:
                _check_passes(image, scans.count, limits)
            deep = open_deep(data, pages.page) if pages and is_deep(pages.page) else None
            yield _Opened(
                image=image,
                source=png.colours if png else _source(image, data),
                orientation=deep.orientation if deep else _orientation(image),
                header=_header(image, pages, deep, _damage(data, scans, limits)),
                deep=deep,
            )
    except MemoryError as fault:
        raise PictureTooLargeError(
            "expected a picture that can be decoded in the memory there is, this one asks for more",
            hint="save the picture smaller, or raise the limit",
        ) from fault
    except _DECODER_FAULTS as fault:
        sentence = why_unreadable(data, fault)
        raise UnreadablePictureError(sentence, hint="save it again as JPEG or PNG") from fault


def _header(image: ImageFile.ImageFile, pages: Pages | None, deep: Deep | None, damage: Damage) -> Header:
    exif = _exif(image)
    width, height = deep.image.size if deep else image.size
    if (deep.orientation if deep else _orientation(image)) in _SIDEWAYS:
        width, height = height, width
    return Header(
        format=(image.format or "unknown").lower(),
        width=width,
        height=height,
        frames=_frames(image),
        taken_at=_taken_at(exif),
        camera=_camera(exif),
        pages=pages.count if pages else 1,
        page=pages.page.index + 1 if pages else 1,
        cut_off=damage.cut_off,
        missing=damage.missing,
        lost=damage.lost,
        guessed_bits=deep.guessed if deep else 0,
    )


def _source(image: Image.Image, data: bytes) -> Source:
    """Read which colours a picture's numbers mean."""
    profile: bytes | None = image.info.get("icc_profile")
    return profile or _code_points(image, data)


def _code_points(image: Image.Image, data: bytes) -> CodePoints | None:
    """Read which colours a phone's picture without a profile means."""
    if image.format == "AVIF":
        return avif_colours(data)
    named = image.info.get("nclx_profile")
    if image.format != "HEIF" or not named:
        return None
    return CodePoints(int(named["color_primaries"]), int(named["transfer_characteristics"]))


def _ended(data: bytes, scans: JpegScans) -> bytes:
    """Forge a JPEG's end: its decoder then fills what is missing."""
    return data[: scans.sound] + _FORGED_END


def _damage(data: bytes, scans: JpegScans | None, limits: DecodeLimits) -> Damage:
    """Tell what of a JPEG is damaged.

    Raises:
        EOFError: more of it is missing than the limits allow.
    """
    if scans is None:
        return Damage()
    cut_off = scans.end is None
    missing = _missing(data, scans, limits) if cut_off else 0.0
    if missing > limits.max_missing and not scans.lost:
        raise EOFError
    return Damage(cut_off, missing, scans.lost)


def _missing(data: bytes, scans: JpegScans, limits: DecodeLimits) -> float:
    """Measure the share of a cut-off JPEG's rows that its decoder has nothing for.

    Rows that come out with a forged end and not without one are missing. Of one in passes everything comes out, only
    coarser: it counts as whole once its last bits have begun, and as half before.
    """
    if scans.progressive:
        return 0.0 if scans.finest else 0.5 if scans.count > 2 else 1.0  # noqa: PLR2004
    rows = []
    for bytes_ in (data, _ended(data, scans)):
        with Image.open(io.BytesIO(bytes_), formats=("JPEG",)) as image:
            _check_size(image, limits)
            _draft(image, _DAMAGE_SEEN_AT)
            with suppress(OSError):
                image.load()
            shown = np.asarray(_decoded_so_far(image))
            rows.append(shown.reshape(len(shown), -1).any(axis=1))
    return float((rows[1] & ~rows[0]).mean())


def _decoded_so_far(image: ImageFile.ImageFile) -> Image.Image:
    """Give the rows that came out before a decoder stopped, the others black."""
    image.tile = []
    return image.copy()


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


def _check_passes(image: Image.Image, passes: int, limits: DecodeLimits) -> None:
    """Refuse a JPEG that asks for too many passes.

    A small progressive file may ask for hours.
    """
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


def _draft(image: Image.Image, longest: int) -> None:
    """Let a JPEG decoder skip detail that is shrunk away."""
    width, height = image.size
    scale = longest / max(width, height)
    if scale < 1 and image.format in ("JPEG", "MPO"):
        image.draft(None, (max(1, round(width * scale)), max(1, round(height * scale))))


def _picture(opened: _Opened, data: bytes, longest: int | None) -> Picture:
    """Decode what is open into a Picture."""
    image: Image.Image = opened.image
    source = opened.source
    if image.format == "HEIF" and isinstance(source, CodePoints) and source.brighter_than_white:
        image, source = _bright(data, source), None
    elif opened.deep:
        image = opened.deep.image
    else:
        opened.image.load()
    image = _eight_bit(image)
    if image.has_transparency_data:
        image = image.convert("LA" if image.mode in {"L", "LA"} else "RGBA")
    elif image.mode in ("1", "P", "PA"):
        image = image.convert("RGB")
    if longest is not None:
        image = shrunk(image, longest)
    return Picture(_upright(image, source, opened.orientation))


def _bright(data: bytes, points: CodePoints) -> Image.Image:
    """Decode a HEIC of 10 or 12 bits whose light is brighter than white."""
    deep = np.asarray(pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False))
    if deep.dtype == np.uint8:
        deep = deep.astype(np.uint16) * 257
    return Image.fromarray(bright_to_srgb(deep[..., :3], points))


def _upright(image: Image.Image, source: Source, orientation: int) -> NDArray[np.uint8]:
    """Convert to sRGB strip by strip, each turned into its place."""
    width, height = image.size
    rgb = np.empty((width, height, 3) if orientation in _SIDEWAYS else (height, width, 3), np.uint8)
    stored = _as_stored(rgb, orientation)
    step = max(1, _STRIP // width)
    for top in range(0, height, step):
        below = min(height, top + step)
        strip = image if step >= height else image.crop((0, top, width, below))
        stored[top:below] = np.asarray(to_srgb(strip, source))
    return rgb


def _as_stored(upright: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """View an upright picture as its file stores it.

    Source: Exif 3.0, 4.6.4.
    """
    across = upright.swapaxes(0, 1)
    views = {
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: across,
        6: across[::-1],
        7: across[::-1, ::-1],
        8: across[:, ::-1],
    }
    return views.get(orientation, upright)


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
    """Tell how a decoded picture is turned, 1 to 8, as Chromium turns it.

    Pillow turns a TIFF itself, libheif what it opens; no browser turns a WebP.
    """
    if image.format not in {"JPEG", "MPO", "PNG", "AVIF"}:
        return 1
    exif = image.info.get("exif")
    return exif_orientation(exif) if isinstance(exif, bytes) else 1


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

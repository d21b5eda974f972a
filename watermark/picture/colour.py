"""Any colours to sRGB, through what the file says of them."""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_Plane = NDArray[np.float64]

_D50 = (0.9642, 1.0, 0.8249)  # X, Y, Z: where ICC profiles connect
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_CURVE = 4096  # entries
_D65 = (0.3127, 0.3290)
_BT709 = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
# H.273, table 2: x and y of white, red, green, blue.
_PRIMARIES: dict[int, tuple[float, ...]] = {
    1: _BT709,
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
_PQ, _HLG = 16, 18
_TELEVISION = frozenset({1, 6, 14, 15})
_SDR_WHITE = 203.0  # cd/m2, BT.2408
_HLG_PEAK, _HLG_GAMMA = 1000.0, 1.2  # cd/m2, BT.2100
_KNEE = 0.9  # of SDR white, linear, where brighter light begins to be rolled off


@dataclass(frozen=True, slots=True)
class CodePoints:
    """Colours named by the numbers of ITU-T H.273.

    Attributes:
        primaries: table 2.
        transfer: table 3.
        exact: whether television's curves are taken as written; browsers show AVIF and HEIC with sRGB's instead.
    """

    primaries: int
    transfer: int
    exact: bool = False

    @property
    def brighter_than_white(self) -> bool:
        """Whether they hold light that sRGB has no value for."""
        return self.transfer in {_PQ, _HLG}


@dataclass(frozen=True, slots=True)
class Gamma:
    """Colours named by a PNG's gAMA and cHRM.

    Attributes:
        exponent: of the encoding, 0.45455 for most.
        corners: x and y of white, red, green and blue; empty for those of sRGB.
    """

    exponent: float
    corners: tuple[float, ...] = ()


Source = bytes | CodePoints | Gamma | None
"""What says which colours the numbers mean: an ICC profile, or one of the above; None for sRGB."""


def to_srgb(image: Image.Image, source: Source) -> Image.Image:
    """Convert to sRGB as a browser would, and lay what shows through over white.

    A source that does not fit the pixels counts for nothing.
    """
    if image.mode in {"LA", "RGBA"}:
        shown = to_srgb(image.convert(image.mode.removesuffix("A")), source)
        white = Image.new("RGB", image.size, "white")
        white.paste(shown, mask=image.getchannel("A"))
        return white
    if isinstance(source, CodePoints) and source.brighter_than_white:
        deep = np.asarray(image.convert("RGB")).astype(np.uint16) * 257
        return Image.fromarray(bright_to_srgb(deep, source))
    profile = source if isinstance(source, bytes) else _profile_of(source)
    if isinstance(source, Gamma | CodePoints) and image.mode == "L":
        image = image.convert("RGB")
    transform = _transform(profile or b"", image.mode)
    if transform is None:
        return image.convert("RGB")
    fitting = image if image.mode == transform.input_mode else image.convert(transform.input_mode)
    return ImageCms.applyTransform(fitting, transform) or image.convert("RGB")


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Make the way from a profile's colours to sRGB.

    None where the pixels are sRGB already or it is not for them.
    """
    try:
        if mode == "LAB":
            parsed, fitting = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB"
        elif not profile:
            return None
        else:
            parsed = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            space = parsed.profile.xcolor_space.strip()
            modes = {"RGB": ("RGB", "YCbCr"), "CMYK": ("CMYK",), "GRAY": ("L",)}.get(space, ())
            if mode not in modes:
                return None
            fitting = modes[0]
        transform = ImageCms.buildTransform(parsed, ImageCms.createProfile("sRGB"), fitting, "RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None
    return None if fitting == "RGB" and _changes_nothing(transform) else transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Tell sRGB's own profile by what it does: names lie."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(9, 81, 3)
    converted = ImageCms.applyTransform(Image.fromarray(lattice), transform)
    return converted is not None and int(np.abs(np.asarray(converted).astype(int) - lattice).max()) <= 1


@lru_cache(maxsize=16)
def _profile_of(source: CodePoints | Gamma | None) -> bytes | None:
    """Write an ICC profile that says what code points or a gamma say; None where that is sRGB."""
    if source is None:
        return None
    if isinstance(source, Gamma):
        exponent = 1 / source.exponent
        return _matrix_profile(source.corners or _BT709, lambda signal: signal**exponent)
    corners = _PRIMARIES.get(source.primaries, _BT709)
    return _matrix_profile(corners, _linear(source))


def _linear(source: CodePoints) -> Callable[[_Plane], _Plane]:
    """Give the curve from signal to light, both 0 to 1.

    Source: ITU-T H.273, table 3.
    """
    powers = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
    if source.transfer in powers:
        power = powers[source.transfer]
        return lambda signal: signal**power
    if source.transfer in _TELEVISION and source.exact:
        return lambda signal: np.where(signal < 0.081, signal / 4.5, ((signal + 0.099) / 1.099) ** (1 / 0.45))  # noqa: PLR2004
    return lambda signal: np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004


def _to_xyz(corners: tuple[float, ...]) -> _Plane:
    """Give the matrix from linear RGB to XYZ, white at Y = 1."""
    xy = np.array(corners, np.float64).reshape(4, 2)
    xyz = np.column_stack([xy[:, 0] / xy[:, 1], np.ones(4), (1 - xy.sum(1)) / xy[:, 1]])
    return np.asarray(xyz[1:].T * np.linalg.solve(xyz[1:].T, xyz[0]))


def _matrix_profile(corners: tuple[float, ...], curve: Callable[[_Plane], _Plane]) -> bytes | None:
    """Write an ICC profile of three primaries and one curve; None where the corners span nothing.

    Source: ICC.1:2001-04, 6.3 to 6.5.
    """
    try:
        matrix = _to_xyz(corners)
        white = _BRADFORD @ matrix.sum(1)
        adapted = np.linalg.inv(_BRADFORD) @ np.diag(_BRADFORD @ _D50 / white) @ _BRADFORD @ matrix
        columns = [struct.pack(">3i", *(round(value * 65_536) for value in column)) for column in adapted.T]
    except (ArithmeticError, ValueError, np.linalg.LinAlgError, struct.error):
        return None
    light = np.clip(curve(np.linspace(0, 1, _CURVE)), 0, 1) * 65_535
    tone = b"curv\0\0\0\0" + struct.pack(">I", _CURVE) + light.round().astype(">u2").tobytes()
    white_point = struct.pack(">3i", *(round(value * 65_536) for value in _D50))
    tags = [
        (b"desc", b"desc\0\0\0\0" + struct.pack(">I", 8) + b"colours\0" + bytes(78)),
        (b"wtpt", b"XYZ \0\0\0\0" + white_point),
        *((name, b"XYZ \0\0\0\0" + column) for name, column in zip(_COLUMNS, columns, strict=True)),
        *((name, tone) for name in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    start = 132 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, tag in tags:
        table += name + struct.pack(">II", start + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    head = struct.pack(
        ">I4xI4s4s4s12x4s28x", start + len(body), 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp"
    )
    return head + white_point + bytes(48) + table + body


_COLUMNS = (b"rXYZ", b"gXYZ", b"bXYZ")


def bright_to_srgb(deep: NDArray[np.uint16], source: CodePoints) -> NDArray[np.uint8]:
    """Bring PQ or HLG light to sRGB, white at 203 cd/m2, what is brighter rolled off.

    Args:
        deep: uint16 (height, width, 3), the signal over its full range.
        source: primaries, and PQ or HLG.

    Returns:
        uint8 (height, width, 3).

    Source: ITU-R BT.2100 for the curves, BT.2408 for white.
    """
    signal = np.linspace(0, 1, 65_536)
    light = (_pq(signal) if source.transfer == _PQ else _hlg(signal)).astype(np.float32)
    corners = _PRIMARIES.get(source.primaries, _PRIMARIES[9])
    own, ours = _to_xyz(corners), _to_xyz(_BT709)
    matrix = (np.linalg.inv(ours) @ own).T.astype(np.float32)
    encoded = _srgb(signal)
    shown = np.empty(deep.shape, np.uint8)
    step = max(1, 2**20 // max(1, deep.shape[1]))
    for top in range(0, deep.shape[0], step):
        linear = light[deep[top : top + step]]
        if source.transfer == _HLG:
            scene = linear @ own[1].astype(np.float32)
            linear *= (np.maximum(scene, 1e-9) ** (_HLG_GAMMA - 1))[..., None] * (_HLG_PEAK / _SDR_WHITE)
        linear = np.maximum(linear @ matrix, 0)
        peak = linear.max(axis=-1, keepdims=True)
        over = np.maximum(peak - _KNEE, 0) / (1 - _KNEE)
        rolled = np.where(over > 0, _KNEE + (1 - _KNEE) * -np.expm1(-over), peak)
        linear *= rolled / np.maximum(peak, 1e-9)
        shown[top : top + step] = encoded[(np.clip(linear, 0, 1) * 65_535).astype(np.uint16)]
    return shown


def _pq(signal: _Plane) -> _Plane:
    """Give light in multiples of SDR white."""
    power = signal ** (1 / 78.84375)
    light = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
    return np.asarray(light ** (1 / 0.1593017578125) * 10_000 / _SDR_WHITE)


def _hlg(signal: _Plane) -> _Plane:
    """Give the scene's light, 0 to 1."""
    bright = (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return np.where(signal <= 0.5, signal**2 / 3, bright)  # noqa: PLR2004


def _srgb(linear: _Plane) -> NDArray[np.uint8]:
    coded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)  # noqa: PLR2004
    return np.asarray((coded * 255).round(), np.uint8)

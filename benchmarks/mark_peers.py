"""Libraries of hidden marks, each at its own defaults; those that are not installed are left out.

invisible-watermark imports torch for its neural method alone, which is not asked here; a stand-in lets it start.
"""

import importlib.util
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np

from benchmarks.changes import Pixels

Read = Callable[[Pixels], int]
Tool = Callable[[Pixels, int], tuple[Pixels, Read]]
BITS = 64


def _bits(payload: int) -> list[int]:
    return [payload >> place & 1 for place in range(BITS - 1, -1, -1)]


def _number(bits: list[int]) -> int:
    return sum(int(bit) << place for place, bit in zip(range(BITS - 1, -1, -1), bits, strict=True))


def _invisible(method: str, rgb: Pixels, payload: int) -> tuple[Pixels, Read]:
    for missing in ("torch", "onnxruntime"):
        if importlib.util.find_spec(missing) is None and missing not in sys.modules:
            sys.modules[missing] = ModuleType(missing)
    from imwatermark import WatermarkDecoder, WatermarkEncoder

    encoder = WatermarkEncoder()
    encoder.set_watermark("bits", _bits(payload))
    published = encoder.encode(rgb[..., ::-1].copy(), method)[..., ::-1].copy()

    def read(copy: Pixels) -> int:
        if copy.shape[0] * copy.shape[1] < 256 * 256:
            return -1
        return _number(
            [int(bit) for bit in WatermarkDecoder("bits", BITS).decode(copy[..., ::-1].copy(), method)]
        )

    return np.asarray(published, np.uint8), read


def _blind_watermark(rgb: Pixels, payload: int) -> tuple[Pixels, Read]:
    import cv2
    from blind_watermark import WaterMark

    folder = Path(tempfile.mkdtemp())
    tool = WaterMark(password_wm=1, password_img=1)
    tool.read_img(img=rgb[..., ::-1].astype(np.float32))
    tool.read_wm(np.array(_bits(payload), bool), mode="bit")
    marked = np.clip(np.rint(tool.embed()), 0, 255).astype(np.uint8)

    def read(copy: Pixels) -> int:
        file = folder / "copy.png"
        cv2.imwrite(str(file), copy[..., ::-1])
        try:
            found = WaterMark(password_wm=1, password_img=1).extract(str(file), wm_shape=BITS, mode="bit")
        except (AssertionError, IndexError, ValueError):
            return -1
        return _number([round(float(value)) for value in found])

    return np.ascontiguousarray(marked[..., ::-1]), read


def _there() -> dict[str, Tool]:
    found: dict[str, Tool] = {}
    if importlib.util.find_spec("imwatermark"):
        found |= {f"invisible-watermark {way}": partial(_invisible, way) for way in ("dwtDct", "dwtDctSvd")}
    if importlib.util.find_spec("blind_watermark"):
        found["blind-watermark"] = _blind_watermark
    return found


PEERS: Mapping[str, Tool] = _there()
"""What is installed, by name: a picture and 64 bits in; the marked picture and how to read a copy out."""

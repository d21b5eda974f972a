"""The way in and out for every picture: bytes to upright sRGB pixels within limits, and pixels to bytes.

Anything a stranger's server sent may be passed in: the answer is a `Picture` or one of two errors. Limits are
read from the header, before a single pixel is decoded. Safe in several threads at once.
"""

from watermark.pixels.opening import Facts, Limits, open_frames, open_header, open_picture, read_facts
from watermark.pixels.picture import Picture, crop, resize
from watermark.pixels.writing import Blocks, Format, encode

__all__ = [
    "Blocks", "Facts", "Format", "Limits", "Picture", "crop", "encode", "open_frames", "open_header",
    "open_picture", "read_facts", "resize",
]  # fmt: skip

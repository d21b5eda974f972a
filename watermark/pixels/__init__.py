"""The way in and out for every picture: bytes to upright sRGB pixels within limits, and pixels to bytes.

Anything a stranger's server sent may be passed in: the answer is a `Picture` or one of two errors. Limits are
read from the header, before a single pixel is decoded. Safe in several threads at once. What may be hostile is
opened through `guard`: in a process of its own, which is ended when it takes too long or too much memory.
"""

from watermark.pixels.guard import Guard, Opened, guard
from watermark.pixels.opening import Facts, Frame, Limits, open_frames, open_header, open_picture, read_facts
from watermark.pixels.picture import Picture, crop, resize
from watermark.pixels.writing import Blocks, Format, encode

__all__ = [
    "Blocks", "Facts", "Format", "Frame", "Guard", "Limits", "Opened", "Picture", "crop", "encode", "guard",
    "open_frames", "open_header", "open_picture", "read_facts", "resize",
]  # fmt: skip

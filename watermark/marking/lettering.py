"""Words of scripts that OpenCV's font has no letters for, or cannot join and turn."""

import shutil
import subprocess
import unicodedata
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, features

from watermark.errors import WatermarkError

_SIZE = 48  # pixels: a letter is compared with the sign for a missing one
_JOINED = frozenset({"R", "AL", "AN"})
_MARKS = frozenset({"Mn", "Mc", "Cf"})
_SEARCH_SECONDS = 20


def is_plain(text: str) -> bool:
    """Tell whether OpenCV sets these words right, letter by letter from the left."""
    return text.isascii() or all(
        unicodedata.bidirectional(letter) not in _JOINED
        and unicodedata.category(letter) not in _MARKS
        and (letter.isspace() or letter == "?" or not np.array_equal(_drawn(letter), _drawn("?")))
        for letter in text
    )


@lru_cache(maxsize=1024)
def _drawn(letter: str) -> NDArray[np.uint8]:
    cell = np.zeros((3 * _SIZE, 3 * _SIZE), np.uint8)
    cv2.putText(cell, letter, (_SIZE, 2 * _SIZE), (255, 255, 255), cv2.FontFace("sans"), _SIZE, 400)
    return cell


def shaped(text: str, size: int) -> NDArray[np.uint8]:
    """Set a line with a font of this machine that has its letters, joined and in the script's direction.

    Args:
        text: the words.
        size: letters' height in pixels.

    Returns:
        uint8 (3 times size, width), 255 on the strokes, the base line at twice the size.

    Raises:
        WatermarkError: no font has them, or Pillow cannot shape.
    """
    font = _font(text, size)
    canvas = Image.new("L", (round(font.getlength(text)) + 2 * size, 3 * size))
    ImageDraw.Draw(canvas).text((size, 2 * size), text, 255, font, anchor="ls")
    return np.asarray(canvas)


def _font(text: str, size: int) -> ImageFont.FreeTypeFont:
    if features.check_feature("raqm"):
        for place in _fonts_with("".join(sorted(set(text) - set(" ")))):
            try:
                return ImageFont.truetype(place, size, layout_engine=ImageFont.Layout.RAQM)
            except OSError:  # a font of pictures, as emoji have
                continue
    raise WatermarkError(
        f'expected words that can be drawn, found "{text[:60]}", whose letters no font of this machine has',
        hint="install a font of that script (Noto has one for each), or write the name in Latin letters",
    )


@lru_cache(maxsize=64)
def _fonts_with(letters: str) -> tuple[str, ...]:
    """Name the font files that have all these letters, plain sans serifs first; none without fontconfig."""
    tool = shutil.which("fc-list")
    if tool is None:
        return ()
    wanted = " ".join(f"{ord(letter):x}" for letter in letters)
    listed = subprocess.run(
        [tool, "--format", "%{file}\n", f":charset={wanted}"],
        capture_output=True,
        text=True,
        timeout=_SEARCH_SECONDS,
        check=False,
    )
    files = {
        line for line in listed.stdout.splitlines() if Path(line).suffix.lower() in {".ttf", ".otf", ".ttc"}
    }
    odd = ("Mono", "Serif", "Oblique", "Italic", "Condensed", "Light", "Bold")
    return tuple(
        sorted(files, key=lambda file: (sum(word in file for word in odd), "Sans" not in file, file))
    )

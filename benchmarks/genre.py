"""What re-shared results look like: halves in one frame, huge words, contact sheets, prints, pages, filters.

Drawn with Pillow and OpenCV; nothing here is shared with `sample_clinic.copying` or `benchmarks.other_attacks`.
"""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Rgb: TypeAlias = NDArray[np.uint8]
Colour: TypeAlias = tuple[int, int, int]
WHITE: Final[Colour] = (255, 255, 255)
LINES: Final = (
    ("BEST RESULTS", "IN TEN DAYS", "CALL US NOW"),
    ("NO MORE", "THIN HAIR", "GUARANTEED"),
    ("SUMMER SALE", "MINUS 40 %", "BOOK TODAY"),
)
STAGES: Final = (("BEFORE", "AFTER"), ("Before", "After"), ("VORHER", "NACHHER"), ("1", "2"))
DOTS: Final = ((15, 0), (75, 1), (0, 2))  # degrees of each ink's raster, and its colour channel


def saved(image: Image.Image, quality: int) -> Image.Image:
    """Save as JPEG, and open again."""
    out = BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality)
    return Image.open(BytesIO(out.getvalue())).convert("RGB")


def longest(image: Image.Image, side: float) -> Image.Image:
    """Resize so that the long side has so many pixels."""
    by = side / max(image.size)
    size = max(1, round(image.width * by)), max(1, round(image.height * by))
    return image.resize(size, Image.Resampling.LANCZOS)


def ink(rng: Generator, low: int = 0, high: int = 256) -> Colour:
    """Choose a colour."""
    red, green, blue = (int(part) for part in rng.integers(low, high, 3))
    return red, green, blue


def written(
    brush: ImageDraw.ImageDraw, text: str, box: tuple[float, float, float, float], fill: Colour, bold: float
) -> None:
    """Write a line so that it fills a box (left, top, right, bottom)."""
    left, top, right, bottom = box
    size = bottom - top
    x0 = y0 = x1 = y1 = 0.0
    font, stroke = ImageFont.load_default(max(6.0, size)), 0
    for _ in range(4):
        font = ImageFont.load_default(max(6.0, size))
        stroke = round(bold * size)
        x0, y0, x1, y1 = brush.textbbox((0, 0), text, font=font, stroke_width=stroke)
        size *= min((right - left) / max(1, x1 - x0), (bottom - top) / max(1, y1 - y0), 2.0)
    other = (0, 0, 0) if sum(fill) > 380 else WHITE  # noqa: PLR2004
    x, y = left + (right - left - x1 + x0) / 2 - x0, top + (bottom - top - y1 + y0) / 2 - y0
    brush.text((x, y), text, font=font, fill=fill, stroke_width=stroke, stroke_fill=other if bold else fill)


# two of ours in one frame


def halves(before: Image.Image, after: Image.Image, rng: Generator, split: float = 0.5) -> Image.Image:
    """Set the left part of one photo beside the right part of another, with a line, labels or a slider."""
    high = int(rng.integers(500, 900))
    wide = round(high * before.width / before.height)
    one, other = (image.resize((wide, high), Image.Resampling.LANCZOS) for image in (before, after))
    cut = round(wide * (split + rng.uniform(-0.02, 0.02)))
    shown = other.copy()
    shown.paste(one.crop((0, 0, cut, high)), (0, 0))
    brush, style = ImageDraw.Draw(shown), int(rng.integers(3))
    if style:
        half = int(rng.integers(1, 6))
        paint = WHITE if rng.random() < 0.7 else ink(rng)  # noqa: PLR2004
        brush.rectangle((cut - half, 0, cut + half, high), fill=paint)
    if style == 2:  # noqa: PLR2004 (a slider)
        middle, reach = high * rng.uniform(0.4, 0.75), high * rng.uniform(0.03, 0.06)
        brush.ellipse((cut - reach, middle - reach, cut + reach, middle + reach), fill=WHITE)
        written(
            brush,
            "<>",
            (cut - reach / 2, middle - reach / 2, cut + reach / 2, middle + reach / 2),
            (40, 40, 40),
            0,
        )
    if style == 0 or rng.random() < 0.6:  # noqa: PLR2004
        labelled(shown, rng)
    return saved(shown, int(rng.integers(70, 92)))


def labelled(shown: Image.Image, rng: Generator) -> None:
    """Write before and after into two corners, on pills or plainly."""
    brush, (wide, high) = ImageDraw.Draw(shown), shown.size
    tall, words = high * rng.uniform(0.035, 0.07), STAGES[int(rng.integers(len(STAGES)))]
    top = high * (0.03 if rng.random() < 0.5 else 0.88)  # noqa: PLR2004
    ground, ways = ink(rng, 0, 90), rng.random() < 0.6  # noqa: PLR2004
    for text, left in zip(words, (0.04 * wide, 0.72 * wide), strict=True):
        box = (left, top, left + 0.24 * wide, top + tall)
        if ways:
            brush.rounded_rectangle((box[0] - 4, box[1] - 4, box[2] + 4, box[3] + 4), 8, fill=ground)
        written(brush, text, box, WHITE, 0)


# words and pages


def worded(image: Image.Image, rng: Generator, lines: int) -> Image.Image:
    """Write huge lines over it, as wide as the photo."""
    shown = longest(image, float(rng.integers(600, 1100)))
    brush, (wide, high) = ImageDraw.Draw(shown), shown.size
    words = LINES[int(rng.integers(len(LINES)))][:lines]
    share = rng.uniform(0.16, 0.21)
    starts = (0.06, 0.4, 0.74) if lines == 3 else (0.08, 0.7)  # noqa: PLR2004
    fill = WHITE if rng.random() < 0.6 else ink(rng)  # noqa: PLR2004
    for text, start in zip(words, starts, strict=True):
        written(brush, text, (0.02 * wide, start * high, 0.98 * wide, (start + share) * high), fill, 0.05)
    return saved(shown, int(rng.integers(65, 90)))


def sheet(image: Image.Image, rng: Generator, others: Sequence[Image.Image]) -> Image.Image:
    """Show it as one of 36 on a contact sheet, 175 pixels each."""
    side, gap = 175, int(rng.integers(3, 12))
    canvas = Image.new("RGB", (6 * (side + gap) + gap, 6 * (side + gap) + gap), WHITE)
    place = int(rng.integers(36))
    for number in range(36):
        tile = image if number == place else others[int(rng.integers(len(others)))]
        corner = gap + number % 6 * (side + gap), gap + number // 6 * (side + gap)
        canvas.paste(ImageOps.fit(tile, (side, side)), corner)
    return saved(canvas, 85)


def text_page(image: Image.Image, rng: Generator) -> Image.Image:
    """Print it small on a page of dense text, 3 to 12 % of its area."""
    wide, high = 1240, 1754
    canvas = Image.new("RGB", (wide, high), (252, 252, 250))
    brush, size = ImageDraw.Draw(canvas), int(rng.integers(15, 22))
    font = ImageFont.load_default(size)
    area = rng.uniform(0.03, 0.12) * wide * high
    by = np.sqrt(area / (image.width * image.height))
    shown = image.resize((int(image.width * by), int(image.height * by)), Image.Resampling.LANCZOS)
    for y in range(60, high - 60, round(1.35 * size)):
        words = " ".join(
            "".join(rng.choice(list("aeiounrstlmdcpgvbh"), int(rng.integers(2, 11)))) for _ in range(34)
        )
        brush.text((70, y), words[:150], font=font, fill=(25, 25, 30))
    brush.rectangle((wide - 65, 0, wide, high), fill=(252, 252, 250))
    left = int(rng.uniform(70, wide - 70 - shown.width))
    top = int(rng.uniform(60, high - 60 - shown.height))
    brush.rectangle(
        (left - 14, top - 14, left + shown.width + 14, top + shown.height + 14), fill=(252, 252, 250)
    )
    canvas.paste(shown, (left, top))
    return saved(canvas, int(rng.integers(60, 88)))


def story(image: Image.Image, rng: Generator) -> Image.Image:
    """Show it as a story: upright, on its own blurred enlargement, with stickers and a name."""
    wide, high = 720, 1280
    canvas = ImageOps.fit(image, (wide, high)).filter(ImageFilter.GaussianBlur(28))
    shown = longest(image, wide * rng.uniform(0.8, 0.98))
    left, top = (wide - shown.width) // 2, int((high - shown.height) * rng.uniform(0.3, 0.6))
    canvas.paste(shown, (left, top))
    brush = ImageDraw.Draw(canvas)
    for _ in range(int(rng.integers(2, 5))):
        x, y = rng.uniform(0, wide), top + rng.uniform(-0.1, 1.1) * shown.height
        reach = rng.uniform(0.04, 0.1) * wide
        brush.ellipse((x - reach, y - reach, x + reach, y + reach), fill=ink(rng, 60))
    written(brush, "@hairdreams", (0.08 * wide, 60, 0.5 * wide, 110), WHITE, 0.04)
    written(brush, "WOW! Link in bio", (0.15 * wide, high - 190, 0.85 * wide, high - 110), WHITE, 0.04)
    return saved(canvas, 80)


# printed and filmed


def raster(image: Image.Image, rng: Generator) -> Image.Image:
    """Print it in dots and scan that, 420 pixels."""
    big = longest(image, 1680)
    pixels = 1 - np.asarray(big, np.float32) / 255
    rows, columns = np.mgrid[0 : big.height, 0 : big.width].astype(np.float32)
    cell, printed = rng.uniform(9, 14), np.zeros_like(pixels)
    for degrees, channel in DOTS:
        turn = np.deg2rad(degrees)
        along, across = (
            columns * np.cos(turn) + rows * np.sin(turn),
            rows * np.cos(turn) - columns * np.sin(turn),
        )
        screen = (np.cos(2 * np.pi * along / cell) * np.cos(2 * np.pi * across / cell) + 1) / 2
        printed[..., channel] = pixels[..., channel] > screen
    paper = 250 - 225 * printed
    shown = Image.fromarray(paper.astype(np.uint8)).resize(
        (round(big.width / 4), round(big.height / 4)), Image.Resampling.BOX
    )
    return saved(shown.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.8))), 80)


def video(image: Image.Image, rng: Generator) -> Image.Image:
    """Take a still of a 144-line video."""
    shown = image.resize((round(144 * image.width / image.height), 144), Image.Resampling.BILINEAR)
    canvas = Image.new("RGB", (256, 144))
    canvas.paste(shown, ((256 - shown.width) // 2, 0))
    return saved(canvas, int(rng.integers(25, 50)))


# another shape


def moved(image: Image.Image, across: NDArray[np.float32], down: NDArray[np.float32]) -> Image.Image:
    """Take every pixel from so far away."""
    rows, columns = np.mgrid[0 : image.height, 0 : image.width].astype(np.float32)
    shown = cv2.remap(
        np.asarray(image), columns + across, rows + down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return Image.fromarray(np.asarray(shown, np.uint8))


def slimmed(image: Image.Image, rng: Generator) -> Image.Image:
    """Make the head narrower, as an app does: most at its sides, nothing at the edges of the picture."""
    rows, columns = np.mgrid[0 : image.height, 0 : image.width].astype(np.float32)
    x, y = (columns / image.width - 0.5) / 0.22, (rows / image.height - 0.5) / 0.3
    reach = np.exp(-(x**2 + y**2) / 1.4).astype(np.float32)
    amount = rng.uniform(0.05, 0.1)
    return saved(moved(image, amount * reach * (columns - image.width / 2) * 2, np.zeros_like(reach)), 85)


def wavy(image: Image.Image, rng: Generator) -> Image.Image:
    """Bend it in waves."""
    rows, columns = np.mgrid[0 : image.height, 0 : image.width].astype(np.float32)
    size = max(image.size)
    reach, length = rng.uniform(0.006, 0.014) * size, rng.uniform(0.18, 0.4) * size
    across = reach * np.sin(2 * np.pi * rows / length + rng.uniform(0, 6)).astype(np.float32)
    down = reach * np.sin(2 * np.pi * columns / length + rng.uniform(0, 6)).astype(np.float32)
    return saved(moved(image, across.astype(np.float32), down.astype(np.float32)), 85)


def slanted(image: Image.Image, rng: Generator) -> Image.Image:
    """Show it in a perspective that takes 35 % off one side."""
    wide, high = image.size
    off = 0.175 * high
    inward = [(0, off), (0, -off)] if rng.random() < 0.5 else [(0, 0), (0, 0)]  # noqa: PLR2004
    away = [(0, 0), (0, 0)] if inward[0][1] else [(0, off), (0, -off)]
    corners = np.array([(0, 0), (0, high), (wide, 0), (wide, high)], np.float32)
    shown = corners + np.array([*inward, *away], np.float32)
    shown[:, 0] *= np.float32(rng.uniform(0.75, 1.0))
    matrix = cv2.getPerspectiveTransform(corners, shown)
    seen = cv2.warpPerspective(
        np.asarray(image), matrix, (wide, high), flags=cv2.INTER_AREA, borderValue=ink(rng)
    )
    return saved(longest(Image.fromarray(np.asarray(seen, np.uint8)), 900), 85)


# another skin


def beautified(image: Image.Image, rng: Generator) -> Image.Image:
    """Smooth the skin, brighten it, whiten, widen the eyes' region a little, glow."""
    pixels = np.asarray(longest(image, 900))
    for _ in range(3):
        pixels = np.asarray(cv2.bilateralFilter(pixels, 9, 45, 7), np.uint8)
    smooth = Image.fromarray(pixels)
    glow = Image.blend(smooth, smooth.filter(ImageFilter.GaussianBlur(14)), rng.uniform(0.15, 0.3))
    bright = ImageEnhance.Color(ImageEnhance.Brightness(glow).enhance(1.12)).enhance(rng.uniform(0.9, 1.25))
    return slimmed(bright, rng) if rng.random() < 0.3 else saved(bright, 85)  # noqa: PLR2004


def cartooned(image: Image.Image, rng: Generator) -> Image.Image:
    """Turn it to flat colours with dark outlines."""
    pixels = np.asarray(longest(image, 800))
    for _ in range(4):
        pixels = np.asarray(cv2.bilateralFilter(pixels, 9, 60, 9), np.uint8)
    levels = int(rng.integers(6, 10))
    flat = (np.floor(pixels / 256 * levels) + 0.5) * (256 / levels)
    luma = cv2.medianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), 5)
    lines = cv2.adaptiveThreshold(luma, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 9, 4)
    return saved(Image.fromarray(np.where(lines[..., None] > 0, flat, flat * 0.25).astype(np.uint8)), 85)


def redressed(image: Image.Image, rng: Generator) -> Image.Image:
    """Give it other clothes: a pattern over chest and shoulders."""
    shown = image.copy()
    wide, high = shown.size
    mask = Image.new("L", shown.size, 0)
    ImageDraw.Draw(mask).polygon(
        [
            (0.02 * wide, high),
            (0.14 * wide, 0.84 * high),
            (0.38 * wide, 0.78 * high),
            (0.5 * wide, 0.84 * high),
            (0.62 * wide, 0.78 * high),
            (0.86 * wide, 0.84 * high),
            (0.98 * wide, high),
        ],
        fill=255,
    )
    rows, columns = np.mgrid[0:high, 0:wide]
    checks = ((rows // max(8, high // 50) + columns // max(8, wide // 40)) % 2)[..., None]
    pattern = np.where(checks > 0, np.array(ink(rng)), np.array(ink(rng))).astype(np.uint8)
    shown.paste(Image.fromarray(pattern), (0, 0), mask.filter(ImageFilter.GaussianBlur(2)))
    if rng.random() < 0.5:  # noqa: PLR2004
        shown = recoloured(shown, rng)
    return saved(shown, 85)


def recoloured(image: Image.Image, rng: Generator) -> Image.Image:
    """Turn its colours by one filter."""
    red, green, blue = (
        np.clip(np.arange(256) * rng.uniform(0.8, 1.2) + rng.uniform(-18, 18), 0, 255).astype(int).tolist()
        for _ in range(3)
    )
    return image.point(red + green + blue)


def cut_out_barred(image: Image.Image, rng: Generator, ground: Image.Image) -> Image.Image:
    """Set head and shoulders on another background, and bar the eyes."""
    shown = Image.composite(image, ImageOps.fit(ground, image.size), silhouette(image.size))
    wide, high = image.size
    top = rng.uniform(0.36, 0.46)
    ImageDraw.Draw(shown).rectangle(
        (0.28 * wide, top * high, 0.72 * wide, (top + rng.uniform(0.07, 0.11)) * high), fill=(8, 8, 8)
    )
    return saved(longest(shown, 900), 82)


def silhouette(size: tuple[int, int]) -> Image.Image:
    """Head and shoulders as a soft mask."""
    mask = Image.new("L", size, 0)
    brush, (wide, high) = ImageDraw.Draw(mask), size
    brush.ellipse((0.26 * wide, 0.06 * high, 0.74 * wide, 0.8 * high), fill=255)
    brush.ellipse((0.08 * wide, 0.72 * high, 0.92 * wide, 1.6 * high), fill=255)
    return mask.filter(ImageFilter.GaussianBlur(0.006 * wide))


def tiled_mark(image: Image.Image, rng: Generator) -> Image.Image:
    """Write another clinic's name all over it, slanted and translucent."""
    shown = longest(image, float(rng.integers(500, 1000)))
    layer = Image.new("L", (2 * max(shown.size),) * 2, 0)
    brush, size = ImageDraw.Draw(layer), int(rng.uniform(0.045, 0.08) * max(shown.size))
    font = ImageFont.load_default(size)
    for row, y in enumerate(range(0, layer.height, round(1.7 * size))):
        for x in range(-(row % 2) * 3 * size, layer.width, round(6.5 * size)):
            brush.text(
                (x, y), "DREAM HAIR", font=font, fill=255, stroke_width=max(1, size // 18), stroke_fill=255
            )
    turned = layer.rotate(rng.uniform(20, 40), Image.Resampling.BICUBIC)
    left, top = (turned.width - shown.width) // 2, (turned.height - shown.height) // 2
    mask = turned.crop((left, top, left + shown.width, top + shown.height))
    strength = rng.uniform(0.4, 0.7)
    shown.paste(
        WHITE if rng.random() < 0.7 else ink(rng),  # noqa: PLR2004
        (0, 0, *shown.size),
        mask.point([int(strength * v) for v in range(256)]),
    )
    return saved(shown, 80)


def blended(image: Image.Image, rng: Generator, other: Image.Image) -> Image.Image:
    """Lay another picture over it, both half transparent."""
    shown = longest(image, float(rng.integers(500, 1000)))
    return saved(Image.blend(shown, ImageOps.fit(other, shown.size), rng.uniform(0.45, 0.55)), 85)


Way: TypeAlias = Callable[[Image.Image, Generator, Sequence[Image.Image]], Image.Image]


def _one(others: Sequence[Image.Image], rng: Generator) -> Image.Image:
    return others[int(rng.integers(len(others)))]


WAYS: Final[Mapping[str, Way]] = {
    "three lines of words": lambda image, rng, _others: worded(image, rng, 3),
    "two lines of words": lambda image, rng, _others: worded(image, rng, 2),
    "one of 36": sheet,
    "raster": lambda image, rng, _others: raster(image, rng),
    "page of text": lambda image, rng, _others: text_page(image, rng),
    "story": lambda image, rng, _others: story(image, rng),
    "144 lines": lambda image, rng, _others: video(image, rng),
    "tiled mark": lambda image, rng, _others: tiled_mark(image, rng),
    "blend": lambda image, rng, others: blended(image, rng, _one(others, rng)),
    "head slimmed": lambda image, rng, _others: slimmed(image, rng),
    "cut out, barred": lambda image, rng, others: cut_out_barred(image, rng, _one(others, rng)),
    "perspective": lambda image, rng, _others: slanted(image, rng),
    "wavy": lambda image, rng, _others: wavy(image, rng),
    "beauty filter": lambda image, rng, _others: beautified(image, rng),
    "cartoon": lambda image, rng, _others: cartooned(image, rng),
    "redressed": lambda image, rng, _others: redressed(image, rng),
    "saved again": lambda image, rng, _others: saved(
        longest(image, min(1000, max(image.size))), int(rng.integers(60, 90))
    ),
}
"""Every way of showing one photo; `others` are pictures that it is set among."""

HARD: Final = frozenset(
    {"head slimmed", "cut out, barred", "perspective", "wavy", "beauty filter", "cartoon", "redressed"}
)
"""Those of which `possible` is asked, not `copy`."""

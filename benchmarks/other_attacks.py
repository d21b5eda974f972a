"""Ways of copying written with Pillow alone: nothing here is shared with what the matcher was trained on."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from typing import Final

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Attack = Callable[[Image.Image, Generator], Image.Image]
Point = tuple[float, float]


def saved(image: Image.Image, quality: int, kind: str = "JPEG") -> Image.Image:
    """Save with loss, and open again."""
    out = BytesIO()
    image.convert("RGB").save(out, kind, quality=quality)
    return Image.open(BytesIO(out.getvalue())).convert("RGB")


def _scaled(image: Image.Image, by: float) -> Image.Image:
    size = max(1, round(image.width * by)), max(1, round(image.height * by))
    return image.resize(size, Image.Resampling.LANCZOS)


def _longest(image: Image.Image, side: float) -> Image.Image:
    return _scaled(image, side / max(image.size))


def _shrunk(side: int, quality: int) -> Attack:
    return lambda image, _rng: saved(_longest(image, side), quality)


def _ink(rng: Generator) -> tuple[int, int, int]:
    red, green, blue = (int(part) for part in rng.integers(0, 256, 3))
    return red, green, blue


def _clouds(rng: Generator, width: int, height: int) -> Image.Image:
    """A neighbour: coloured clouds with shards in front."""
    total = np.zeros((height, width), np.float32)
    for count in (4, 12, 40, 120):
        coarse = rng.random((height * count // 1000 + 2, width * count // 1000 + 2)).astype(np.float32)
        layer = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        total += (np.asarray(layer) - 0.5) / count**0.5
    pixels = 128 + total[..., None] * rng.uniform(100, 500, 3) + rng.uniform(-60, 60, 3)
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    brush = ImageDraw.Draw(image)
    for _ in range(6):
        corner = rng.uniform(0, 1, 2) * (width, height)
        shard = [(float(x), float(y)) for x, y in corner + rng.uniform(-200, 200, (3, 2))]
        brush.polygon(shard, fill=_ink(rng))
    return image


# other values


def _blurred(image: Image.Image, rng: Generator) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.002, 0.005) * max(image.size)))


def _grained(image: Image.Image, spread: float, rng: Generator) -> Image.Image:
    pixels = np.asarray(image, np.float32) + rng.normal(0, spread, (image.height, image.width, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _noised(image: Image.Image, rng: Generator) -> Image.Image:
    return saved(_grained(image, rng.uniform(12, 30), rng), 80)


def _recoloured(image: Image.Image, rng: Generator) -> Image.Image:
    hue, saturation, value = (np.asarray(part, np.float32) for part in image.convert("HSV").split())
    turned = (hue + rng.integers(8, 40)) % 256
    bands = [turned, np.clip(saturation * rng.uniform(0.6, 1.5), 0, 255), value]
    return Image.merge("HSV", [Image.fromarray(band.astype(np.uint8)) for band in bands]).convert("RGB")


def _filtered(image: Image.Image, rng: Generator) -> Image.Image:
    changed = ImageEnhance.Brightness(image).enhance(rng.uniform(0.8, 1.25))
    changed = ImageEnhance.Contrast(changed).enhance(rng.uniform(0.7, 1.4))
    return Image.blend(changed, Image.new("RGB", image.size, _ink(rng)), rng.uniform(0.08, 0.25))


def _few_colours(image: Image.Image, rng: Generator) -> Image.Image:
    dither = Image.Dither.NONE if rng.random() < 0.5 else Image.Dither.FLOYDSTEINBERG  # noqa: PLR2004
    return image.quantize(48, dither=dither).convert("RGB")


def _smoothed(image: Image.Image, _rng: Generator) -> Image.Image:
    flat = _scaled(_scaled(image, 0.5).filter(ImageFilter.MedianFilter(5)), 2.2)
    return ImageEnhance.Sharpness(flat).enhance(1.8)


def _sharpened(image: Image.Image, _rng: Generator) -> Image.Image:
    return saved(image.filter(ImageFilter.UnsharpMask(3, 220, 1)), 80)


# another shape


def _mirrored(image: Image.Image, _rng: Generator) -> Image.Image:
    return saved(ImageOps.mirror(image), 75)


def _turned(degrees: float) -> Attack:
    def turn(image: Image.Image, rng: Generator) -> Image.Image:
        way, grow = float(rng.choice([-1, 1])), bool(rng.random() < 0.4)  # noqa: PLR2004
        white = (255, 255, 255)
        return saved(image.rotate(way * degrees, Image.Resampling.BICUBIC, expand=grow, fillcolor=white), 85)

    return turn


def _quarter(image: Image.Image, rng: Generator) -> Image.Image:
    return image.rotate(90 * int(rng.choice([1, 3])), expand=True)


def _stretched(image: Image.Image, rng: Generator) -> Image.Image:
    return image.resize((int(image.width * rng.uniform(1.15, 1.35)), image.height))


def _cropped(image: Image.Image, rng: Generator, share: float) -> Image.Image:
    across = math.sqrt(share) * rng.uniform(0.92, 1.08)
    wide, high = int(image.width * min(1, across)), int(image.height * min(1, share / across))
    left, top = (
        int(rng.uniform(0.15, 0.85) * (image.width - wide)),
        int(rng.uniform(0.1, 0.75) * (image.height - high)),
    )
    return saved(image.crop((left, top, left + wide, top + high)), 85)


def _crop(share: float) -> Attack:
    return partial(_cropped, share=share)


def _foot_cut(image: Image.Image, rng: Generator) -> Image.Image:
    return saved(image.crop((0, 0, image.width, int(image.height * rng.uniform(0.74, 0.84)))), 80)


def _half(image: Image.Image, rng: Generator) -> Image.Image:
    left = 0 if rng.random() < 0.5 else image.width // 2  # noqa: PLR2004
    return saved(image.crop((left, 0, left + image.width // 2, image.height)), 85)


# covered


def _framed(image: Image.Image, rng: Generator) -> Image.Image:
    return ImageOps.expand(image, int(image.width * rng.uniform(0.03, 0.12)), _ink(rng))


def _bannered(image: Image.Image, rng: Generator) -> Image.Image:
    shown = image.copy()
    brush, high = ImageDraw.Draw(shown), image.height * rng.uniform(0.1, 0.2)
    top = 0 if rng.random() < 0.4 else image.height - high  # noqa: PLR2004
    brush.rectangle((0, top, image.width, top + high), fill=_ink(rng))
    font = ImageFont.load_default(max(8, int(high / 2)))
    brush.text((20, top + 0.2 * high), "BOOK NOW 0800 555", font=font, fill=(255, 255, 255))
    return saved(shown, 80)


def _logo(image: Image.Image, rng: Generator) -> Image.Image:
    shown = image.copy()
    brush, side = ImageDraw.Draw(shown), image.width * rng.uniform(0.15, 0.3)
    left, top = rng.uniform(0, image.width - side), rng.uniform(0, max(1.0, image.height - side))
    brush.ellipse((left, top, left + side, top + side), fill=_ink(rng))
    font = ImageFont.load_default(max(8, int(0.3 * side)))
    brush.text((left + 0.2 * side, top + 0.35 * side), "INK", font=font, fill=(0, 0, 0))
    return saved(shown, 80)


def _mosaic(image: Image.Image, rng: Generator) -> Image.Image:
    shown = image.copy()
    box = (int(image.width * 0.2), int(image.height * 0.38), int(image.width * 0.8), int(image.height * 0.55))
    eyes, cell = image.crop(box), int(rng.integers(14, 30))
    coarse = eyes.resize((max(1, eyes.width // cell), max(1, eyes.height // cell)), Image.Resampling.BOX)
    shown.paste(coarse.resize(eyes.size, Image.Resampling.NEAREST), box)
    return saved(shown, 85)


def _set_before(image: Image.Image, rng: Generator) -> Image.Image:
    mask = Image.new("L", image.size, 0)
    brush, (width, height) = ImageDraw.Draw(mask), image.size
    brush.ellipse((0.2 * width, 0.08 * height, 0.8 * width, 0.8 * height), fill=255)
    brush.rectangle((0.22 * width, 0.75 * height, 0.78 * width, height), fill=255)
    soft = mask.filter(ImageFilter.GaussianBlur(3))
    return saved(Image.composite(image, _clouds(rng, width, height), soft), 80)


def _painted_over(image: Image.Image, _rng: Generator) -> Image.Image:
    shown = image.copy()
    box = (int(image.width * 0.1), int(image.height * 0.83), int(image.width * 0.9), int(image.height * 0.95))
    foot = image.crop(box)
    few = foot.resize((10, 2), Image.Resampling.BOX)
    shown.paste(few.resize(foot.size, Image.Resampling.BICUBIC), box)
    return saved(shown, 85)


# set among others


def _beside(image: Image.Image, rng: Generator) -> Image.Image:
    ours = _scaled(image, int(rng.integers(400, 800)) / image.height)
    sides = [ours, _clouds(rng, *ours.size)]
    if rng.random() < 0.5:  # noqa: PLR2004
        sides.reverse()
    canvas = Image.new("RGB", (2 * ours.width + 8, ours.height), "white")
    canvas.paste(sides[0], (0, 0))
    canvas.paste(sides[1], (ours.width + 8, 0))
    return saved(canvas, 80)


def _tiled(image: Image.Image, rng: Generator) -> Image.Image:
    side = int(rng.integers(300, 480))
    tiles = [ImageOps.fit(image, (side, side)), *(_clouds(rng, side, side) for _ in range(3))]
    canvas = Image.new("RGB", (2 * side, 2 * side))
    for place, tile in enumerate(rng.permutation(4)):
        canvas.paste(tiles[tile], (place % 2 * side, place // 2 * side))
    return saved(canvas, 80)


def _on_a_page(image: Image.Image, rng: Generator) -> Image.Image:
    canvas = Image.new("RGB", (1280, 900), (250, 250, 247))
    brush, font = ImageDraw.Draw(canvas), ImageFont.load_default(20)
    brush.rectangle((0, 0, 1280, 80), fill=(30, 60, 90))
    shown = _longest(image, rng.uniform(420, 640))
    canvas.paste(shown, (int(rng.uniform(30, 1240 - shown.width)), 110))
    for line in range(4):
        text = "Lorem ipsum dolor sit amet results may vary consult"
        brush.text((30, 770 + 28 * line), text, font=font, fill=(40, 40, 40))
    return saved(canvas, 85)


def _off_a_screen(image: Image.Image, rng: Generator) -> Image.Image:
    pixels = np.asarray(_longest(image, 900), np.float32)
    rows, columns = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    weave = 1 + 0.05 * np.sin(columns * rng.uniform(0.5, 1.5)) + 0.04 * np.sin(rows * rng.uniform(0.4, 1.2))
    curved = 255 * (np.clip(pixels * weave[..., None], 0, 255) / 255) ** rng.uniform(0.8, 1.25)
    shown = ImageOps.expand(Image.fromarray(curved.astype(np.uint8)), 60, (14, 14, 14))
    width, height = shown.size
    square = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    inward = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
    slanted = square + inward * rng.uniform(-0.05, 0.08, (4, 2)) * (width, height)
    tilted = shown.transform(
        shown.size, Image.Transform.PERSPECTIVE, _perspective(square, slanted), Image.Resampling.BICUBIC
    )
    return saved(_grained(tilted.filter(ImageFilter.GaussianBlur(rng.uniform(0.6, 1.3))), 4, rng), 75)


def _perspective(shown: np.ndarray, source: np.ndarray) -> list[float]:
    """Pillow's eight numbers that take `shown` corners to `source` corners."""
    rows, wanted = [], []
    for (x, y), (u, v) in zip(shown, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    numbers: list[float] = np.linalg.solve(np.array(rows), np.array(wanted)).tolist()
    return numbers


# several at once


def _mirrored_part(image: Image.Image, rng: Generator) -> Image.Image:
    shown = ImageOps.mirror(image) if rng.random() < 0.5 else image  # noqa: PLR2004
    return saved(_filtered(_cropped(shown, rng, rng.uniform(0.45, 0.8)), rng), 45)


def _small_bannered(image: Image.Image, rng: Generator) -> Image.Image:
    return _bannered(saved(_scaled(_foot_cut(image, rng), 0.4), 60), rng)


def _small_recoloured(image: Image.Image, rng: Generator) -> Image.Image:
    return saved(ImageOps.mirror(_longest(_recoloured(_cropped(image, rng, 0.6), rng), 400)), 50)


OTHER_ATTACKS: Final[Mapping[str, Attack]] = {
    "JPEG 30": lambda image, _rng: saved(image, 30),
    "JPEG 10": lambda image, _rng: saved(image, 10),
    "WebP 20": lambda image, _rng: saved(image, 20, "WEBP"),
    "320 px": _shrunk(320, 75),
    "160 px": _shrunk(160, 75),
    "96 px": _shrunk(96, 80),
    "blurred": _blurred,
    "noised": _noised,
    "recoloured": _recoloured,
    "filtered": _filtered,
    "grey": lambda image, _rng: saved(image.convert("L"), 70),
    "48 colours": _few_colours,
    "smoothed": _smoothed,
    "sharpened": _sharpened,
    "mirrored": _mirrored,
    "turned 3°": _turned(3),
    "turned 10°": _turned(10),
    "turned 90°": _quarter,
    "stretched": _stretched,
    "70 % crop": _crop(0.70),
    "50 % crop": _crop(0.50),
    "25 % crop": _crop(0.25),
    "12 % crop": _crop(0.12),
    "foot cut off": _foot_cut,
    "mark painted over": _painted_over,
    "framed": _framed,
    "banner": _bannered,
    "logo": _logo,
    "mosaic": _mosaic,
    "new background": _set_before,
    "half": _half,
    "beside another": _beside,
    "tile of four": _tiled,
    "page": _on_a_page,
    "screen": _off_a_screen,
    "mirrored part, filtered": _mirrored_part,
    "foot cut off, small, banner": _small_bannered,
    "part, recoloured, small, mirrored": _small_recoloured,
}
"""Every way, by its name."""

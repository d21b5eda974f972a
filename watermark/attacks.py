"""The ways photographs are copied, each as one small function: what the matcher is calibrated on and must survive.

Every function takes a picture and a source of chance, and gives the copy a stranger would show. What a copy is set
among (screens, neighbours, logos) is drawn here too, so that it looks like nothing in `watermark.samples`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from watermark.pixels import Picture

Attack = Callable[[Picture, Generator], Picture]
Pixels = NDArray[np.uint8]


def _picture(pixels: NDArray[np.generic]) -> Picture:
    return Picture(np.ascontiguousarray(np.clip(pixels, 0, 255).astype(np.uint8)))


def _sized(pixels: Pixels, width: float, height: float) -> Pixels:
    size = (max(1, round(width)), max(1, round(height)))
    way = cv2.INTER_AREA if size[0] < pixels.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=way), np.uint8)


def _longest(picture: Picture, longest: float) -> Pixels:
    scale = longest / max(picture.width, picture.height)
    return _sized(picture.rgb, picture.width * scale, picture.height * scale)


def _colour(rng: Generator, low: int = 0, high: int = 256) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(low, high, 3))
    return red, green, blue


def _clouds(rng: Generator, height: int, width: int) -> NDArray[np.float32]:
    """Smooth noise of several scales, 0 to 1."""
    total = np.zeros((height, width), np.float32)
    for cells in (3, 8, 24, 80):
        coarse = rng.random((cells, cells)).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) / np.float32(cells**0.6)
    low, high = float(total.min()), float(total.max())
    return np.asarray((total - low) / np.float32(max(high - low, 1e-6)), np.float32)


def _stranger(rng: Generator, height: int, width: int) -> Pixels:
    """Draw a neighbour picture: an oval or two, boxes and clouds in colours of its own."""
    mix = _clouds(rng, height, width)[..., None]
    first, second = (np.array(_colour(rng), np.float32) for _ in range(2))
    canvas = np.ascontiguousarray(first * mix + second * (1 - mix))
    for _ in range(int(rng.integers(1, 6))):
        place, size = rng.random(2) * (width, height), rng.uniform(0.05, 0.4, 2) * (width, height)
        shape = (int(place[0]), int(place[1])), (int(size[0]) + 1, int(size[1]) + 1)
        cv2.ellipse(canvas, *shape, float(rng.uniform(0, 180)), 0, 360, _colour(rng), -1, cv2.LINE_AA)
    canvas *= 1 + rng.normal(0, 0.05, (height, width, 1))
    return np.asarray(np.clip(cv2.GaussianBlur(canvas, (0, 0), 1.0), 0, 255), np.uint8)


def _letters(canvas: Pixels, rng: Generator, text: str, box: tuple[int, int, int, int], ink: tuple[int, int, int]) -> None:
    """Write text so that it fills a box (left, top, right, bottom)."""
    face = int(rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX]))
    (wide, tall), _ = cv2.getTextSize(text, face, 1.0, 2)
    scale = min((box[2] - box[0]) / wide, (box[3] - box[1]) / (tall * 1.3))
    cv2.putText(canvas, text, (box[0], box[3] - 2), face, scale, ink, max(1, round(2 * scale)), cv2.LINE_AA)


def _name(rng: Generator) -> str:
    return "".join(rng.choice(list("AEIOUBCDFGKLMNPRSTVX"), int(rng.integers(4, 10))))


# --- the same picture, coded or measured differently ---------------------------------------------------------------


def jpeg(picture: Picture, rng: Generator, low: int = 10, high: int = 60) -> Picture:
    """Save as JPEG at a quality between `low` and `high`."""
    return _saved(picture, ".jpg", cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(low, high + 1)))


def webp(picture: Picture, rng: Generator) -> Picture:
    """Save as lossy WebP."""
    return _saved(picture, ".webp", cv2.IMWRITE_WEBP_QUALITY, int(rng.integers(15, 70)))


def _saved(picture: Picture, suffix: str, option: int, quality: int) -> Picture:
    _, body = cv2.imencode(suffix, picture.rgb[..., ::-1], [option, quality])
    return _picture(np.asarray(cv2.imdecode(body, cv2.IMREAD_COLOR))[..., ::-1])


def shrunk(picture: Picture, rng: Generator, longest: int = 0) -> Picture:
    """Shrink to `longest` pixels (or some thumbnail size), and save as sites do."""
    return jpeg(_picture(_longest(picture, longest or rng.integers(200, 640))), rng, 60, 88)


def enlarged(picture: Picture, rng: Generator) -> Picture:
    """Shrink to half or less, then enlarge again."""
    small = _sized(picture.rgb, *(rng.uniform(0.3, 0.5) * np.array([picture.width, picture.height])))
    return _picture(_sized(small, picture.width * rng.uniform(0.9, 1.3), picture.height * 1.1))


def blurred(picture: Picture, rng: Generator) -> Picture:
    """Blur as if out of focus."""
    sigma = rng.uniform(0.0015, 0.005) * max(picture.width, picture.height)
    return _picture(cv2.GaussianBlur(picture.rgb, (0, 0), sigma))


def noised(picture: Picture, rng: Generator) -> Picture:
    """Add grain."""
    return _picture(picture.rgb + rng.normal(0, rng.uniform(8, 28), picture.rgb.shape))


def sharpened(picture: Picture, rng: Generator) -> Picture:
    """Sharpen hard, as upscalers and phones do."""
    soft = cv2.GaussianBlur(picture.rgb, (0, 0), rng.uniform(1.0, 3.0)).astype(np.float32)
    return _picture(picture.rgb + rng.uniform(0.8, 2.2) * (picture.rgb - soft))


def smoothed(picture: Picture, rng: Generator) -> Picture:
    """Smooth skin and keep edges, as beauty filters and AI upscalers do."""
    pixels = picture.rgb
    for _ in range(int(rng.integers(1, 3))):
        pixels = np.asarray(cv2.bilateralFilter(pixels, 9, rng.uniform(25, 70), rng.uniform(3, 9)), np.uint8)
    return sharpened(_picture(pixels), rng) if rng.random() < 0.5 else _picture(pixels)  # noqa: PLR2004


def denoised(picture: Picture, rng: Generator) -> Picture:
    """Denoise by non-local means on a smaller copy (which is what such services do), then enlarge."""
    small = _longest(picture, min(700, max(picture.width, picture.height)))
    flat = cv2.fastNlMeansDenoising(np.ascontiguousarray(small), None, float(rng.uniform(4, 12)), 5, 13)
    return _picture(_sized(np.asarray(flat, np.uint8), small.shape[1] * 1.5, small.shape[0] * 1.5))


# --- other colours -------------------------------------------------------------------------------------------------


def grey(picture: Picture, rng: Generator) -> Picture:
    """Turn grey, with a contrast of its own."""
    flat = picture.rgb @ rng.dirichlet([6, 10, 3])
    return _picture(np.repeat(((flat - 128) * rng.uniform(0.8, 1.3) + 128)[..., None], 3, axis=2))


def sepia(picture: Picture, rng: Generator) -> Picture:
    """Tint brown."""
    flat = (picture.rgb @ np.array([0.3, 0.59, 0.11]))[..., None]
    return _picture(flat * np.array([1.07, 0.87, 0.65]) * rng.uniform(0.85, 1.15))


def recoloured(picture: Picture, rng: Generator) -> Picture:
    """Turn the hues and change the saturation, as one filter for the whole picture."""
    mix = np.eye(3) + rng.normal(0, 0.14, (3, 3))
    return _picture((picture.rgb.astype(np.float32) @ mix.astype(np.float32)) * rng.uniform(0.85, 1.15) + rng.normal(0, 10, 3))


def filtered(picture: Picture, rng: Generator) -> Picture:
    """Apply a social network's filter: curves for each colour, dark corners, faded blacks."""
    levels = np.linspace(0, 1, 256)
    table = np.stack([255 * (rng.uniform(0, 0.15) + (1 - rng.uniform(0.1, 0.2)) * levels ** rng.uniform(0.6, 1.6)) for _ in range(3)], 1)
    pixels = np.take_along_axis(table, picture.rgb.reshape(-1, 3), axis=0).reshape(picture.rgb.shape)
    across = np.linspace(-1, 1, picture.width) ** 2 + np.linspace(-1, 1, picture.height)[:, None] ** 2
    return _picture(pixels * (1 - rng.uniform(0, 0.25) * across)[..., None])


def few_colours(picture: Picture, rng: Generator) -> Picture:
    """Keep 48 colours, as a GIF with a small palette does."""
    sample = picture.rgb.reshape(-1, 3)[rng.integers(0, picture.width * picture.height, 4000)].astype(np.float32)
    stop = (cv2.TERM_CRITERIA_MAX_ITER, 8, 1.0)
    _, _, palette = cv2.kmeans(sample, 48, np.empty(0), stop, 1, cv2.KMEANS_RANDOM_CENTERS)  # type: ignore[call-overload]
    cube = np.stack(np.meshgrid(*[np.arange(4, 256, 8)] * 3, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
    nearest = np.argmin((cube**2).sum(1)[:, None] - 2 * cube @ palette.T + (palette**2).sum(1), axis=1)
    red, green, blue = np.moveaxis(picture.rgb.astype(np.int64) >> 3, 2, 0)
    return _picture(palette[nearest[(red * 32 + green) * 32 + blue]])


def brighter(picture: Picture, rng: Generator) -> Picture:
    """Brighten, clipping what was light."""
    return _picture(picture.rgb * rng.uniform(1.15, 1.55) + rng.uniform(0, 25))


def darker(picture: Picture, rng: Generator) -> Picture:
    """Darken."""
    return _picture(255 * (picture.rgb / 255.0) ** rng.uniform(1.2, 2.0) * rng.uniform(0.75, 1.0))


def contrasted(picture: Picture, rng: Generator) -> Picture:
    """Raise or lower the contrast."""
    factor = rng.uniform(1.25, 1.8) if rng.random() < 0.6 else rng.uniform(0.45, 0.75)  # noqa: PLR2004
    return _picture((picture.rgb.astype(np.float32) - 128) * factor + 128)


# --- another shape -------------------------------------------------------------------------------------------------


def mirrored(picture: Picture, rng: Generator) -> Picture:
    """Mirror left to right, and save."""
    return jpeg(_picture(picture.rgb[:, ::-1]), rng, 55, 90)


def rotated(picture: Picture, rng: Generator, degrees: float = 0.0) -> Picture:
    """Turn by a few degrees (or `degrees`, either way), and cut the corners or leave them plain."""
    angle = (degrees or rng.uniform(1, 12)) * rng.choice([-1, 1])
    middle = (picture.width / 2, picture.height / 2)
    cut = rng.random() < 0.5  # noqa: PLR2004
    turn = np.abs(np.radians(angle))
    ratio = max(picture.width, picture.height) / min(picture.width, picture.height)
    zoom = np.cos(turn) + ratio * np.sin(turn) if cut else 1.0
    matrix = cv2.getRotationMatrix2D(middle, float(angle), float(zoom))
    return _warped(picture, matrix, _colour(rng))


def _warped(picture: Picture, matrix: NDArray[np.float64], edge: tuple[int, int, int]) -> Picture:
    size = (picture.width, picture.height)
    return _picture(cv2.warpAffine(picture.rgb, matrix, size, flags=cv2.INTER_CUBIC, borderValue=edge))


def quarter_turned(picture: Picture, rng: Generator) -> Picture:
    """Turn by 90° either way."""
    return _picture(np.rot90(picture.rgb, int(rng.choice([1, 3]))))


def stretched(picture: Picture, rng: Generator) -> Picture:
    """Stretch or squeeze in one direction."""
    factor = rng.uniform(1.12, 1.45) ** rng.choice([-1, 1])
    return _picture(_sized(picture.rgb, picture.width * factor, picture.height))


def cropped(picture: Picture, rng: Generator, share: float = 0.0) -> Picture:
    """Keep `share` of the area (or 0.3 to 0.8) in a shape near its own: anywhere, but not the emptiest of three places."""
    share = share or rng.uniform(0.3, 0.8)
    bend = rng.uniform(0.85, 1.18)
    wide = round(picture.width * min(1.0, share**0.5 * bend))
    high = round(picture.height * min(1.0, share**0.5 / bend))
    places = [
        (int(rng.integers(0, picture.height - high + 1)), int(rng.integers(0, picture.width - wide + 1))) for _ in range(3)
    ]
    cuts = [picture.rgb[top : top + high, left : left + wide] for top, left in places]
    return _picture(max(cuts, key=lambda cut: float(cut[::4, ::4].std())))


def foot_cut(picture: Picture, rng: Generator) -> Picture:
    """Cut off the lower part, where marks are."""
    return _picture(picture.rgb[: round(picture.height * rng.uniform(0.68, 0.88))])


# --- something on top ----------------------------------------------------------------------------------------------


def _foot(picture: Picture, rng: Generator) -> tuple[int, int, int, int]:
    """Choose the box (left, top, right, bottom) where a mark would be."""
    high = rng.uniform(0.08, 0.16)
    left = rng.uniform(0.0, 0.35)
    right = rng.uniform(0.65, 1.0)
    top = rng.uniform(0.72, 0.9)
    box = np.array([left * picture.width, top * picture.height, right * picture.width, (top + high) * picture.height])
    return int(box[0]), int(box[1]), int(box[2]), int(min(box[3], picture.height))


def mark_inpainted(picture: Picture, rng: Generator) -> Picture:
    """Paint the mark's place over from what is around it."""
    left, top, right, bottom = _foot(picture, rng)
    mask = np.zeros(picture.rgb.shape[:2], np.uint8)
    mask[top:bottom, left:right] = 255
    edge = 12
    part = slice(max(0, top - edge), bottom + edge), slice(max(0, left - edge), right + edge)
    pixels = picture.rgb.copy()
    small = cv2.resize(pixels[part], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    hole = cv2.resize(mask[part], (small.shape[1], small.shape[0]), interpolation=cv2.INTER_NEAREST)
    healed = cv2.inpaint(small, hole, 4, cv2.INPAINT_TELEA)
    whole = _sized(np.asarray(healed, np.uint8), pixels[part].shape[1], pixels[part].shape[0])
    pixels[part] = np.where(mask[part][..., None] > 0, whole, pixels[part])
    return _picture(pixels)


def mark_boxed(picture: Picture, rng: Generator) -> Picture:
    """Lay a plain box over the mark's place."""
    left, top, right, bottom = _foot(picture, rng)
    pixels = picture.rgb.copy()
    pixels[top:bottom, left:right] = _colour(rng)
    return _picture(pixels)


def mark_blurred(picture: Picture, rng: Generator) -> Picture:
    """Blur the mark's place."""
    left, top, right, bottom = _foot(picture, rng)
    pixels = picture.rgb.copy()
    pixels[top:bottom, left:right] = cv2.GaussianBlur(pixels[top:bottom, left:right], (0, 0), rng.uniform(6, 18))
    return _picture(pixels)


def rivals_logo(picture: Picture, rng: Generator) -> Picture:
    """Set another company's logo on it: a box with a name, in a corner or across."""
    pixels = picture.rgb.copy()
    wide, high = int(picture.width * rng.uniform(0.25, 0.6)), int(picture.height * rng.uniform(0.08, 0.2))
    left = int(rng.integers(0, max(1, picture.width - wide)))
    top = int(rng.integers(0, max(1, picture.height - high)))
    if rng.random() < 0.7:  # noqa: PLR2004
        pixels[top : top + high, left : left + wide] = _colour(rng)
    box = (left + high // 4, top + high // 5, left + wide - high // 4, top + high - high // 5)
    _letters(pixels, rng, _name(rng), box, _colour(rng))
    return _picture(pixels)


def bannered(picture: Picture, rng: Generator) -> Picture:
    """Lay a strip with words over the top or bottom, or both."""
    pixels = picture.rgb.copy()
    for place in rng.choice(["top", "bottom"], int(rng.integers(1, 3)), replace=False):
        high = int(picture.height * rng.uniform(0.08, 0.2))
        top = 0 if place == "top" else picture.height - high
        pixels[top : top + high] = _colour(rng)
        box = (picture.width // 20, top + high // 5, picture.width * 19 // 20, top + high - high // 5)
        _letters(pixels, rng, _name(rng) + " " + _name(rng), box, _colour(rng))
    return _picture(pixels)


def _eyes(picture: Picture, rng: Generator) -> tuple[slice, slice]:
    top, high = rng.uniform(0.25, 0.5), rng.uniform(0.08, 0.18)
    left, wide = rng.uniform(0.1, 0.35), rng.uniform(0.35, 0.6)
    rows = slice(int(top * picture.height), int((top + high) * picture.height) + 2)
    return rows, slice(int(left * picture.width), int((left + wide) * picture.width) + 2)


def eyes_mosaic(picture: Picture, rng: Generator) -> Picture:
    """Turn the eyes into a mosaic."""
    where = _eyes(picture, rng)
    pixels = picture.rgb.copy()
    high, wide = pixels[where].shape[:2]
    cell = max(2.0, picture.width * rng.uniform(0.012, 0.035))
    coarse = _sized(np.ascontiguousarray(pixels[where]), wide / cell, high / cell)
    pixels[where] = cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_NEAREST)
    return _picture(pixels)


def eyes_barred(picture: Picture, rng: Generator) -> Picture:
    """Lay a black bar over the eyes."""
    pixels = picture.rgb.copy()
    pixels[_eyes(picture, rng)] = int(rng.integers(0, 30))
    return _picture(pixels)


def framed(picture: Picture, rng: Generator) -> Picture:
    """Put a plain frame around it, with rounded corners or a polaroid's wide foot."""
    edge = int(max(picture.width, picture.height) * rng.uniform(0.02, 0.12))
    foot = edge * int(rng.choice([1, 1, 4]))
    colour = np.array(_colour(rng) if rng.random() < 0.5 else (255, 255, 255), np.uint8)  # noqa: PLR2004
    inner = picture.rgb
    if rng.random() < 0.4:  # noqa: PLR2004
        mask = np.zeros(inner.shape[:2], np.uint8)
        radius = int(min(picture.width, picture.height) * rng.uniform(0.04, 0.2))
        cv2.rectangle(mask, (radius, radius), (picture.width - radius, picture.height - radius), 255, 2 * radius)
        mask[radius:-radius, radius:-radius] = 255
        inner = np.where(mask[..., None] > 0, inner, colour)
    border: list[int] = colour.tolist()
    return _picture(cv2.copyMakeBorder(inner, edge, foot, edge, edge, cv2.BORDER_CONSTANT, value=border))


def new_background(picture: Picture, rng: Generator) -> Picture:
    """Cut out the middle with a soft outline and set it on another background."""
    height, width = picture.height, picture.width
    mask = np.zeros((height, width), np.uint8)
    middle = (int(width * rng.uniform(0.42, 0.58)), int(height * rng.uniform(0.42, 0.55)))
    cv2.ellipse(mask, middle, (int(width * rng.uniform(0.26, 0.4)), int(height * rng.uniform(0.34, 0.48))), 0, 0, 360, 255, -1)
    cv2.rectangle(mask, (int(width * 0.25), int(height * 0.75)), (int(width * 0.75), height), 255, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), rng.uniform(1, 6))[..., None] / np.float32(255)
    return _picture(picture.rgb * soft + _stranger(rng, height, width) * (1 - soft))


# --- set among other things ----------------------------------------------------------------------------------------


def beside_another(picture: Picture, rng: Generator) -> Picture:
    """Make it one side of a before/after composite whose other side is a stranger's."""
    high = int(rng.uniform(400, 900))
    wide = int(high * rng.uniform(0.6, 1.1))
    sides = [_fitted(picture.rgb, wide, high), _stranger(rng, high, wide)]
    if rng.random() < 0.5:  # noqa: PLR2004
        sides.reverse()
    gap = np.full((high, int(rng.integers(0, 16)), 3), _colour(rng), np.uint8)
    return _picture(np.hstack([sides[0], gap, sides[1]]))


def tile_of_four(picture: Picture, rng: Generator) -> Picture:
    """Make it one tile of four."""
    high, wide = (int(value) for value in rng.uniform(280, 520, 2))
    tiles = [_stranger(rng, high, wide) for _ in range(3)]
    tiles.insert(int(rng.integers(0, 4)), _fitted(picture.rgb, wide, high))
    return _picture(np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])]))


def half(picture: Picture, rng: Generator) -> Picture:
    """Keep the left or right half, as of a side-by-side composite, or the upper or lower one."""
    side, middle = int(rng.integers(4)), (picture.height // 2, picture.width // 2)
    rows = (slice(None), slice(None), slice(None, middle[0]), slice(middle[0], None))[side]
    columns = (slice(None, middle[1]), slice(middle[1], None), slice(None), slice(None))[side]
    return _picture(picture.rgb[rows, columns])


def _fitted(pixels: Pixels, width: int, height: int) -> Pixels:
    """Fill width by height with the middle."""
    scale = max(width / pixels.shape[1], height / pixels.shape[0])
    whole = _sized(pixels, max(width, pixels.shape[1] * scale), max(height, pixels.shape[0] * scale))
    top, left = (whole.shape[0] - height) // 2, (whole.shape[1] - width) // 2
    return whole[top : top + height, left : left + width]


def page_screenshot(picture: Picture, rng: Generator) -> Picture:
    """Show it on a web page in a browser window, and take a screenshot."""
    width, height = int(rng.integers(1000, 1500)), int(rng.integers(700, 950))
    canvas = np.full((height, width, 3), rng.choice([255, 246, 30]), np.uint8)
    ink = _colour(rng, 0, 90) if canvas[0, 0, 0] > 128 else _colour(rng, 170, 256)  # noqa: PLR2004
    bar = int(rng.integers(60, 130))
    canvas[:bar] = _colour(rng, 190, 240)
    canvas[bar // 2 : bar // 2 + 22, width // 8 : width * 5 // 6] = 255
    shown = _longest(picture, rng.uniform(0.4, 0.62) * width)[: height - bar - 40]
    left, top = int(rng.integers(10, width - shown.shape[1] - 9)), bar + int(rng.integers(10, 40))
    canvas[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    free = (left + shown.shape[1] + 20, width - 20) if left < width - left - shown.shape[1] else (20, left - 20)
    for y in range(top, height - 40, int(rng.integers(24, 44))):
        if free[1] - free[0] > 120:  # noqa: PLR2004
            _letters(canvas, rng, _name(rng) + " " + _name(rng), (free[0], y, free[1], y + 18), ink)
    if rng.random() < 0.5:  # noqa: PLR2004
        canvas[-90:] = _stranger(rng, 90, width)
    return jpeg(_picture(canvas), rng, 60, 95)


def phone_screenshot(picture: Picture, rng: Generator) -> Picture:
    """Show it in a phone's app: bars above and below, a name, signs, words."""
    width, height = int(rng.integers(380, 760)), 0
    shown = _longest(picture, width * max(1.0, picture.height / picture.width))
    shown = _sized(shown, width, shown.shape[0] * width / shown.shape[1])
    height = max(int(width * rng.uniform(1.8, 2.2)), shown.shape[0] + 160)
    canvas = np.full((height, width, 3), rng.choice([255, 0, 18]), np.uint8)
    ink = (30, 30, 30) if canvas[0, 0, 0] else (230, 230, 230)
    top = int(rng.integers(70, max(71, height - shown.shape[0] - 80)))
    canvas[top : top + shown.shape[0]] = shown
    _letters(canvas, rng, "9:41", (width // 20, 8, width // 5, 30), ink)
    cv2.circle(canvas, (34, top - 30), 18, _colour(rng), -1, cv2.LINE_AA)
    _letters(canvas, rng, _name(rng).lower(), (64, top - 42, width // 2, top - 20), ink)
    for number in range(3):
        centre = (34 + 52 * number, top + shown.shape[0] + 28)
        cv2.circle(canvas, centre, 13, ink, 2, cv2.LINE_AA)
    for y in range(top + shown.shape[0] + 60, height - 70, 30):
        _letters(canvas, rng, " ".join(_name(rng) for _ in range(3)), (16, y, width - 30, y + 20), ink)
    return jpeg(_picture(canvas), rng, 60, 95)


def photo_of_screen(picture: Picture, rng: Generator) -> Picture:
    """Photograph it on a screen: a slant, the screen's grid, a moiré, glare, another gamma, the bezel, a soft lens."""
    shown = _longest(picture, rng.uniform(700, 1100)).astype(np.float32)
    height, width = shown.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = rng.uniform(0.35, 1.2, 2)
    shown *= (1 + rng.uniform(0.01, 0.05) * np.sin(waves[0] * rows + rng.uniform(-0.3, 0.3) * columns))[..., None]
    shown *= (1 + rng.uniform(0.01, 0.04) * np.sin(waves[1] * columns + rng.uniform(-0.2, 0.2) * rows))[..., None]
    shown = 255 * (np.clip(shown, 0, 255) / 255) ** rng.uniform(0.75, 1.3) * rng.uniform(0.8, 1.1, 3)
    edge = int(0.08 * max(height, width))
    bezel = cv2.copyMakeBorder(shown.astype(np.float32), edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=[18, 18, 20])
    size = (bezel.shape[1], bezel.shape[0])
    corners = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    slanted = corners + rng.uniform(-0.07, 0.07, (4, 2)).astype(np.float32) * np.array(size, np.float32)
    seen = cv2.warpPerspective(bezel, cv2.getPerspectiveTransform(corners, slanted), size, borderValue=_colour(rng))
    glare = _clouds(rng, size[1], size[0]) ** 4 * rng.uniform(0, 70)
    seen = cv2.GaussianBlur(seen + glare[..., None], (0, 0), rng.uniform(0.5, 1.3))
    seen += rng.normal(0, rng.uniform(2, 7), seen.shape)
    return jpeg(_picture(seen), rng, 70, 92)


def _fixed(attack: Callable[[Picture, Generator, float], Picture], amount: float) -> Attack:
    return lambda picture, rng: attack(picture, rng, amount)


def _small(longest: int) -> Attack:
    return lambda picture, rng: shrunk(picture, rng, longest)


def _jpeg_10(picture: Picture, rng: Generator) -> Picture:
    return jpeg(picture, rng, 10, 10)


SINGLE: Final[Mapping[str, Attack]] = MappingProxyType({
    "jpeg": jpeg,
    "jpeg-10": _jpeg_10,
    "webp": webp,
    "shrunk": shrunk,
    "shrunk-320": _small(320),
    "shrunk-160": _small(160),
    "shrunk-96": _small(96),
    "enlarged": enlarged,
    "blurred": blurred,
    "noised": noised,
    "sharpened": sharpened,
    "smoothed": smoothed,
    "denoised": denoised,
    "grey": grey,
    "sepia": sepia,
    "recoloured": recoloured,
    "filtered": filtered,
    "48-colours": few_colours,
    "brighter": brighter,
    "darker": darker,
    "contrast": contrasted,
    "mirrored": mirrored,
    "rotated-3": _fixed(rotated, 3.0),
    "rotated-10": _fixed(rotated, 10.0),
    "rotated-90": quarter_turned,
    "stretched": stretched,
    "cropped-70": _fixed(cropped, 0.70),
    "cropped-50": _fixed(cropped, 0.50),
    "cropped-25": _fixed(cropped, 0.25),
    "cropped-12": _fixed(cropped, 0.12),
    "foot-cut": foot_cut,
    "mark-inpainted": mark_inpainted,
    "mark-boxed": mark_boxed,
    "mark-blurred": mark_blurred,
    "rivals-logo": rivals_logo,
    "banner": bannered,
    "eyes-mosaic": eyes_mosaic,
    "eyes-bar": eyes_barred,
    "framed": framed,
    "new-background": new_background,
    "beside-another": beside_another,
    "tile-of-four": tile_of_four,
    "half": half,
    "page-screenshot": page_screenshot,
    "phone-screenshot": phone_screenshot,
    "photo-of-screen": photo_of_screen,
})  # fmt: skip
"""Every single way of copying, by its name."""

# What people do one after the other. Crops below half, halves and tiny sizes are hard enough alone.
_COMBINED: Final = (
    "jpeg", "webp", "shrunk", "recoloured", "filtered", "brighter", "darker", "contrast", "mirrored", "rotated-3",
    "stretched", "cropped-70", "cropped-50", "foot-cut", "mark-inpainted", "rivals-logo", "banner", "framed", "grey",
    "blurred", "sharpened", "eyes-bar", "beside-another", "page-screenshot",
)  # fmt: skip


def several(picture: Picture, rng: Generator) -> Picture:
    """Copy in two to four ways, one after the other."""
    for kind in rng.choice(_COMBINED, int(rng.integers(2, 5)), replace=False):
        picture = SINGLE[str(kind)](picture, rng)
    return picture


ATTACKS: Final[Mapping[str, Attack]] = MappingProxyType({**SINGLE, "several": several})
"""Every way of copying, by its name; `several` mixes them."""

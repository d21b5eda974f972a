"""What an encoder's effort buys: bytes, likeness and processor time of a published picture, beside Pillow's defaults.

python -m benchmarks.effort
"""

import io
import time

import cv2
import numpy as np
from PIL import Image

from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.picture.encode import AVIF_SPEED, WEBP_METHOD

SIZE = (1200, 1600)
TRIES: dict[str, dict[str, int]] = {
    "AVIF": {f"speed {speed}": speed for speed in (6, 8, 9)},
    "WEBP": {f"method {method}": method for method in (4, 2, 1)},
}
QUALITY = {"AVIF": 60, "WEBP": 80}


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Give the mean structural similarity of two grey pictures (Wang et al. 2004; 11-pixel Gaussian of 1.5)."""
    a, b = (np.asarray(side, np.float64) for side in (one, other))
    mean_a, mean_b = (cv2.GaussianBlur(side, (11, 11), 1.5) for side in (a, b))
    var_a, var_b, both = (
        cv2.GaussianBlur(product, (11, 11), 1.5) - means
        for product, means in ((a * a, mean_a**2), (b * b, mean_b**2), (a * b, mean_a * mean_b))
    )
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


def main() -> None:
    """Print a line for each effort, summed over three drawn people."""
    pictures = [
        Image.fromarray(draw_portrait(Person(seed), Room(seed), size=SIZE, view="front").rgb)
        for seed in (5, 6, 7)
    ]
    print(f"in use: AVIF speed {AVIF_SPEED}, WebP method {WEBP_METHOD}; Pillow's own: speed 6, method 4")
    for form, tries in TRIES.items():
        for name, effort in tries.items():
            size, spent, alike = 0, 0.0, 0.0
            for picture in pictures:
                out, began = io.BytesIO(), time.process_time()
                told = {"speed": effort} if form == "AVIF" else {"method": effort}
                picture.save(out, form, quality=QUALITY[form], **told)
                spent += time.process_time() - began
                size += len(out.getvalue())
                grey = [np.asarray(one.convert("L")) for one in (picture, Image.open(out))]
                alike += likeness(*grey) / len(pictures)
            size_kb, seconds = size / len(pictures) / 1000, spent / len(pictures)
            print(f"{form} {name:9} {size_kb:7.1f} kB  SSIM {alike:.4f}  {seconds:.3f} s")


if __name__ == "__main__":
    main()

"""Makes sigal write what our build writes: AVIF, WebP and JPEG in three widths from each photograph.

Sigal itself writes one file of one format from each photograph. Its hook for plugins hands out the pixels but not the
place they go to, so this takes the place of the function that saves them: one decoding, one shrinking by sigal as ever,
and then the nine files by Pillow, each width shrunk from the one before: the least work that gives the same files.
"""

import os
import sys
from pathlib import Path
from typing import Any

from PIL import Image

WIDTHS = (1600, 960, 480)  # pixels on the long side


def options(*, ours: bool) -> dict[str, dict[str, Any]]:
    """Give what Pillow is told for each format: with our encoders' effort, or with Pillow's own default."""
    from watermark.picture.encode import AVIF_SPEED, WEBP_METHOD

    return {
        "jpg": {"format": "JPEG", "quality": 82, "optimize": True, "progressive": True},
        "webp": {"format": "WEBP", "quality": 80} | ({"method": WEBP_METHOD} if ours else {}),
        "avif": {"format": "AVIF", "quality": 60} | ({"speed": AVIF_SPEED} if ours else {}),
    }


def _save(image: Image.Image, place: str, *_args: object, **_options: object) -> None:
    """Write the nine files where sigal wanted one."""
    kinds = options(ours=os.environ["EFFORT"] == "ours")
    picture = image.convert("RGB")
    for width in WIDTHS:
        scale = width / max(picture.size)
        if scale < 1:
            picture = picture.resize(
                (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS
            )
        for ending, told in kinds.items():
            picture.save(Path(place).with_suffix(f".{width}.{ending}"), **told)
    small, named = Path(place).with_suffix(f".{WIDTHS[-1]}.jpg"), Path(place)
    os.link(small, named)  # sigal asks the size of this one
    (named.parent / "thumbnails").mkdir(exist_ok=True)
    os.link(small, named.parent / "thumbnails" / named.name)  # or its pages would make one


def main() -> None:
    """Run sigal's own command with the other function in place; its workers are forked and inherit it."""
    import sigal.image
    from sigal.__main__ import main as sigal_main

    sigal.image.save_image = _save
    sys.exit(sigal_main())


if __name__ == "__main__":
    main()

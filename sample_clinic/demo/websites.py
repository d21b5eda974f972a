"""What the demo's three websites show.

The copier shows stolen copies, and the rival and the sister site what must not be accused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sample_clinic.copying import copied
from sample_clinic.demo.servers import figure, page
from sample_clinic.drawing.furniture import collage, draw_badge, draw_banner, draw_logo, page_screenshot
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture

_QUALITY = 80
_PER_PAGE = 4
_SEED = 20_261_120


@dataclass(frozen=True, slots=True)
class Published:
    """One published file, as anybody can save it."""

    photo_id: int
    path: Path

    def picture(self) -> Picture:
        """Open the published file."""
        return open_picture(self.path.read_bytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedCopy:
    """One stolen copy and the photo it really shows."""

    kind: str
    path: str
    photo_id: int


def _attacked(name: str) -> Callable[[Picture, Picture], Picture]:
    return lambda stolen, _other: copied(stolen, name, _SEED)


def _half_of_a_composite(stolen: Picture, other: Picture) -> Picture:
    return collage([other, stolen], cell=(560, 640), labels=("BEFORE", "AFTER"))


def _inside_a_screenshot(stolen: Picture, other: Picture) -> Picture:
    return page_screenshot(stolen, [other], seed=_SEED)


COPIES: Mapping[str, Callable[[Picture, Picture], Picture]] = {
    "saved as it is": lambda stolen, _other: stolen,
    "resized": _attacked("shrunk-320"),
    "recompressed": _attacked("jpeg"),
    "cropped, the mark gone": _attacked("foot-cut"),
    "mirrored": _attacked("mirrored"),
    "half of a composite": _half_of_a_composite,
    "inside a screenshot": _inside_a_screenshot,
    "under the copier's logo": _attacked("rivals-logo"),
    "recoloured by a filter": _attacked("filtered"),
    "turned by a few degrees": _attacked("rotated-3"),
    "cropped to half": _attacked("cropped-50"),
    "several at once": _attacked("several"),
}
"""The ways in which the demo's copier copies: ours, and a picture of his own to set beside it, in; his file out."""


def copier_site(
    stolen: Sequence[Published], own: Sequence[Path]
) -> tuple[dict[str, bytes], list[PlantedCopy]]:
    """Make the copier's site.

    It shows one copy in each way, the copier's own patients and logos, and has a page that robots may not read.

    Args:
        stolen: our published files, at least as many as there are ways of copying.
        own: files of the copier's own patients.
    """
    others = [open_picture(path.read_bytes()) for path in own]
    files: dict[str, bytes] = {}
    planted: list[PlantedCopy] = []
    for place, ((kind, copy), ours) in enumerate(zip(COPIES.items(), stolen, strict=False)):
        path = f"img/result-{place + 1}.jpg"
        made = copy(ours.picture(), others[place % len(others)])
        files[path] = (
            ours.path.read_bytes()
            if kind == "saved as it is"
            else encode(made, format="jpeg", quality=_QUALITY)
        )
        planted.append(PlantedCopy(kind=kind, path=path, photo_id=ours.photo_id))
    files |= {f"img/own-{place}.jpg": path.read_bytes() for place, path in enumerate(own)}
    files |= _furniture(1)
    files["private/stolen.jpg"] = stolen[0].path.read_bytes()
    files["private/index.html"] = page("Members", figure("/private/stolen.jpg", "for members"))
    files["robots.txt"] = b"User-agent: *\nDisallow: /private/\n"
    shown = [copy.path for copy in planted] + [f"img/own-{place}.jpg" for place in range(len(own))]
    files |= _pages("Shadow Ink Studio (made up)", shown, {"/private/index.html": "Members"})
    return files, planted


def honest_site(own: Sequence[Path]) -> dict[str, bytes]:
    """Make the site of a rival with patients of his own."""
    files = {f"img/{path.name}": path.read_bytes() for path in own} | _furniture(2)
    return files | _pages(
        "Honest Scalp Clinic (made up)", sorted(name for name in files if "patient" in name), {}
    )


def sister_site(ours: Sequence[Published]) -> dict[str, bytes]:
    """Make our own sister site, which may show our photographs."""
    files = {f"img/{place}.jpg": published.path.read_bytes() for place, published in enumerate(ours)}
    return files | _pages("Lindenhof in another town (made up)", list(files), {})


def _furniture(seed: int) -> dict[str, bytes]:
    drawn = {"logo": draw_logo(seed), "badge": draw_badge(seed), "banner": draw_banner(seed)}
    return {f"img/{name}.png": encode(picture, format="png") for name, picture in drawn.items()}


def _pages(name: str, shown: Sequence[str], more: Mapping[str, str]) -> dict[str, bytes]:
    """Spread pictures over pages that link to each other."""
    parts = [shown[start : start + _PER_PAGE] for start in range(0, len(shown), _PER_PAGE)]
    menu = {f"/results-{number}.html": f"Results {number}" for number in range(1, len(parts) + 1)} | dict(
        more
    )
    head = "".join(f'<img src="/img/{name}.png" alt="{name}">' for name in ("logo", "badge", "banner"))
    files = {"index.html": page(name, head, menu)}
    for number, part in enumerate(parts, start=1):
        body = "".join(figure(f"/{path}", "One of our results, done by our own artist") for path in part)
        files[f"results-{number}.html"] = page(f"{name}: results {number}", body, menu)
    return files

"""Any colours to sRGB, through the file's own profile."""

import io
from dataclasses import dataclass, field

from PIL import Image, ImageCms


@dataclass(frozen=True, slots=True)
class _Colours:
    """A colour space's profile in the mode Pillow holds its pixels in."""

    mode: str
    profile: ImageCms.ImageCmsProfile = field(repr=False)


def over_white(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert to sRGB and lay what shows through over white."""
    rgba = image.convert("RGBA")
    white = Image.new("RGB", rgba.size, "white")
    white.paste(to_srgb(rgba.convert("RGB"), profile), mask=rgba.getchannel("A"))
    return white


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert to sRGB as a browser would.

    Through the file's own profile where it has one that fits.
    """
    colours = _colours(image, profile)
    if colours is None:
        return image.convert("RGB")
    target = ImageCms.createProfile("sRGB")
    source = image if image.mode == colours.mode else image.convert(colours.mode)
    try:
        converted = ImageCms.profileToProfile(source, colours.profile, target, outputMode="RGB")
    except ImageCms.PyCMSError:
        converted = None
    return converted or image.convert("RGB")


def _colours(image: Image.Image, profile: bytes | None) -> _Colours | None:
    """Find the profile to convert from.

    None where the pixels are sRGB already or it is not for them.
    """
    if image.mode == "LAB":
        return _Colours("LAB", ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    if not profile:
        return None
    try:
        parsed = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (OSError, TypeError, ValueError):
        return None
    if (parsed.profile.profile_description or "").startswith("sRGB"):
        return None
    space = parsed.profile.xcolor_space.strip()
    fitting = {"RGB": ("RGB", "YCbCr"), "CMYK": ("CMYK",), "GRAY": ("L",)}.get(space, ())
    if image.mode not in fitting:
        return None
    return _Colours(fitting[0], parsed)

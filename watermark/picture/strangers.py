"""Files that are no pictures, by the name of what they are."""

import re

from PIL import UnidentifiedImageError

from watermark.errors import UnreadablePictureError
from watermark.picture.tiff import Pages

_STRANGERS: tuple[tuple[bytes, str], ...] = (
    (rb"\xff\x0a|\x00\x00\x00\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
    (rb"\x00\x00[\x01\x02]\x00", "an icon"),
    (rb"(?i)\s*(<\?xml[^>]*>\s*)?(<!doctype svg[^>]*>\s*)?<svg\b", "an SVG drawing"),
    (rb"(?i)\s*<(!doctype\s+html|html|head|body|script|div|p)\b", "an HTML page"),
    (rb"(?s)\s*<\?xml", "an XML document"),
    (rb"(?s).{0,1024}?%PDF-", "a PDF document"),
    (rb"(?s)....ftyp(isom|iso\d|mp4\d|qt  |M4V |avc1|3gp\d)", "a video"),
    (rb"\x1aE\xdf\xa3", "a video"),
    (rb"PK\x03\x04", "a ZIP archive"),
    (rb"\x1f\x8b", "a gzip archive"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript document"),
    (rb"(?s)\s*[{\[]\s*[\"{\[\]}\d]", "a JSON document"),
)
_RAWS: tuple[tuple[bytes, str], ...] = (
    (rb"(?s)II\*\0....CR", "CR2"),
    (rb"(?s)....ftypcrx ", "CR3"),
    (rb"FUJIFILMCCD-RAW", "RAF"),
    (rb"IIR[OS]|MMOR", "ORF"),
    (rb"IIU\0", "RW2"),
    (rb"\0MRM", "MRW"),
    (rb"FOVb", "X3F"),
    (rb"(?s)II\x1a\0....HEAPCCDR", "CRW"),
    (rb"(?s)(II\*\0|MM\0\*).*NIKON", "NEF"),
    (rb"(?s)(II\*\0|MM\0\*).*SONY", "ARW"),
    (rb"(?s)(II\*\0|MM\0\*).*PENTAX", "PEF"),
)
_HEAD_BYTES = 4096


def refuse_raw(data: bytes, pages: Pages | None) -> None:
    """Refuse what a sensor saw: the preview inside is not the photograph.

    Raises:
        UnreadablePictureError: it is a camera's raw file.
    """
    known = next((name for pattern, name in _RAWS if re.match(pattern, data[:_HEAD_BYTES])), "")
    always = known and known not in {"NEF", "ARW", "PEF"}
    if not always and not (pages and pages.raw):
        return
    name = "DNG" if pages and pages.dng else known or "camera"
    raise UnreadablePictureError(
        f"expected a picture, this is a camera's raw file ({name}), which has to be developed first",
        hint="export it as JPEG or 16-bit TIFF from the camera's own program or a raw converter",
    )


def why_unreadable(data: bytes, fault: BaseException) -> str:
    """Say in a sentence what stands where a picture was expected."""
    if not data:
        return "expected a picture, found an empty file (0 bytes)"
    head = data[:_HEAD_BYTES]
    told = re.sub(rb"(?s)<!--.*?-->", b"", head)
    for pattern, name in _STRANGERS:
        if re.match(pattern, told):
            return f"expected a picture, this is {name}, not a picture"
    if isinstance(fault, UnidentifiedImageError):
        text = b"\0" not in head and sum(byte < 9 or byte > 126 for byte in head) * 8 < len(head)  # noqa: PLR2004
        kind = "this is plain text, not a picture" if text else "found bytes of no known picture format"
        return f"expected a picture, {kind}"
    if "truncated" in str(fault) or isinstance(fault, EOFError):
        return "expected a whole picture, found a file that is cut off"
    reason = " ".join(str(fault).split()) or type(fault).__name__
    return f"expected a picture, found a damaged file ({reason[:120]})"

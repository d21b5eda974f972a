"""Reads the credit of a published file as other programs do: XMP first, then IPTC, then EXIF."""

from lxml import etree
from PIL import Image, ImageFile, IptcImagePlugin

from watermark.picture.credit import Credit
from watermark.picture.decode import DecodeLimits, open_header

_ARTIST, _COPYRIGHT = 0x013B, 0x8298
_BYLINE, _CREDIT, _NOTICE = (2, 80), (2, 110), (2, 116)
_SPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "r": "http://ns.adobe.com/xap/1.0/rights/",
    "p": "http://ns.adobe.com/photoshop/1.0/",
}


def read_credit(data: bytes, limits: DecodeLimits | None = None) -> Credit | None:
    """Read the credit that a file carries, of ours or anybody's; None when it names no owner or creator.

    XMP is believed first, then IPTC, then EXIF; a field that one lacks is taken from the next.

    Raises:
        UnreadablePictureError: not a picture.
        PictureTooLargeError: beyond the limits.
    """
    with open_header(data, limits) as image:
        packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
        sources = [
            _from_xmp(packet.encode() if isinstance(packet, str) else packet),
            _from_iptc(image),
            _from_exif(image),
        ]
    found = {name: next((source[name] for source in sources if source.get(name)), "") for name in _FIELDS}
    if not (found["notice"] or found["credit"] or found["creator"]):
        return None
    year, owner = _parted(found["notice"])
    return Credit(
        creator=found["creator"],
        owner=owner or found["credit"],
        year=year,
        web_statement=found["web_statement"],
    )


_FIELDS = ("creator", "notice", "credit", "web_statement")


def _parted(notice: str) -> tuple[int, str]:
    """Part a notice into its year (0 when it has none) and whose it is."""
    words = notice.replace("©", " ").replace("(c)", " ").split()
    year = next((int(word) for word in words if word.isdecimal() and len(word) == 4), 0)
    return year, " ".join(word for word in words if word != str(year))


def _from_xmp(packet: bytes) -> dict[str, str]:
    if not packet:
        return {}
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(packet.strip(b"\0 \n"), parser)
    except etree.XMLSyntaxError:
        return {}

    def first(path: str) -> str:
        found = tree.xpath(path, namespaces=_SPACES)
        return str(found[0]).strip() if isinstance(found, list) and found else ""

    return {
        "creator": first("//dc:creator//rdf:li/text()"),
        "notice": first("//dc:rights//rdf:li/text()"),
        "credit": first("//p:Credit/text() | //@p:Credit"),
        "web_statement": first("//r:WebStatement/text() | //@r:WebStatement"),
    }


def _from_iptc(image: ImageFile.ImageFile) -> dict[str, str]:
    try:
        record = IptcImagePlugin.getiptcinfo(image) or {}
    except (SyntaxError, ValueError, LookupError, TypeError, OSError):
        return {}

    def text(key: tuple[int, int]) -> str:
        body = record.get(key, b"")
        return (body[0] if isinstance(body, list) else body).decode(errors="replace").strip()

    return {"creator": text(_BYLINE), "notice": text(_NOTICE), "credit": text(_CREDIT)}


def _from_exif(image: Image.Image) -> dict[str, str]:
    exif = image.getexif()
    return {"creator": _decoded(exif.get(_ARTIST)), "notice": _decoded(exif.get(_COPYRIGHT))}


def _decoded(value: object) -> str:
    """EXIF text is ASCII by the standard and UTF-8 by custom; Pillow hands it out as Latin-1."""
    text = str(value or "").strip("\0 ")
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text

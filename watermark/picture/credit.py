"""Whose picture it is, written into the file.

Three blocks say the same, because readers differ: XMP (all formats), IPTC-IIM (JPEG), EXIF Artist, Copyright.
Source of the fields: IPTC Photo Metadata Standard 2023.1; IIM 4.2 for the record's bytes.
"""

from dataclasses import dataclass

from lxml import etree
from PIL import Image, ImageFile, IptcImagePlugin

from watermark.picture.containers import png_xmp
from watermark.picture.decode import DecodeLimits, open_header
from watermark.picture.encode import Blocks

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_RIGHTS = "http://ns.adobe.com/xap/1.0/rights/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_PLUS = "http://ns.useplus.org/ldf/xmp/1.0/"
_MEDIA = "http://ns.adobe.com/xap/1.0/mm/"
_XML = "http://www.w3.org/XML/1998/namespace"
_SPACES = {
    "rdf": _RDF, "dc": _DC, "xmpRights": _RIGHTS, "photoshop": _PHOTOSHOP, "plus": _PLUS, "xmpMM": _MEDIA,
}  # fmt: skip
_NO_MINING = "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"
_MAX_PACKET = 65_000  # bytes: what one JPEG segment holds
_NOT_WRITTEN = 0  # the year of a notice without one
_ARTIST, _COPYRIGHT = 0x013B, 0x8298
_CODED_CHARACTERS, _BYLINE, _CREDIT, _NOTICE = (1, 90), (2, 80), (2, 110), (2, 116)
_UTF8 = b"\x1b%G"
_LONGEST = {_BYLINE: 32, _CREDIT: 32, _NOTICE: 128}  # bytes, by IIM


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Whose work a picture is.

    Attributes:
        creator: who made it.
        owner: who holds the rights, and wants to be named.
        year: of publication.
        web_statement: URL of the page that says what others may do with it, and where to ask for a licence.
        document_id: what this very publication is called; empty for none.
    """

    creator: str
    owner: str
    year: int
    web_statement: str = ""
    document_id: str = ""

    @property
    def notice(self) -> str:
        """The copyright notice, as people write it."""
        return f"© {self.year} {self.owner}"


def credit_blocks(credit: Credit) -> Blocks:
    """Make metadata blocks that hold the credit alone."""
    return Blocks(xmp=_xmp(credit), iptc=_iptc(credit), exif=_exif(credit))


def read_credit(data: bytes, limits: DecodeLimits | None = None) -> Credit | None:
    """Read the credit that a file carries, of ours or anybody's.

    XMP is believed first, then IPTC, then EXIF; a field that one lacks is taken from the next.

    Returns:
        None when it names no owner and no creator.

    Raises:
        UnreadablePictureError: not a picture.
        PictureTooLargeError: beyond the limits.
    """
    with open_header(data, limits) as image:
        sources = [
            _from_xmp(image.info.get("xmp") or png_xmp(data) or _tiff_tag(image, 700)),
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
        document_id=found["document_id"],
    )


def _tiff_tag(image: ImageFile.ImageFile, tag: int) -> bytes:
    value = getattr(image, "tag_v2", {}).get(tag, b"")
    return value if isinstance(value, bytes) else bytes(value) if isinstance(value, tuple) else b""


_FIELDS = ("creator", "notice", "credit", "web_statement", "document_id")


def _parted(notice: str) -> tuple[int, str]:
    """Part a notice into its year (0 when it has none) and whose it is."""
    words = notice.replace("©", " ").replace("(c)", " ").split()
    year = next((int(word) for word in words if word.isdecimal() and len(word) == 4), _NOT_WRITTEN)  # noqa: PLR2004 (a year)
    return year, " ".join(word for word in words if word != str(year))


def _from_xmp(packet: bytes) -> dict[str, str]:
    if not packet or len(packet) > _MAX_PACKET:
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
        "credit": first("//photoshop:Credit/text() | //@photoshop:Credit"),
        "web_statement": first("//xmpRights:WebStatement/text() | //@xmpRights:WebStatement"),
        "document_id": first("//xmpMM:DocumentID/text() | //@xmpMM:DocumentID").removeprefix("xmp.did:"),
    }


def _xmp(credit: Credit) -> bytes:
    def name(space: str, tag: str) -> str:
        return f"{{{space}}}{tag}"

    def add(parent: etree._Element, space: str, tag: str, text: str = "") -> etree._Element:
        child = etree.SubElement(parent, name(space, tag))
        child.text = _clean(text) or None
        return child

    meta = etree.Element(name("adobe:ns:meta/", "xmpmeta"), nsmap={"x": "adobe:ns:meta/"})
    rdf = etree.SubElement(meta, name(_RDF, "RDF"), nsmap=_SPACES)
    about = etree.SubElement(rdf, name(_RDF, "Description"), {name(_RDF, "about"): ""})
    add(add(add(about, _DC, "creator"), _RDF, "Seq"), _RDF, "li", credit.creator)
    notice = add(add(add(about, _DC, "rights"), _RDF, "Alt"), _RDF, "li", credit.notice)
    notice.set(name(_XML, "lang"), "x-default")
    add(about, _PHOTOSHOP, "Credit", credit.owner)
    add(about, _RIGHTS, "Marked", "True")
    if credit.web_statement:
        add(about, _RIGHTS, "WebStatement", credit.web_statement)
        licensor = add(add(add(about, _PLUS, "Licensor"), _RDF, "Seq"), _RDF, "li")
        licensor.set(name(_RDF, "parseType"), "Resource")
        add(licensor, _PLUS, "LicensorName", credit.owner)
        add(licensor, _PLUS, "LicensorURL", credit.web_statement)
    add(about, _PLUS, "DataMining", _NO_MINING)
    if credit.document_id:
        add(about, _MEDIA, "DocumentID", f"xmp.did:{credit.document_id}")
    body = etree.tostring(meta, encoding="utf-8")
    head = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    return head.encode() + body + b'\n<?xpacket end="r"?>'


def _clean(text: str) -> str:
    """Leave out control characters, which XML cannot hold."""
    return "".join(letter for letter in text if letter.isprintable())


def _iptc(credit: Credit) -> bytes:
    fields = {_BYLINE: credit.creator, _CREDIT: credit.owner, _NOTICE: credit.notice}
    record = _dataset(_CODED_CHARACTERS, _UTF8)
    for key, text in fields.items():
        # Cut at a letter, never inside one.
        record += _dataset(key, text.encode()[: _LONGEST[key]].decode(errors="ignore").encode())
    return record


def _dataset(key: tuple[int, int], body: bytes) -> bytes:
    return b"\x1c" + bytes(key) + len(body).to_bytes(2, "big") + body


def _exif(credit: Credit) -> bytes:
    exif = Image.Exif()
    exif[_ARTIST], exif[_COPYRIGHT] = credit.creator.encode(), credit.notice.encode()
    return exif.tobytes()


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

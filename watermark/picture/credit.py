"""Whose picture it is, written into the file: creator, owner, year, where to ask; and read back.

Three blocks say the same, because readers differ: XMP (all formats), IPTC-IIM (JPEG), EXIF Artist, Copyright.
Source of the fields: IPTC Photo Metadata Standard 2023.1; IIM 4.2 for the record's bytes.
"""

from dataclasses import dataclass

from lxml import etree
from PIL import Image, ImageFile, IptcImagePlugin

from watermark.picture.decode import DecodeLimits, open_header
from watermark.picture.encode import Blocks

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_RIGHTS = "http://ns.adobe.com/xap/1.0/rights/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_XML = "http://www.w3.org/XML/1998/namespace"
_ARTIST, _COPYRIGHT = 0x013B, 0x8298
_CODED_CHARACTERS, _BYLINE, _CREDIT, _NOTICE = (1, 90), (2, 80), (2, 110), (2, 116)
_UTF8 = b"\x1b%G"
_LONGEST = {_BYLINE: 32, _CREDIT: 32, _NOTICE: 128}  # bytes, by IIM
_MAX_PACKET = 65_000  # bytes: what one JPEG segment holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Whose work a picture is.

    Attributes:
        creator: who made it.
        owner: who holds the rights, and wants to be named.
        year: of publication.
        web_statement: URL of the page that says what others may do with it.
    """

    creator: str
    owner: str
    year: int
    web_statement: str = ""

    @property
    def notice(self) -> str:
        """The copyright notice, as people write it."""
        return f"© {self.year} {self.owner}"


def credit_blocks(credit: Credit) -> Blocks:
    """Make the metadata blocks for `pixels.encode`: the credit, and nothing else."""
    return Blocks(xmp=_xmp(credit), iptc=_iptc(credit), exif=_exif(credit))


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
    year = next((int(word) for word in words if word.isdecimal() and len(word) == 4), 0)  # noqa: PLR2004
    return year, " ".join(word for word in words if word != str(year))


def _xmp(credit: Credit) -> bytes:
    def name(space: str, tag: str) -> str:
        return f"{{{space}}}{tag}"

    spaces = {"rdf": _RDF, "dc": _DC, "xmpRights": _RIGHTS, "photoshop": _PHOTOSHOP}
    meta = etree.Element(name("adobe:ns:meta/", "xmpmeta"), nsmap={"x": "adobe:ns:meta/"})
    rdf = etree.SubElement(meta, name(_RDF, "RDF"), nsmap=spaces)
    about = etree.SubElement(rdf, name(_RDF, "Description"), {name(_RDF, "about"): ""})
    creators = etree.SubElement(etree.SubElement(about, name(_DC, "creator")), name(_RDF, "Seq"))
    etree.SubElement(creators, name(_RDF, "li")).text = _clean(credit.creator)
    notices = etree.SubElement(etree.SubElement(about, name(_DC, "rights")), name(_RDF, "Alt"))
    etree.SubElement(notices, name(_RDF, "li"), {name(_XML, "lang"): "x-default"}).text = _clean(
        credit.notice
    )
    etree.SubElement(about, name(_PHOTOSHOP, "Credit")).text = _clean(credit.owner)
    if credit.web_statement:
        etree.SubElement(about, name(_RIGHTS, "WebStatement")).text = _clean(credit.web_statement)
    body = etree.tostring(meta, encoding="utf-8")
    head = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    return head.encode() + body + b'\n<?xpacket end="r"?>'


def _clean(text: str) -> str:
    """Leave out what XML cannot hold: control characters."""
    return "".join(letter for letter in text if letter.isprintable())


def _from_xmp(packet: bytes) -> dict[str, str]:
    if not packet or len(packet) > _MAX_PACKET:
        return {}
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(packet.strip(b"\0 \n"), parser)
    except etree.XMLSyntaxError:
        return {}
    spaces = {"rdf": _RDF, "dc": _DC, "r": _RIGHTS, "p": _PHOTOSHOP}

    def first(path: str) -> str:
        found = tree.xpath(path, namespaces=spaces)
        return str(found[0]).strip() if isinstance(found, list) and found else ""

    return {
        "creator": first("//dc:creator//rdf:li/text()"),
        "notice": first("//dc:rights//rdf:li/text()"),
        "credit": first("//p:Credit/text() | //@p:Credit"),
        "web_statement": first("//r:WebStatement/text() | //@r:WebStatement"),
    }


def _iptc(credit: Credit) -> bytes:
    fields = {_BYLINE: credit.creator, _CREDIT: credit.owner, _NOTICE: credit.notice}
    record = _dataset(_CODED_CHARACTERS, _UTF8)
    for key, text in fields.items():
        # Cut at a letter, never inside one.
        record += _dataset(key, text.encode()[: _LONGEST[key]].decode(errors="ignore").encode())
    return record


def _dataset(key: tuple[int, int], body: bytes) -> bytes:
    return b"\x1c" + bytes(key) + len(body).to_bytes(2, "big") + body


def _from_iptc(image: ImageFile.ImageFile) -> dict[str, str]:
    try:
        record = IptcImagePlugin.getiptcinfo(image) or {}
    except (SyntaxError, ValueError, LookupError, TypeError, OSError):
        return {}

    def text(key: tuple[int, int]) -> str:
        body = record.get(key, b"")
        return (body[0] if isinstance(body, list) else body).decode(errors="replace").strip()

    return {"creator": text(_BYLINE), "notice": text(_NOTICE), "credit": text(_CREDIT)}


def _exif(credit: Credit) -> bytes:
    exif = Image.Exif()
    exif[_ARTIST], exif[_COPYRIGHT] = credit.creator.encode(), credit.notice.encode()
    return exif.tobytes()


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

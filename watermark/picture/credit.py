"""Whose picture it is, written into the file.

Three blocks say the same, because readers differ: XMP (all formats), IPTC-IIM (JPEG), EXIF Artist, Copyright.
Source of the fields: IPTC Photo Metadata Standard 2023.1; IIM 4.2 for the record's bytes.
"""

from dataclasses import dataclass

from lxml import etree
from PIL import Image

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
    """Make metadata blocks that hold the credit alone."""
    return Blocks(xmp=_xmp(credit), iptc=_iptc(credit), exif=_exif(credit))


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

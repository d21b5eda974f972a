"""Pictures that hide in other files: PDF brochures, SVG drawings, icon files and objects."""

import base64
import hashlib
import io

import pytest
from PIL import Image

from crawler.extract.documents import UnreadableDocumentError, extract_document
from crawler.extract.sniff import Content, sniff


def drawn(shade: int, kind: str = "JPEG", size: tuple[int, int] = (120, 90)) -> bytes:
    """Give a picture of its own."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).point(lambda value: (value + shade) % 256).convert("RGB").save(
        out, kind
    )
    return out.getvalue()


def brochure(*shades: int) -> bytes:
    """Give a PDF with one picture on each page."""
    out = io.BytesIO()
    first, *more = (Image.open(io.BytesIO(drawn(shade))) for shade in shades)
    first.save(out, "PDF", save_all=True, append_images=more)
    return out.getvalue()


def drawing(*parts: bytes) -> bytes:
    """Give an SVG that holds pictures."""
    held = "".join(
        f'<image href="data:image/jpeg;base64,{base64.b64encode(part).decode()}"/>' for part in parts
    )
    return f'<?xml version="1.0"?><!-- drawn --><svg xmlns="http://www.w3.org/2000/svg">{held}</svg>'.encode()


def icon(*parts: bytes) -> bytes:
    """Give an ICO file of PNG and BMP pictures."""
    at, entries = 6 + 16 * len(parts), b""
    for part in parts:
        entries += (
            bytes((0, 0, 0, 0, 1, 0, 24, 0)) + len(part).to_bytes(4, "little") + at.to_bytes(4, "little")
        )
        at += len(part)
    return b"\0\0\1\0" + len(parts).to_bytes(2, "little") + entries + b"".join(parts)


def test_every_page_of_a_brochure():
    """Each picture of a PDF comes once, with its page's number; what was a JPEG file opens as a picture again."""
    page = extract_document(brochure(0, 40, 80, 40), Content.DOCUMENT)

    assert [image.via for image in page.images] == ["page 1", "page 2", "page 3"]
    assert {Image.open(io.BytesIO(image.body)).size for image in page.images} == {(120, 90)}
    assert {image.body[:2] for image in page.images} == {b"\xff\xd8"}


def test_an_icon_file_holds_several_pictures():
    """A PNG and a BMP in one ICO file both open as pictures of their full size."""
    bitmap = bytearray(drawn(9, "BMP", (64, 48))[14:])
    bitmap[8:12] = (96).to_bytes(4, "little")  # the mask counts too
    body = icon(drawn(5, "PNG", (256, 256)), bytes(bitmap))

    shown = [Image.open(io.BytesIO(image.body)) for image in extract_document(body, sniff(body, "")).images]

    assert [(one.size, one.format) for one in shown] == [((256, 256), "PNG"), ((64, 48), "BMP")]
    assert shown[1].tobytes() == Image.open(io.BytesIO(drawn(9, "BMP", (64, 48)))).tobytes()


@pytest.mark.parametrize("body", [b"%PDF-1.7\n", b"%PDF-1.4\n" + b"1 0 obj <<>> endobj\n" * 50, b"%PDF-"])
def test_a_broken_brochure_is_said_to_be_broken(body):
    """A PDF that nobody can open is a sentence."""
    with pytest.raises(UnreadableDocumentError, match="broken"):
        extract_document(body, sniff(body, "application/pdf"))


def test_they_are_looked_at_wherever_they_are_linked(serve, visitor):
    """PDFs, drawings, icons and objects, on this host and another: every picture in them is looked at, once."""
    parts = [drawn(shade) for shade in range(0, 240, 30)]
    other = serve({"/files/b.pdf": brochure(30, 60), "/robots.txt": ""}, host="127.0.0.2")
    served = serve({
        "/": f"""<a href="/a.pdf">brochure</a><a href="{other.url}/files/b.pdf?v=2">more</a><img src="/a.svg">
            <a href="/download?id=5">price list</a><object data="/b.svg" type="image/svg+xml"></object>
            <object data="/photo/7"></object><embed src="/c.pdf" type="application/pdf"><img src="/x.ico">
            <iframe src="/d.pdf#page=2"></iframe><object data="/inner"></object><a href="/broken.pdf">b</a>""",
        "/a.pdf": brochure(0, 30),
        "/c.pdf": brochure(90),
        "/d.pdf": brochure(120),
        "/download": brochure(150),
        "/a.svg": drawing(parts[6]),
        "/b.svg": drawing(parts[7]),
        "/photo/7": parts[5],
        "/x.ico": icon(drawn(5, "PNG")),
        "/inner": "<p>a page in a frame <a href='/last'>l</a>",
        "/last": "<img src='/photo/7'>",
        "/broken.pdf": b"%PDF-1.7 nothing",
    })  # fmt: skip
    allowance = frozenset({f"127.0.0.1:{served.port}", f"127.0.0.2:{other.port}"})
    seen: list[bytes] = []
    look = visitor.look

    def remembered(body, name):
        seen.append(body)
        return look(body, name)

    visitor.look = remembered

    result = visitor.visit(served.site(allowance=allowance))

    sizes = [Image.open(io.BytesIO(body)).size for body in seen]
    assert sizes == [(120, 90)] * len(seen)
    assert {hashlib.sha256(part).hexdigest() for part in parts[5:]} <= {
        hashlib.sha256(body).hexdigest() for body in seen
    }
    assert len(set(seen)) == 10
    assert [(row.url.rpartition("/")[2], row.trouble) for row in result.failures] == [
        ("broken.pdf", "unreadable-page")
    ]
    on = {
        image.via: page.url for page in result.pages for image in page.images if image.element == "document"
    }
    assert on["page 2"].endswith(".pdf?v=2") or on["page 2"].endswith("/a.pdf")
    assert "/last" in served.paths


def test_new_photos_of_ours_are_looked_for_in_old_brochures(serve, visitor):
    """A brochure that has not changed is read again when there is a new photo to compare with, and only then."""
    served = serve({"/": '<a href="/a.pdf">b</a>', "/a.pdf": brochure(0)})
    seen: list[int] = []
    look = visitor.look

    def remembered(body, name):
        seen.append(visitor.upto)
        return look(body, name)

    visitor.look = remembered

    for visitor.upto in (1, 1, 2):
        visitor.visit(served.site())
        visitor.next_night()

    assert seen == [1, 2]

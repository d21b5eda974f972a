"""WARC 1.1 records of kept answers, and where to find them."""

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from warcio.bufferedreaders import BufferedReader, ChunkedDataReader
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParser, StatusAndHeadersParserException
from warcio.warcwriter import WARCWriter

from crawler.http.exchange import Exchange

ARCHIVE = "data.warc.gz"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that was made from answers, such as a screenshot."""

    url: str
    media: str
    body: bytes
    made_at: datetime


@dataclass(frozen=True, slots=True)
class IndexLine:
    """Where a record is in the archive, as a line of CDXJ."""

    surt: str
    stamp: str
    told: Mapping[str, str]

    @property
    def text(self) -> str:
        """The line."""
        return f"{self.surt} {self.stamp} {json.dumps(self.told)}"


class Archive:
    """A WARC file that grows by records whose bytes depend on nothing but what is kept."""

    def __init__(self, told: Mapping[str, str], made_at: datetime) -> None:
        """Begin with a `warcinfo` record that says who wrote it."""
        self._file = io.BytesIO()
        self._writer = WARCWriter(self._file, gzip=True, warc_version="WARC/1.1")
        self.lines: list[IndexLine] = []
        info = "".join(f"{name}: {value}\r\n" for name, value in told.items()).encode()
        self._write("warcinfo", "", "application/warc-fields", info, made_at, {"WARC-Filename": ARCHIVE})

    def add(self, exchange: Exchange) -> str:
        """Add an answer and its request, and give the answer's record number."""
        more = {"WARC-IP-Address": exchange.peer.rpartition(":")[0].strip("[]")} if exchange.peer else {}
        if not exchange.is_whole:
            more["WARC-Truncated"] = "length"
        more["WARC-Payload-Digest"] = _digest(exchange.body)
        kind = "application/http; msgtype={}"
        start = self._file.tell()
        number = self._write(
            "response", exchange.url, kind.format("response"), exchange.answer, exchange.received_at, more
        )
        headers = headers_of(exchange)
        self._index(
            exchange.url,
            exchange.received_at,
            start,
            media=headers.get("content-type", "").partition(";")[0].strip() or "unk",
            status=str(exchange.status),
            digest=more["WARC-Payload-Digest"],
        )
        body = exchange.request.partition(b"\r\n\r\n")[2]
        self._write(
            "request",
            exchange.url,
            kind.format("request"),
            exchange.request,
            exchange.sent_at,
            {"WARC-Concurrent-To": number, "WARC-Payload-Digest": _digest(body)},
        )
        return number

    def add_resource(self, resource: Resource) -> str:
        """Add what was made from answers, and give its record number."""
        start = self._file.tell()
        number = self._write("resource", resource.url, resource.media, resource.body, resource.made_at, {})
        digest = _digest(resource.body)
        self._index(resource.url, resource.made_at, start, media=resource.media, status="200", digest=digest)
        return number

    def to_bytes(self) -> bytes:
        """Give the whole file."""
        return self._file.getvalue()

    def index(self) -> bytes:
        """Give the sorted index."""
        return "".join(f"{line}\n" for line in sorted(one.text for one in self.lines)).encode()

    def _index(self, url: str, at: datetime, start: int, *, media: str, status: str, digest: str) -> None:
        told = {"url": url, "mime": media, "status": status, "digest": digest}
        # the record just written is the first after `start`; a request may follow it
        told |= {"length": str(self._file.tell() - start), "offset": str(start), "filename": ARCHIVE}
        self.lines.append(IndexLine(surt(url), f"{at:%Y%m%d%H%M%S}", told))

    def _write(
        self, kind: str, url: str, media: str, block: bytes, at: datetime, more: Mapping[str, str]
    ) -> str:
        date = f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"
        number = f"<urn:uuid:{_uuid(kind, url, date, block)}>"
        fields = [
            ("WARC-Type", kind),
            ("WARC-Record-ID", number),
            ("WARC-Date", date),
            *([("WARC-Target-URI", url)] if url else []),
            *more.items(),
            ("WARC-Block-Digest", _digest(block)),
            ("Content-Type", media),
            ("Content-Length", str(len(block))),
        ]
        head = StatusAndHeaders("", fields, "WARC/1.1")
        record = ArcWarcRecord("warc", kind, head, io.BytesIO(block), None, media, len(block))
        self._writer.write_record(record)
        return number


def headers_of(exchange: Exchange) -> dict[str, str]:
    """Give an answer's headers by lower-case name."""
    try:
        parsed = StatusAndHeadersParser(["HTTP/1.0", "HTTP/1.1"], verify=False).parse(
            io.BytesIO(exchange.head)
        )
    except (StatusAndHeadersParserException, EOFError, UnicodeError):
        return {}
    return {str(name).lower(): str(value) for name, value in parsed.headers}


def payload_of(exchange: Exchange) -> bytes:
    """Give an answer's body without chunks and compression.

    What cannot be decoded is given as it came.
    """
    headers = headers_of(exchange)
    stream, packing = io.BytesIO(exchange.body), headers.get("content-encoding", "").lower() or None
    packing = packing if packing in BufferedReader.get_supported_decompressors() else None
    kind = ChunkedDataReader if "chunked" in headers.get("transfer-encoding", "").lower() else BufferedReader
    reader, chunks = kind(stream, decomp_type=packing), []
    while chunk := reader.read(1 << 16):
        chunks.append(chunk)
    return b"".join(chunks)


def surt(url: str) -> str:
    """Give an address in the sort-friendly form that replay tools look it up by.

    As the Internet Archive's canonicalizer writes it: host labels reversed, "www." and default ports dropped, path
    and query in lower case, parameters sorted.
    """
    if not url.startswith(("http://", "https://")):
        return url
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    labels = host if ":" in host else ",".join(reversed(host.split(".")))
    port = f":{parts.port}" if parts.port and parts.port != _DEFAULT_PORTS[parts.scheme] else ""
    path = parts.path.rstrip("/") if len(parts.path) > 1 else "/"
    query = "?" + "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    return f"{labels}{port}){path or '/'}{query}".lower()


def _digest(data: bytes) -> str:
    return "sha256:" + base64.b32encode(hashlib.sha256(data).digest()).decode()


def _uuid(*parts: str | bytes) -> UUID:
    """Number a record by what it holds, so that the same evidence gives the same file."""
    summed = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        summed.update(len(data).to_bytes(8) + data)
    return UUID(bytes=summed.digest()[:16], version=5)

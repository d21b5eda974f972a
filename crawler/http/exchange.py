"""Requests and answers as they went over the wire."""

import base64
import http.client
import io
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

HEAD_END = b"\r\n\r\n"
_SPARE = 256 * 1024  # headers and the framing of chunks beside a body


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request with its answer, byte for byte.

    Args:
        url: Where it was sent.
        request: As sent.
        answer: As received, with its headers, chunks and encoding.
        sent_at: Just before the request was sent.
        received_at: Just after the last byte of the answer came.
        peer: Numeric address and port that answered.
        resolved: All addresses that the name had just then; empty on a connection that was open already.
        tls: Protocol and cipher, or "" without encryption.
        certificates: What the other side proved itself with, leaf first, in DER.
        is_whole: Whether all bytes of the answer are here.
    """

    url: str
    request: bytes
    answer: bytes
    sent_at: datetime
    received_at: datetime
    peer: str = ""
    resolved: tuple[str, ...] = ()
    tls: str = ""
    certificates: tuple[bytes, ...] = ()
    is_whole: bool = True

    @property
    def head(self) -> bytes:
        """The answer's status line and headers, with the empty line after them."""
        end = self.answer.find(HEAD_END)
        return self.answer if end < 0 else self.answer[: end + len(HEAD_END)]

    @property
    def body(self) -> bytes:
        """What came after the headers, in the encoding it came in."""
        return self.answer[len(self.head) :]

    @property
    def status(self) -> int:
        """The answer's status, or 0 where it has none."""
        words = self.head[:64].split(None, 2)
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0

    def to_bytes(self) -> bytes:
        """Give it as one file: a line of JSON, then request and answer."""
        told = {
            "url": self.url,
            "request": len(self.request),
            "answer": len(self.answer),
            "sent_at": self.sent_at.isoformat(),
            "received_at": self.received_at.isoformat(),
            "peer": self.peer,
            "resolved": self.resolved,
            "tls": self.tls,
            "certificates": [base64.b64encode(one).decode() for one in self.certificates],
            "is_whole": self.is_whole,
        }
        return json.dumps(told).encode() + b"\n" + self.request + self.answer

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` gave.

        Raises:
            ValueError: It is not that, or not all of it.
        """
        line, end, rest = data.partition(b"\n")
        told: dict[str, Any] = json.loads(line)
        try:
            cut, size = told.pop("request"), told.pop("answer")
            if not end or len(rest) != cut + size:
                raise ValueError(f"{len(rest)} bytes were found, {cut + size} expected")
            told["sent_at"], told["received_at"] = (
                datetime.fromisoformat(told[name]) for name in ("sent_at", "received_at")
            )
            told["resolved"] = tuple(told["resolved"])
            told["certificates"] = tuple(base64.b64decode(one) for one in told["certificates"])
            return cls(request=rest[:cut], answer=rest[cut:], **told)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no exchange: {error}") from error


class Recorder:
    """Takes down what a request sends and receives, up to a bound."""

    def __init__(self, most: int) -> None:
        """Keep at most so many bytes of a body, and what belongs to it."""
        self.sent, self.received = bytearray(), bytearray()
        self.is_whole = True
        self._most = most + most // 8 + _SPARE

    def take(self, data: memoryview) -> None:
        """Take down received bytes."""
        room = self._most - len(self.received)
        if len(data) > room:
            self.is_whole = False
            data = data[: max(0, room)]
        self.received += data


class _Overheard(io.RawIOBase):
    """A connection's bytes, which a recorder takes down as they are read."""

    def __init__(self, raw: io.RawIOBase, recorder: Recorder) -> None:
        self._raw, self._recorder = raw, recorder

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 (typeshed names no common type)
        count: int | None = self._raw.readinto(buffer)
        if count:
            self._recorder.take(memoryview(buffer)[:count])
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def overhear(response: http.client.HTTPResponse, recorder: Recorder) -> None:
    """Let a recorder take down an answer of which nothing was read yet."""
    raw = response.fp.detach()
    response.fp = io.BufferedReader(_Overheard(raw, recorder))


def security_of(sock: socket.socket | None) -> Mapping[str, Any]:
    """Give an exchange's `tls` and `certificates`."""
    if not isinstance(sock, ssl.SSLSocket):
        return {}
    cipher = sock.cipher()
    words = [sock.version() or "", cipher[0] if cipher else ""]
    return {"tls": " ".join(words), "certificates": _chain(sock)}


def _chain(sock: ssl.SSLSocket) -> tuple[bytes, ...]:
    """Give the verified chain, or the leaf alone where Python does not tell."""
    teller = getattr(sock, "get_verified_chain", None)  # public since Python 3.13
    if teller is not None:
        return tuple(bytes(one) for one in teller())
    inner = getattr(getattr(sock, "_sslobj", None), "get_verified_chain", None)
    if inner is not None:
        return tuple(ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in inner() or ())
    leaf = sock.getpeercert(binary_form=True)
    return (leaf,) if leaf else ()

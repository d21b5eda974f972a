"""Time stamps by an authority (RFC 3161)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from crawler.errors import DamagedError, RefusedError

_SLACK = timedelta(minutes=10)
_HINT = "the bundle is sealed all the same; ask again later with: pairwatch evidence stamp"
Post = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Stamp:
    """An authority's answer, as `openssl ts` reads it."""

    token: bytes
    at: datetime


def stamp(message: bytes, post: Post, roots: bytes, now: datetime) -> Stamp:
    """Let an authority say that these bytes exist.

    Args:
        message: What is stamped; only its digest is sent.
        post: Sends a request to the authority and gives its answer.
        roots: The authority's root certificates in PEM; empty to believe any signature.
        now: By our own clock, from which an honest authority is not far away.

    Raises:
        DamagedError: The answer is no stamp of these bytes, for this request, at this time.
        RefusedError: The root certificates cannot be read.
    """
    known = _certificates(roots)
    request = (
        TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True).build()
    )
    answer = post(request.as_bytes())
    try:
        response = decode_timestamp_response(answer)
        _require_honest(response, request.nonce, hashlib.sha256(message).digest(), now)
        if known:
            VerifierBuilder(roots=known, nonce=request.nonce).build().verify_message(response, message)
        return Stamp(answer, response.tst_info.gen_time)
    except (ValueError, VerificationError) as error:
        raise DamagedError(f"the time-stamp authority's answer is no stamp: {error}", hint=_HINT) from error


def _require_honest(response: TimeStampResponse, nonce: int | None, digest: bytes, now: datetime) -> None:
    if PKIStatus(response.status) is not PKIStatus.GRANTED:
        raise ValueError(f"it did not grant the request (status {response.status})")
    info = response.tst_info
    if info.nonce != nonce:
        raise ValueError("it answers another request (the nonce differs)")
    if info.message_imprint.message != digest:
        raise ValueError("it is about other bytes")
    if abs(info.gen_time - now) > _SLACK:
        raise ValueError(
            f"it says {info.gen_time:%Y-%m-%d %H:%M}, this computer's clock {now:%Y-%m-%d %H:%M}"
        )


def _certificates(roots: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(roots) if roots.strip() else []
    except ValueError as error:
        raise RefusedError(
            f"the time-stamp authority's certificates cannot be read: {error}",
            hint="name a PEM file in [crawler] timestamp_roots",
        ) from error

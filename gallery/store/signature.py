"""Signatures of this installation in the form of minisign.

The form is that of https://jedisct1.github.io/minisign: Ed25519 (RFC 8032) over the BLAKE2b-512 of the data, and
a second signature over the first with its trusted comment.
"""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gallery.errors import DamagedError
from gallery.settings import DataFolder
from gallery.store.keys import signing_seed

_KIND, _KEY_KIND = b"ED", b"Ed"
_KEY_ID_BYTES, _SIGNATURE_BYTES, _KEY_BYTES = 8, 64, 32
_UNTRUSTED = "untrusted comment: signature by pairwatch"
_TRUSTED = "trusted comment: "
_HINT = "take the public key from the practice itself: pairwatch evidence key"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures are checked with."""

    raw: bytes

    @property
    def number(self) -> bytes:
        """The eight bytes by which a signature names its key."""
        return hashlib.sha256(self.raw).digest()[:_KEY_ID_BYTES]

    @property
    def line(self) -> str:
        """The key on one line, as `minisign -P` takes it."""
        return base64.b64encode(_KEY_KIND + self.number + self.raw).decode()

    @property
    def text(self) -> str:
        """The key as a file of minisign."""
        return f"untrusted comment: public key {self.number.hex()} of pairwatch\n{self.line}\n"


def public_key_of(text: str) -> PublicKey:
    """Read a public key from its line or file.

    Raises:
        DamagedError: It is no public key of minisign.
    """
    line = text.strip().splitlines()[-1] if text.strip() else ""
    raw = _decoded(line, len(_KEY_KIND) + _KEY_ID_BYTES + _KEY_BYTES, "public key")
    return PublicKey(raw[-_KEY_BYTES:])


class Signer:
    """Signs with the data folder's key, which is made at the first use."""

    def __init__(self, folder: DataFolder) -> None:
        """Use the key in keys/signing.key."""
        self._key = Ed25519PrivateKey.from_private_bytes(signing_seed(folder))

    @property
    def public_key(self) -> PublicKey:
        """The key that others check with."""
        return PublicKey(self._key.public_key().public_bytes_raw())

    def sign(self, data: bytes, comment: str) -> str:
        """Give the signature of bytes as a file of minisign, with a comment on one line that it covers."""
        comment = " ".join(comment.split())
        signature = self._key.sign(hashlib.blake2b(data).digest())
        both = self._key.sign(signature + comment.encode())
        first = base64.b64encode(_KIND + self.public_key.number + signature).decode()
        return f"{_UNTRUSTED}\n{first}\n{_TRUSTED}{comment}\n{base64.b64encode(both).decode()}\n"


def verify_signature(data: bytes, signature: str, key: PublicKey) -> str:
    """Check a signature, and give its trusted comment.

    Raises:
        DamagedError: Data, comment or signature is not what the key's holder signed.
    """
    lines = signature.splitlines()
    if len(lines) != 4 or not lines[2].startswith(_TRUSTED):  # noqa: PLR2004 (the form has four lines)
        raise DamagedError("the signature is not in the form of minisign", hint=_HINT)
    first = _decoded(lines[1], len(_KIND) + _KEY_ID_BYTES + _SIGNATURE_BYTES, "signature")
    both = _decoded(lines[3], _SIGNATURE_BYTES, "signature of the comment")
    comment, one = lines[2].removeprefix(_TRUSTED), first[-_SIGNATURE_BYTES:]
    known = Ed25519PublicKey.from_public_bytes(key.raw)
    try:
        if first[: -len(one)] != _KIND + key.number:
            raise InvalidSignature  # noqa: TRY301 (one sentence for all that does not fit)
        known.verify(one, hashlib.blake2b(data).digest())
        known.verify(both, one + comment.encode())
    except InvalidSignature as error:
        raise DamagedError("the signature does not fit the data and the key", hint=_HINT) from error
    return comment


def _decoded(line: str, size: int, what: str) -> bytes:
    try:
        raw = base64.b64decode(line, validate=True)
    except ValueError as error:
        raise DamagedError(f"the {what} is not in the form of minisign", hint=_HINT) from error
    if len(raw) != size:
        raise DamagedError(f"the {what} has {len(raw)} bytes, {size} were expected", hint=_HINT)
    return raw

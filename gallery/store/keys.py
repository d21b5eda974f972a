"""Secret keys of this installation, each in a file for its owner only."""

import base64
import binascii
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gallery.errors import DamagedError
from gallery.settings import DataFolder
from watermark.marking.hidden.keys import SECRET_BYTES, MarkKey

SIGNING_KEY, SIGNING_BYTES = "signing.key", 32


def cookie_key(folder: DataFolder) -> bytes:
    """Give the key that signs the pages' cookie."""
    return _kept(_keys(folder) / "cookie.key", secrets.token_hex(32).encode())


def mark_key(folder: DataFolder) -> MarkKey:
    """Give the key of all hidden marks, without which none can be read."""
    return MarkKey(_kept(_keys(folder) / "marks.key", secrets.token_bytes(SECRET_BYTES)))


def signing_seed(folder: DataFolder) -> bytes:
    """Give the 32 bytes of the Ed25519 key that signs ledger heads and evidence."""
    return _kept(_keys(folder) / SIGNING_KEY, secrets.token_bytes(SIGNING_BYTES))


class SigningKey:
    """The Ed25519 key that signs what this installation records."""

    def __init__(self, secret: bytes) -> None:
        """Use a private key of 32 bytes."""
        self.secret, self._key = secret, Ed25519PrivateKey.from_private_bytes(secret)
        self.public = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, data: bytes) -> str:
        """Give the public key and the signature over bytes, as text."""
        return f"ed25519:{self.public}:{base64.b64encode(self._key.sign(data)).decode()}"


def signing_key(root: Path) -> SigningKey:
    """Give a data folder's signing key, made at its first use.

    Raises:
        DamagedError: The file is no such key.
    """
    secret = signing_seed(DataFolder(root))
    if len(secret) != SIGNING_BYTES:
        raise DamagedError(
            f"keys/{SIGNING_KEY} holds {len(secret)} bytes, a key of {SIGNING_BYTES} was expected",
            hint=f"restore keys/{SIGNING_KEY} from your last backup",
        )
    return SigningKey(secret)


def signed_by(data: bytes, signature: str) -> str:
    """Give the public key under which a signature is right, or nothing."""
    kind, _, rest = signature.partition(":")
    public, _, value = rest.partition(":")
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(value, validate=True), data)
    except (InvalidSignature, ValueError, binascii.Error):
        return ""
    return public if kind == "ed25519" else ""


class ChartLock:
    """Encrypts chart numbers with a key of this machine."""

    def __init__(self, folder: DataFolder) -> None:
        """Use the data folder's key, made at the first use."""
        self._fernet = Fernet(_kept(_keys(folder) / "chart.key", Fernet.generate_key()))

    def close(self, chart: str) -> bytes:
        """Encrypt a chart number."""
        return self._fernet.encrypt(chart.encode())

    def open(self, sealed: bytes) -> str:
        """Give a chart number back."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise DamagedError(
                "this chart number was encrypted with another key than the one in keys/chart.key",
                hint="restore keys/chart.key from the backup of the machine it was entered on",
            ) from error


def _keys(folder: DataFolder) -> Path:
    return folder.root / "keys"


def _kept(path: Path, fresh: bytes) -> bytes:
    """Give a key file's content, which is `fresh` where there was none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        handle, name = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(fresh)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # another process was faster: its key counts
                os.link(name, path)  # whole or not there, even when the power fails right now
        finally:
            Path(name).unlink()
    return path.read_bytes()

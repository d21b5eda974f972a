"""Secret keys of this installation, each in a file for its owner only."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from gallery.errors import DamagedError
from gallery.settings import DataFolder
from watermark.marking.hidden.keys import SECRET_BYTES, MarkKey

SIGNING_BYTES = 32


def cookie_key(folder: DataFolder) -> bytes:
    """Give the key that signs the pages' cookie."""
    return _kept(_keys(folder) / "cookie.key", secrets.token_hex(32).encode())


def mark_key(folder: DataFolder) -> MarkKey:
    """Give the key of all hidden marks, without which none can be read."""
    return MarkKey(_kept(_keys(folder) / "marks.key", secrets.token_bytes(SECRET_BYTES)))


def signing_seed(folder: DataFolder) -> bytes:
    """Give the 32 bytes of the Ed25519 key that signs ledger heads and evidence."""
    return _kept(_keys(folder) / "signing.key", secrets.token_bytes(SIGNING_BYTES))


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

"""The ledger's head, kept outside of it and signed."""

import os
import sqlite3
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gallery.errors import GalleryError, RefusedError
from gallery.store.keys import SigningKey, signed_by

NAME = "ledger.head"
_HEAD = b"pairwatch ledger head\n"


@dataclass(frozen=True, slots=True)
class Head:
    """The chain's end, kept elsewhere to prove that nothing was cut off."""

    seq: int
    hash: str

    def __str__(self) -> str:
        """Write it down as SEQ:HASH."""
        return f"{self.seq}:{self.hash}"


EMPTY = Head(0, "sha256:" + "0" * 64)


@dataclass(frozen=True, slots=True)
class KeptHead:
    """A head as its file holds it; `signer` is the public key, if it was signed."""

    head: Head
    signer: str


def parse_head(text: str) -> Head:
    """Read a ledger head that was written down.

    Raises:
        GalleryError: It is not of that form.
    """
    number, _, value = text.partition(":")
    if not (number.isascii() and number.isdigit()) or not value.startswith("sha256:"):
        raise RefusedError(
            f"a ledger head like 12:sha256:… was expected, {text!r} was found",
            hint="`pairwatch verify` prints one",
        )
    return Head(int(number), value)


def kept_head(root: Path) -> KeptHead | None:
    """Give the head that is kept in a data folder, None for none to believe."""
    try:
        text, _, signature = (root / NAME).read_text(encoding="ascii").strip().partition("\n")
        head = parse_head(text.strip())
    except (OSError, UnicodeDecodeError, GalleryError):
        return None
    if not signature:
        return KeptHead(head, "")
    signer = signed_by(_HEAD + str(head).encode(), signature.strip())
    return KeptHead(head, signer) if signer else None


def keep_head(root: Path, head: Head, key: SigningKey) -> None:
    """Write a signed head into its file, whole or not at all."""
    text = f"{head}\n{key.sign(_HEAD + str(head).encode())}\n"
    with suppress(OSError):  # a folder that may only be read can still be verified
        handle, name = tempfile.mkstemp(dir=root, prefix=f".{NAME}.")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
        Path(name).replace(root / NAME)


def advance_head(root: Path, head: Head, key: SigningKey, db: sqlite3.Connection, *, before: Head) -> None:
    """Keep a newer head where the one that is kept belongs to this ledger.

    Otherwise something was cut off or taken away, and `verify` must go on saying so.

    Args:
        root: The data folder.
        head: The newest.
        key: Signs it.
        db: The catalogue.
        before: The head before this transaction.
    """
    kept = kept_head(root)
    rows = "select hash, signature from ledger where seq = ?"
    if kept and kept.head.seq >= head.seq:
        return
    row = db.execute(rows, [kept.head.seq if kept else before.seq]).fetchone()
    began = row is None or not row[1]  # nothing was signed up to there
    if began if kept is None else kept.head.seq == 0 or _continues(kept, row):
        keep_head(root, head, key)


def _continues(kept: KeptHead, row: tuple[str, str] | None) -> bool:
    return row is not None and row[0] == kept.head.hash and (bool(kept.signer) or not row[1])

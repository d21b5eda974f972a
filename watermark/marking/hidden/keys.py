"""The practice's secret, and the chip signs and places that follow from it.

Everything is drawn from Philox's raw output, whose stream NumPy promises never to change (NEP 19), so that a mark
that was written today can still be read with a later NumPy.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from watermark.errors import WatermarkError

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class MarkKey:
    """The secret without which no hidden mark can be written, read or told apart from noise.

    Attributes:
        secret: at least 16 bytes; `SECRET_BYTES` random ones are usual.

    Raises:
        WatermarkError: a shorter secret.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a secret that could be guessed."""
        if len(self.secret) < SECRET_BYTES // 2:
            raise WatermarkError(
                f"expected a mark key of at least {SECRET_BYTES // 2} bytes, found {len(self.secret)}",
                hint="restore keys/marks.key from your backup",
            )

    @property
    def name(self) -> str:
        """What the key is called in records: 16 hexadecimal digits that do not give it away."""
        return self.digest("name")[:8].hex()

    def digest(self, *purpose: str) -> bytes:
        """Give 32 bytes that nobody can foretell without the secret, other ones for each purpose."""
        words = b"\0".join(word.encode() for word in purpose)
        return hmac.new(self.secret, words, hashlib.sha256).digest()

    def stream(self, *purpose: str) -> "Stream":
        """Start a stream of keyed random numbers for a purpose."""
        return Stream(self.digest(*purpose))


class Stream:
    """Random numbers that follow from a seed, the same with every version of NumPy."""

    def __init__(self, seed: bytes) -> None:
        """Start at the beginning; the first 16 bytes of the seed count."""
        self._source = np.random.Philox(key=int.from_bytes(seed[:16], "little"))

    def _raw(self, count: int) -> NDArray[np.uint64]:
        return np.asarray(self._source.random_raw(count), np.uint64)

    def signs(self, count: int) -> NDArray[np.float32]:
        """Give float32 (count,) of 1 and -1."""
        bits = np.unpackbits(self._raw(-(-count // 64)).astype("<u8").view(np.uint8))[:count]
        return 1 - 2 * bits.astype(np.float32)

    def order(self, count: int) -> NDArray[np.intp]:
        """Give the numbers from 0 to count - 1 in random order."""
        return np.argsort(self._raw(count), kind="stable")

    def below(self, limit: int, count: int) -> NDArray[np.intp]:
        """Give so many numbers from 0 to limit - 1, each block of `limit` holding every number once."""
        rounds = -(-count // limit)
        blocks = np.argsort(self._raw(rounds * limit).reshape(rounds, limit), axis=1, kind="stable")
        return blocks.ravel()[:count]

    def uniform(self, count: int) -> NDArray[np.float64]:
        """Give float64 (count,) between 0 and 1."""
        return (self._raw(count) >> np.uint64(11)).astype(np.float64) / 2**53

"""The inverted file from words to photos' features."""

import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from watermark.errors import IndexDamagedError
from watermark.matching.codebook import WORDS

LONG = 192
MOST_SCANNED = 2_500_000
_COLUMNS = (("slots", np.uint32), ("features", np.uint16), ("signatures", np.uint64))


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Entries near a question, as parallel arrays.

    Attributes:
        rows: intp, which question.
        slots: uint32, which photo.
        features: uint16, which of its features.
        apart: uint8, signature bits that differ.
    """

    rows: NDArray[np.intp]
    slots: NDArray[np.uint32]
    features: NDArray[np.uint16]
    apart: NDArray[np.uint8]

    @classmethod
    def join(cls, parts: "list[Hits]") -> Self:
        """Several in one."""
        kinds = {"rows": np.intp, "slots": np.uint32, "features": np.uint16, "apart": np.uint8}
        return cls(
            *(
                np.concatenate([np.zeros(0, k), *(getattr(p, n) for p in parts)]).astype(k)
                for n, k in kinds.items()
            )
        )

    def where(self, chosen: NDArray[Any]) -> "Hits":
        """These entries only, given as a mask or as positions."""
        return Hits(self.rows[chosen], self.slots[chosen], self.features[chosen], self.apart[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """Entries sorted by word.

    Attributes:
        ends: int64 (65537,), where each word's entries start and the last ends.
        slots: uint32 (entries,).
        features: uint16 (entries,).
        signatures: uint64 (entries,).
    """

    ends: NDArray[np.int64]
    slots: NDArray[np.uint32]
    features: NDArray[np.uint16]
    signatures: NDArray[np.uint64]

    @classmethod
    def build(cls, words: NDArray[np.int32], *columns: NDArray[np.generic]) -> Self:
        """Sort entries given in any order by their words.

        The other columns are slots, features and signatures.
        """
        order = np.argsort(words, kind="stable")
        ends = np.searchsorted(words[order], np.arange(WORDS + 1)).astype(np.int64)
        return cls(
            ends, *(column[order].astype(kind) for column, (_, kind) in zip(columns, _COLUMNS, strict=True))
        )

    @classmethod
    def merge(cls, parts: "list[Postings]", keep: NDArray[np.bool_] | None = None) -> Self:
        """Merge several, without slots that `keep` does not hold."""
        words = np.concatenate([np.repeat(np.arange(WORDS, dtype=np.int32), np.diff(p.ends)) for p in parts])
        columns = [np.concatenate([getattr(p, name) for p in parts]) for name, _ in _COLUMNS]
        if keep is not None:
            kept = keep[columns[0]]
            words, columns = words[kept], [column[kept] for column in columns]
        return cls.build(words, *columns)

    def __len__(self) -> int:
        """How many entries."""
        return len(self.slots)

    def near(self, words: NDArray[np.int32], signatures: NDArray[np.uint64], reach: int) -> Hits:
        """Find entries of words whose signatures differ little.

        Args:
            words: int32 (n,), one per question.
            signatures: uint64 (n,).
            reach: bits.
        """
        starts, stops = self.ends[words], self.ends[words + 1]
        counts = stops - starts
        # the rarest words first, and never more work than a fixed amount
        order = np.argsort(counts, kind="stable")
        order = order[np.cumsum(counts[order]) <= MOST_SCANNED]
        short = order[counts[order] <= LONG]
        short = short[counts[short] > 0]
        rows, at, apart = self._short(short, starts, counts, signatures)
        close = apart <= reach
        found = [(rows[close], at[close], apart[close])]
        for row in order[counts[order] > LONG]:
            apart = np.bitwise_count(self.signatures[starts[row] : stops[row]] ^ signatures[row])
            near = np.flatnonzero(apart <= reach)
            if len(near):
                found.append((np.full(len(near), row), near + starts[row], apart[near]))
        rows, at, apart = (np.concatenate([part[i] for part in found]) for i in range(3))
        return Hits(rows, self.slots[at], self.features[at], apart)

    def _short(
        self,
        rows: NDArray[np.intp],
        starts: NDArray[np.int64],
        counts: NDArray[np.int64],
        signatures: NDArray[np.uint64],
    ) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.uint8]]:
        """Every entry of many short lists at once.

        Gives question, position and bits apart.
        """
        sizes = counts[rows]
        asked = np.repeat(rows, sizes)
        at = np.repeat(starts[rows] - (np.cumsum(sizes) - sizes), sizes) + np.arange(len(asked))
        return asked, at, np.bitwise_count(self.signatures[at] ^ signatures[asked])

    def write(self, path: Path) -> int:
        """Write to a new file, make it durable, and return its CRC-32."""
        crc = 0
        with path.open("wb") as out:
            for block in (
                self.ends,
                self.signatures,
                self.slots,
                self.features,
            ):  # widest first: all stay aligned
                data = np.ascontiguousarray(block).view(np.uint8).data
                crc = zlib.crc32(data, crc)
                out.write(data)
            out.flush()
            os.fsync(out.fileno())
        return crc

    @classmethod
    def read(cls, path: Path, crc: int) -> Self:
        """Map a written file into memory.

        Raises:
            IndexDamagedError: it is missing, cut off or changed.
        """
        try:
            data = np.memmap(path, np.uint8, "r")
        except (OSError, ValueError) as error:
            raise IndexDamagedError(f"{path.name} of the fingerprint index cannot be read") from error
        head = (WORDS + 1) * 8
        count, rest = divmod(len(data) - head, 14)
        if count < 0 or rest or zlib.crc32(data.data) != crc:
            raise IndexDamagedError(
                f"{path.name} of the fingerprint index is damaged", hint="rebuild the index"
            )
        bounds = np.cumsum([0, head, count * 8, count * 4, count * 2])
        kinds = (np.int64, np.uint64, np.uint32, np.uint16)
        ends, signatures, slots, features = (
            data[a:b].view(k) for a, b, k in zip(bounds[:-1], bounds[1:], kinds, strict=True)
        )
        return cls(ends, slots, features, signatures)

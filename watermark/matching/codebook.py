"""Visual words, signatures and short codes of local features.

The tables are trained once by `benchmarks/train_codebook.py` and shipped beside this file, so that every index uses
the same words and adding a photo never retrains anything.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

TABLES = "codebook.npz"
FIRST, SECOND = 256, 256
WORDS = FIRST * SECOND
CODE_BYTES = 32

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """Trained tables.

    Attributes:
        first: float32 (256, 128), coarse centroids of RootSIFT descriptors.
        second: float32 (256, 128), centroids of what the first leaves.
        projection: float32 (128, 64), the projection whose signs are the signature.
        quantiser: float32 (32, 256, 4), product quantiser of the whole descriptor.
    """

    first: Floats
    second: Floats
    projection: Floats
    quantiser: Floats


@cache
def load_codebook() -> Codebook:
    """The shipped tables, read once."""
    with files(__package__).joinpath(TABLES).open("rb") as stream, np.load(stream) as tables:
        return Codebook(
            *(tables[name].astype(np.float32) for name in ("first", "second", "turn", "codebook"))
        )


def nearest_words(described: Floats, probes: int = 1) -> NDArray[np.int32]:
    """The nearest words of each descriptor, best first.

    Args:
        described: (n, 128) RootSIFT.
        probes: how many words each gets, at most 8.

    Returns:
        int32 (n, probes).

    Source: residual vector quantisation, two stages, as many first-stage candidates as probes, two at least.
    """
    table = load_codebook()
    near = ((table.first**2).sum(1) - 2 * described @ table.first.T).astype(np.float32)
    beam = min(max(probes, 2), 4)
    coarse = _least(near, beam)
    # |d - a - b|^2 = |d - a|^2 - 2 d.b + |b|^2 + 2 a.b, each term one table
    inner = (table.second**2).sum(1)[None, :] + 2 * table.first @ table.second.T
    along = described @ table.second.T
    cost = np.take_along_axis(near, coarse, 1)[:, :, None] + inner[coarse] - 2 * along[:, None, :]
    best = _least(cost.reshape(len(described), beam * SECOND), probes)
    return np.asarray(np.take_along_axis(coarse, best // SECOND, 1) * SECOND + best % SECOND, np.int32)


def _least(costs: Floats, count: int) -> NDArray[np.intp]:
    """The columns of the `count` least costs of every row, best first."""
    left, rows = costs.copy(), np.arange(len(costs))
    found = np.empty((len(costs), count), np.intp)
    for place in range(count):
        found[:, place] = left.argmin(1)
        left[rows, found[:, place]] = np.inf
    return found


def signatures(described: Floats, chosen: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Compute 64 bits that tell descriptors of one word apart.

    They are the signs of the projected residual.

    Source: Jégou, Douze and Schmid, "Hamming embedding and weak geometric consistency", ECCV 2008.

    Args:
        described: (n, 128) RootSIFT.
        chosen: int32 (n, probes), their words.

    Returns:
        uint64, the shape of `chosen`.
    """
    table = load_codebook()
    turned = described @ table.projection
    # the projection is linear: turn the descriptor and both centroids separately
    first, second = table.first @ table.projection, table.second @ table.projection
    residual = turned[:, None, :] - first[chosen // SECOND] - second[chosen % SECOND]
    return np.packbits(residual > 0, axis=-1).view(np.uint64)[..., 0]


def encode(described: Floats) -> NDArray[np.uint8]:
    """Each descriptor as 32 bytes, (n, 32)."""
    book = load_codebook().quantiser
    parts = described.reshape(len(described), CODE_BYTES, 128 // CODE_BYTES)
    cost = (book**2).sum(2)[None] - 2 * np.einsum("npk,pck->npc", parts, book, optimize=True)
    return np.asarray(cost.argmin(2), np.uint8)


def decode(codes: NDArray[np.uint8]) -> Floats:
    """Give the descriptors that codes stand for.

    Gives float32 (n, 128), right to about a tenth of the distance between neighbours.
    """
    book = load_codebook().quantiser
    return book[np.arange(CODE_BYTES), codes].reshape(len(codes), 128)

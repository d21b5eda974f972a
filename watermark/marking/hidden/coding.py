"""A payload of 64 bits as 352 signs that survive noise, and back again from what is left of them.

A check sum, then a convolutional code of rate 1/4 and constraint length 9, ended by zeros. Source of the generators:
Proakis, Digital Communications, table of maximum free distance codes of rate 1/4 (463, 535, 733, 745 octal).
"""

import binascii
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watermark.errors import WatermarkError

PAYLOAD_BITS, _CHECK_BITS = 64, 16
_GENERATORS, _MEMORY = (0o463, 0o535, 0o733, 0o745), 8
_STEPS = PAYLOAD_BITS + _CHECK_BITS + _MEMORY
CODED = _STEPS * len(_GENERATORS)

_registers = np.arange(2 << _MEMORY)
_SIGNS = np.stack(
    [1.0 - 2.0 * (np.bitwise_count(_registers & taps) & 1) for taps in _GENERATORS], axis=1
).astype(np.float32)
"""What each of the 512 registers puts out: float32 (512, 4) of 1 and -1."""

_STATES = np.arange(1 << _MEMORY)
_EARLIER = np.stack([_STATES >> 1, (_STATES >> 1) | (1 << (_MEMORY - 1))])
"""The two states from which each state is reached: (2, 256)."""
_REGISTERS = np.stack([_STATES, _STATES | (1 << _MEMORY)])


@dataclass(frozen=True, slots=True)
class Decoded:
    """The likeliest payload, and whether its check sum is right; without a mark one in 65,536 is, by chance."""

    payload: int
    checks: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What a hidden layer was seen to say.

    Attributes:
        payload: the 64 bits; None unless the mark is there for certain.
        score: the presence statistic, standard deviations.
        scale: found pixels per marked pixel, as far as it was found out.
    """

    payload: int | None
    score: float
    scale: float = 1.0


def encode(payload: int) -> NDArray[np.float32]:
    """Give the code word of a payload: float32 (CODED,) of 1 (for 0) and -1 (for 1).

    Raises:
        WatermarkError: more than 64 bits, or fewer than none.
    """
    if not 0 <= payload < 1 << PAYLOAD_BITS:
        raise WatermarkError(
            f"expected a payload of {PAYLOAD_BITS} bits, found {payload}", hint="a payload is 0 to 2^64 - 1"
        )
    body = payload.to_bytes(PAYLOAD_BITS // 8, "big")
    checked = body + _check(body).to_bytes(_CHECK_BITS // 8, "big") + bytes(_MEMORY // 8)
    bits = np.unpackbits(np.frombuffer(checked, np.uint8)).astype(np.int64)
    padded = np.concatenate([np.zeros(_MEMORY, np.int64), bits])
    registers = sum(padded[_MEMORY - age : len(padded) - age] << age for age in range(_MEMORY + 1))
    return np.asarray(_SIGNS[registers].ravel(), np.float32)


def decode(soft: NDArray[np.floating]) -> Decoded:
    """Find the payload whose code word is likeliest (Viterbi).

    Args:
        soft: (CODED,), how much each sign was seen to be 1 (positive) or -1 (negative), in any unit.
    """
    seen = np.asarray(soft, np.float64).reshape(_STEPS, len(_GENERATORS))
    metric = np.full(len(_STATES), -1e18)
    metric[0] = 0.0
    from_second = np.zeros((_STEPS, len(_STATES)), np.bool_)
    gains = seen @ _SIGNS.T.astype(np.float64)
    for step in range(_STEPS):
        first, second = metric[_EARLIER] + gains[step][_REGISTERS]
        from_second[step] = second > first
        metric = np.maximum(first, second)
    state, bits = 0, np.zeros(_STEPS, np.uint8)
    for step in range(_STEPS - 1, -1, -1):
        bits[step] = state & 1
        state = int(_EARLIER[int(from_second[step, state]), state])
    found = np.packbits(bits).tobytes()
    body, check = found[: PAYLOAD_BITS // 8], found[PAYLOAD_BITS // 8 : (PAYLOAD_BITS + _CHECK_BITS) // 8]
    return Decoded(int.from_bytes(body, "big"), _check(body) == int.from_bytes(check, "big"))


def presence(values: NDArray[np.floating], expected: NDArray[np.floating]) -> float:
    """Say how surely signs are in measured values: standard normal if they are not.

    Args:
        values: (n,), what was measured of each.
        expected: (n,) of 1 and -1.

    Returns:
        The normalised correlation, in standard deviations.
    """
    power = float((values.astype(np.float64) ** 2).sum())
    return float((values * expected).sum()) / power**0.5 if power > 0 else 0.0


def _check(body: bytes) -> int:
    """CRC-16/CCITT, started with ones so that an empty payload is no empty word."""
    return binascii.crc_hqx(body, 0xFFFF)

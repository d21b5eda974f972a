"""What the index keeps of one photo.

A small picture, where its features are, and their short codes.
"""

import struct
from dataclasses import dataclass, replace
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from watermark.errors import IndexDamagedError
from watermark.matching import codebook
from watermark.matching.subject import CELLS, subject_of
from watermark.picture import features
from watermark.picture.perceptual_hash import phash
from watermark.picture.pixels import Picture

SMALL_SIDE = 512
SMALL_BYTES = 14_000
# Quality and softening, tried in turn until the small picture fits: only noise ever gets to the last.
ENCODINGS = (
    (80, 0.0),
    (65, 0.0),
    (50, 0.0),
    (35, 0.0),
    (20, 0.0),
    (30, 0.8),
    (20, 1.2),
    (10, 2.0),
    (5, 4.0),
    (1, 8.0),
)
_HEADER = struct.Struct("<4s2I4HQ")  # magic, size, frame, features, bytes of the subject, perceptual hash
_STANDS = CELLS * CELLS // 8
_MAGIC = b"PWF1"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Record:
    """One photo as the index keeps it.

    Places, sizes and angles are in the frame of the small picture.

    Attributes:
        width: of the photo itself, pixels.
        height: of the photo itself, pixels.
        frame: width and height of the small picture, at most 512.
        small: the small picture as WebP bytes.
        places: uint16 (n, 2), x and y in 1/64 pixel.
        sizes: uint8 (n,), sixteenths of an octave above a quarter of a pixel.
        angles: uint8 (n,), 256ths of a turn.
        codes: uint8 (n, 32), the descriptors.
        phash: the perceptual hash of the whole, 64 bits.
        stands: uint8 (128,), the cells in which the subject stands, packed; empty in records of older versions.
    """

    width: int
    height: int
    frame: tuple[int, int]
    small: bytes
    places: NDArray[np.uint16]
    sizes: NDArray[np.uint8]
    angles: NDArray[np.uint8]
    codes: NDArray[np.uint8]
    phash: int
    stands: NDArray[np.uint8]

    def features(self, *, described: bool = True) -> features.Features:
        """Give the features in pixels of the small picture.

        Descriptors are as the codes stand for them, or left out.
        """
        return features.Features(
            self.places.astype(np.float32) / np.float32(64),
            np.exp2(self.sizes.astype(np.float32) / 16 - 2),
            self.angles.astype(np.float32) * np.float32(360 / 256),
            codebook.decode(self.codes) if described else np.zeros((0, 128), np.float32),
        )

    def small_rgb(self) -> NDArray[np.uint8]:
        """The small picture, uint8 (height, width, 3), sRGB."""
        return np.asarray(cv2.imdecode(np.frombuffer(self.small, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)

    def subject(self) -> NDArray[np.bool_]:
        """The cells in which the subject stands, bool (32, 32)."""
        if not len(self.stands):
            return subject_of(self.small_rgb())
        return np.unpackbits(self.stands).reshape(CELLS, CELLS) > 0


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """One photo, ready to be inserted.

    It is computed in worker processes, so it pickles.

    Attributes:
        record: what is kept.
        words: int32 (n,), the word of each feature.
        signatures: uint64 (n,), what tells it from others of that word.
    """

    record: Record
    words: NDArray[np.int32]
    signatures: NDArray[np.uint64]


def fingerprint(picture: Picture) -> Fingerprint:
    """Describe a catalogue photo, in about 0.1 s of CPU."""
    luma = features.grey(picture)
    found = features.describe_original(luma)
    scale = min(1.0, SMALL_SIDE / max(luma.shape))
    frame = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = cv2.resize(picture.rgb, frame, interpolation=cv2.INTER_AREA)
    ratio = np.array([frame[0] / picture.width, frame[1] / picture.height], np.float32)
    places = np.clip(((found.places + 0.5) * ratio - 0.5) * 64, 0, 65535).round().astype(np.uint16)
    sizes = (
        np.clip(16 * (np.log2(np.maximum(found.sizes * scale, 0.25)) + 2), 0, 255).round().astype(np.uint8)
    )
    record = Record(
        width=picture.width,
        height=picture.height,
        frame=frame,
        small=_encoded(np.asarray(small, np.uint8)),
        places=places,
        sizes=sizes,
        angles=(found.angles * (256 / 360)).round().astype(np.int32).astype(np.uint8),
        codes=codebook.encode(found.described),
        phash=phash(np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)),
        stands=np.zeros(0, np.uint8),
    )
    chosen = codebook.nearest_words(found.described)
    return Fingerprint(described(record), chosen[:, 0], codebook.signatures(found.described, chosen)[:, 0])


def described(record: Record) -> Record:
    """The same with where its subject stands, told from the small picture."""
    return replace(record, stands=np.packbits(subject_of(record.small_rgb())))


def _encoded(small: NDArray[np.uint8]) -> bytes:
    data = b""
    for quality, soft in ENCODINGS:
        seen = cv2.GaussianBlur(small, (0, 0), soft) if soft else small
        out = BytesIO()
        Image.fromarray(np.asarray(seen, np.uint8)).save(out, "WEBP", quality=quality, method=2)
        data = out.getvalue()
        if len(data) <= SMALL_BYTES:
            break
    return data


def pack(record: Record) -> bytes:
    """Serialise a record."""
    head = _HEADER.pack(
        _MAGIC,
        record.width,
        record.height,
        *record.frame,
        len(record.sizes),
        len(record.stands),
        record.phash,
    )
    parts = (record.places, record.sizes, record.angles, record.codes, record.stands)
    return head + b"".join(np.ascontiguousarray(p).tobytes() for p in parts) + record.small


def unpack(data: bytes) -> Record:
    """Read a record that `pack` wrote.

    Raises:
        IndexDamagedError: these are not such bytes.
    """
    if len(data) < _HEADER.size or data[:4] != _MAGIC:
        raise IndexDamagedError("a record of the fingerprint index is damaged", hint="rebuild the index")
    _, width, height, across, down, count, stands, seen = _HEADER.unpack_from(data)
    at = np.cumsum([_HEADER.size, 4 * count, count, count, codebook.CODE_BYTES * count, stands]).tolist()
    if stands not in (0, _STANDS) or at[5] > len(data):
        raise IndexDamagedError("a record of the fingerprint index is damaged", hint="rebuild the index")
    numbers = np.frombuffer(data, np.uint8, at[5] - at[0], at[0])
    return Record(
        width=width,
        height=height,
        frame=(across, down),
        small=data[at[5] :],
        places=np.frombuffer(data, np.uint16, 2 * count, at[0]).reshape(count, 2),
        sizes=numbers[at[1] - at[0] : at[2] - at[0]],
        angles=numbers[at[2] - at[0] : at[3] - at[0]],
        codes=numbers[at[3] - at[0] : at[4] - at[0]].reshape(count, codebook.CODE_BYTES),
        phash=seen,
        stands=numbers[at[4] - at[0] :],
    )

"""Ways in which somebody without the key would change a bundle."""

import random
import zlib

from crawler.evidence.verify_bundle import SEALED_LAST, files_of, zip_of


def tampered(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    """Give one tampering's name and the changed bundle."""
    how = chance.choice((_bit, _cut, _longer, _file_bit, _swap, _remove, _add, _order, _twice))
    changed = how(data, chance)
    return (how.__name__, changed) if changed != data else ("bit", _bit(data, chance))


def _bit(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _longer(data: bytes, chance: random.Random) -> bytes:
    return data + chance.randbytes(chance.randrange(1, 50))


def _file_bit(data: bytes, chance: random.Random) -> bytes:
    """Change a bit of one file, and write a right archive again."""
    files = files_of(data)
    number = chance.randrange(len(files))
    name, body = files[number]
    files[number] = (name, _bit(body, chance))
    return zip_of(files)


def _swap(data: bytes, chance: random.Random) -> bytes:
    files = files_of(data)
    a, b = chance.sample(range(len(files)), 2)
    files[a], files[b] = (files[a][0], files[b][1]), (files[b][0], files[a][1])
    return zip_of(files)


def _remove(data: bytes, chance: random.Random) -> bytes:
    files = files_of(data)
    del files[chance.randrange(len(files))]
    return zip_of(files)


def _add(data: bytes, chance: random.Random) -> bytes:
    files = files_of(data)
    name = chance.choice(
        ("archive/more.warc.gz", "pairwatch/manifest.tsr", f"x{zlib.crc32(chance.randbytes(4))}")
    )
    files.insert(chance.randrange(len(files)), (name, chance.randbytes(99)))
    return zip_of(files)


def _order(data: bytes, chance: random.Random) -> bytes:
    files = files_of(data)
    chance.shuffle(files)
    return zip_of(files)


def _twice(data: bytes, chance: random.Random) -> bytes:
    files = files_of(data)
    return zip_of([*files, files[chance.randrange(len(files) - len(SEALED_LAST))]])

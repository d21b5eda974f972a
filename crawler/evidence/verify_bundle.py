#!/usr/bin/env python3
"""Checks a sealed evidence bundle of pairwatch with nothing but Python.

    python3 verify_bundle.py BUNDLE.wacz --key PUBLIC-KEY [--roots AUTHORITY.pem]

This file needs Python 3.11 or newer and its standard library, no network and nothing else of pairwatch. It says PASS,
or which bytes of the bundle are not those that were sealed. It ends with what no check of the bundle can prove.
"""

import argparse
import base64
import hashlib
import json
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FORM = 1
BLOCK = 64 * 1024
MANIFEST, TOKEN = "pairwatch/manifest.json", "pairwatch/manifest.tsr"
KEY, SIGNATURE = "pairwatch/public.key", ".minisig"
PACKAGE, PACKAGE_DIGEST = "datapackage.json", "datapackage-digest.json"
UNTRUSTED, TRUSTED = "untrusted comment: signature by pairwatch", "trusted comment: "
SEALED_LAST = (MANIFEST, MANIFEST + SIGNATURE, TOKEN, KEY, PACKAGE, PACKAGE_DIGEST)
"""What is not in the manifest's own list, in the order in which it is written."""


class BrokenError(Exception):
    """The bundle is not what was sealed."""


@dataclass
class Report:
    """What was checked.

    Attributes:
        problems: Why the bundle is not what was sealed; empty for PASS.
        checked: What was found right.
        unchecked: What could not be checked here.
        unproven: What the bundle does not prove.
    """

    problems: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)


# Archives. A sealed bundle is a ZIP file of one exact form, so that no byte of it is free.

_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
_VERSION, _MIDNIGHT = 20, 0x21  # 1980-01-01, the first day that ZIP knows
_MOST = 0xFFFFFFFF


def zip_of(files: list[tuple[str, bytes]]) -> bytes:
    """Write files one after another, uncompressed and without times."""
    parts, central, offset = [], [], 0
    for name, data in files:
        path, crc = name.encode(), zlib.crc32(data)
        if offset + len(data) > _MOST:
            raise ValueError("a bundle of 4 GiB or more was asked for: seal fewer findings at once")
        sizes = (crc, len(data), len(data))
        parts += [_LOCAL.pack(b"PK\x03\x04", _VERSION, 0, 0, 0, _MIDNIGHT, *sizes, len(path), 0), path, data]
        entry = (
            b"PK\x01\x02",
            _VERSION,
            _VERSION,
            0,
            0,
            0,
            _MIDNIGHT,
            *sizes,
            len(path),
            0,
            0,
            0,
            0,
            0,
            offset,
        )
        central += [_CENTRAL.pack(*entry), path]
        offset += _LOCAL.size + len(path) + len(data)
    size, count = sum(map(len, central)), len(files)
    return b"".join((*parts, *central, _END.pack(b"PK\x05\x06", 0, 0, count, count, size, offset, 0)))


def files_of(data: bytes) -> list[tuple[str, bytes]]:
    """Read what `zip_of` wrote.

    Raises:
        BrokenError: A byte is not as `zip_of` writes it.
    """
    found, offset = [], 0
    while data[offset : offset + 4] == b"PK\x03\x04" and len(data) >= offset + _LOCAL.size:
        *_, size, path_size, _ = _LOCAL.unpack_from(data, offset)
        start = offset + _LOCAL.size + path_size
        path = data[offset + _LOCAL.size : start]
        if len(data) < start + size:
            raise BrokenError(f"the archive ends within {_shown(path)}: the file was cut at byte {len(data)}")
        found.append((_shown(path), data[start : start + size]))
        offset = start + size
    if not found:
        raise BrokenError("the file does not begin as a bundle does (byte 0)")
    names = [name for name, _ in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BrokenError(f"the file {twice} is in the archive twice")
    expected = zip_of(found)
    if expected != data:
        at = next(
            (n for n, (a, b) in enumerate(zip(expected, data, strict=False)) if a != b),
            min(len(expected), len(data)),
        )
        raise BrokenError(f"byte {at} of the archive ({_place(found, at)}) is not as it was written")
    return found


def _place(files: list[tuple[str, bytes]], at: int) -> str:
    offset = 0
    for name, data in files:
        end = offset + _LOCAL.size + len(name.encode()) + len(data)
        if at < end:
            return f"in or before {name}"
        offset = end
    return "in its table of contents"


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")


# Ed25519 as in RFC 8032, section 5.1 and appendix A.

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
Point = tuple[int, int, int, int]


def _x_of(y: int, sign: int) -> int:
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if y >= _P or (x * x - square) % _P or (x == 0 and sign):
        raise BrokenError("a signature or key holds no point of the curve")
    return _P - x if x & 1 != sign else x


def _point(data: bytes) -> Point:
    value = int.from_bytes(data, "little")
    y, sign = value & ((1 << 255) - 1), value >> 255
    x = _x_of(y, sign)
    return x, y, 1, x * y % _P


def _sum(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, p: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _sum(total, p)
        p, scalar = _sum(p, p), scalar >> 1
    return total


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether an Ed25519 signature is right."""
    try:
        key, first = _point(public), _point(signature[:32])
    except BrokenError:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= _L:
        return False
    summed = hashlib.sha512(signature[:32] + public + message).digest()
    other = _sum(first, _times(int.from_bytes(summed, "little") % _L, key))
    mine = _times(scalar, _BASE)
    return not (
        (mine[0] * other[2] - other[0] * mine[2]) % _P or (mine[1] * other[2] - other[1] * mine[2]) % _P
    )


VECTORS = (  # RFC 8032, section 7.1, tests 1 to 3: public key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
            "655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
            "b00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
            "c027beceea1ec40a"
        ),
    ),
)


def key_of(text: str) -> bytes:
    """Read a public key in the form of minisign, and give its 32 bytes."""
    line = text.strip().splitlines()[-1].strip() if text.strip() else ""
    raw = _decoded(line, "the public key")
    if len(raw) != 42 or raw[:2] != b"Ed":
        raise BrokenError("the public key is not in the form of minisign")
    return raw[10:]


def check_signature(data: bytes, text: bytes, key: bytes, name: str) -> str:
    """Check a signature in the form of minisign, and give its trusted comment."""
    lines = text.decode("utf-8", "backslashreplace").split("\n")
    if len(lines) != 5 or lines[0] != UNTRUSTED or lines[4] or not lines[2].startswith(TRUSTED):
        raise BrokenError(f"{name} is not in the form of minisign")
    first, second = _decoded(lines[1], name), _decoded(lines[3], name)
    number, comment = hashlib.sha256(key).digest()[:8], lines[2].removeprefix(TRUSTED)
    if len(first) != 74 or first[:2] != b"ED" or len(second) != 64:
        raise BrokenError(f"{name} is not in the form of minisign")
    if first[2:10] != number:
        raise BrokenError(f"{name} was made with another key than {number.hex()}")
    if not is_signed(key, hashlib.blake2b(data).digest(), first[10:]):
        raise BrokenError(f"{name} does not fit what it signs")
    if not is_signed(key, first[10:] + comment.encode(), second):
        raise BrokenError(f"the comment in {name} is not the one that was signed")
    return comment


def _decoded(line: str, name: str) -> bytes:
    try:
        raw = base64.b64decode(line, validate=True)
    except ValueError:
        raw = b""
    if not raw or base64.b64encode(raw).decode() != line:
        raise BrokenError(f"{name} is not in the form of minisign")
    return raw


# Time stamps as in RFC 3161.

_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
_SHA256 = bytes.fromhex("0609608648016503040201")


def _element(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Give tag, content and end of the DER element at an offset."""
    try:
        tag, size, start = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, start = int.from_bytes(data[start : start + count], "big"), start + count
    except IndexError:
        size = len(data)
        tag = start = 0
    if start + size > len(data):
        raise BrokenError("the time stamp is cut or no DER")
    return tag, data[start : start + size], start + size


def stamp_of(token: bytes) -> tuple[bytes, str]:
    """Give the digest that a time-stamp answer is about, and its time."""
    at = token.find(_TST_INFO)
    if at < 0:
        raise BrokenError("the time stamp holds no time-stamp information")
    _, wrapped, _ = _element(token, at + len(_TST_INFO))
    _, info, _ = _element(wrapped, 0)
    _, info, _ = _element(info, 0)
    fields, at = [], 0
    while at < len(info):
        tag, content, at = _element(info, at)
        fields.append((tag, content))
    if len(fields) < 5 or fields[4][0] != 0x18:
        raise BrokenError("the time stamp names no time")
    _, algorithm, end = _element(fields[2][1], 0)
    _, imprint, _ = _element(fields[2][1], end)
    if not algorithm.startswith(_SHA256):
        raise BrokenError("the time stamp is not about a SHA-256 digest")
    return imprint, fields[4][1].decode("ascii", "backslashreplace")


def _check_token(report: Report, token: bytes, stamped: bytes, roots: str) -> None:
    imprint, when = stamp_of(token)
    if imprint != hashlib.sha256(stamped).digest():
        raise BrokenError(f"{TOKEN} is about other bytes than {MANIFEST}{SIGNATURE}")
    report.checked.append(f"the time stamp of {when} is about this bundle's signature")
    openssl = shutil.which("openssl")
    if not openssl or not roots:
        wanted = (
            "openssl is not installed" if not openssl else "name the authority's certificates with --roots"
        )
        report.unchecked.append(f"the time stamp's own signature ({wanted})")
        return
    with tempfile.TemporaryDirectory() as desk:
        place, file = Path(desk) / "token.tsr", Path(desk) / "stamped"
        place.write_bytes(token)
        file.write_bytes(stamped)
        command = [openssl, "ts", "-verify", "-data", str(file), "-in", str(place), "-CAfile", roots]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise BrokenError(f"the time stamp is not signed by an authority of {roots}: {why}")
    report.checked.append("the time stamp is signed by an authority of yours")


# The bundle.


def digests_of(data: bytes) -> dict[str, Any]:
    """Give size and digest of a file, and digests of its blocks where it has several."""
    told: dict[str, Any] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if len(data) > BLOCK:
        told["blocks"] = [
            hashlib.sha256(data[at : at + BLOCK]).hexdigest() for at in range(0, len(data), BLOCK)
        ]
    return told


def _compare(name: str, data: bytes, told: Any) -> None:  # noqa: ANN401 (whatever the JSON holds)
    if digests_of(data) == told:
        return
    blocks = told.get("blocks", []) if isinstance(told, dict) else []
    for number, digest in enumerate(blocks):
        at = number * BLOCK
        if hashlib.sha256(data[at : at + BLOCK]).hexdigest() != digest:
            raise BrokenError(f"{name} was changed between bytes {at} and {at + BLOCK - 1}")
    raise BrokenError(f"{name} ({len(data)} bytes) is not the file that was sealed")


def _json(data: bytes, name: str) -> dict[str, Any]:
    try:
        told = json.loads(data)
    except ValueError as error:
        raise BrokenError(f"{name} is no JSON: {error}") from error
    if not isinstance(told, dict):
        raise BrokenError(f"{name} is no JSON object")
    return told


def verify(data: bytes, key: str = "", roots: str = "") -> Report:
    """Check a bundle.

    Args:
        data: Its bytes.
        key: The practice's public key, taken from the practice itself; "" for the one inside the bundle.
        roots: A PEM file with the time-stamp authority's certificates, or "".
    """
    report = Report()
    try:
        _verify(report, data, key, roots)
    except BrokenError as error:
        report.problems.append(str(error))
    except Exception as error:  # noqa: BLE001 (whatever a forger thought of is a broken bundle)
        report.problems.append(f"the bundle cannot be read: {type(error).__name__}: {error}")
    return report


def _verify(report: Report, data: bytes, key: str, roots: str) -> None:
    ordered = files_of(data)
    files = dict(ordered)
    report.checked.append(f"the archive's form: {len(files)} files, no byte outside them")
    for name in SEALED_LAST:
        if name not in files and name != TOKEN:
            raise BrokenError(f"{name} is missing from the bundle")
    known = _known_key(files, key)
    _check_package(files, known)
    report.checked.append(f"the signatures of key {hashlib.sha256(known).digest()[:8].hex()}")
    if not key:
        report.unchecked.append(
            "whose key that is (take it from the practice itself, and name it with --key)"
        )
    check_signature(files[MANIFEST], files[MANIFEST + SIGNATURE], known, MANIFEST + SIGNATURE)
    manifest = _json(files[MANIFEST], MANIFEST)
    if manifest.get("pairwatch_bundle") != FORM:
        raise BrokenError(
            f"the bundle is of form {manifest.get('pairwatch_bundle')!r}; this checks form {FORM}"
        )
    _check_files(ordered, manifest.get("files"))
    report.checked.append("every file is the one that was sealed, none is missing and none was added")
    if TOKEN in files:
        _check_token(report, files[TOKEN], files[MANIFEST + SIGNATURE], roots)
    else:
        report.unchecked.append("a time by somebody else: the bundle has no time stamp")
    report.unproven += [str(one) for one in manifest.get("does_not_prove", [])]


def _known_key(files: dict[str, bytes], key: str) -> bytes:
    inside = key_of(files[KEY].decode("utf-8", "backslashreplace"))
    known = key_of(key) if key else inside
    if known != inside:
        raise BrokenError(f"the bundle was sealed with another key than yours: see {KEY}")
    return known


def digest_file(package: bytes, signature: str) -> bytes:
    """Write the file that signs the list of a bundle's files, in its one form."""
    told = {"path": PACKAGE, "hash": f"sha256:{hashlib.sha256(package).hexdigest()}", "minisign": signature}
    return json.dumps(told, sort_keys=True).encode()


def _check_package(files: dict[str, bytes], known: bytes) -> None:
    package, signed = files[PACKAGE], files[PACKAGE_DIGEST]
    signature = str(_json(signed, PACKAGE_DIGEST).get("minisign", ""))
    check_signature(
        package, signature.encode("utf-8", "replace"), known, f"the signature in {PACKAGE_DIGEST}"
    )
    if digest_file(package, signature) != signed:
        raise BrokenError(f"{PACKAGE_DIGEST} is not in the form that is sealed")
    listed = {one["path"]: (one["hash"], one["bytes"]) for one in _json(package, PACKAGE)["resources"]}
    for name in SEALED_LAST[:4]:
        if (name in files) != (name in listed):
            raise BrokenError(f"{name} was {'added to' if name in files else 'removed from'} the bundle")
        if name in files:
            told = (f"sha256:{hashlib.sha256(files[name]).hexdigest()}", len(files[name]))
            if told != listed[name]:
                raise BrokenError(f"{name} ({len(files[name])} bytes) is not the file that was sealed")


def _check_files(ordered: list[tuple[str, bytes]], listed: Any) -> None:  # noqa: ANN401 (whatever the JSON holds)
    files = dict(ordered)
    if not isinstance(listed, dict):
        raise BrokenError(f"{MANIFEST} lists no files")
    for name in listed:
        if name not in files:
            raise BrokenError(f"{name} is missing from the bundle")
        _compare(name, files[name], listed[name])
    expected = [*sorted(listed), *(name for name in SEALED_LAST if name in files)]
    if [name for name, _ in ordered] != expected:
        odd = next(iter(sorted(set(files) - set(expected))), "")
        raise BrokenError(
            f"{odd} was added to the bundle" if odd else "the bundle's files were put in another order"
        )


def main(arguments: list[str] | None = None) -> int:
    """Check the bundle that the command line names."""
    parser = argparse.ArgumentParser(description="Check a sealed evidence bundle of pairwatch.")
    parser.add_argument("bundle", nargs="?", help="the bundle (.wacz)")
    parser.add_argument(
        "--key", default="", help="the practice's public key: one line, or a file that holds it"
    )
    parser.add_argument("--roots", default="", help="certificates of the time-stamp authority (PEM)")
    parser.add_argument(
        "--self-test", action="store_true", help="check this program by the test vectors of RFC 8032"
    )
    given = parser.parse_args(arguments)
    right = all(is_signed(*(bytes.fromhex(part) for part in vector)) for vector in VECTORS)
    if given.self_test or not right:
        print("PASS: the test vectors of RFC 8032" if right else "FAIL: this program computes wrongly")
        return 0 if right else 1
    if not given.bundle:
        parser.error("name a bundle")
    key = given.key
    if key and Path(key).is_file():
        key = Path(key).read_text(encoding="utf-8")
    report = verify(Path(given.bundle).read_bytes(), key, given.roots)
    print("FAIL" if report.problems else "PASS")
    told = (("broken", report.problems), ("right", report.checked), ("not checked", report.unchecked))
    for word, lines in (*told, ("not proven by any of this", report.unproven)):
        for line in lines:
            print(f"  {word}: {line}")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())

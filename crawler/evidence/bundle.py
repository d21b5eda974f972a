"""Sealed bundles of captures, which replay tools open and anybody can check."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from crawler.evidence import verify_bundle
from crawler.evidence.capture import canonical_json, exchanges_of
from crawler.evidence.verify_bundle import (
    KEY,
    MANIFEST,
    PACKAGE,
    PACKAGE_DIGEST,
    SEALED_LAST,
    SIGNATURE,
    TOKEN,
    digests_of,
)
from crawler.evidence.warc import ARCHIVE, Archive, Resource
from crawler.settings import VERSION
from crawler.store.captures import Capture
from gallery.model import Digest
from gallery.store.head import Head
from gallery.store.signature import Signer
from gallery.store.vault import Vault
from gallery.times import text_of
from watermark.picture.encode import encode
from watermark.picture.pixels import mosaic
from watermark.picture.sandbox import sandbox

_WACZ = "1.1.1"
_CELLS = 12
_DOES_NOT_PROVE = (
    "who put the picture on the page, and whether they were allowed to",
    "that the page looked the same to other visitors, at other places or at other times",
    "that the other side's server was the one that its name stands for, where no certificate was checked",
    "that nothing was left out when the bundle was made",
    (
        "anything against whoever holds the signing key: they could have sealed something else; a time stamp, an "
        "earlier bundle or a mailed ledger head bounds when"
    ),
    "that this computer's clock was right; its offset from other servers' dates is given with each capture",
)


class Tier(StrEnum):
    """For whom a bundle is.

    `sealed` holds all, our original too. `counsel` holds what was captured. `public` shows no patient: pictures as a
    mosaic of a few cells, no words of the page, and the digests of what it leaves out.
    """

    SEALED = "sealed"
    COUNSEL = "counsel"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What goes into a bundle.

    Args:
        captures: What was kept, the oldest first.
        originals: Our own photographs by file name, for the tier `sealed`.
        ledger: Where the ledger ended before the bundle.
    """

    tier: Tier
    captures: tuple[Capture, ...]
    originals: Mapping[str, bytes]
    purpose: str
    by: str
    at: datetime
    ledger: Head


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle's files before they are closed, the manifest's own last."""

    files: tuple[tuple[str, bytes], ...]

    @property
    def stamped(self) -> bytes:
        """What a time stamp is about: the manifest's signature."""
        return dict(self.files)[MANIFEST + SIGNATURE]

    def closed(self, signer: Signer, token: bytes = b"") -> bytes:
        """Give the file, with a time stamp where there is one."""
        files = {name: data for name, data in self.files if name not in (TOKEN, PACKAGE, PACKAGE_DIGEST)}
        if token:
            files[TOKEN] = token
        package = _data_package(files, json.loads(files[MANIFEST])["at"])
        signature = signer.sign(package, f"pairwatch bundle {hashlib.sha256(package).hexdigest()}")
        files |= {PACKAGE: package, PACKAGE_DIGEST: verify_bundle.digest_file(package, signature)}
        return verify_bundle.zip_of(sorted(files.items(), key=lambda one: _order(one[0])))


def opened(data: bytes) -> Bundle:
    """Give the files of a sealed bundle, to be stamped and closed again."""
    return Bundle(tuple(verify_bundle.files_of(data)))


def seal(contents: Contents, vault: Vault, signer: Signer) -> Bundle:
    """Make a bundle of captures.

    Raises:
        DamagedError: Something that was kept is missing or was changed.
    """
    archive = Archive({"software": f"pairwatch {VERSION}", "format": "WARC File Format 1.1"}, contents.at)
    pages: list[dict[str, str]] = []
    told = [_captured(one, contents.tier, archive, pages, vault) for one in contents.captures]
    files = {
        f"archive/{ARCHIVE}": archive.to_bytes(),
        "indexes/index.cdx": archive.index(),
        "pages/pages.jsonl": _lines(
            [{"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}, *pages]
        ),
        "pairwatch/readme.txt": _readme(contents.tier).encode(),
    }
    if contents.tier is not Tier.PUBLIC:
        files |= {
            f"certificates/{digest.partition(':')[2]}.der": vault.get(Digest(digest))
            for one in contents.captures
            for part in one.parts
            for digest in part.get("certificates", ())
        }
    if contents.tier is Tier.SEALED:
        files |= {f"originals/{name}": data for name, data in contents.originals.items()}
    manifest = canonical_json(
        {
            "pairwatch_bundle": verify_bundle.FORM,
            "tier": str(contents.tier),
            "purpose": contents.purpose,
            "by": contents.by,
            "at": text_of(contents.at),
            "tool": f"pairwatch {VERSION}",
            "ledger_head_before": str(contents.ledger),
            "captures": told,
            "does_not_prove": list(_DOES_NOT_PROVE),
            "files": {name: digests_of(data) for name, data in files.items()},
        }
    )
    digest = hashlib.sha256(manifest).hexdigest()
    files[MANIFEST] = manifest
    files[MANIFEST + SIGNATURE] = signer.sign(manifest, f"pairwatch manifest {digest}").encode()
    files[KEY] = signer.public_key.text.encode()
    return Bundle(tuple(sorted(files.items(), key=lambda one: _order(one[0]))))


def verifier() -> bytes:
    """Give the program that checks a bundle by itself."""
    return Path(verify_bundle.__file__).read_bytes()


def _order(name: str) -> tuple[int, str]:
    return (SEALED_LAST.index(name) + 1 if name in SEALED_LAST else 0, name)


def _captured(
    capture: Capture, tier: Tier, archive: Archive, pages: list[dict[str, str]], vault: Vault
) -> dict[str, Any]:
    """Write a capture into the archive, and give what the manifest tells of it."""
    manifest = json.loads(vault.get(Digest(capture.manifest))) if capture.manifest else {}
    stamp = {"id": f"capture-{capture.id}", "ts": text_of(capture.begun_at)}
    if tier is Tier.PUBLIC:
        url = f"urn:pairwatch:exhibit:{capture.id}"
        archive.add_resource(
            Resource(url=url, media="image/png", body=_exhibit(capture, vault), made_at=capture.begun_at)
        )
        pages.append({**stamp, "url": url, "title": f"Finding {capture.finding}"})
        return _redacted(capture, manifest)
    for _, exchange in exchanges_of(capture.parts, vault):
        archive.add(exchange)
    for part in capture.parts:
        if "media" in part:
            made_at = datetime.fromisoformat(part["made_at"])
            body = vault.get(Digest(part["body"]))
            archive.add_resource(Resource(url=part["url"], media=part["media"], body=body, made_at=made_at))
    pages.append({**stamp, "url": capture.page_url, "title": f"Finding {capture.finding}"})
    return {
        "capture": capture.id,
        "is_complete": capture.is_complete,
        "manifest": manifest,
        "parts": list(capture.parts),
    }


def _redacted(capture: Capture, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the public may know of a capture."""
    facts = manifest.get("facts", {})
    answers = [
        {
            name: part[name]
            for name in ("role", "url", "sent_at", "received_at", "body", "payload", "is_further")
        }
        for part in capture.parts
        if "head" in part and part["role"] in ("page", "image")
    ]
    return {
        "capture": capture.id,
        "is_complete": capture.is_complete,
        "finding": capture.finding,
        "case": facts.get("case"),
        "page_url": capture.page_url,
        "image_url": capture.image_url,
        "digest": capture.digest,
        "withheld_manifest": capture.manifest,
        "answers": answers,
    }


def _exhibit(capture: Capture, vault: Vault) -> bytes:
    """Give the found picture in so few cells that nobody is known by it."""
    picture = sandbox().open_picture(vault.get(Digest(capture.digest)), longest=480)
    return encode(mosaic(picture, _CELLS), format="png")


def _data_package(files: Mapping[str, bytes], at: str) -> bytes:
    """Write the list of files that WACZ asks for (specs.webrecorder.net/wacz/1.1.1)."""
    package = {
        "profile": "data-package",
        "wacz_version": _WACZ,
        "title": "pairwatch evidence",
        "software": f"pairwatch {VERSION}",
        "created": at,
        "resources": [
            {
                "name": name,
                "path": name,
                "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
                "bytes": len(data),
            }
            for name, data in sorted(files.items())
        ],
    }
    return json.dumps(package, indent=1, sort_keys=True).encode()


def _lines(values: list[dict[str, str]]) -> bytes:
    return "".join(f"{json.dumps(one)}\n" for one in values).encode()


def _readme(tier: Tier) -> str:
    holds = {
        Tier.SEALED: "everything, the practice's own originals too",
        Tier.COUNSEL: "what was captured; the practice's originals are not in it",
        Tier.PUBLIC: "no picture of a patient and no words of the page; what is left out is named by its digest",
    }
    return (
        f"An evidence bundle of pairwatch, tier {tier}: it holds {holds[tier]}.\n\n"
        "Look at it:   any WACZ viewer, such as https://replayweb.page\n"
        "Check it:     python3 verify_bundle.py BUNDLE.wacz --key PUBLIC-KEY\n"
        "Signatures:   minisign's, of pairwatch/manifest.json and, in datapackage-digest.json, of datapackage.json;\n"
        "              the time stamp is of pairwatch/manifest.json.minisig\n"
        "Who, when:    pairwatch/manifest.json\n"
    )

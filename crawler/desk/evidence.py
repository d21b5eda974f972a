"""Sealing, stamping, checking and handing out evidence."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crawler.desk.door import door
from crawler.errors import (
    ConflictError,
    CrawlerError,
    DamagedError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from crawler.evidence import bundle
from crawler.evidence.bundle import Bundle, Contents, Tier
from crawler.evidence.capture import problems_of
from crawler.evidence.timestamps import Post, stamp
from crawler.evidence.verify_bundle import TOKEN, Report, verify
from crawler.http.client import FetchError
from crawler.model import Finding
from crawler.settings import Plan, load_plan
from crawler.store.captures import BundleRecord, Capture, Captures
from crawler.store.database import watch
from crawler.store.findings import Findings
from gallery.events import Action
from gallery.model import Digest
from gallery.settings import DataFolder
from gallery.store.database import transaction
from gallery.store.ledger import Ledger
from gallery.store.signature import Signer
from gallery.store.vault import Vault

_TOKEN_BYTES = 64 * 1024
_MIME = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


@dataclass(frozen=True, slots=True)
class Sealed:
    """A bundle that was sealed or stamped.

    Args:
        incomplete: Captures in it that lack something.
        no_stamp: Why it has no time stamp, or "".
    """

    number: int
    digest: str
    tier: Tier
    bytes: int
    captures: int
    incomplete: int = 0
    no_stamp: str = ""


def seal(  # noqa: PLR0913 (what a ledger row says of a bundle)
    folder: DataFolder,
    numbers: tuple[int, ...],
    tier: Tier,
    *,
    by: str,
    purpose: str,
    now: datetime,
    post: Post | None = None,
) -> Sealed:
    """Seal what was kept of findings into one bundle, and write it into the ledger.

    Args:
        folder: The practice's data.
        numbers: The findings.
        tier: For whom.
        by: Who seals.
        purpose: What for.
        now: The time.
        post: Asks the time-stamp authority; the one of the settings unless given.

    Raises:
        CrawlerError: A finding is unknown, nothing was kept of it yet, or what was kept is damaged.
    """
    if not by.strip():
        raise RefusedError("a bundle needs the name of who seals it", hint="add --by NAME")
    with watch(folder) as db:
        kept, ledger = Captures(db), Ledger(db)
        findings = [Findings(db).get(number) for number in numbers]
        contents = Contents(
            tier=tier,
            captures=tuple(one for finding in findings for one in _captures(kept, finding)),
            originals=_originals(folder, findings) if tier is Tier.SEALED else {},
            purpose=purpose.strip(),
            by=by.strip(),
            at=now,
            ledger=ledger.head(),
        )
        data, no_stamp = _closed(folder, contents, post)
        digest = Vault(folder.evidence).put(data)
        with transaction(db):
            number = kept.put_bundle(digest, tier, numbers, by=contents.by, now=now)
            detail = _detail(contents, numbers, digest)
            ledger.append(contents.by, Action.EVIDENCE_SEALED, f"bundle {number}", detail, now)
    captures = len(contents.captures)
    incomplete = sum(not one.is_complete for one in contents.captures)
    return Sealed(number, digest, tier, len(data), captures, incomplete, no_stamp)


def _detail(contents: Contents, numbers: tuple[int, ...], digest: str) -> dict[str, object]:
    """Give what the ledger says of a sealed bundle."""
    return {
        "digest": digest,
        "tier": str(contents.tier),
        "findings": list(numbers),
        "captures": [one.id for one in contents.captures],
        "purpose": contents.purpose,
    }


def _closed(folder: DataFolder, contents: Contents, post: Post | None) -> tuple[bytes, str]:
    """Give a bundle's file, and why it has no time stamp."""
    signer = Signer(folder)
    made = bundle.seal(contents, Vault(folder.evidence), signer)
    token, no_stamp = _stamped(folder, made, post, contents.at)
    return made.closed(signer, token), no_stamp


def stamp_later(
    folder: DataFolder, number: int, *, by: str, now: datetime, post: Post | None = None
) -> Sealed:
    """Add a time stamp to a bundle that has none, as a new bundle beside it.

    Raises:
        CrawlerError: There is no such bundle, it has a stamp, or the authority gave none.
    """
    vault, signer = Vault(folder.evidence), Signer(folder)
    with watch(folder) as db:
        kept = Captures(db)
        record = _record(kept, number)
        made = bundle.opened(vault.get(Digest(record.digest)))
        if TOKEN in dict(made.files):
            raise ConflictError(f"bundle {number} has a time stamp already", hint="nothing needs to be done")
        token, why = _stamped(folder, made, post, now)
        if not token:
            raise UnavailableError(f"bundle {number} was not stamped: {why}", hint="ask again later")
        data = made.closed(signer, token)
        digest = vault.put(data)
        with transaction(db):
            new = kept.put_bundle(digest, record.tier, record.findings, by=by, now=now, replaces=record.id)
            detail = {"digest": digest, "replaces": record.digest}
            Ledger(db).append(by, Action.EVIDENCE_STAMPED, f"bundle {new}", detail, now)
    return Sealed(number=new, digest=digest, tier=Tier(record.tier), bytes=len(data), captures=0)


def export(
    folder: DataFolder, number: int, out: Path, *, to: str, by: str, now: datetime
) -> tuple[Path, ...]:
    """Write a bundle, its verifier and the public key into a folder, and the ledger says for whom.

    Raises:
        CrawlerError: There is no such bundle, it is damaged, or the files exist.
    """
    if not to.strip() or not by.strip():
        raise RefusedError("an export needs who gives what to whom", hint="add --to NAME and --by NAME")
    vault, signer = Vault(folder.evidence), Signer(folder)
    with watch(folder) as db:
        record = _record(Captures(db), number)
        data = vault.get(Digest(record.digest))
        problems = verify(data, signer.public_key.line).problems
        if problems:
            raise DamagedError(f"bundle {number} is damaged: {problems[0]}", hint="restore it from a backup")
        files = {
            f"bundle-{number}-{record.tier}.wacz": data,
            "verify_bundle.py": bundle.verifier(),
            "public.key": signer.public_key.text.encode(),
        }
        out.mkdir(parents=True, exist_ok=True)
        there = next((name for name in files if (out / name).exists()), None)
        if there is not None:
            raise ConflictError(f"{out / there} exists already", hint="name a new folder with --out")
        detail = {"digest": record.digest, "tier": record.tier, "to": to.strip(), "out": str(out)}
        Ledger(db).append(by.strip(), Action.EVIDENCE_EXPORTED, f"bundle {number}", detail, now)
    for name, content in files.items():
        (out / name).write_bytes(content)
    return tuple(out / name for name in files)


def check_file(folder: DataFolder, file: Path, roots: str = "") -> Report:
    """Check a bundle by this practice's own key."""
    return verify(
        file.read_bytes(), Signer(folder).public_key.line, roots or load_plan(folder).timestamp_roots
    )


def check_store(folder: DataFolder) -> list[str]:
    """Name every capture and bundle whose bytes are missing or were changed."""
    vault, key = Vault(folder.evidence), Signer(folder).public_key.line
    with watch(folder) as db:
        kept = Captures(db)
        problems = [line for one in kept.of() for line in problems_of(one, vault)]
        for record in kept.bundles():
            try:
                found = verify(vault.get(Digest(record.digest)), key).problems
            except Exception as error:  # noqa: BLE001 (whatever is wrong with a file is a row)
                found = [str(error)]
            problems += [f"bundle {record.id}: {line}" for line in found]
    return problems


def _captures(kept: Captures, finding: Finding) -> list[Capture]:
    """Give what was kept of a finding under any of its numbers."""
    numbers = sorted({finding.id, *finding.numbers})
    found = [one for number in numbers for one in kept.of(number) if one.manifest]
    if not found:
        raise NotFoundError(
            f"nothing was kept of finding {finding.id} yet",
            hint="the next `pairwatch crawl` keeps it, if it is still there",
        )
    return found


def _originals(folder: DataFolder, findings: list[Finding]) -> dict[str, bytes]:
    vault = Vault(folder.originals)
    digests = {one.original for one in findings if one.original}
    return {digest.replace(":", "-"): vault.get(Digest(digest)) for digest in sorted(digests)}


def _record(kept: Captures, number: int) -> BundleRecord:
    for record in kept.bundles():
        if record.id == number:
            return record
    raise NotFoundError(f"there is no bundle {number}", hint="see the numbers with: pairwatch evidence list")


def _stamped(folder: DataFolder, made: Bundle, post: Post | None, now: datetime) -> tuple[bytes, str]:
    """Give a time stamp, or why there is none."""
    plan = load_plan(folder)
    if post is None and not plan.timestamp_url:
        return b"", "no authority is named in [crawler] timestamp_url"
    try:
        roots = Path(plan.timestamp_roots).read_bytes() if plan.timestamp_roots else b""
        return stamp(made.stamped, post or _asking(plan), roots, now).token, ""
    except (CrawlerError, OSError) as error:
        return b"", str(error)


def _asking(plan: Plan) -> Post:
    def post(request: bytes) -> bytes:
        url, seconds = plan.timestamp_url, plan.request_s
        with door(url, plan, seconds=seconds, name="the time-stamp authority", may_be_plain=True) as fetcher:
            try:
                reply = fetcher.post(url, request, _MIME, max_bytes=_TOKEN_BYTES)
            except FetchError as error:
                raise UnavailableError(f"the time-stamp authority gave no answer: {error}") from error
        if reply.status != 200:  # noqa: PLR2004 (HTTP's own word for yes)
            raise UnavailableError(f"the time-stamp authority answered with status {reply.status}")
        return reply.body

    return post

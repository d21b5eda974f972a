"""What is kept of a finding, taken from the very answers that were judged."""

import base64
import hashlib
import json
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from crawler.clock import Clock
from crawler.evidence.warc import headers_of, payload_of
from crawler.extract.browser import Draw
from crawler.extract.page import extract_page
from crawler.http import headers
from crawler.http.client import Reply
from crawler.http.exchange import Exchange
from crawler.settings import VERSION, Plan
from crawler.store.captures import Capture, Captures, Subject
from crawler.visit.context import MIB
from crawler.visit.polite import PoliteFetcher
from crawler.visit.spool import Spool
from gallery.model import Digest
from gallery.store.vault import Vault, digest_of
from gallery.times import text_of

FORM = 1
_MOST_STYLES = 12
_OK = 200
_INLINE = "data:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is the same for all captures of a night.

    Args:
        clock_source: What keeps this computer's clock, as far as it says.
        settings: The digest of the crawler's settings.
    """

    clock_source: str
    settings: str
    tool: str = f"pairwatch {VERSION}"
    machine: str = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"


@dataclass(slots=True)
class Capturer:
    """Keeps findings' pages and pictures, one after another."""

    captures: Captures
    vault: Vault
    spool: Spool
    others: PoliteFetcher
    clock: Clock
    plan: Plan
    circumstances: Circumstances
    draw: Draw | None = None

    def capture(self, subject: Subject, told: Mapping[str, Any]) -> bool:
        """Keep one subject, and tell whether nothing is missing.

        Args:
            subject: What to keep.
            told: More facts for the list of contents, as JSON values.
        """
        number = self.captures.begin(subject, self.clock.now())
        taken = _Taking(self, subject, number)
        taken.take()
        manifest = {
            "pairwatch_capture": FORM,
            "subject": asdict(subject),
            "facts": dict(told),
            "began_at": text_of(taken.began),
            "ended_at": text_of(self.clock.now()),
            "circumstances": asdict(self.circumstances),
            "clock_offset_s": taken.offset_s(),
            "parts": taken.parts,
            "missing": taken.missing,
        }
        digest = self.vault.put(canonical_json(manifest))
        complete = not taken.missing
        self.captures.end(number, digest, is_complete=complete, now=self.clock.now())
        return complete


@dataclass(slots=True)
class _Taking:
    """One capture under way."""

    capturer: Capturer
    subject: Subject
    number: int
    parts: list[dict[str, Any]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    offsets: list[float] = field(default_factory=list)
    answers: dict[str, Reply] = field(default_factory=dict)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def take(self) -> None:
        self.began = self.capturer.clock.now()
        subject = self.subject
        if not subject.image_url.startswith(_INLINE):
            self._image(subject.image_url)
        page = self._answer("page", subject.page_url)
        if page is None:
            self.missing.append(f"the page {subject.page_url} gave no answer that was permitted and whole")
        elif page.status == _OK:
            sheets = extract_page(page.body, page.url, page.headers.get("content-type", "")).styles
            for url in list(dict.fromkeys(sheets))[:_MOST_STYLES]:
                if self._answer("style", url) is None:
                    self._note("style", url)
            self._drawn(page)
        else:
            self.missing.append(f"the page {subject.page_url} answered {page.status}")

    def _image(self, url: str) -> None:
        image = self._answer("image", url)
        if image is None:
            self.missing.append(f"the picture {url} gave no answer that was permitted and whole")
        elif image.status != _OK or digest_of(image.body) != self.subject.digest:
            self.missing.append(
                f"the picture {url} answered {image.status} with other bytes than were judged"
            )

    def _answer(self, role: str, url: str) -> Reply | None:
        """Keep an address's answers, the night's own or asked for now."""
        kept = self.capturer.spool.get(self.subject.site, url)
        if role == "image" and kept and digest_of(payload_of(kept[-1])) != self.subject.digest:
            kept = ()
        is_further = not kept
        if not kept:
            plan = self.capturer.plan
            most = (plan.image_mib if role == "image" else plan.page_mib) * MIB
            accept = {"image": headers.IMAGE, "style": headers.STYLE}.get(role, headers.PAGE)
            shown_on = "" if role == "page" else self.subject.page_url
            fields = {"Accept": accept} | headers.referer(shown_on, url)
            replies = self.capturer.others.follow(url, max_bytes=most, fields=fields)
            kept = tuple(one.exchange for one in replies if one.exchange is not None)
        for exchange in kept:
            self._keep(role, exchange, is_further=is_further)
        if not kept or not kept[-1].is_whole:
            return None
        last = kept[-1]
        reply = Reply(url=last.url, status=last.status, headers=headers_of(last), body=payload_of(last))
        self.answers[url] = self.answers[last.url] = reply
        return reply

    def _keep(self, role: str, exchange: Exchange, *, is_further: bool) -> None:
        vault = self.capturer.vault
        date = headers_of(exchange).get("date", "")
        offset = _seconds_after(date, exchange.received_at)
        if offset is not None:
            self.offsets.append(offset)
        self._add(
            {
                "role": role,
                "url": exchange.url,
                "is_further": is_further,
                "sent_at": exchange.sent_at.isoformat(),
                "received_at": exchange.received_at.isoformat(),
                "peer": exchange.peer,
                "resolved": exchange.resolved,
                "tls": exchange.tls,
                "certificates": [vault.put(one) for one in exchange.certificates],
                "request": base64.b64encode(exchange.request).decode(),
                "head": base64.b64encode(exchange.head).decode(),
                "body": vault.put(exchange.body),
                "payload": digest_of(payload_of(exchange)),
                "is_whole": exchange.is_whole,
            }
        )

    def _drawn(self, page: Reply) -> None:
        """Draw the page from what was kept of it."""
        draw = self.capturer.draw
        if draw is None:
            return
        drawn = draw(page.url, self.answers.get)
        if drawn is None:
            self._note("screenshot", page.url)
            return
        files = (
            ("screenshot", "image/png", drawn.picture),
            ("dom", "text/html; charset=utf-8", drawn.markup.encode()),
        )
        for role, media, body in files:
            self._add(
                {
                    "role": role,
                    "url": f"urn:pairwatch:{role}:{page.url}",
                    "media": media,
                    "body": self.capturer.vault.put(body),
                    "made_with": f"{drawn.program}, without scripts, from the answers of this capture alone",
                    "made_at": text_of(self.capturer.clock.now()),
                }
            )

    def _note(self, role: str, url: str) -> None:
        """Say what could not be had and is no reason to try again."""
        self._add({"role": role, "url": url, "is_absent": True})

    def _add(self, part: dict[str, Any]) -> None:
        self.capturer.captures.add(self.number, len(self.parts), part)
        self.parts.append(part)

    def offset_s(self) -> float | None:
        """Give the median of what servers' own dates are behind our clock, in seconds."""
        ordered = sorted(self.offsets)
        return ordered[len(ordered) // 2] if ordered else None


def exchanges_of(parts: Iterable[Mapping[str, Any]], vault: Vault) -> Iterator[tuple[str, Exchange]]:
    """Give a capture's answers as they came, each with its role.

    Raises:
        DamagedError: A body or certificate is missing or was changed.
    """
    for part in parts:
        if "head" not in part:
            continue
        head = base64.b64decode(part["head"])
        yield (
            part["role"],
            Exchange(
                url=part["url"],
                request=base64.b64decode(part["request"]),
                answer=head + vault.get(Digest(part["body"])),
                sent_at=datetime.fromisoformat(part["sent_at"]),
                received_at=datetime.fromisoformat(part["received_at"]),
                peer=part["peer"],
                resolved=tuple(part["resolved"]),
                tls=part["tls"],
                certificates=tuple(vault.get(Digest(one)) for one in part["certificates"]),
                is_whole=part["is_whole"],
            ),
        )


def problems_of(capture: Capture, vault: Vault) -> list[str]:
    """Name what of a capture is missing from the store or was changed."""
    digests = [
        capture.digest,
        *filter(None, (capture.manifest,)),
    ]  # the found bytes are kept before any capture
    for part in capture.parts:
        digests += [part["body"]] if "body" in part else []
        digests += part.get("certificates", ())
    problems = []
    for digest in dict.fromkeys(digests):
        try:
            data = vault.get(Digest(digest))
        except Exception as error:  # noqa: BLE001 (whatever is wrong with a file is a row)
            problems.append(f"capture {capture.id} of finding {capture.finding}: {error}")
            continue
        if digest == capture.manifest and json.loads(data)["parts"] != [dict(one) for one in capture.parts]:
            problems.append(f"capture {capture.id} of finding {capture.finding}: its rows were changed")
    return problems


def circumstances_of(plan: Plan, run: Callable[..., Any] = subprocess.run) -> Circumstances:
    """Say what keeps the clock here, and by which settings this runs."""
    return Circumstances(
        clock_source=_clock_source(run),
        settings=f"sha256:{hashlib.sha256(canonical_json(asdict(plan))).hexdigest()}",
    )


def _clock_source(run: Callable[..., Any]) -> str:
    program = shutil.which("timedatectl")
    if program is None:
        return "this computer's clock; what keeps it is not known"
    try:
        done = run(
            [program, "show", "--property=NTPSynchronized", "--value"],
            capture_output=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return "this computer's clock; what keeps it is not known"
    said = {b"yes": "synchronized by NTP", b"no": "not synchronized by NTP"}
    return f"this computer's clock; {said.get(done.stdout.strip(), 'what keeps it is not known')}"


def _seconds_after(date: str, received: datetime) -> float | None:
    """Give how far our clock is after a server's `Date`, which counts whole seconds."""
    try:
        told = parsedate_to_datetime(date)
        return round((received - told.replace(tzinfo=told.tzinfo or UTC)).total_seconds(), 3)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def canonical_json(value: object) -> bytes:
    """Write a value as JSON in the one form that is digested."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

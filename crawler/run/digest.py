"""The mail after a night, which holds no picture."""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from crawler.desk.sentences import counted, subject
from crawler.errors import RefusedError, UnavailableError
from crawler.http.ip_policy import is_private_by_name
from crawler.model import Finding, Listing, Outcome, RunSummary, printable
from crawler.settings import Plan

HEARTBEAT = timedelta(days=7)
_TLS_PORT = 465


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestContent:
    """What a digest tells, and what decides whether it is sent."""

    summary: RunSummary
    findings: tuple[Finding, ...]
    blind_before: frozenset[tuple[str, str]]
    last_mail: datetime | None
    practice: str
    ledger_head: str


def is_due(night: DigestContent) -> bool:
    """Tell whether a mail goes out.

    Something was found, blindness is new, the run failed, or a week is over.
    """
    blind = {(site.url, sentence) for site in night.summary.sites for sentence in site.blind}
    failed = night.summary.outcome is Outcome.FAILED
    if night.findings or blind - night.blind_before or failed or night.summary.notes:
        return True
    if night.last_mail is None or night.last_mail > night.summary.finished_at:  # the clock was wrong then
        return True
    return night.summary.finished_at - night.last_mail >= HEARTBEAT


def compose(night: DigestContent, plan: Plan) -> EmailMessage:
    """Write the mail in plain words, site by site."""
    mail = EmailMessage()
    mail["From"] = plan.mail_from or plan.mail_to
    mail["To"] = plan.mail_to
    mail["Subject"] = _subject(night)
    mail["Date"] = format_datetime(night.summary.finished_at)
    mail["Message-ID"] = make_msgid(domain=_domain(plan.mail_from or plan.mail_to))
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Id"] = "<nightly.pairwatch>"
    mail.set_content("\n".join(printable(line) for line in _lines(night)))
    return mail


def _domain(address: str) -> str:
    return MailAddress(addr_spec=address.strip()).domain or "localhost"


def _subject(night: DigestContent) -> str:
    count = len(night.findings)
    if count:
        return f"pairwatch: {counted(night.findings)}"
    if night.summary.outcome is Outcome.FAILED:
        return "pairwatch: no site could be reached"
    if night.summary.notes or any(site.blind for site in night.summary.sites):
        return "pairwatch: no new findings, but not everything could be seen"
    return "pairwatch: all quiet"


def _lines(night: DigestContent) -> list[str]:
    summary = night.summary
    read = summary.tally.pages + summary.tally.images
    lines = [
        f"The night of {summary.started_at:%Y-%m-%d} for {night.practice}.",
        f"{len(summary.sites)} sites, {read} pages and images read, {summary.tally.unchanged} unchanged.",
        f"{counted(night.findings)}.",
        *(f"look: {note}" for note in summary.notes),
        "",
    ]
    for site in summary.sites:
        found = [one for one in night.findings if one.site_url == site.url]
        if not found and not site.blind:
            continue
        allowed = " (allowed)" if site.listing is Listing.ALLOW else ""
        lines.append(f"{site.url}{allowed}")
        for one in found:
            how = "" if one.photo_id is None else f"{one.probability:.0%} sure, "
            lines.append(f"  finding {one.id}: {how}{subject(one)}: {one.verdict}")
            lines.append(f"    {one.image_url} on {one.page_url}")
        lines += [f"  not seen: {sentence}" for sentence in site.blind]
        lines.append("")
    lines.append("A finding is what the machine says; a person decides with: pairwatch review")
    lines.append("")
    lines.append("Keep this mail: its ledger head proves later that nothing before it was taken back.")
    lines.append(f"Ledger head: {night.ledger_head}")
    return lines


def _connected(plan: Plan) -> smtplib.SMTP:
    """Connect with as much encryption as the server offers.

    On port 465 from the start (RFC 8314), else by STARTTLS.
    """
    secure = ssl.create_default_context()
    if plan.smtp_port == _TLS_PORT:
        return smtplib.SMTP_SSL(plan.smtp_host, plan.smtp_port, timeout=30, context=secure)
    server = smtplib.SMTP(plan.smtp_host, plan.smtp_port, timeout=30)
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=secure)
        server.ehlo()
    return server


def _require_secrecy(server: smtplib.SMTP, plan: Plan) -> None:
    if not isinstance(server.sock, ssl.SSLSocket) and not is_private_by_name(plan.smtp_host):
        raise RefusedError(
            f"{plan.smtp_host}:{plan.smtp_port} offers no encryption, so the password was not sent to it",
            hint="use port 465 or 587 of a server that encrypts",
        )


def send(mail: EmailMessage, plan: Plan, *, password: str = "") -> None:
    """Hand a mail to the configured server, encrypted where the server can."""
    try:
        with _connected(plan) as server:
            if plan.smtp_user:
                _require_secrecy(server, plan)
                server.login(plan.smtp_user, password)
            server.send_message(mail)
    except (OSError, smtplib.SMTPException) as error:
        raise UnavailableError(
            f"the digest could not be handed to {plan.smtp_host}:{plan.smtp_port}: {error}",
            hint="it is sent again after the next run; check smtp_host and smtp_port under [crawler]",
        ) from error

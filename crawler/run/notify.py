"""The mail and the sign of life that follow a run."""

import json
import os
from contextlib import suppress
from urllib.parse import urlsplit

from crawler.desk.inbox import is_news
from crawler.errors import CrawlerError
from crawler.http.client import Fetcher, FetchError, Limits, system_resolver
from crawler.model import RunSummary
from crawler.run.digest import DigestContent, compose, is_due, send
from crawler.settings import Plan, load_plan
from crawler.store.database import watch
from crawler.store.findings import Findings
from crawler.store.messages import Mails
from crawler.store.runs import Runs
from gallery.errors import GalleryError
from gallery.settings import DataFolder, load_settings
from gallery.store.ledger import Ledger

PASSWORD = "PAIRWATCH_SMTP_PASSWORD"  # noqa: S105 (the name of a variable)
PASSWORD_FILE = "keys/smtp.password"  # noqa: S105 (the name of a file: a timer's run has no variables of ours)


def notify(folder: DataFolder, summary: RunSummary) -> str:
    """Send the digest if one is due, and ping."""
    plan = load_plan(folder)
    if plan.ping_url:
        ping(plan, failed=bool(summary.failing))
    if not plan.mail_to:
        return ""
    with watch(folder) as db:
        before = Runs(db).last_finished(before=summary.id)
        night = DigestContent(
            summary=summary,
            findings=tuple(one for one in Findings(db).all(run_id=summary.id) if is_news(one)),
            blind_before=_blind(before.summary) if before else frozenset(),
            last_mail=Mails(db).last(),
            practice=load_settings(folder).practice,
            ledger_head=str(Ledger(db).head()),
        )
        if not is_due(night):
            return ""
        mail = compose(night, plan)
        send(mail, plan, password=_password(folder))
        Mails(db).add(summary.id, str(mail["Subject"]), summary.finished_at)
        return str(mail["Subject"])


def _password(folder: DataFolder) -> str:
    """Give the mail server's password from the environment or its file.

    A run that a timer starts has no variables of ours.
    """
    given = os.environ.get(PASSWORD, "")
    file = folder.root / PASSWORD_FILE
    return given or (file.read_text(encoding="utf-8").strip() if file.is_file() else "")


def notify_stopped(folder: DataFolder) -> None:
    """Tell the monitor that a run stopped.

    No mail, since what stopped it may be the disk that mail needs.
    """
    with suppress(GalleryError, CrawlerError):  # settings that cannot be read are said by the run itself
        plan = load_plan(folder)
        if plan.ping_url:
            ping(plan, failed=True)


def _blind(summary: str) -> frozenset[tuple[str, str]]:
    sites = json.loads(summary).get("sites", [])
    return frozenset((site["url"], sentence) for site in sites for sentence in site["blind"])


def ping(plan: Plan, *, failed: bool) -> bool:
    """Ask for the monitor's address once.

    A monitor that is down changes nothing about the run.
    """
    url = plan.ping_url.rstrip("/") + ("/fail" if failed else "")
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        own = frozenset(f"{entry[4][0]}:{port}" for entry in system_resolver(parts.hostname or "", port))
        with Fetcher(plan.agent, plan.contact, limits=Limits(seconds=10), allowance=own) as fetcher:
            return fetcher.get(url, max_bytes=100_000).status < 400  # noqa: PLR2004 (no error)
    except (FetchError, OSError):
        return False

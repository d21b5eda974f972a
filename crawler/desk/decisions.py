"""A person's decision about a finding."""

from datetime import datetime

from crawler.errors import RefusedError
from crawler.model import Decision, Finding
from crawler.store.database import watch
from crawler.store.findings import Findings
from gallery.settings import DataFolder


def review(
    folder: DataFolder, number: int, decision: Decision, *, note: str, by: str, now: datetime
) -> Finding:
    """Decide a finding, and give it with the decision.

    The decision belongs to this content, photo and site: seen there again, it stays decided.
    """
    if not by.strip():
        raise RefusedError("a decision needs the name of who decides", hint="add --by NAME")
    with watch(folder) as db:
        findings = Findings(db)
        return findings.decide(findings.get(number), decision, note=note.strip(), by=by.strip(), now=now)

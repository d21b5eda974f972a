"""Known copies on other sites that a withdrawal reaches."""

from crawler.model import Decision
from crawler.store.database import watch
from crawler.store.findings import Findings
from gallery.model import KnownCopy
from gallery.settings import DataFolder


def known_copies(folder: DataFolder) -> list[KnownCopy]:
    """Give every known copy elsewhere, licensed ones too, dismissed ones not."""
    with watch(folder) as database:
        return [
            KnownCopy(
                finding=finding.id, case=finding.case, page=finding.page_url, decision=str(finding.decision)
            )
            for finding in Findings(database).all()
            if finding.case is not None and finding.decision is not Decision.DISMISSED
        ]

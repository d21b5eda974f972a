"""Which findings a person is shown without asking, and which are news."""

from crawler.model import Decision, Finding
from watermark.matching.verdict import Verdict

ASIDE = frozenset((Decision.DISMISSED, Decision.LICENSED))


def is_for_the_desk(finding: Finding) -> bool:
    """Tell whether nobody has put a finding aside.

    What a person dismissed or licensed stays aside when the site only saves it anew, and so does what was found at
    a site before it was allowed to show our photos.
    """
    return finding.decision not in ASIDE and finding.state != "allowed"


def is_news(finding: Finding) -> bool:
    """Tell whether a finding belongs into summary and mail."""
    return (finding.verdict == Verdict.COPY or finding.photo_id is None) and is_for_the_desk(finding)

"""What the ledger records, under names that never change."""

from enum import StrEnum
from typing import Self

from gallery.model import Section


class Action(StrEnum):
    """What somebody did, as a row of the ledger names it.

    Beside each name stands what people read. Ledgers of older versions hold these very words; their rows are
    never rewritten, so none of the words may change.
    """

    words: str

    def __new__(cls, name: str, words: str) -> Self:
        """Make a member with its words."""
        action = str.__new__(cls, name)
        action._value_, action.words = name, words
        return action

    PHOTO_TAKEN_IN = "photo.taken-in", "intake"
    PHOTO_PUBLISHED = "photo.published", "published"
    PHOTO_UNPUBLISHED = "photo.unpublished", "unpublished"
    PHOTO_HANDED_OUT = "photo.handed-out", "handed out"
    PHOTO_AUTHORSHIP = "photo.authorship", "authorship"
    ORIGINAL_EXPORTED = "original.exported", "exported an original"
    ORIGINAL_VIEWED = "original.viewed", "viewed an original"
    CONSENT_RECORDED = "consent.recorded", "consent recorded"
    CONSENT_WITHDRAWN = "consent.withdrawn", "consent withdrawn"
    CONSENT_FORM_OPENED = "consent.form-opened", "opened a signed form"
    CASE_WITHDRAWN = "case.withdrawn", "case withdrawn"
    CASE_RELEASED = "case.released", "released for publication"
    CASE_HELD = "case.held", "held back"
    CASE_HELD_CHANGED = "case.held-changed", "held back: what readers see has changed"
    CASE_HELD_UNBUILT = "case.held-unbuilt", "held back: the site could not be built"
    CHART_NUMBER_SEEN = "case.chart-number-seen", "saw the chart number"
    FACTS_SAVED = "case.facts-saved", "saved facts"
    AUTHORS_SAVED = "case.authors-saved", "saved authors"
    WORDS_SAVED = "case.words-saved", "saved words"
    PAIRS_SAVED = "case.pairs-saved", "saved pairs"
    CONSENT_SAVED = "case.consent-saved", "saved consent"
    PAIR_ALIGNED = "pair.aligned", "laid a pair"
    PAIR_COMPARED = "pair.compared", "compared a pair"
    PAIRS_MEASURED = "pair.measured-anew", "measured pairs anew"
    APPROVAL_ASKED = "approval.asked", "asked for approval"
    APPROVAL_ANSWERED = "approval.answered", "answered an approval"
    APPROVAL_GIVEN = "approval.given", "approved"
    COPY_TO_REMOVE = "copy.to-be-removed", "copy to be removed"
    SIGNED_IN = "user.signed-in", "signed in"
    SIGN_IN_REFUSED = "user.sign-in-refused", "sign-in refused"
    USER_ADDED = "user.added", "added a user"
    USER_REMOVED = "user.removed", "removed a user"
    PASSWORD_CHANGED = "user.password-changed", "changed the password"
    PASSWORD_SET = "user.password-set", "set a new password"
    CATALOGUE_RESTORED = "catalogue.restored", "catalogue restored"
    FINDING_DECIDED = "finding.decided", "finding decided"
    SEARCH_PERMITTED = "search.permitted", "search permitted"
    SEARCH_DONE = "search.done", "search done"
    EVIDENCE_SEALED = "evidence.sealed", "evidence sealed"
    EVIDENCE_STAMPED = "evidence.stamped", "evidence time-stamped"
    EVIDENCE_EXPORTED = "evidence.exported", "evidence exported"
    SITE_BUILT = "site.built", "built the site"
    BACKUP_WRITTEN = "backup.written", "wrote a backup"
    SITE_LISTED = "watch.listed", "listed a site"
    SITE_UNLISTED = "watch.unlisted", "took a site off the list"
    TIP_TAKEN = "tip.taken", "took a tip"
    RUN_ENDED = "run.ended", "run ended"
    RECORD_SEALED = "record.sealed", "sealed"
    RECORD_TAKEN_OVER = "record.taken-over", "took over what was recorded before"
    OTHER = "other", "other"


def action_of(written: str) -> Action:
    """Read a row's action as any version wrote it."""
    return _ACTIONS.get(written, Action.OTHER)


SAVED = {section: Action(f"case.{section}-saved") for section in Section}  # type: ignore[call-arg]
"""What is recorded when a section of a case is saved."""

_ACTIONS = {spelled: action for action in Action for spelled in (action.value, action.words)}

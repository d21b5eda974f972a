"""What the ledger records, under names that never change."""

from enum import StrEnum

from gallery.model import Section


class Action(StrEnum):
    """What somebody did, as a row of the ledger names it."""

    PHOTO_TAKEN_IN = "photo.taken-in"
    PHOTO_PUBLISHED = "photo.published"
    PHOTO_UNPUBLISHED = "photo.unpublished"
    PHOTO_AUTHORSHIP = "photo.authorship"
    ORIGINAL_VIEWED = "original.viewed"
    CONSENT_RECORDED = "consent.recorded"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    CONSENT_FORM_OPENED = "consent.form-opened"
    CASE_WITHDRAWN = "case.withdrawn"
    CASE_RELEASED = "case.released"
    CASE_HELD = "case.held"
    CASE_HELD_CHANGED = "case.held-changed"
    CASE_HELD_UNBUILT = "case.held-unbuilt"
    CHART_NUMBER_SEEN = "case.chart-number-seen"
    FACTS_SAVED = "case.facts-saved"
    AUTHORS_SAVED = "case.authors-saved"
    WORDS_SAVED = "case.words-saved"
    PAIRS_SAVED = "case.pairs-saved"
    CONSENT_SAVED = "case.consent-saved"
    PAIR_ALIGNED = "pair.aligned"
    PAIR_COMPARED = "pair.compared"
    PAIRS_MEASURED = "pair.measured-anew"
    APPROVAL_ASKED = "approval.asked"
    APPROVAL_ANSWERED = "approval.answered"
    APPROVAL_GIVEN = "approval.given"
    COPY_TO_REMOVE = "copy.to-be-removed"
    SIGNED_IN = "user.signed-in"
    SIGN_IN_REFUSED = "user.sign-in-refused"
    USER_ADDED = "user.added"
    USER_REMOVED = "user.removed"
    PASSWORD_CHANGED = "user.password-changed"  # noqa: S105 (no password)
    PASSWORD_SET = "user.password-set"  # noqa: S105 (no password)
    CATALOGUE_RESTORED = "catalogue.restored"
    FINDING_DECIDED = "finding.decided"
    SEARCH_PERMITTED = "search.permitted"
    SEARCH_DONE = "search.done"
    OTHER = "other"

    @property
    def words(self) -> str:
        """Say it to a person."""
        return FORMER_WORDS.get(self, self.value.replace(".", " ").replace("-", " "))


def action_of(written: str) -> Action:
    """Read a row's action as any version wrote it."""
    try:
        return Action(written)
    except ValueError:
        return _FORMER.get(written, Action.OTHER)


SAVED = {
    Section.FACTS: Action.FACTS_SAVED,
    Section.AUTHORS: Action.AUTHORS_SAVED,
    Section.WORDS: Action.WORDS_SAVED,
    Section.PAIRS: Action.PAIRS_SAVED,
    Section.CONSENT: Action.CONSENT_SAVED,
}
"""What is recorded when a section of a case is saved."""

# Ledgers of older versions hold these very words. Their rows are never rewritten, so none of these may change.
FORMER_WORDS = {
    Action.PHOTO_TAKEN_IN: "intake",
    Action.PHOTO_PUBLISHED: "published",
    Action.PHOTO_UNPUBLISHED: "unpublished",
    Action.PHOTO_AUTHORSHIP: "authorship",
    Action.ORIGINAL_VIEWED: "viewed an original",
    Action.CONSENT_RECORDED: "consent recorded",
    Action.CONSENT_WITHDRAWN: "consent withdrawn",
    Action.CONSENT_FORM_OPENED: "opened a signed form",
    Action.CASE_WITHDRAWN: "case withdrawn",
    Action.CASE_RELEASED: "released for publication",
    Action.CASE_HELD: "held back",
    Action.CASE_HELD_CHANGED: "held back: what readers see has changed",
    Action.CASE_HELD_UNBUILT: "held back: the site could not be built",
    Action.CHART_NUMBER_SEEN: "saw the chart number",
    Action.FACTS_SAVED: "saved facts",
    Action.AUTHORS_SAVED: "saved authors",
    Action.WORDS_SAVED: "saved words",
    Action.PAIRS_SAVED: "saved pairs",
    Action.CONSENT_SAVED: "saved consent",
    Action.PAIR_ALIGNED: "laid a pair",
    Action.PAIR_COMPARED: "compared a pair",
    Action.PAIRS_MEASURED: "measured pairs anew",
    Action.APPROVAL_ASKED: "asked for approval",
    Action.APPROVAL_ANSWERED: "answered an approval",
    Action.APPROVAL_GIVEN: "approved",
    Action.COPY_TO_REMOVE: "copy to be removed",
    Action.SIGNED_IN: "signed in",
    Action.SIGN_IN_REFUSED: "sign-in refused",
    Action.USER_ADDED: "added a user",
    Action.USER_REMOVED: "removed a user",
    Action.PASSWORD_CHANGED: "changed the password",
    Action.PASSWORD_SET: "set a new password",
}
_FORMER = {words: action for action, words in FORMER_WORDS.items()}

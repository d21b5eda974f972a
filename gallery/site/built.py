"""What a build did, for people and for machines."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

from gallery.model import Consent, count
from gallery.site.shown import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build did."""

    site: str
    changed: bool
    cases: int
    photos: int
    published: int
    removed: int
    unpublished_reasons: Mapping[str, int]
    expiring: tuple[Consent, ...]

    @classmethod
    def of(cls, front: Shown, site: str, *, changed: bool, expiring: tuple[Consent, ...]) -> Self:
        """Count what is on the site, new there, and no longer there."""
        return cls(
            site=site,
            changed=changed,
            cases=len(front.cases),
            photos=len(front.photos),
            published=len(front.published.keys() - front.before.keys()),
            removed=len(front.before.keys() - front.published.keys()),
            unpublished_reasons=front.refusals,
            expiring=expiring,
        )

    def to_json(self) -> dict[str, object]:
        """Give it as plain values."""
        values = asdict(self)
        values["expiring"] = [
            {"case": consent.case, "expires_on": str(consent.expires_on)} for consent in self.expiring
        ]
        return values

    def lines(self) -> list[str]:
        """Say it in plain words."""
        if self.changed:
            lines = [f"Built: {count(self.cases, 'case')}, {count(self.photos, 'photo')} in {self.site}"]
            if self.published or self.removed:
                lines.append(f"New on the site: {count(self.published, 'photo')}. Taken off: {self.removed}.")
        else:
            lines = [f"Nothing has changed: the site in {self.site} stands ({count(self.photos, 'photo')})."]
        lines += [
            f"Not published: {count(number, 'photo')}, because {reason}."
            for reason, number in self.unpublished_reasons.items()
        ]
        lines += [
            f"Soon: the consent of Patient {consent.case} ends on {consent.expires_on}."
            for consent in self.expiring
        ]
        return lines

"""What a law wants in a signed form, and what is missing.

Pure: what a person saw in the form goes in, the missing elements come out. No legal advice: a lawyer looks at it once.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files

from gallery.errors import NotFoundError

DEFAULT = "us"


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One thing that a law wants in the form.

    Attributes:
        id: its name in the pack, and what `Form.says` holds.
        asks: what the person who reads the form is asked, as a statement to tick.
        missing: what the form lacks without it, in plain words, after "it lacks".
        source: paragraph of the law.
        only_if: "representative" where it is wanted only when somebody signed for the patient; else "".
        or_date: an end date in the form serves as well.
    """

    id: str
    asks: str
    missing: str
    source: str
    only_if: str = ""
    or_date: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """What one law wants, and for how many months at most."""

    id: str
    name: str
    elements: tuple[Element, ...]
    longest_months: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a person saw in a signed form.

    Attributes:
        signed_on: the date beside the signature; None if there is none.
        expires_on: the date on which it ends; None if it names no date.
        says: ids of the elements that are in it.
        by_representative: somebody signed for the patient.
    """

    signed_on: date | None
    expires_on: date | None = None
    says: frozenset[str] = frozenset()
    by_representative: bool = False


def missing_elements(form: Form, law: Law) -> tuple[str, ...]:
    """Name in plain words what a form lacks."""
    found = [element.missing for element in law.elements if not _is_there(element, form)]
    if form.signed_on is None:
        found.append("the date of the signature")
    elif form.expires_on and form.expires_on < form.signed_on:
        found.append("an end that comes after the signature")
    elif law.longest_months and not _soon_enough(form.signed_on, form.expires_on, law.longest_months):
        found.append(
            f"an end within {law.longest_months} months of the signature, the longest that {law.name} allows"
        )
    return tuple(found)


def _is_there(element: Element, form: Form) -> bool:
    unneeded = element.only_if == "representative" and not form.by_representative
    return unneeded or element.id in form.says or (element.or_date and form.expires_on is not None)


def _soon_enough(signed_on: date, expires_on: date | None, months: int) -> bool:
    if expires_on is None:
        return False
    whole = (expires_on.year - signed_on.year) * 12 + expires_on.month - signed_on.month
    return whole < months or (whole == months and expires_on.day <= signed_on.day)


def laws() -> tuple[str, ...]:
    """Name the laws there are packs for."""
    entries = files(__name__).joinpath("laws").iterdir()
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in entries))


@lru_cache
def load_law(name: str = DEFAULT) -> Law:
    """Load what one law wants."""
    if name not in laws():
        raise NotFoundError(
            f"expected a law that there is a pack for, found {name!r}",
            hint=f"choose from: {', '.join(laws())}",
        )
    pack = tomllib.loads(files(__name__).joinpath("laws").joinpath(f"{name}.toml").read_text("utf-8"))
    inherited = load_law(pack["also"]).elements if "also" in pack else ()
    return Law(
        id=name,
        name=pack["name"],
        elements=(*inherited, *(Element(**entry) for entry in pack.get("element", ()))),
        longest_months=pack.get("longest_months"),
    )

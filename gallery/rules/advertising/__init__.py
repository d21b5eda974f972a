"""The check of a page's words against advertising rules.

Rules are data, a pack for each law, each with its source.

It helps people to write honestly and gives no legal advice: a pack names its source, and a lawyer decides.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from gallery.errors import NotFoundError, RefusedError
from gallery.model import Case, Performer, Stage
from gallery.settings import Settings
from gallery.stages import is_before_treatment, is_immediate

HOUSE = "house"
"""The pack that always applies: what no honest page says anywhere."""


class Weight(StrEnum):
    """What an objection means for publication."""

    BLOCKS = "blocks"
    ADVISES = "advises"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the record knows, against which words are checked.

    Attributes:
        registered: names the practice has recorded as registered marks; only they may bear ®.
        trademarks: names it has recorded as its own marks; they may bear ™.
        pair: a before and an after are shown together.
        immediate: a photo was taken right after a session.
        in_progress: the treatment is not finished.
        other_doctor: a stage shows another doctor's work.
        unnamed_work: a treated stage says nothing of what was done.
        minor: the patient was under age.
    """

    registered: frozenset[str] = frozenset()
    trademarks: frozenset[str] = frozenset()
    pair: bool = False
    immediate: bool = False
    in_progress: bool = False
    other_doctor: bool = False
    unnamed_work: bool = False
    minor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a pack.

    Attributes:
        id: pack and name ("us-ca/same-results").
        source: where it comes from.
        reason: in plain words, to the person who wrote the text.
        suggestion: what to write or do instead.
        weight: whether it keeps a page from being published.
        when: facts that must all be true for it to apply.
        forbids: an expression that must not be in the text.
        excepts: an expression that excuses a place where `forbids` matches; denied words are excused anyway.
        requires: an expression that must be in the text.
        sentence: what the site prints, so that the text has what is required.
    """

    id: str
    source: str
    reason: str
    suggestion: str
    weight: Weight = Weight.ADVISES
    when: tuple[str, ...] = ()
    forbids: re.Pattern[str] | None = field(default=None, repr=False)
    excepts: re.Pattern[str] | None = field(default=None, repr=False)
    requires: re.Pattern[str] | None = field(default=None, repr=False)
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What is wrong with a text.

    Attributes:
        rule: its id.
        words: the words at fault; "" where something is missing, or the case itself is at fault.
        start: where they begin in the text.
        reason: why, in plain words.
        suggestion: what to write or do instead.
        source: where the rule comes from.
        blocks: it keeps the page from being published.
    """

    rule: str
    words: str
    start: int
    reason: str
    suggestion: str
    source: str
    blocks: bool

    def sentence(self) -> str:
        """Say it in one or two sentences."""
        words = f"“{self.words}”: " if self.words else ""
        return f"{words}{self.reason} {self.suggestion}"


def check(text: str, facts: Facts, rules: Iterable[Rule]) -> list[Objection]:
    """Find what the rules forbid in a text, or miss in it."""
    objections = [objection for rule in rules if _applies(rule, facts) for objection in _judge(rule, text)]
    objections += _marks(text, facts)
    return sorted(objections, key=lambda objection: (objection.start, objection.rule))


def required_sentences(facts: Facts, rules: Iterable[Rule]) -> tuple[str, ...]:
    """Give the sentences that the rules want printed with such a case."""
    return tuple(dict.fromkeys(rule.sentence for rule in rules if rule.sentence and _applies(rule, facts)))


def facts_about(case: Case, stages: Sequence[Stage], settings: Settings) -> Facts:
    """Draw from the record what a page's words are checked against."""
    treated = [stage for stage in stages if not is_before_treatment(stage)]
    return Facts(
        registered=frozenset(settings.registered),
        trademarks=frozenset(settings.trademarks),
        pair=bool(treated) and len(stages) > len(treated),
        immediate=any(is_immediate(stage) for stage in treated),
        in_progress=any(stage.in_progress for stage in treated),
        other_doctor=any(stage.performed_by is Performer.OTHER for stage in stages),
        unnamed_work=any(not stage.procedure for stage in treated),
        minor=case.minor,
    )


def _applies(rule: Rule, facts: Facts) -> bool:
    return all(getattr(facts, name) for name in rule.when)


def _judge(rule: Rule, text: str) -> Iterable[Objection]:
    if rule.forbids:
        excused = [found.span() for found in rule.excepts.finditer(text)] if rule.excepts else []
        for found in rule.forbids.finditer(text):
            denied = _DENIED.search(text, max(0, found.start() - 40), found.start())
            if not denied and not any(start < found.end() and found.start() < end for start, end in excused):
                yield _objection(rule, found[0], found.start())
    elif rule.requires is None or not rule.requires.search(text):
        yield _objection(rule, "", 0)


_DENIED = re.compile(
    r"\b(?:not(?! only)|never|no(?! one)|cannot|without|nor)\b[^.,;:!?]{0,25}$|n['\u2019]t\b[^.,;:!?]{0,25}$",
    re.IGNORECASE,
)


def _objection(rule: Rule, words: str, start: int) -> Objection:
    return Objection(
        rule=rule.id,
        words=words.strip(),
        start=start,
        reason=rule.reason,
        suggestion=rule.suggestion,
        source=rule.source,
        blocks=rule.weight is Weight.BLOCKS,
    )


_CLAIMED = re.compile(
    r"(?P<name>[\w'&-]+(?:[ -][\w'&-]+){0,4})\s?(?P<sign>®|™|\(r\)|\(tm\)|&reg;|&trade;)", re.IGNORECASE
)

_SIGNS = re.compile(r"®|™|\(r\)|\(tm\)|&reg;|&trade;", re.IGNORECASE)  # quick to see that there are none


def _marks(text: str, facts: Facts) -> Iterable[Objection]:
    """Find ® and ™ on names not recorded as the practice's own."""
    for found in _CLAIMED.finditer(text) if _SIGNS.search(text) else ():
        registered = found["sign"].lower() in {"®", "(r)", "&reg;"}
        recorded = facts.registered if registered else facts.registered | facts.trademarks
        if any(found["name"].casefold().endswith(name.casefold()) for name in recorded):
            continue
        sign = "®" if registered else "™"
        yield Objection(
            rule=f"{HOUSE}/{'registered' if registered else 'trademark'}",
            words=found[0],
            start=found.start(),
            reason=f"{sign} says that this name is a {'registered ' if registered else ''}mark, and none is recorded.",
            suggestion=f"Leave out the {sign}, or record the mark in the settings.",
            source="Lanham Act §29, 15 U.S.C. 1111 (general knowledge)" if registered else "plain honesty",
            blocks=registered,
        )


@lru_cache
def load_rules(jurisdictions: tuple[str, ...] = ()) -> tuple[Rule, ...]:
    """Load the house's pack and those of the jurisdictions ("us", "uk")."""
    return tuple(rule for name in dict.fromkeys((HOUSE, *jurisdictions)) for rule in _pack(name))


@cache
def rules_digest() -> str:
    """Digest all packs and the code that applies them."""
    digest, folder = hashlib.sha256(), files(__name__)
    digest.update(folder.joinpath("__init__.py").read_bytes())
    for pack in sorted(folder.joinpath("packs").iterdir(), key=lambda file: file.name):
        digest.update(pack.name.encode() + pack.read_bytes())
    return digest.hexdigest()


def jurisdictions() -> tuple[str, ...]:
    """Name the packs there are, the house's own aside."""
    names = (entry.name.removesuffix(".toml") for entry in files(__name__).joinpath("packs").iterdir())
    return tuple(sorted(name for name in names if name != HOUSE))


def _pack(name: str) -> list[Rule]:
    if name != HOUSE and name not in jurisdictions():
        raise NotFoundError(
            f"expected a jurisdiction that there are rules for, found {name!r}",
            hint=f"choose from: {', '.join(jurisdictions())}",
        )
    text = files(__name__).joinpath("packs").joinpath(f"{name}.toml").read_text("utf-8")
    return [_rule(name, entry) for entry in tomllib.loads(text)["rule"]]


def _rule(pack: str, entry: Mapping[str, Any]) -> Rule:
    """Make a rule of a pack's table."""
    known, when = {one.name for one in fields(Rule)}, tuple(entry.get("when", ()))
    wrong = sorted((entry.keys() - known) | (set(when) - {one.name for one in fields(Facts)}))
    if wrong:
        raise RefusedError(f"expected a rule of the pack {pack}, found unknown words: {', '.join(wrong)}")
    expressions = {
        key: re.compile(entry[key], re.IGNORECASE | re.VERBOSE)
        for key in ("forbids", "excepts", "requires")
        if key in entry
    }
    weight = Weight(entry.get("weight", Weight.ADVISES))
    values = {**entry, **expressions, "id": f"{pack}/{entry['id']}", "when": when, "weight": weight}
    return Rule(**values)

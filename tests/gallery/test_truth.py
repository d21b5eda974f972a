"""Words that promise too much are found, honest words are left alone, and each law's sentences are asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.errors import GalleryError
from gallery.model import Case, Performer, Stage
from gallery.rules.advertising import (
    Facts,
    Weight,
    check,
    facts_about,
    jurisdictions,
    load_rules,
    required_sentences,
)
from gallery.settings import Settings

EVERY = load_rules(jurisdictions())


def found(text: str, *packs: str, facts: Facts | None = None) -> set[str]:
    """Give the ids of the rules that a text breaks."""
    return {objection.rule for objection in check(text, facts or Facts(), load_rules(packs))}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Permanent results.", "house/permanent"),
        ("It lasts forever", "house/permanent"),
        ("A guaranteed outcome", "house/guarantee"),
        ("100% natural", "house/guarantee"),
        ("Painless, no downtime", "house/painless"),
        ("The best clinic in town", "house/superlative"),
        ("We are #1", "house/superlative"),
        ("our world-renowned team", "house/superlative"),
        ("the top surgeon", "house/superlative"),
        ("All our patients get this", "house/everyone"),
        ("Works for everyone", "house/everyone"),
        ("Completely hides the scar", "house/undetectable"),
        ("ScalpWonder® treatment", "house/registered"),
        ("ScalpWonder(R) treatment", "house/registered"),
        ("ScalpWonder™", "house/trademark"),
    ],
)
def test_words_that_promise_too_much_are_found(text, rule):
    """The house's own rules hold under every law."""
    assert rule in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "This is not permanent: it was touched up after four years.",
        "Semi-permanent pigment.",
        "No result can be guaranteed.",
        "Best seen in daylight, from the top of the head; the top was shaved.",
        "Not all patients get the same coverage.",
        "The scar could not be fully camouflaged.",
        "Taken immediately after session 1 of 3. Redness goes away in a day or two.",
        "Norwood 6, shaved, 3,200 grafts in two sessions; donor strip scar 14 cm.",
        "© 2026 Example Clinic",
    ],
)
def test_honest_words_are_left_alone(text):
    """Nothing is found in sentences that say what happened."""
    assert found(text) == set()


def test_a_recorded_mark_may_bear_its_sign():
    """® and ™ are free to use on names that the practice recorded, and on no others."""
    own = Facts(registered=frozenset({"Scalp Wonder"}), trademarks=frozenset({"HairJoy"}))

    assert found("Our Scalp Wonder® and HairJoy™", facts=own) == set()
    assert found("HairJoy®", facts=own) == {"house/registered"}


@pytest.mark.parametrize(
    ("pack", "text", "rule"),
    [
        ("us-ca", "superior to others", "us-ca/superior"),
        ("us-ca", "photos were retouched", "us-ca/altered"),
        ("uk", "stops hair loss", "uk/hair-growth"),
        ("uk", "Book now", "uk/pressure"),
        ("au", "read our testimonials", "au/testimonial"),
        ("au", "you deserve it", "au/unneeded"),
        ("us", "a sponsored post", "us/testimonial"),
    ],
)
def test_each_law_has_its_own_words(pack, text, rule):
    """A law's pack finds its words, and only where it applies."""
    assert rule in found(text, pack)
    assert rule not in found(text)
    assert found("never retouched, no other claims", pack) == set()


@pytest.mark.parametrize("pack", jurisdictions())
def test_required_sentences_satisfy_their_own_rules(pack):
    """What the site prints for a law is what the law's pack asks for, and is itself honest."""
    facts = Facts(pair=True, immediate=True)
    rules = load_rules((pack,))
    page = " ".join(("Taken immediately after session 1 of 3.", *required_sentences(facts, rules)))

    assert check("Taken immediately after session 1 of 3.", facts, rules)
    assert check(page, facts, rules) == []


def test_the_record_is_held_against_the_words():
    """Another doctor's work, an unfinished treatment, a fresh photo and a minor are not passed over."""
    stages = [
        Stage(case=51, label="before", performed_by=Performer.OTHER),
        Stage(case=51, label="after session 1 of 3", elapsed="immediately", in_progress=True),
    ]
    facts = facts_about(Case(number=51, minor=True), stages, Settings())
    objections = check("A nice result.", facts, load_rules(("us-ca",)))

    assert {objection.rule for objection in objections} == {
        "house/minor", "house/immediately", "house/redness", "house/unfinished", "house/other-doctor",
        "us-ca/procedures", "us-ca/same-results",
    }  # fmt: skip
    assert {objection.rule for objection in objections if not objection.blocks} == {
        "house/redness",
        "house/unfinished",
    }


def test_an_objection_says_what_why_and_what_instead():
    """The person who wrote the words is told which, why, and what to write."""
    (objection,) = check("Our painless method", Facts(), load_rules())

    assert (objection.words, objection.start, objection.blocks) == ("painless", 4, True)
    assert objection.sentence() == (
        "“painless”: Not every patient could say the same. Say what this patient felt, or leave it out."
    )


def test_an_unknown_law_is_refused_with_the_known_ones():
    """A jurisdiction without rules is an error that names those there are, never silence."""
    with pytest.raises(GalleryError, match="atlantis") as refused:
        load_rules(("atlantis",))
    assert refused.value.hint == "choose from: au, uk, us, us-ca"


def test_every_rule_gives_reason_suggestion_and_source():
    """No pack holds a rule that says no without saying why."""
    for rule in EVERY:
        assert rule.source
        assert rule.reason.endswith(".")
        assert rule.suggestion.endswith(".")
        assert rule.forbids or rule.when
        assert rule.weight is Weight.BLOCKS or rule.id.count("/") == 1
    assert len({rule.id for rule in EVERY}) == len(EVERY)


@given(st.text(max_size=200))
def test_any_text_can_be_checked(text):
    """No words break the check, and what is found stands where it says."""
    for objection in check(text, Facts(pair=True), EVERY):
        assert text[objection.start :].lstrip().startswith(objection.words)

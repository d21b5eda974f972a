"""A signed form that lacks something is told from a complete one, and what it lacks is said in plain words."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.errors import GalleryError
from gallery.rules.authorization import Form, laws, load_law, missing_elements

US = load_law("us")
COMPLETE = Form(signed_on=date(2026, 1, 15), says=frozenset(element.id for element in US.elements))


def test_a_complete_form_lacks_nothing():
    """A form with every element of 45 CFR 164.508(c) is valid."""
    assert missing_elements(COMPLETE, US) == ()


@pytest.mark.parametrize(
    ("absent", "words"),
    [
        ("description", "a specific description of what may be shown"),
        ("discloser", "who may show it"),
        ("recipients", "to whom it may be shown"),
        ("purpose", "the purpose"),
        ("expiry", "a date or an event at which it ends"),
        ("signature", "the signature"),
        ("revocation", "the right to revoke it in writing, and how"),
        ("conditions", "that treatment does not depend on signing"),
        ("redisclosure", "the warning that what is shown may be passed on unprotected"),
        ("plain", "plain language"),
        ("copy", "that the patient got a copy"),
    ],
)
def test_each_missing_element_is_named(absent, words):
    """Each element is asked for by itself, in words a receptionist understands."""
    assert missing_elements(replace(COMPLETE, says=COMPLETE.says - {absent}), US) == (words,)


def test_an_end_date_serves_as_well_as_an_event():
    """A form that ends on a date needs no event."""
    form = replace(COMPLETE, says=COMPLETE.says - {"expiry"}, expires_on=date(2028, 1, 1))

    assert missing_elements(form, US) == ()


def test_a_representative_must_say_by_what_authority():
    """Who signs for a patient says why they may; a patient who signs need not."""
    form = replace(COMPLETE, says=COMPLETE.says - {"authority"})

    assert missing_elements(form, US) == ()
    assert missing_elements(replace(form, by_representative=True), US) == (
        "by what authority the representative signed",
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"signed_on": None}, "the date of the signature"),
        ({"expires_on": date(2025, 1, 1)}, "an end that comes after the signature"),
    ],
)
def test_dates_must_make_sense(changes, words):
    """A form without a date, or that ended before it was signed, is not valid."""
    assert missing_elements(replace(COMPLETE, **changes), US) == (words,)


@pytest.mark.parametrize(
    ("expires", "holds"),
    [(None, False), (date(2028, 1, 15), True), (date(2028, 1, 16), False), (date(2027, 12, 31), True)],
)
def test_a_law_can_limit_how_long_it_holds(expires, holds):
    """Where two years are the most, a longer or endless form is not valid."""
    missing = missing_elements(replace(COMPLETE, expires_on=expires), load_law("us-tx"))

    assert (missing == ()) is holds
    assert holds or "24 months" in missing[0]


@pytest.mark.parametrize("name", laws())
def test_every_law_names_its_paragraphs(name):
    """Each element of each law says where it stands and what to ask; an empty form lacks nearly all of them."""
    law = load_law(name)

    assert all(element.source and element.asks and element.missing for element in law.elements)
    assert len({element.id for element in law.elements}) == len(law.elements)
    assert len(missing_elements(Form(signed_on=None), law)) >= len(law.elements) - 1


def test_an_unknown_law_is_refused():
    """A law without a pack is an error that names those there are."""
    with pytest.raises(GalleryError, match="atlantis") as refused:
        load_law("atlantis")
    assert refused.value.hint == "choose from: eu, us, us-tx"


@given(st.sets(st.sampled_from([element.id for element in US.elements])), st.booleans())
def test_saying_more_never_makes_a_form_worse(says, represented):
    """Every further element in a form can only shorten the list of what it lacks."""
    form = replace(COMPLETE, says=frozenset(says), by_representative=represented)
    lacking = set(missing_elements(form, US))

    for element in US.elements:
        assert set(missing_elements(replace(form, says=form.says | {element.id}), US)) <= lacking

"""Readers learn how the shown cases were chosen, in all and of each kind, and find them by what they look for."""

import json

import pytest
from bs4 import BeautifulSoup

SETTINGS = '[tags."hair loss"]\nsynonyms = ["hairloss"]\n'


@pytest.fixture
def chosen(clinic):
    """Four patients who agreed, of whom two are held back by their words; one more who did not agree."""
    with clinic.folder.settings_file.open("a") as file:
        file.write(SETTINGS)
    rows = clinic.rows({number: ["before", "after session 2 of 3"] for number in range(1, 6)})
    for row in rows:
        number = int(str(row["case"]))
        row |= {
            "region": "full head" if number != 2 else "crown",
            "procedure": "" if row["stage"] == "before" else "Scalp micropigmentation",
            "tags": "hairloss" if number % 2 else "hair loss",
            "consent_signed": "" if number == 5 else "2026-01-15",
            "caption": "A permanent result" if number > 2 and row["stage"] == "before" else "",
        }
    clinic.take_in(rows)
    assert clinic.build().cases == 2
    return clinic


def words_of(clinic, address: str) -> str:
    """Give a page's text on one line."""
    return " ".join(BeautifulSoup(clinic.page(address), "lxml").text.split())


def test_the_choice_is_disclosed_for_each_region_and_procedure(chosen):
    """How many of those who agreed are shown is said in all, and for every region and procedure."""
    text = words_of(chosen, "index.html")

    assert "Shown: 2 of the 4 patients who agreed to publication; 1 more in our catalogue" in text
    assert "crown: 1 of 1 who agreed" in text
    assert "full head: 1 of 3 who agreed" in text
    assert "Scalp micropigmentation: 2 of 4 who agreed" in text
    assert "Nobody who agreed was left out" not in text


def test_the_choice_is_disclosed_for_each_tag(chosen):
    """A tag's page counts all its spellings."""
    text = words_of(chosen, "tags/hair-loss/index.html")

    assert "Shown: 2 of the 4 patients under this tag who agreed to publication." in text


def test_cases_carry_what_readers_filter_by(chosen):
    """Procedure, region, class, hair length, sessions and tags are on every card, as data that scripts read."""
    cards = BeautifulSoup(chosen.page("index.html"), "lxml").select(".card")

    assert json.loads(str(cards[0]["data-search"])) == [
        ["Tag", "hair loss"], ["Procedure", "Scalp micropigmentation"], ["Region", "full head"], ["Sessions", "3"],
    ]  # fmt: skip

"""Before and after are measured and laid over each other; corrections are recorded, no pixel is retouched."""

import pytest

from gallery.casework import Casework
from gallery.ledger import Ledger
from gallery.pairing import Pair, pointed
from gallery.vault import Vault
from tests.gallery.web.conftest import enter, form, token

NAMES = [f"{side}-{point}-{axis}" for side in ("before", "after") for point in (1, 2) for axis in "xy"]


def test_a_pair_has_a_card(case):
    """The first and last photo of a view are measured against each other, in words a receptionist reads."""
    page = case.get("/cases/1/pairs").text

    assert "front: before and after" in page
    assert "All measurements" in page
    assert "sharpness" in page


def test_two_points_lay_a_pair(case, rooms, site):
    """The recorded transform takes the later photo's points to the earlier one's; the originals stay as they are."""
    digests = set(Vault(site.folder.originals).digests())
    points = dict(zip(NAMES, [30, 40, 70, 40, 30, 50, 70, 50], strict=True))
    sent = {name: str(value) for name, value in points.items()} | {"csrf_token": token(case, "/drafts/new")}
    answer = case.post("/cases/1/pairs/1/2", data=sent | {"method": "points"})
    recorded = Casework(rooms).alignments()[1, 2]
    (a, b, c), (d, e, f) = recorded.transform
    row = next(entry for entry in Ledger(rooms).entries() if entry.action == "laid a pair")

    assert answer.location == "/cases/1/pairs/1/2"
    assert (round(a, 6), round(b, 6), round(d, 6), round(e, 6)) == (1, 0, 0, 1)
    assert (round(c), round(f)) == (0, -36)  # a tenth of 360 pixels up
    assert row.detail["method"] == "points"
    assert set(Vault(site.folder.originals).digests()) == digests
    assert case.get("/cases/1/pairs/1/2/after.jpg").mimetype == "image/jpeg"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "two places in each photo are needed"),
        (dict.fromkeys(NAMES, "50"), "found one place"),
        (dict.fromkeys(NAMES, "500"), "two places in each photo are needed"),
        (dict.fromkeys(NAMES, "nan"), "two places in each photo are needed"),
    ],
    ids=["none", "all at one place", "outside", "no number"],
)
def test_points_that_say_nothing_are_refused(case, rooms, values, said):
    """Too few points, or all at one place, are refused in a sentence and nothing is recorded."""
    answer = case.post(
        "/cases/1/pairs/1/2", data=values | {"method": "points", "csrf_token": token(case, "/drafts/new")}
    )

    assert answer.status_code in {400, 409}
    assert said in answer.text.lower()
    assert Casework(rooms).alignments() == {}


def test_an_alignment_can_be_forgotten(case, rooms):
    """What was found by itself can be recorded, and taken back."""
    sent = {"csrf_token": token(case, "/drafts/new")}
    case.post("/cases/1/pairs/1/2", data=sent | {"method": "automatic"})
    found = Casework(rooms).alignments()
    case.post("/cases/1/pairs/1/2", data=sent | {"method": "none"})

    assert found[1, 2].method == "automatic"
    assert Casework(rooms).alignments() == {}


def test_looking_is_recorded(case, rooms):
    """That somebody has seen the measurements is in the ledger, with the numbers."""
    case.post("/cases/1/pairs", data=form(case, "/cases/1/pairs"))
    row = next(entry for entry in Ledger(rooms).entries() if entry.action == "compared a pair")

    assert row.actor == "Ada"
    assert "light" in str(row.detail["measured"])


def test_a_strange_pair_is_not_there(case, site):
    """Only photos that form a pair can be laid over each other, and only by those who may change cases."""
    lawyer = site.app.test_client()
    enter(lawyer, "Lou")

    assert case.get("/cases/1/pairs/2/1").status_code == 409
    assert lawyer.get("/cases/1/pairs/1/2").status_code == 403


def test_points_are_shares_of_each_photo(case, rooms):
    """A later photo twice as large is halved: percent mean the same place in each."""
    from dataclasses import replace

    from gallery.catalog import Catalog

    before, after = Catalog(rooms).photos(1)
    larger = replace(after, width=after.width * 2, height=after.height * 2)
    points = dict(zip(NAMES, [30.0, 40.0, 70.0, 40.0] * 2, strict=True))

    (a, _, c), (_, e, f) = pointed(Pair("front", before, larger), points).transform

    assert (round(a, 6), round(e, 6), round(c, 6), round(f, 6)) == (0.5, 0.5, 0, 0)

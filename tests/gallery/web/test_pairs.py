"""Before and after are measured and laid over each other; corrections are recorded, no pixel is retouched."""

import re
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe

from gallery.events import Action
from gallery.model import Alignment, Method
from gallery.rules.pairs import Pair, frames_of, pairs_of, recorded_alignment
from gallery.services.pairs import pointed
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog
from gallery.store.ledger import Ledger
from gallery.store.vault import Vault
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from tests.gallery.web.conftest import enter, form, sign_in, token
from watermark.picture.decode import open_picture

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
    row = next(entry for entry in Ledger(rooms).entries() if entry.action is Action.PAIR_ALIGNED)

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


def test_two_people_lay_one_pair(case, site, rooms):
    """Who comes second sees that the pair lies otherwise now, keeps the own places in the form, and may send again."""
    ben = site.app.test_client()
    enter(ben, "Ben")
    opened = form(ben, "/cases/1/pairs/1/2")
    case.post("/cases/1/pairs/1/2", data=form(case, "/cases/1/pairs/1/2") | {"method": "automatic"})
    points = {name: str(value) for name, value in zip(NAMES, [30, 40, 70, 40, 30, 41, 70, 41], strict=True)}
    answer = ben.post("/cases/1/pairs/1/2", data=opened | points | {"method": "points"})

    assert answer.status_code == 409
    assert "laid this pair in another way" in answer.text
    assert 'name="after-1-y" type="number" min="0" max="100" step="0.1" value="41"' in answer.text
    assert Casework(rooms).alignments()[1, 2].method == "automatic"
    seen = re.search(r'name="seen" value="(\w+)"', answer.text)[1]
    ben.post("/cases/1/pairs/1/2", data=opened | points | {"method": "points", "seen": seen})
    assert Casework(rooms).alignments()[1, 2].method == "points"


@pytest.mark.browser
def test_two_clicks_in_each_photo_lay_a_pair(case, page, rooms):
    """Clicked in a real browser, the four places are in the form, seen as marks, and lay the pair; axe has no word."""
    sign_in(page)
    page.goto("/cases/1/pairs/1/2")
    for side, places in (("before", ((0.3, 0.4), (0.7, 0.4))), ("after", ((0.28, 0.42), (0.72, 0.42)))):
        image = page.locator(f"[data-aim={side}] img")
        image.scroll_into_view_if_needed()
        box = image.bounding_box()
        for x, y in places:
            image.click(position={"x": x * box["width"], "y": y * box["height"]})
    assert page.locator(".mark:visible").count() == 4
    page.click("text=Lay them so")
    page.wait_for_selector("text=Laid by two points")

    (a, b, _), _ = Casework(rooms).alignments()[1, 2].transform
    assert (a, b) == pytest.approx((0.4 / 0.44, 0), abs=0.01)
    assert (
        Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag22aa"]}).response["violations"] == []
    )


def test_a_pair_can_be_left_as_taken(case, rooms):
    """What was found by itself can be recorded, and taken back; going on does not lay the pair again."""
    sent = {"csrf_token": token(case, "/drafts/new")}
    case.post("/cases/1/pairs/1/2", data=sent | {"method": "automatic"})
    found = Casework(rooms).alignments()
    case.post("/cases/1/pairs/1/2", data=form(case, "/cases/1/pairs/1/2") | {"method": "none"})

    case.post("/cases/1/pairs", data=form(case, "/cases/1/pairs"))

    assert found[1, 2].method == "automatic"
    assert Casework(rooms).alignments()[1, 2].method == "as taken"
    assert frames_of(Catalog(rooms).photos(1), Casework(rooms).alignments()) == {}


def test_going_on_lays_what_was_found(case, rooms):
    """Whoever has seen the pairs and goes on has them published laid over each other, and readers are told."""
    case.post("/cases/1/pairs", data=form(case, "/cases/1/pairs"))
    rows = [entry for entry in Ledger(rooms).entries() if entry.action is Action.PAIR_ALIGNED]

    assert Casework(rooms).alignments()[1, 2].method == "automatic"
    assert [row.detail["method"] for row in rows] == ["automatic"]
    assert "nothing was retouched" in Casework(rooms).differences()[1, 2][-1]


def test_published_files_lie_over_each_other(case, site, rooms):
    """Turned and scaled by two points, both previews have one size and one frame: they lie as the points say."""
    upright = draw_portrait(Person(3), Room(2), stage="before", view="front", size=(960, 720))
    points = dict(zip(NAMES, [30, 40, 70, 40, 26, 44, 76, 42], strict=True))
    sent = {name: str(value) for name, value in points.items()} | {"csrf_token": token(case, "/drafts/new")}
    case.post("/cases/1/pairs/1/2", data=sent | {"method": "points"})
    first, second = (open_picture(case.get(f"/cases/1/preview/website/{photo}.jpg").data) for photo in (1, 2))
    frames = frames_of(Catalog(rooms).photos(1), Casework(rooms).alignments())

    assert (first.width, first.height) == (second.width, second.height)
    assert upright.width / upright.height != first.width / first.height
    for photo, names in ((1, NAMES[:4]), (2, NAMES[4:])):  # each point goes to one place of the frame
        (a, b, c), (d, e, f) = frames[photo].matrix
        x, y = points[names[0]] / 100 * 480, points[names[1]] / 100 * 360
        assert (round(a * x + b * y + c), round(d * x + e * y + f)) == pytest.approx(
            (0.3 * 480 - _left(frames), 0.4 * 360 - _top(frames)), abs=1
        )


def _left(frames):
    return -frames[1].matrix[0][2]


def _top(frames):
    return -frames[1].matrix[1][2]


def test_too_little_left_is_refused(case, rooms):
    """Points that would leave a corner of the photo are refused in a sentence."""
    points = dict(zip(NAMES, [5, 5, 15, 5, 5, 80, 95, 80], strict=True))
    sent = {name: str(value) for name, value in points.items()} | {"csrf_token": token(case, "/drafts/new")}
    answer = case.post("/cases/1/pairs/1/2", data=sent | {"method": "points"})

    assert answer.status_code == 400
    assert "less than a quarter of the earlier photo would be left" in answer.text
    assert Casework(rooms).alignments() == {}


def test_laying_a_public_pair_anew_wants_a_new_approval(case, rooms):
    """What readers see of a released case never moves without an approval."""
    Casework(rooms).release(1)
    answer = case.post(
        "/cases/1/pairs/1/2",
        data={"csrf_token": token(case, "/drafts/new"), "method": "automatic"},
        follow_redirects=True,
    )

    assert "until it is approved and published again" in answer.text
    assert Catalog(rooms).case(1).held


def test_later_pairs_follow_the_first_stage(rooms, case):
    """Two later stages that were laid upon the first lie upon each other, as their frames say."""
    before, after = Catalog(rooms).photos(1)
    later = replace(after, id=3, stage_id=3, stage="later", stage_position=3)
    moved = Alignment(((1.0, 0.0, 10.0), (0.0, 1.0, 0.0)), Method.POINTS)
    larger = Alignment(((1.2, 0.0, 0.0), (0.0, 1.2, 5.0)), Method.AUTOMATIC)
    laid = {(1, 2): moved, (1, 3): larger}
    pairs = {pair.key: pair for pair in pairs_of([before, after, later])}
    frames = frames_of([before, after, later], laid)

    assert list(pairs) == [(1, 2), (1, 3), (2, 3)]
    first_row, second_row = recorded_alignment(pairs[2, 3], laid).transform
    assert first_row == pytest.approx((1.2, 0, -10))
    assert second_row == pytest.approx((0, 1.2, 5))
    assert len({(frame.width, frame.height) for frame in frames.values()}) == 1
    refused = case.post("/cases/1/pairs/1/2", data={"csrf_token": token(case, "/drafts/new"), "method": "?"})
    assert refused.status_code == 400


def test_looking_is_recorded(case, rooms):
    """That somebody has seen the measurements is in the ledger, with the numbers."""
    case.post("/cases/1/pairs", data=form(case, "/cases/1/pairs"))
    row = next(entry for entry in Ledger(rooms).entries() if entry.action is Action.PAIR_COMPARED)

    assert row.actor == "Ada"
    assert "light" in str(row.detail["measured"])


def test_a_strange_pair_is_not_there(case, site):
    """Only photos that form a pair can be laid over each other, and only by those who may change cases."""
    lawyer = site.app.test_client()
    enter(lawyer, "Lou")

    assert case.get("/cases/1/pairs/2/1").status_code == 404
    assert lawyer.get("/cases/1/pairs/1/2").status_code == 403


def test_points_are_shares_of_each_photo(case, rooms):
    """A later photo twice as large is halved: percent mean the same place in each."""
    before, after = Catalog(rooms).photos(1)
    larger = replace(after, width=after.width * 2, height=after.height * 2)
    points = dict(zip(NAMES, [30.0, 40.0, 70.0, 40.0] * 2, strict=True))

    (a, _, c), (_, e, f) = pointed(Pair("front", before, larger, before), points).transform

    assert (round(a, 6), round(e, 6), round(c, 6), round(f, 6)) == (0.5, 0.5, 0, 0)

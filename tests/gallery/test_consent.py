"""Nothing is shown that a patient did not agree to, and the reason is always said."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.cli.case import case as case_command
from gallery.consent import Ground, expires_soon, may_show, once_released
from gallery.model import Case, CaseStatus, Consent, Digest, Photo
from gallery.settings import parse_settings

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PHOTO = Photo(
    id=7, case=51, stage="after", view="front", file="a.jpg", digest=Digest("sha256:0"),
    bytes=1, width=1, height=1, format="jpeg",
)  # fmt: skip
CASE = Case(number=51)
CONSENT = Consent(id=1, case=51, signed_on=date(2026, 1, 15))
THE_CONSENT = "the consent of 2026-01-15"


def test_a_valid_consent_permits():
    """A signed consent for the website lets the photo be shown there."""
    assert may_show(CASE, PHOTO, [CONSENT], "website", NOW).allowed


@pytest.mark.parametrize(
    ("consents", "reason"),
    [
        ([], "no consent is recorded"),
        ([replace(CONSENT, case=52)], "no consent is recorded"),
        ([replace(CONSENT, photos=frozenset({8}))], f"{THE_CONSENT} does not cover this photo"),
        (
            [replace(CONSENT, channels=frozenset({"print"}))],
            f"{THE_CONSENT} does not cover the channel website",
        ),
        (
            [replace(CONSENT, withdrawn_at=NOW - timedelta(days=1))],
            f"{THE_CONSENT} was withdrawn on 2026-02-28",
        ),
        ([replace(CONSENT, expires_on=date(2026, 2, 28))], f"{THE_CONSENT} expired on 2026-02-28"),
        (
            [replace(CONSENT, signed_on=date(2026, 3, 2))],
            "the consent of 2026-03-02 is dated in the future",
        ),
        (
            [replace(CONSENT, missing=("the date of signature", "a witness"))],
            f"{THE_CONSENT} lacks: the date of signature, a witness",
        ),
    ],
)
def test_anything_less_does_not(consents, reason):
    """Each gap in a consent forbids, and is named in a clause of its own."""
    permission = may_show(CASE, PHOTO, consents, "website", NOW)

    assert not permission.allowed
    assert str(permission.reason) == reason
    assert permission.reason.case == 51


@pytest.mark.parametrize(
    ("consent", "reason"),
    [
        (CONSENT, f"{THE_CONSENT} permits it"),
        (replace(CONSENT, expires_on=date(2027, 1, 1)), f"{THE_CONSENT} permits it until 2027-01-01"),
        (replace(CONSENT, signed_on=NOW.date()), "the consent of 2026-03-01 permits it"),
    ],
)
def test_a_permission_names_the_consent_and_its_end(consent, reason):
    """What permits is named with its date and how long it holds; signed today, it holds today."""
    permission = may_show(CASE, PHOTO, [consent], "website", NOW)

    assert permission.allowed
    assert str(permission.reason) == reason
    assert permission.reason.case == 51


def test_of_several_gaps_the_nearest_and_newest_is_named():
    """Of consents that all fall short the one nearest to permitting is named, and of equals the newest."""
    expired = replace(CONSENT, expires_on=date(2026, 1, 31))
    older = replace(expired, signed_on=date(2025, 1, 1))
    narrow = replace(CONSENT, channels=frozenset({"print"}), signed_on=date(2026, 2, 2))

    for consents in ([older, expired, narrow], [narrow, expired, older]):
        reason = may_show(CASE, PHOTO, consents, "website", NOW).reason
        assert str(reason) == f"{THE_CONSENT} expired on 2026-01-31"


def test_the_last_day_counts():
    """A consent that ends today still holds today, and no longer tomorrow."""
    ending = replace(CONSENT, expires_on=NOW.date())

    assert may_show(CASE, PHOTO, [ending], "website", NOW).allowed
    assert not may_show(CASE, PHOTO, [ending], "website", NOW + timedelta(days=1)).allowed


def test_one_good_consent_is_enough():
    """An expired consent beside a new one does no harm."""
    assert may_show(
        CASE, PHOTO, [replace(CONSENT, expires_on=date(2026, 1, 31)), CONSENT], "website", NOW
    ).allowed


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Consent,
            case=st.sampled_from([51, 52]),
            signed_on=st.dates(date(2025, 1, 1), date(2027, 1, 1)),
            expires_on=st.none() | st.dates(date(2025, 1, 1), date(2027, 1, 1)),
            channels=st.frozensets(st.sampled_from(["website", "print"])),
            photos=st.none() | st.frozensets(st.sampled_from([7, 8])),
            withdrawn_at=st.none() | st.just(NOW),
            missing=st.sampled_from([(), ("a date",)]),
        ),
        max_size=4,
    )
)
def test_permission_needs_one_consent_without_any_gap(consents):
    """Whatever is recorded: a photo is public exactly when one consent has no gap at all."""
    today = NOW.date()
    whole = [
        c
        for c in consents
        if c.case == 51
        and "website" in c.channels
        and (c.photos is None or 7 in c.photos)
        and c.withdrawn_at is None
        and c.signed_on <= today
        and (c.expires_on is None or c.expires_on >= today)
        and not c.missing
    ]

    assert may_show(CASE, PHOTO, consents, "website", NOW).allowed == bool(whole)


@pytest.mark.parametrize(
    ("case", "ground", "reason"),
    [
        (replace(CASE, minor=True), Ground.MINOR, "Patient 51 was a minor: never published"),
        (replace(CASE, minor=True, held=True), Ground.MINOR, "Patient 51 was a minor: never published"),
        (replace(CASE, status=CaseStatus.WITHDRAWN), Ground.CASE_WITHDRAWN, "case 51 was withdrawn"),
    ],
)
def test_a_minor_and_a_withdrawn_case_are_never_shown(case, ground, reason):
    """No consent and no release opens these two doors, and the reason names the case, not the consent."""
    for one in (case, once_released(case)):
        permission = may_show(one, PHOTO, [CONSENT], "website", NOW)
        assert (permission.allowed, permission.reason.ground, str(permission.reason)) == (
            False,
            ground,
            reason,
        )


def test_a_held_case_waits_for_its_release_alone():
    """A case that is not released is not shown; as it will be once released, consent alone decides."""
    held = replace(CASE, held=True)

    waits = may_show(held, PHOTO, [CONSENT], "website", NOW)
    assert (waits.allowed, waits.reason.ground) == (False, Ground.CASE_HELD)
    assert str(waits.reason) == "Patient 51 is not released for publication yet"
    assert may_show(once_released(held), PHOTO, [CONSENT], "website", NOW).allowed
    assert not may_show(once_released(held), PHOTO, [], "website", NOW).allowed


def test_a_minors_photos_are_refused_for_that_reason_wherever_it_is_said(clinic):
    """`case show --json` of a minor whose form is signed names the minor, not the form, as the build does."""
    clinic.take_in(clinic.rows({1: ["before", "after"]}, consent_signed="2026-01-15"))
    with clinic.database() as database:
        database.execute("update cases set minor = 1")
        database.conn.commit()
    shown = CliRunner().invoke(case_command, ["show", "1", "--json"], obj=clinic.folder)
    photos = json.loads(shown.output)["photos"]

    words = "Patient 1 was a minor: never published"
    assert [(photo["may_be_public"], photo["reason"]) for photo in photos] == [(False, words)] * 2
    assert clinic.build().unpublished_reasons == {words: 2}


def test_an_ending_consent_is_announced_a_week_before():
    """Seven days of warning; not eight, and not for what has ended."""
    ends = [replace(CONSENT, id=n, expires_on=(NOW + timedelta(days=n)).date()) for n in (8, 7, 0, -1)]

    assert [consent.id for consent in expires_soon(ends, NOW)] == [0, 7]


def test_consents_that_end_on_one_day_are_announced_by_case():
    """The nearest end comes first, on one day the lower case number, and two forms of one patient both."""
    ends = [
        replace(CONSENT, id=number, case=case, expires_on=NOW.date())
        for number, case in ((1, 52), (2, 51), (3, 51))
    ]

    assert [consent.id for consent in expires_soon(ends, NOW)] == [2, 3, 1]


@pytest.mark.parametrize(
    ("zone", "utc", "allowed"),
    [
        ("America/Los_Angeles", "2026-03-02T07:59:00", True),
        ("America/Los_Angeles", "2026-03-02T08:00:00", False),
        ("Asia/Tokyo", "2026-03-01T14:59:00", True),
        ("Asia/Tokyo", "2026-03-01T15:00:00", False),
        ("UTC", "2026-03-01T23:59:00", True),
        ("UTC", "2026-03-02T00:00:00", False),
    ],
)
def test_a_consents_last_day_ends_at_the_practices_own_midnight(clinic, zone, utc, allowed):
    """A consent to 1 March holds until midnight where the practice is, on the site and in what `verify` says."""
    rows = clinic.rows({1: ["before"]}, consent_signed="2026-01-01", consent_expires="2026-03-01")
    clinic.take_in(rows)
    text = clinic.folder.settings_file.read_text("utf-8")
    said = text.replace("[practice]", f'[practice]\ntime_zone = "{zone}"', 1)
    clinic.folder.settings_file.write_text(said, "utf-8")
    clinic.build()
    moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)

    assert (clinic.verify(moment).problems == ()) == allowed
    assert bool(clinic.build(moment).photos) == allowed


def test_a_time_zone_that_is_none_is_named():
    """A typing error in the settings is said, and no other clock is used instead."""
    for name in ("Europe/Atlantis", "../etc/passwd", "Europe"):
        _, problems = parse_settings({"practice": {"time_zone": name}})
        assert any(name in problem and "time_zone" in problem for problem in problems)

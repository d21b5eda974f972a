"""Our before shown as their after: told from the page's words, never where they are right or mean something else."""

from itertools import product

import pytest

from crawler.desk.stage_claims import StageClaim, named_stages, side_of, stage_claim

WORDS = {
    "before": ("Before", "BEFORE", "vorher", "avant", "Antes", "pre-op", "before treatment", "baseline"),
    "after": ("After", "AFTER", "nachher", "après", "Después", "post-op", "after treatment", "dopo"),
}
FRAMES = (
    "{}", "{}: front view", "Patient 12, {}", "Hair density {}", "({})", "img_{}_03.jpg", "{} - 6 months",
    "SMP results | {}", "Scalp {} at our clinic", "{}!", "photo: {}", "male, 34, {}", "1. {}",
)  # fmt: skip
ASIDE = (
    "Our aftercare is free", "Read this before you book", "The most sought-after look", "Never seen before",
    "After all these years", "Call us before booking", "aftershave and balm", "The day after", "beforehand",
    "Open after hours", "Results may vary", "Scalp micropigmentation", "", "Dr. Prima-Vera", "afternoon offer",
)  # fmt: skip
OTHER = {"before": "after", "after": "before"}


def single(stage):
    """Texts that name one stage for a whole picture."""
    return [frame.format(word) for frame, word in product(FRAMES, WORDS[stage])]


def pairs():
    """Texts that name both, in reading order."""
    joins = ("{} / {}", "{} and {}", "{} | {}", "Left: {}, right: {}", "{} → {}")
    return [
        join.format(*words) for join in joins for words in zip(WORDS["before"], WORDS["after"], strict=True)
    ]


def test_another_stage_than_ours_is_told():
    """Of 208 captions and 80 composites that contradict our stage, at least 95 in a hundred are told."""
    wrong = [(text, stage) for stage in WORDS for text in single(OTHER[stage])]
    told = [stage_claim([text], ours_is_before=stage == "before") for text, stage in wrong]
    want = [StageClaim.BEFORE_AS_AFTER if s == "before" else StageClaim.AFTER_AS_BEFORE for _, s in wrong]
    assert len(wrong) >= 200
    assert sum(a == b for a, b in zip(told, want, strict=True)) >= 0.95 * len(wrong)
    swapped = [
        stage_claim([text], ours_is_before=stage == "before", side="right" if stage == "before" else "left")
        for text in pairs()
        for stage in WORDS
    ]
    assert sum(claim == StageClaim.SWAPPED for claim in swapped) >= 0.95 * len(swapped)


def test_the_right_stage_and_other_words_are_no_contradiction():
    """More than 200 captions that are right, name both stages, or mean something else are not held against them."""
    right = [(text, stage, "") for stage in WORDS for text in single(stage)]
    right += [(text, stage, "") for stage in WORDS for text in (*ASIDE, *pairs())]
    right += [(text, "before", "left") for text in pairs()] + [(text, "after", "right") for text in pairs()]
    assert len(right) >= 200
    claims = {(t, s): stage_claim([t], ours_is_before=s == "before", side=side) for t, s, side in right}
    assert {key: claim for key, claim in claims.items() if claim} == {}


def test_the_nearest_words_count():
    """The picture's own words are heard before the page's heading."""
    assert stage_claim(["before", "", "After: our results"], ours_is_before=True) == StageClaim.NOTHING
    assert stage_claim(["", "", "After: our results"], ours_is_before=True) == StageClaim.BEFORE_AS_AFTER


@pytest.mark.parametrize(
    ("box", "side"),
    [
        (None, ""),
        ((0, 0, 1, 1), ""),
        ((0, 0, 0.5, 1), "left"),
        ((0.5, 0.1, 1, 0.9), "right"),
        ((0.3, 0, 0.7, 0.5), ""),
    ],
)
def test_a_side_is_where_our_photo_lies(box, side):
    """Left and right are those of the found picture; the middle and the whole are none."""
    assert side_of(box) == side


def test_stages_are_named_once_and_in_order():
    """Reading order, whatever the language, each once."""
    assert named_stages("Nachher, vorher, after") == ("after", "before")

"""The documents keep their form: decisions are indexed, and the glossary knows the words in use."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DECISIONS = sorted((ROOT / "docs" / "adr").glob("0*.md"))
FORM = re.compile(
    r"# \d+\. [^\n]+\n\nStatus: (?:accepted|superseded by \[ADR \d+\]\([^)]+\)), 20\d\d-\d\d\n\n"
    r"## Context\n.+\n\n## Decision\n.+\n\n## Consequences\n.+\n",
    re.DOTALL,
)


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_title_status_context_decision_and_consequences(path):
    """Every decision is one page of the same form, under the number in its file name."""
    text = path.read_text("utf-8")

    assert FORM.fullmatch(text)
    assert text.count("\n## ") == 3
    assert int(path.stem[:4]) == int(text.removeprefix("# ").split(".")[0])


def test_the_index_lists_every_decision():
    """The index names each decision with its number, title and status, in order."""
    rows = re.findall(
        r"^\| \[(\d+)\]\(([^)]+)\) \| (.+) \| (\w+)",
        (ROOT / "docs/adr/README.md").read_text("utf-8"),
        re.MULTILINE,
    )

    assert rows == [
        (number, path.name, title, status)
        for path in DECISIONS
        for number, title, status in re.findall(
            r"\A# (\d+)\. ([^\n]+)\n\nStatus: (\w+)", path.read_text("utf-8")
        )
    ]


def _classes() -> dict[str, set[str]]:
    """Return the product's classes and the modules that define each."""
    found: dict[str, set[str]] = {}
    for package in ("watermark", "gallery", "crawler"):
        for path in (ROOT / package).rglob("*.py"):
            for name in re.findall(r"^class (\w+)", path.read_text("utf-8"), re.MULTILINE):
                found.setdefault(name, set()).add(path.relative_to(ROOT).as_posix())
    return found


def test_the_glossary_names_classes_that_exist_and_mean_one_thing():
    """A class that the glossary gives for a word is there, once in the whole product."""
    terms = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/glossary.md").read_text("utf-8"), re.MULTILINE)
    named = [name for term in terms for name in re.findall(r"`(\w+)`", term)]
    classes = _classes()

    assert len(named) > 25
    assert [name for name in named if name not in classes] == []
    assert {name: classes[name] for name in named if len(classes[name]) > 1} == {}


def test_the_glossary_explains_every_word_once():
    """No word stands in two rows, and every row says what it means here."""
    rows = re.findall(
        r"^\| ([^|`]+?)(?:, `\w+`)? \| ([^|]+) \| ([^|]+) \|$",
        (ROOT / "docs/glossary.md").read_text("utf-8"),
        re.MULTILINE,
    )
    words = [word for word, _, _ in rows if word not in {"word", "---"}]

    assert len(words) > 60
    assert len(words) == len(set(words))
    for word in ("case", "stage", "photo", "rendition", "mark", "label", "payload", "credit", "fingerprint"):
        assert word in words
    for word in (
        "digest",
        "sighting",
        "finding",
        "infringement",
        "capture",
        "bundle",
        "tip",
        "notice",
        "ledger",
    ):
        assert word in words

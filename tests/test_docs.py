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

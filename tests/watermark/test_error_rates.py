"""How often the machine is wrong is said in counts that add up, in sentences and in aligned columns."""

import json

import pytest
from click.testing import CliRunner

from pairwatch import cli
from watermark.matching.error_rates import ErrorRates, aligned, share
from watermark.matching.model import matching_rates

RATES = {
    "thresholds": {"copy": 0.93, "possible": 0.33, "same-scene": 0.8},
    "worlds": {"drawn": 1200, "photographs": 60},
    "misses": {
        "jpeg": {"cases": 600, "not copy": 6, "neither copy nor possible": 1, "wrong photo": 0},
        "cropped": {"cases": 400, "not copy": 14, "neither copy nor possible": 4, "wrong photo": 1},
    },
    "accused": {
        "same scene": {"cases": 60, "copy": 3, "possible": 7, "same-scene": 40},
        "rival": {"cases": 150, "copy": 0, "possible": 1, "same-scene": 0},
        "everyday": {"cases": 50, "copy": 0, "possible": 0, "same-scene": 2},
    },
}


def test_the_sentences_count_what_was_measured():
    """Copies, strangers and other shots are summed over their kinds; other shots are no strangers."""
    said = " ".join(ErrorRates.of(RATES).summary())

    assert "Measured on 1,260 pictures of 2 collections" in said
    assert (
        "Of 1,000 copies, made in 2 ways, 980 were called a copy, 15 possible, and 5 were missed; 1 were"
        in said
    )
    assert "Of 200 pictures that are nothing of ours" in said
    assert "0 were called a copy and 1 possible" in said
    assert "Of 60 other photographs taken in a session of ours, 3 were" in said


def test_each_verdict_stands_beside_its_threshold_and_its_errors():
    """Named thresholds with the rates that were measured with them."""
    verdicts = {row[0]: row[1:] for row in ErrorRates.of(RATES).tables()[0].rows}

    assert verdicts["copy"] == (
        "0.930",
        "strangers 0 of 200 (0.0 %); other shots 3 of 60 (5.0 %)",
        "copies 20 of 1,000 (2.0 %)",
    )
    assert verdicts["possible"][1:] == (
        "strangers 1 of 200 (0.5 %), `copy` included",
        "copies 5 of 1,000 (0.5 %)",
    )
    assert verdicts["same-scene"][1:] == ("strangers 2 of 200 (1.0 %)", "other shots 10 of 60 (16.7 %)")
    assert set(verdicts) == {"copy", "possible", "same-scene", "cannot-tell", "none"}


def test_columns_stand_under_each_other():
    """Words to the left, numbers to the right, so that they can be compared at a glance."""
    assert list(aligned([("kind", "cases"), ("a", "5"), ("abcdef", "12,345")])) == [
        "  kind    cases",
        "  a            5",
        "  abcdef  12,345",
    ]
    assert share(0, 0) == "0 of 0 (0.0 %)"


def test_the_doctor_prints_it_in_plain_text_and_raw(tmp_path):
    """`doctor --matching` gives sentences and tables, with `--json` the numbers behind them."""
    said = CliRunner().invoke(cli, ["--data", str(tmp_path), "doctor", "--matching"])
    raw = CliRunner().invoke(cli, ["--data", str(tmp_path), "doctor", "--matching", "--json"])

    assert said.exit_code == raw.exit_code == 0
    rates = json.loads(raw.stdout)
    assert rates == matching_rates()
    assert f"copy         {rates['thresholds']['copy']:.3f}" in said.stdout
    for kind, counts in rates["misses"].items():
        cells = [*kind.split(), f"{counts['cases']:,}"]
        assert any(line.split()[: len(cells)] == cells for line in said.stdout.splitlines()), kind


@pytest.mark.parametrize("kinds", ["misses", "accused"])
def test_the_shipped_counts_are_possible(kinds):
    """No kind has more errors than cases."""
    for counts in matching_rates()[kinds].values():
        errors = [count for name, count in counts.items() if name != "cases"]
        assert all(isinstance(count, int) and 0 <= count <= counts["cases"] for count in errors)

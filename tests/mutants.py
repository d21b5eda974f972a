"""Change the rules in many small ways and count how many changes the tests notice; run by `make mutants`.

Each rule is mutated by mutmut in a copy of the tree under `mutants/`, with the tests that are about it. An
interrupted run goes on where it stopped. `python -m tests.mutants consent ledger` runs two rules alone.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "mutants"
BAR = 0.85

RULES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "consent": (("gallery/consent.py",), ("tests/gallery/test_consent.py",)),
    "stages": (("gallery/stages.py",), ("tests/gallery/test_stages.py",)),
    "ledger": (("gallery/store/ledger.py",), ("tests/gallery/test_ledger.py",)),
    "integrity": (("gallery/services/integrity.py",), ("tests/gallery/test_integrity.py",)),
    "urls": (("crawler/urls.py",), ("tests/crawler/test_urls.py",)),
    "robots": (("crawler/http/robots.py",), ("tests/crawler/test_robots.py",)),
    "frontier": (
        ("crawler/visit/frontier.py",),
        ("tests/crawler/test_frontier.py", "tests/crawler/test_outcome.py"),
    ),
    "rhythm": (
        ("crawler/visit/pace.py", "crawler/visit/revisit.py", "crawler/visit/traps.py"),
        ("tests/crawler/test_rhythm.py",),
    ),
    "verdict": (("watermark/matching/model.py",), ("tests/watermark/test_agreement.py",)),
}
"""Each rule's modules and the tests that are about them."""

# What mutmut writes down of a mutant: its test process's exit code.
_SURVIVED, _UNTESTED = 0, 33


@dataclass(frozen=True)
class Score:
    """How one rule's tests fared."""

    total: int
    survivors: tuple[str, ...]

    @property
    def killed(self) -> float:
        """Return the share of mutants that a test noticed."""
        return 1 - len(self.survivors) / self.total if self.total else 1.0


def prepare(name: str) -> Path:
    """Copy the tree and tell mutmut what to change there.

    What an earlier run found stays while the rule and its tests are the same.
    """
    modules, tests = RULES[name]
    copy = PLACE / name
    if any(_text(copy / file) != _text(ROOT / file) for file in (*modules, *tests)):
        shutil.rmtree(copy, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for file in filter(None, listed.stdout.split("\0")):
        if (ROOT / file).is_file():
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, copy / file)
    settings = f"""
[tool.mutmut]
source_paths = ["watermark", "gallery", "crawler", "sample_clinic"]
only_mutate = {json.dumps(modules)}
also_copy = ["pairwatch.py", "benchmarks", "data"]
process_isolation = "forkserver" # a cache that another run filled would hide what a mutant does
pytest_add_cli_args = ["-n", "0", "-m", "not slow and not browser", "-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {json.dumps(tests)}
"""
    with (copy / "pyproject.toml").open("a", encoding="utf-8") as appended:
        appended.write(settings)
    return copy


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def score(name: str) -> Score:
    """Read what became of a rule's mutants."""
    codes = {}
    for module in RULES[name][0]:
        meta = PLACE / name / "mutants" / f"{module}.meta"
        codes |= json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
    return Score(
        len(codes),
        tuple(mutant for mutant, code in codes.items() if code in (_SURVIVED, _UNTESTED, None)),
    )


def main() -> None:
    """Mutate the named rules or all, print what survived, and fail below the bar."""
    names, mutmut = sys.argv[1:] or list(RULES), Path(sys.executable).with_name("mutmut")
    scores = {}
    for name in names:
        copy = prepare(name)
        ran = subprocess.run(
            [mutmut, "run", "--max-children", "1"], cwd=copy, capture_output=True, check=False
        )
        if ran.returncode:
            sys.exit(
                f"{name}: mutmut ended with {ran.returncode}\n{ran.stdout.decode()}{ran.stderr.decode()}"
            )
        scores[name] = score(name)
        for mutant in scores[name].survivors:
            shown = subprocess.run([mutmut, "show", mutant], cwd=copy, capture_output=True, check=False)
            print(f"{mutant}\n" + "\n".join(shown.stdout.decode().splitlines()[2:]))
        print(f"== {name}: {scores[name].killed:.0%} of {scores[name].total} mutants noticed", flush=True)
    for name, one in scores.items():
        print(f"{name:<10} {one.total - len(one.survivors):>4} of {one.total:>4}  {one.killed:.0%}")
    if any(one.killed < BAR for one in scores.values()):
        sys.exit(f"fewer than {BAR:.0%} of a rule's mutants were noticed")


if __name__ == "__main__":
    main()

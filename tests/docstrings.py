"""Measure docstring summaries; `make docstrings` prints each room's figures and its worst lines."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
PACKAGES = ("watermark", "gallery", "crawler", "sample_clinic")
WORST = 12


@dataclass(frozen=True)
class Summary:
    """The first paragraph of one docstring."""

    path: str
    line: int
    name: str
    text: str

    @property
    def words(self) -> int:
        """Count its words."""
        return len(self.text.split())

    @property
    def joined(self) -> bool:
        """Say whether a colon or semicolon joins two statements."""
        return ":" in self.text or ";" in self.text

    @property
    def room(self) -> str:
        """Return the folder that it stands in."""
        return Path(self.path).parent.as_posix().replace(".", "pairwatch.py")


@dataclass(frozen=True)
class Measure:
    """What the summaries of some code amount to."""

    count: int
    words: float
    joined: float


def sources(packages: Iterable[str] = PACKAGES) -> list[Path]:
    """Return the door's and the packages' Python files."""
    return [
        ROOT / "pairwatch.py",
        *(path for name in packages for path in sorted((ROOT / name).rglob("*.py"))),
    ]


def summaries(paths: Iterable[Path]) -> Iterator[Summary]:
    """Yield the summary of every module, class and function that has one."""
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = (ast.get_docstring(node) or "").split("\n\n")[0]
                if text:
                    at = node.body[0].lineno
                    yield Summary(name, at, getattr(node, "name", ""), " ".join(text.split()))


def measure(found: list[Summary]) -> Measure:
    """Return count, median number of words, and share with a colon or semicolon."""
    return Measure(
        len(found),
        median(one.words for one in found),
        sum(one.joined for one in found) / len(found),
    )


def main() -> None:
    """Print every room's figures, worst first, and the longest and the joined summaries of each."""
    rooms = defaultdict(list)
    for one in summaries(sources()):
        rooms[one.room].append(one)
    for room, found in sorted(rooms.items(), key=lambda item: -measure(item[1]).words):
        worst = sorted(found, key=lambda one: (-one.words - 10 * one.joined, one.path))[:WORST]
        for one in worst:
            if one.words > WORST or one.joined:
                print(f"{one.path}:{one.line}: {one.words}{'*' if one.joined else ' '} {one.text}")
        figures = measure(found)
        print(
            f"== {room}: {figures.count} summaries, median {figures.words:g} words, {figures.joined:.0%} joined\n"
        )
    whole = measure([one for found in rooms.values() for one in found])
    print(f"All: {whole.count} summaries, median {whole.words:g} words (bar 10), ", end="")
    print(f"{whole.joined:.0%} with colon or semicolon (bar 10%, marked *)")


if __name__ == "__main__":
    main()

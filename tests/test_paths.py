"""Every file, folder and module that the repository's texts name is there."""

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROSE = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "data" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
CODE = [
    ROOT / "Makefile",
    ROOT / ".ci" / "run",
    ROOT / "pyproject.toml",
    *(
        path
        for name in ("watermark", "gallery", "crawler", "sample_clinic", "benchmarks", "tests", "docs")
        for path in sorted((ROOT / name).rglob("*.py"))
        if path != Path(__file__)
    ),
]
TOP = "watermark|gallery|crawler|sample_clinic|benchmarks|tests|docs|requirements|data/floors"
PATH = re.compile(rf"(?<![\w./-])(?:{TOP}|\.ci)/[\w./-]*\w/?")
MODULE = re.compile(r"(?<![\w./-])(?:watermark|gallery|crawler|sample_clinic|benchmarks)(?:\.\w+)+")
FILE = re.compile(r"`(\w[\w-]*\.(?:py|md))`")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
QUOTED = re.compile(r"`[^`\n]*`|```.*?```", re.DOTALL)
MADE_AT_RUN_TIME = {"crawler/findings.csv"}


@cache
def _tracked() -> frozenset[str]:
    """Return every file and folder that git would keep, or all where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode or not listed.stdout:
        files = {path.relative_to(ROOT) for path in ROOT.rglob("*") if ".venv" not in path.parts}
    else:
        files = {Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}
    return frozenset(folder.as_posix() for file in files for folder in (file, *file.parents))


def _is_module(dotted: str) -> bool:
    """Say whether a dotted name is a package, a module, or a name within one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        stem = "/".join(parts[:length])
        for file in (f"{stem}.py", f"{stem}/__init__.py"):
            if file in _tracked():
                within = (ROOT / file).read_text("utf-8")
                return all(re.search(rf"\b{name}\b", within) for name in parts[length:])
        if stem in _tracked():
            return length == len(parts)
    return False


def _is_path(named: str) -> bool:
    return named.rstrip("/") in _tracked() or f"{named}.py" in _tracked()


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_the_documents_name_is_there(path):
    """No document sends its reader to a file, folder, module or link that is not there."""
    text = path.read_text("utf-8")
    quoted = " ".join(QUOTED.findall(text))
    names = {Path(name).name for name in _tracked()}

    missing = {named for named in PATH.findall(quoted) if not _is_path(named)}
    missing |= {named for named in MODULE.findall(quoted) if not _is_module(named)}
    missing |= {named for named in FILE.findall(text) if named not in names}
    missing |= {
        link
        for link in LINK.findall(text)
        if "://" not in link and (path.parent / link).resolve().relative_to(ROOT).as_posix() not in _tracked()
    }

    assert not missing - MADE_AT_RUN_TIME


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_the_code_names_is_there(path):
    """No comment, docstring, recipe or setting names a file or folder that is not there."""
    missing = {named for named in PATH.findall(path.read_text("utf-8")) if not _is_path(named)}

    assert not missing - MADE_AT_RUN_TIME


def test_what_pyproject_names_is_there():
    """What the wheel and the sdist hold, and whom an exception is for, exists."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    built = settings["hatch"]["build"]["targets"]
    listed = {name for target in built.values() for name in target["only-include"]}
    excused = settings["ruff"]["lint"]["per-file-ignores"]

    assert {name for name in listed if name not in _tracked()} == set()
    assert {glob for glob in excused if not any(ROOT.glob(glob))} == set()
    assert {name for name in settings["mypy"]["files"] if name not in _tracked()} == set()

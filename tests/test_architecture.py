"""The house keeps its shape: direction, sizes and words are tests, not wishes."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("watermark", "gallery", "crawler", "sample_clinic")
SOURCES = sorted(
    [ROOT / "pairwatch.py", *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))],
)
LONGEST_FUNCTION = 50
LARGEST_PLAIN = 3


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_import_contracts_hold():
    """Crawler knows gallery knows watermark, never back, and third parties stay behind their doors."""
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("path", SOURCES, ids=_named)
def test_a_function_is_read_at_a_glance(path):
    """No function is longer than 50 lines."""
    text = path.read_text("utf-8")
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
        and path.stem not in ("database", "migrations")  # a migration is one readable piece of SQL
    ]

    assert not long


@pytest.mark.parametrize("path", SOURCES, ids=_named)
def test_no_room_is_named_for_everything(path):
    """A module is named for what it is about; utils, helpers and managers are about nothing."""
    assert not re.search(r"util|helper|manager|common|misc", path.stem)


_PARTED = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split"}


@pytest.mark.parametrize("path", SOURCES, ids=_named)
def test_no_sentence_is_taken_apart(path):
    """Nobody reads our own prose back: no text is compared with, or cut by, words with a space in them."""
    found = [
        f"line {call.lineno}: {constant.value!r}"
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _PARTED
        for argument in call.args
        for constant in ast.walk(argument)
        if isinstance(constant, ast.Constant)
        and isinstance(constant.value, str)
        and " " in constant.value.strip()
    ]

    assert not found


def test_no_machine_path_or_secret_host_is_written_down():
    """The repository speaks of pairwatch alone: no home folders of the machines it was made on."""
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    if not tracked:
        pytest.skip("not a git checkout")
    suspicious = re.compile(r"/(?:home|root|Users)/\w|/work/(?:main|shared|\.)")
    found = [
        name
        for name in tracked
        if (ROOT / name).suffix in {".py", ".md", ".toml", ".html", ".css", ".js", ".yml", ".txt", ""}
        and (ROOT / name).is_file()
        and suspicious.search((ROOT / name).read_text("utf-8", errors="ignore"))
    ]

    assert found == []


def test_every_package_of_some_size_has_its_layers_written_down():
    """A package of more than three rooms says which knows which, for all of them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    held = {
        container
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers" and contract.get("exhaustive")
        for container in contract["containers"]
    }
    packages = {path.parent for path in SOURCES if path.name == "__init__.py"}
    rooms = {
        package: [
            path
            for path in package.iterdir()
            if (path.suffix == ".py" and path.name != "__init__.py") or (path / "__init__.py").exists()
        ]
        for package in packages
    }

    large = {
        _named(package).replace("/", ".") for package, inside in rooms.items() if len(inside) > LARGEST_PLAIN
    }
    assert large - held == set()

"""A small drawn practice with real photographs, and the installed program to run on it."""

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture

PROGRAM = Path(sys.executable).with_name("pairwatch")
SIZE = (800, 600)


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    def lines(self):
        """The JSON lines that it printed."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Practice:
    """A practice's desk: photographs, a spreadsheet, and a data folder that the program works on."""

    desk: Path

    @property
    def data(self):
        return self.desk / "data"

    @property
    def public(self):
        return self.data / "public"

    def run(self, *arguments):
        """Run `pairwatch` as a person would, and keep what it said."""
        ran = subprocess.run(
            [PROGRAM, "--data", self.data, *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def done(self, *arguments):
        """Run a command that must succeed."""
        ran = self.run(*arguments)
        assert ran.code == 0, ran.err + ran.out
        return ran

    def published(self):
        """The largest published JPEG of each photo that is on the built site, by size."""
        return sorted(self.public.rglob("*.jpg"), key=lambda path: -path.stat().st_size)


def portrait(person, stage, *, room=5, shot=0) -> Picture:
    """Draw one photograph of a patient."""
    return draw_portrait(Person(person), Room(room), stage=stage, view="front", shot=shot, size=SIZE)


@pytest.fixture(scope="session")
def photographs():
    """Two patients, before and after, as files from a camera."""
    return {
        (51 + person, stage): encode(portrait(person, stage), format="jpeg", quality=93)
        for person in range(2)
        for stage in ("before", "after")
    }


@pytest.fixture
def practice(tmp_path, photographs):
    """A practice whose two cases are imported and not yet published."""
    with (tmp_path / "cases.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["case", "stage", "view", "file"])
        for (number, stage), data in photographs.items():
            name = f"Jane Roe {number} {stage}.jpg"
            (tmp_path / name).write_bytes(data)
            rows.writerow([number, stage, "front", name])
    practice = Practice(tmp_path)
    practice.done("init")
    practice.done("import", tmp_path / "cases.csv")
    return practice

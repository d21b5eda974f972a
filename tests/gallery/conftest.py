"""A small clinic for the gallery's tests: real files, drawn quickly, in a folder of their own."""

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from gallery.services.intake import Imported, Wishes, import_manifest
from gallery.services.integrity import Soundness, verify_all
from gallery.services.practice import practice
from gallery.settings import DataFolder
from gallery.site.build import build_site
from gallery.site.built import Built
from gallery.store.database import open_database
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = """
[practice]
name = "Harbour Clinic"
web = "https://harbour.example/rights"

[channels.website]
sizes = [120, 240]
formats = ["avif", "webp", "jpeg"]
"""


def draw(seed: int, size: tuple[int, int] = (320, 240)) -> Picture:
    """Draw a picture unlike that of any other seed: soft blotches with fine dots, as skin has."""
    rng = np.random.default_rng(seed)
    width, height = size
    coarse = rng.integers(40, 220, (8, 8, 3)).astype(np.float64)
    rows, columns = np.linspace(0, 6.99, height), np.linspace(0, 6.99, width)
    y, x = rows.astype(int), columns.astype(int)
    fy, fx = (rows - y)[:, None, None], (columns - x)[None, :, None]
    corners = (coarse[np.ix_(y + dy, x + dx)] for dy in (0, 1) for dx in (0, 1))
    weights = ((1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx)
    soft = sum(corner * weight for corner, weight in zip(corners, weights, strict=True))
    dots = (rng.random((height, width, 1)) < 0.02) * -60.0
    return Picture(np.clip(soft + dots, 0, 255).astype(np.uint8))


@dataclass(frozen=True)
class Clinic:
    """A data folder, and a desk with photographs and manifests beside it."""

    folder: DataFolder
    desk: Path
    now: datetime = NOW

    def photo(self, name: str, seed: int) -> bytes:
        """Put a drawn photograph on the desk, and give its bytes."""
        place = self.desk / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(encode(draw(seed), format="jpeg", quality=90))
        return place.read_bytes()

    def manifest(self, rows: list[dict[str, object]], name: str = "cases.csv") -> Path:
        """Write a manifest of these rows, with the columns that any of them has."""
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (self.desk / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return self.desk / name

    def rows(
        self, stages: dict[int, list[str]], first_seed: int = 0, **more: object
    ) -> list[dict[str, object]]:
        """Draw a photograph for each stage of each case, and give their rows."""
        rows: list[dict[str, object]] = []
        for number, labels in stages.items():
            for label in labels:
                name = f"photos/IMG_{number}_{len(rows)}.jpg"
                self.photo(name, first_seed + len(rows))
                rows.append({"case": number, "stage": label, "view": "front", "file": name, **more})
        return rows

    def take_in(self, rows: list[dict[str, object]], **wishes: bool) -> Imported:
        """Import these rows."""
        return import_manifest(self.folder, self.manifest(rows), Wishes(actor="test", now=self.now, **wishes))

    def build(self, now: datetime | None = None) -> Built:
        """Build the site."""
        return build_site(self.folder, actor="test", now=now or self.now)

    def verify(self, now: datetime | None = None) -> Soundness:
        """Look at everything."""
        return verify_all(self.folder, now=now or self.now)

    def practice(self, now: datetime | None = None):
        """Open the practice's data for one unit of work."""
        return practice(self.folder, actor="test", now=now or self.now)

    def database(self):
        """Open the catalogue."""
        return open_database(self.folder.database)

    def public(self) -> set[str]:
        """Name every file of the built site."""
        return {
            p.relative_to(self.folder.public).as_posix() for p in self.folder.public.rglob("*") if p.is_file()
        }

    def page(self, address: str) -> str:
        """Give a page of the built site."""
        return (self.folder.public / address).read_text("utf-8")


@pytest.fixture(scope="session")
def open_clinic():
    """A function that starts an empty catalogue, with settings of its own, in a folder."""

    def start(place: Path) -> Clinic:
        folder = DataFolder(place / "data")
        open_database(folder.database).close()
        folder.settings_file.write_text(SETTINGS, "utf-8")
        return Clinic(folder, place / "desk")

    return start


@pytest.fixture
def clinic(open_clinic, tmp_path):
    """An empty catalogue of a clinic with settings of its own."""
    return open_clinic(tmp_path)


@pytest.fixture
def two_cases(clinic):
    """The rows of two cases: Patient 51 consented, Patient 52 (three stages) did not."""
    rows = clinic.rows({51: ["before", "after"], 52: ["before", "after session 1 of 2", "one year later"]})
    return [row | {"consent_signed": "2026-01-15"} if row["case"] == 51 else row for row in rows]

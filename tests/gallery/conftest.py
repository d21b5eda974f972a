"""A small clinic for the gallery's tests: real files, drawn quickly, in a folder of their own."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from gallery.intake import Wishes
from gallery.schema import open_database
from gallery.settings import DataFolder
from watermark.pixels import Picture, encode

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


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


def jpeg(seed: int, size: tuple[int, int] = (320, 240)) -> bytes:
    """Give a drawn picture as the bytes of a JPEG file."""
    return encode(draw(seed, size), format="jpeg", quality=90)


def write_manifest(path: Path, rows: list[dict[str, object]], **dialect: str) -> Path:
    """Write a manifest of these rows, with the columns that any of them has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", **dialect)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def folder(tmp_path):
    """An empty catalogue."""
    data = DataFolder(tmp_path / "data")
    open_database(data.database).close()
    return data


@pytest.fixture
def wishes():
    """An import by a person at a fixed time."""
    return Wishes(actor="test", now=NOW)


@pytest.fixture
def clinic(tmp_path):
    """A manifest of two cases: one of two stages with consent, one of three stages without."""
    photos = tmp_path / "photos"
    photos.mkdir()
    stages = {51: ["before", "after"], 52: ["before", "after session 1 of 2", "one year later"]}
    rows = []
    for number, labels in stages.items():
        for label in labels:
            name = f"photos/IMG_{number}_{len(rows)}.jpg"
            (tmp_path / name).write_bytes(jpeg(len(rows)))
            rows.append({"case": number, "stage": label, "view": "front", "file": name})
    for row in rows[:2]:
        row["consent_signed"] = "2026-01-15"
    return write_manifest(tmp_path / "cases.csv", rows)

"""The start of a catalogue in a data folder."""

from dataclasses import dataclass

from gallery.errors import ConflictError
from gallery.settings import DataFolder, example_settings
from gallery.store.database import open_database


@dataclass(frozen=True, slots=True)
class Started:
    """Whether a catalogue was there before, and whether example settings were written."""

    there: bool
    fresh_settings: bool


def start_catalogue(folder: DataFolder) -> Started:
    """Make what a data folder lacks, and leave all else."""
    there = folder.database.is_file() and folder.database.stat().st_size > 0
    if not there and any(folder.originals.glob("*/*")):
        raise ConflictError(
            f"{folder.root} holds originals, but its catalogue is gone",
            hint=f"restore {folder.database} from your backup; a new catalogue would know nothing of them",
        )
    folder.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    open_database(folder.database).close()
    folder.database.chmod(0o600)
    folder.originals.mkdir(mode=0o700, exist_ok=True)
    fresh = not folder.settings_file.exists()
    if fresh:
        folder.settings_file.write_text(example_settings(), encoding="utf-8")
    return Started(there, fresh)

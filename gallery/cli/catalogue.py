"""Commands that fill the catalogue and ask it."""

import getpass
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gallery.cli.output import a_file, as_json_option, bar, now, print_result
from gallery.model import count
from gallery.settings import DataFolder

if TYPE_CHECKING:
    from gallery.services.intake import Imported
    from gallery.services.intake.corrections import Correction
    from gallery.services.lookup import Identification, Lookup
    from gallery.services.start import Started


@click.command()
@as_json_option
@click.pass_obj
def init(folder: DataFolder) -> None:
    """Start a catalogue in the data folder; what is there already stays as it is.

    \b
    Example:
      pairwatch --data /srv/practice init
    """
    from gallery.services.start import start_catalogue

    started = start_catalogue(folder)
    made = {"folder": str(folder.root), "settings": str(folder.settings_file), "new": not started.there}
    print_result(made, _said(folder, started))


def _said(folder: DataFolder, started: "Started") -> str:
    following = f" Next: write your name into {folder.settings_file}" if started.fresh_settings else ""
    return f"The catalogue is in {folder.root}.{following}"


def _agree(agreed: bool, changes: "Sequence[Correction]") -> bool:
    """Show what a list corrects, and ask unless the yes is given."""
    for change in changes:
        click.echo(f"Corrected: {change}", err=True)
    return agreed or click.confirm("Record these corrections?", err=True)


@click.command("import")
@click.argument("manifest", type=a_file)
@click.option("--skip-bad", is_flag=True, help="Import all good rows and list the bad ones.")
@click.option("--add-to-existing", is_flag=True, help="Allow new photos for cases that exist already.")
@click.option(
    "--allow-alike", is_flag=True, help="Take a photo that is there already, saved anew or smaller."
)
@click.option("--yes", "agreed", is_flag=True, help="Record what the list corrects, without asking.")
@as_json_option
@click.pass_obj
def import_(
    folder: DataFolder,
    manifest: Path,
    skip_bad: bool,
    add_to_existing: bool,
    allow_alike: bool,
    agreed: bool,
) -> None:
    """Import the photographs listed in MANIFEST, a CSV file: catalogued, fingerprinted, watched for.

    Its first row names the columns: case, stage, view and file are needed (file: relative to the
    manifest); consent, captions, tags, sessions and more are read if there (docs/manifest.md).
    The whole manifest is checked first: with any error nothing is imported, unless --skip-bad is
    given. Importing the same again changes nothing; a list that says otherwise than the catalogue corrects
    it after a yes to the differences. Photos stay unpublished until a consent is recorded.

    \b
    Example:
      pairwatch import cases.csv
    """
    from gallery.services.intake import Wishes, import_manifest
    from gallery.services.start import start_catalogue

    wishes = Wishes(
        actor=getpass.getuser(),
        now=now(),
        skip_bad=skip_bad,
        add_to_existing=add_to_existing,
        allow_alike=allow_alike,
    )
    if not folder.database.is_file():  # a person starts with `import` in an empty place
        click.echo(_said(folder, start_catalogue(folder)), err=True)

    able = agreed or sys.stdin.isatty()
    done = import_manifest(
        folder, manifest, wishes, agree=partial(_agree, agreed) if able else None, progress=bar
    )
    _report(done)


def _report(done: "Imported") -> None:
    """Say what an import did."""
    for problem in done.skipped:
        click.echo(f"Skipped: {problem}", err=True)
    for note in done.notes:
        click.echo(f"Note: {note}", err=True)
    lines = [f"Imported {count(len(done.photos), 'photo')}, {count(len(done.new_cases), 'new case')}."]
    if done.unchanged:
        lines.append(f"Already imported: {count(done.unchanged, 'photo')} unchanged.")
    report = {
        "photos": len(done.photos),
        "new_cases": list(done.new_cases),
        "unchanged": done.unchanged,
        "consents": done.consents,
        "skipped": [problem.to_json() for problem in done.skipped],
        "notes": list(done.notes),
    }
    print_result(report, *lines)


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--explain",
    "shown_in",
    type=click.Path(path_type=Path, file_okay=False),
    help="Put pictures that show why into this folder.",
)
@as_json_option
@click.pass_obj
def identify(folder: DataFolder, files: tuple[str, ...], shown_in: Path | None) -> None:
    """Say whose photograph each of FILES is; `-` reads a list of file names from standard input.

    A file that cannot be read gets a line that says why; the exit code is 1 only when none could be read.
    With --explain there are, for each file that shows a photo of ours, five pictures: the copy as it lies on
    our photo, our photo, both in stripes, where they agree (green) and where not (red), and that as a mask.

    \b
    Example:
      pairwatch identify found.jpg
      find downloads -name "*.jpg" | pairwatch identify - --json
      pairwatch identify found.jpg --explain why
    """
    from gallery.services.lookup import Lookup
    from watermark.errors import WatermarkError

    lookup = Lookup(folder, talk=lambda line: click.echo(line, err=True))
    lookup.index(progress=bar)
    judged, line = 0, {}
    for number, name in enumerate(_names(files), 1):
        try:
            data = _bytes_of(Path(name), lookup.limits.max_bytes)
            found = lookup.identify(data, name)
            shown = (
                _shown(lookup, found, data, shown_in / f"{number:03}-{Path(name).stem}") if shown_in else []
            )
        except (OSError, ValueError, WatermarkError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            line = {"file": name, "verdict": None, "error": reason}
        else:
            judged += 1
            line = found.to_json() | ({"pictures": shown} if shown_in else {})
        print_result(line, f"{name}: {line.get('explanation') or line['error']}")
    if not judged and not line:
        click.echo("No file was named: one name on each line is read from the standard input.", err=True)
    if not judged:
        raise click.exceptions.Exit(1)


def _shown(lookup: "Lookup", found: "Identification", data: bytes, place: Path) -> list[str]:
    """Write the pictures that show why, readable by their owner alone."""
    pictures = lookup.exhibit(found, data)
    if pictures:
        lookup.note_export(found, getpass.getuser(), str(place), now())
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, picture in pictures.items():
        (place / f"{name}.png").write_bytes(picture)
    return [str(place / f"{name}.png") for name in pictures]


def _bytes_of(path: Path, most: int) -> bytes:
    """Read a file, but no more of it than a picture may have.

    Raises:
        OSError: It is no file, or cannot be read.
    """
    if path.exists() and not path.is_file():
        raise OSError("expected a picture file, found a folder, a pipe or a device")
    with path.open("rb") as stream:
        return stream.read(most + 1)


def _names(files: Iterable[str]) -> Iterator[str]:
    for name in files:
        if name == "-":
            yield from filter(None, (line.rstrip("\r\n") for line in sys.stdin))
        else:
            yield name

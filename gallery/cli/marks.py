"""Commands about marks: what a file carries, how a mark looks, what it survives."""

from pathlib import Path

import click

from gallery.cli.output import a_file, as_json_option, at_work, bar, now, print_result
from gallery.settings import DataFolder


@click.group()
def marks() -> None:
    """Read the marks of a file, see how a mark looks, measure what it survives.

    \b
    Example:
      pairwatch marks read found.jpg
    """


@marks.command()
@click.argument("files", nargs=-1, required=True, type=a_file)
@as_json_option
@click.pass_obj
def read(folder: DataFolder, files: tuple[Path, ...]) -> None:
    """Say what each of FILES carries: hidden mark, visible mark, credit.

    The hidden mark is read from the file alone, and once more with the file laid on our photo; it names the
    channel and the day from which the copy was taken. The exit code is 1 only when no file could be read.

    \b
    Example:
      pairwatch marks read found.jpg
      pairwatch marks read found.jpg --json
    """
    from gallery.services.lookup import Lookup
    from gallery.services.mark_files import read_file
    from watermark.errors import WatermarkError

    lookup, judged = Lookup(folder, talk=lambda line: click.echo(line, err=True)), 0
    for file in files:
        try:
            found = read_file(folder, lookup, file.read_bytes(), str(file))
        except (OSError, WatermarkError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            print_result({"file": str(file), "error": reason}, f"{file}: {reason}")
            continue
        judged += 1
        print_result(found.to_json(), f"{file}:", *(f"  {line}" for line in found.lines()))
    if not judged:
        raise click.exceptions.Exit(1)


@marks.command()
@click.argument("file", type=a_file)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="PNG to write.")
@click.option(
    "--crossing", is_flag=True, help="The mark that crosses the subject, whatever the settings say."
)
@as_json_option
@click.pass_obj
def preview(folder: DataFolder, file: Path, out: Path, crossing: bool) -> None:
    """Draw the practice's mark on FILE, and say what cropping it away would cost.

    \b
    Example:
      pairwatch marks preview portrait.jpg --out marked.png --crossing
    """
    from gallery.services.mark_files import preview_mark

    drawn = preview_mark(folder, file.read_bytes(), crossing=crossing, now=now())
    out.write_bytes(drawn.png)
    contrast = round(drawn.contrast, 1) if drawn.contrast == drawn.contrast else None
    print_result(
        {"file": str(out), "contrast": contrast, "crop_cost": round(drawn.cost, 3)},
        f"{out}: its strokes differ by at least {drawn.contrast:.0f} grey levels from what is under them.",
        f"Whoever crops the mark away loses {100 * drawn.cost:.0f} % of the picture.",
    )


@marks.command()
@click.option(
    "--photos", default=6, show_default=True, type=click.IntRange(1, 200), help="How many are measured."
)
@as_json_option
@click.pass_obj
def report(folder: DataFolder, photos: int) -> None:
    """Measure on this practice's own photos what the hidden marks survive.

    \b
    Example:
      pairwatch marks report
      pairwatch marks report --photos 30 --json
    """
    from gallery.services.mark_files import card_lines, survival_card

    card = survival_card(folder, photos, now=now(), progress=bar)
    counts = {
        change: {
            "photos": len(found),
            "read_alone": sum(one.blind for one in found),
            "read_on_our_photo": sum(one.informed for one in found),
        }
        for change, found in card.items()
    }
    print_result(counts, *card_lines(card))


@marks.command()
@click.argument("photo")
@click.option("--to", "recipient", required=True, help="Who gets it, as traces will name them.")
@click.option("--channel", default="website", show_default=True, help="Whose size, mark and consent count.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="JPEG to write.")
@as_json_option
@click.pass_obj
def give(folder: DataFolder, photo: str, recipient: str, channel: str, out: Path) -> None:
    """Make a copy of PHOTO (its file's name at import) for one recipient, whom its leak will name.

    \b
    Example:
      pairwatch marks give IMG_51.jpg --to "Scalp Journal" --out journal.jpg
    """
    from gallery.errors import NotFoundError
    from gallery.services.hand_out import hand_out

    with at_work(folder) as practice:
        found = [one for one in practice.catalog.photos() if photo in (one.file, Path(one.file).name)]
        if len(found) != 1:
            raise NotFoundError(
                f"expected one photo that was taken in as {photo}, found {len(found)}",
                hint="`pairwatch case show` lists the names",
            )
        out.write_bytes(hand_out(practice, found[0], channel, recipient))
    said = f"{out}: for {recipient} alone; `pairwatch marks read` names them in a copy of it."
    print_result({"file": str(out), "photo": photo, "recipient": recipient, "channel": channel}, said)

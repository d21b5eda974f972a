"""Commands against loss."""

import getpass
from pathlib import Path

import click

from gallery.cli.output import a_file, as_json_option, bar, now, print_result
from gallery.model import count
from gallery.settings import DataFolder


@click.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@as_json_option
@click.pass_obj
def backup(folder: DataFolder, out: Path) -> None:
    """Write the whole practice into OUT, one tar file: catalogue, originals, evidence, drafts, keys, settings.

    Others may go on working meanwhile. The site and the index are not in it: they are made anew.

    \b
    Example:
      pairwatch backup /media/disk/pairwatch-2026-11-26.tar
    """
    from gallery.services.backup import write_backup

    made = write_backup(folder, out, actor=getpass.getuser(), now=now(), progress=bar)
    print_result(
        made.to_json(),
        f"{count(made.files, 'file')}, {made.bytes / 2**20:.1f} MiB, are in {out}.",
        "It holds patients' photographs and this installation's keys, unencrypted: keep it as safe as they are.",
        f"Ledger head, to be kept elsewhere: {made.head}",
    )


@click.command()
@click.argument("file", type=a_file)
@as_json_option
@click.pass_obj
def restore(folder: DataFolder, file: Path) -> None:
    """Put the backup FILE into an empty data folder (--data), check every byte, and verify the catalogue.

    \b
    Example:
      pairwatch --data restored restore /media/disk/pairwatch-2026-11-26.tar
    """
    from gallery.services.backup import restore_backup
    from gallery.services.integrity import verify_all

    done = restore_backup(folder, file, actor=getpass.getuser(), now=now(), progress=bar)
    result = verify_all(folder, now=now())
    lines = [f"{count(done.backup.files, 'file')} of {done.backup.made_at} are in {folder.root}."]
    if done.lost:
        lines.append(f"Lost: {count(done.lost, 'ledger row')} known to have been written after that time.")
    lines.append(
        "What was recorded after that time (consents, withdrawals, decisions) is not in it. Enter it again, "
        "withdrawals first, then run: pairwatch build"
    )
    report = done.backup.to_json() | {"lost_ledger_rows": done.lost, "verify": result.to_json()}
    print_result(report, *lines, *result.lines())
    if result.problems:
        raise click.exceptions.Exit(1)

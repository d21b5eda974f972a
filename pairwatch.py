"""The program's door, which joins the packages' commands.

It does nothing else.
"""

import os
import sqlite3
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import click

from crawler.cli import COMMANDS as CRAWLER_COMMANDS
from crawler.errors import CrawlerError
from gallery.cli import COMMANDS as GALLERY_COMMANDS
from gallery.cli.output import JSON_WANTED, print_json
from gallery.errors import GalleryError
from gallery.model import KnownCopy
from gallery.settings import DataFolder
from gallery.web.serve import serve
from sample_clinic.demo.command import demo
from watermark.errors import PairwatchError

OUR_PACKAGES = ("watermark", "gallery", "crawler")


class Door(click.Group):
    """A command group that words our errors on standard error."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 (click's own signature)
        """Run the command and end our own errors without a traceback.

        Each error is one sentence and a hint, and says which exit code it ends with.
        """
        try:
            return super().invoke(ctx)
        except PairwatchError as error:
            if ctx.params.get("debug"):
                raise
            _tell(ctx, str(error), error.hint, error.to_json())
            ctx.exit(error.exit_code)
        except OSError as error:
            if ctx.params.get("debug") or isinstance(error, BrokenPipeError):
                raise
            hint = "look at the disk's free space and the folder's permissions, then run it again."
            _tell(ctx, _in_words(error), hint)
            ctx.exit(1)
        except sqlite3.OperationalError as error:
            if ctx.params.get("debug"):
                raise
            hint = "look at the disk's free space, or wait until another run is done, then run it again."
            _tell(ctx, f"the catalogue could not be read or written: {error}", hint)
            ctx.exit(1)


def _tell(ctx: click.Context, words: str, hint: str, values: Mapping[str, object] | None = None) -> None:
    """Say on standard error what went wrong.

    Where JSON was asked for it is also one object on standard output.
    """
    if ctx.meta.get(JSON_WANTED):
        print_json(values or {"error": words, "hint": hint})
    click.echo(f"Error: {words}", err=True)
    if hint:
        click.echo(f"Hint: {hint}", err=True)


def _in_words(error: OSError) -> str:
    """Say what the operating system refused, and where."""
    where = f" ({error.filename})" if error.filename else ""
    return f"the operating system refused: {error.strerror or error}{where}"


def _refuse_name_collision() -> None:
    """Stop when another distribution uses one of our package names.

    `watermark` is also the name of an unrelated notebook extension; installing both leaves one of them broken.
    """
    for name in OUR_PACKAGES:
        try:
            distribution(name)
        except PackageNotFoundError:
            continue
        click.echo(
            f"Error: the distribution '{name}' is installed beside pairwatch and uses the same package name.\n"
            f"Hint: install pairwatch in an environment of its own (uv tool install, pipx, or a new venv), "
            f"or uninstall '{name}'.",
            err=True,
        )
        sys.exit(1)


@click.group(cls=Door, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="PAIRWATCH_DATA",
    default=Path("data"),
    show_default=True,
    help="The practice's data folder (or set PAIRWATCH_DATA).",
)
@click.option("--debug", is_flag=True, help="Show the full traceback of an error.")
@click.version_option(package_name="pairwatch")
@click.pass_context
def cli(ctx: click.Context, data: Path, debug: bool) -> None:  # noqa: FBT001, ARG001 (a click flag; Door reads it)
    """Catalogue, mark, publish and guard before/after photographs, and prove who copied them.

    \b
    Example:
      pairwatch init
      pairwatch import cases.csv
      pairwatch crawl
    """
    ctx.obj = DataFolder(data)
    ctx.meta["pairwatch.copies"] = _known_copies
    ctx.meta["pairwatch.crawler_fault"] = _crawler_fault


def _known_copies(folder: DataFolder) -> list[KnownCopy]:
    """List the copies that the crawler knows of.

    The staff's pages ask for them; the gallery itself knows no crawler.
    """
    from crawler.desk.removals import known_copies  # noqa: PLC0415 (heavy, and only for a withdrawal)

    return known_copies(folder)


def _crawler_fault(folder: DataFolder) -> str:
    """Say what is wrong in the crawler's settings.

    The doctor asks for it; nothing is said when all is well.
    """
    from crawler.settings import load_plan  # noqa: PLC0415 (only for the doctor)

    try:
        load_plan(folder)
    except GalleryError:
        return ""  # the doctor says it of the settings as a whole
    except CrawlerError as error:
        return str(error)
    return ""


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that makes SHELL complete pairwatch's commands.

    \b
    Example:
      eval "$(pairwatch completion bash)"
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415 (only here)

    maker = get_completion_class(shell)
    if maker is not None:
        click.echo(maker(cli, {}, "pairwatch", "_PAIRWATCH_COMPLETE").source())


for _command in (*GALLERY_COMMANDS, serve, *CRAWLER_COMMANDS, demo):
    cli.add_command(_command)


def main() -> None:
    """Run the program `pairwatch`."""
    _refuse_name_collision()
    os.umask(0o077)  # patients' files are for the owner alone; the built site says otherwise itself
    cli(prog_name="pairwatch")


if __name__ == "__main__":
    main()

"""What all commands share to print, show progress and open the data."""

import getpass
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from gallery.services.practice import Practice
    from gallery.settings import DataFolder

Item = TypeVar("Item")

JSON_WANTED = "pairwatch.json"


def _remember(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Remember that results, and a failure too, are to be printed as JSON."""
    ctx.meta[JSON_WANTED] = wanted


as_json_option = click.option(
    "--json",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_remember,
    help="Print JSON, for machines.",
)
a_date = click.DateTime(formats=["%Y-%m-%d"])
a_file = click.Path(path_type=Path, dir_okay=False, exists=True)


def now() -> datetime:
    """Give the time, which the rooms below only know from their arguments."""
    return datetime.now(UTC)


def bar(items: Iterable[Item], length: int, label: str) -> Iterator[Item]:
    """Show a progress bar on the terminal, and nothing where nobody watches."""
    if length == 0 or not sys.stderr.isatty():
        yield from items
        return
    with click.progressbar(items, length=length, label=label, file=sys.stderr) as shown:
        yield from shown


def print_json(value: object) -> None:
    """Print one line of JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


def wants_json() -> bool:
    """Tell whether the running command was asked for JSON."""
    return bool(click.get_current_context().meta.get(JSON_WANTED))


def print_result(value: object, *lines: str) -> None:
    """Print a result as JSON where that was asked for, and else its lines."""
    if wants_json():
        print_json(value)
    else:
        for line in lines:
            click.echo(line)


def at_work(folder: "DataFolder") -> "AbstractContextManager[Practice]":
    """Open a practice's data for whoever is at the terminal."""
    from gallery.services.practice import practice

    return practice(folder, actor=getpass.getuser(), now=now())

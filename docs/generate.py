"""Write docs/cli.md from the program itself; `--check` fails when it is stale."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parent.parent))

from pairwatch import cli

TARGET = Path(__file__).parent / "cli.md"
HEADING = "# Commands\n\nMade from `pairwatch --help` by `make docs`; do not edit.\n"


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield (full name, help text) of a command and of everything below it."""
    context = click.Context(command, info_name=" ".join(path), max_content_width=100, terminal_width=100)
    yield " ".join(path), command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from commands(child, (*path, name))


def reference() -> str:
    """Return the whole command reference as Markdown."""
    sections = [f"## {name}\n\n```text\n{text}\n```\n" for name, text in commands(cli, ("pairwatch",))]
    return "\n".join([HEADING, *sections])


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        stale = not TARGET.exists() or TARGET.read_text("utf-8") != reference()
        sys.exit("docs/cli.md is stale: run `make docs` and commit it" if stale else 0)
    TARGET.write_text(reference(), "utf-8")

"""Commands that look after the nightly run."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crawler.errors import UnavailableError
from gallery.cli.output import as_json_option, print_result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.run.timer import Timer, Unit
    from gallery.settings import DataFolder


@click.command()
@as_json_option
@click.pass_context
def status(ctx: click.Context) -> None:
    """Say when the last good run was and what it could not see; exit code 1 when that is 36 hours ago.

    \b
    Example:
      pairwatch status
    """
    from crawler.run.status import status as look

    folder: DataFolder = ctx.obj
    now = look(folder, now=datetime.now(UTC))
    lines = [click.style(f"{now.light}: {now.sentence}", fg=now.light)]
    if now.running:
        lines.append(f"A run began at {now.running.started_at:%Y-%m-%d %H:%M} UTC and has not ended.")
    print_result(now.to_json(), *lines, *(f"  {site}: {sentence}" for site, sentence in now.blind))
    ctx.exit(1 if now.light == "red" else 0)


@click.command("log")
@click.option("--run", "number", type=int, help="One run only, by its number.")
@as_json_option
@click.pass_obj
def log(folder: "DataFolder", number: int | None) -> None:
    """Print what each run did: sites, counts, what failed, what was left alone and why; for counsel.

    \b
    Example:
      pairwatch log --json
    """
    from crawler.run.status import policing_log

    for run in policing_log(folder, number):
        print_result(run, *_lines(run))


def _lines(run: "dict[str, Any]") -> "Iterator[str]":
    yield f"run {run['run']}: {run['started_at']} to {run['finished_at'] or '(not ended)'}: {run['outcome']}"
    for one in run["sites"]:
        tally = one["tally"]
        yield (
            f"  {one['url']}: {tally['requests']} requests, {tally['pages']} pages and {tally['images']} images read, "
            f"{tally['unchanged']} unchanged, {tally['failed']} failed, {tally['skipped']} left alone"
        )
        yield from (f"    not seen: {sentence}" for sentence in one["blind"])
    yield from (f"  {one['at']} {one['step']}: {one['why']}" for one in run["failures"])
    yield from (f"  left alone: {one['url']} ({one['why']})" for one in run["left_alone"])


@click.group()
def schedule() -> None:
    """Run the crawl every night: systemd, cron, launchd or the Windows Task Scheduler.

    Example: pairwatch schedule install
    """


_timer_option = click.option(
    "--timer",
    type=click.Choice(["systemd", "cron", "launchd", "windows"]),
    help="Instead of what this machine has.",
)


def _chosen(timer: str | None) -> "Timer":
    from shutil import which

    from crawler.run.timer import Timer

    if timer:
        return Timer(timer)
    if sys.platform == "darwin":
        return Timer.LAUNCHD
    if sys.platform == "win32":
        return Timer.WINDOWS
    return Timer.SYSTEMD if Path("/run/systemd/system").is_dir() and which("systemctl") else Timer.CRON


def _units(folder: "DataFolder", timer: "Timer", at: str = "02:30") -> "tuple[Unit, ...]":
    from crawler.run.timer import Schedule, units

    hour, _, minute = at.partition(":")
    program = Path(sys.argv[0]).resolve()
    return units(
        timer, Schedule(program=program, data=folder.root.resolve(), hour=int(hour), minute=int(minute))
    )


@schedule.command("show")
@_timer_option
@click.option("--at", type=click.DateTime(["%H:%M"]), default="02:30", show_default=True, help="Local time.")
@click.pass_obj
def show(folder: "DataFolder", timer: str | None, at: datetime) -> None:
    """Print what `install` would write.

    \b
    Example:
      pairwatch schedule show --timer cron
    """
    _show(_units(folder, _chosen(timer), f"{at:%H:%M}"))


def _show(made: "tuple[Unit, ...]") -> None:
    for unit in made:
        click.echo(f"# ~/{unit.path}\n{unit.text}")


@schedule.command("install")
@_timer_option
@click.option("--at", type=click.DateTime(["%H:%M"]), default="02:30", show_default=True, help="Local time.")
@click.option("--dry-run", is_flag=True, help="Say what would be written and run, and do neither.")
@click.pass_obj
def install(folder: "DataFolder", timer: str | None, at: datetime, dry_run: bool) -> None:
    """Start the crawl every night from now on, for the user who says so.

    \b
    Example:
      pairwatch schedule install --at 03:15
    """
    folder.require()
    chosen = _chosen(timer)
    made = _units(folder, chosen, f"{at:%H:%M}")
    if dry_run:
        _show(made)
        command = ("crontab", "-") if chosen == "cron" else _command(chosen, made, on=True)
        click.echo(f"Would run: {' '.join(command)}\nNothing was installed.")
        return
    if chosen == "cron":
        _crontab([*_crontab_without(), made[0].text.rstrip("\n")])
    else:
        for unit in made:
            path = Path.home() / unit.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(unit.text, encoding="utf-16" if chosen == "windows" else "utf-8")
        _run(*_command(chosen, made, on=True))
    click.echo(f"The crawl is started every night at {at:%H:%M} by {chosen}.")


@schedule.command("remove")
@_timer_option
@click.pass_obj
def remove(folder: "DataFolder", timer: str | None) -> None:
    """Start the crawl no more.

    \b
    Example:
      pairwatch schedule remove
    """
    chosen = _chosen(timer)
    made = _units(folder, chosen)
    if chosen == "cron":
        _crontab(_crontab_without())
    else:
        _run(*_command(chosen, made, on=False), check=False)
        for unit in made:
            (Path.home() / unit.path).unlink(missing_ok=True)
    click.echo("The crawl is not scheduled any more.")


@schedule.command("status")
@_timer_option
@click.pass_context
def installed(ctx: click.Context, timer: str | None) -> None:
    """Say whether the crawl is scheduled; exit code 1 when it is not.

    \b
    Example:
      pairwatch schedule status
    """
    from crawler.run.timer import NAME

    chosen = _chosen(timer)
    if chosen == "cron":
        there = any(NAME in line for line in _crontab_lines())
    else:
        there = all((Path.home() / unit.path).exists() for unit in _units(ctx.obj, chosen))
    click.echo(f"The crawl is {'' if there else 'not '}scheduled ({chosen}).")
    ctx.exit(0 if there else 1)


def _command(timer: "Timer", made: "tuple[Unit, ...]", *, on: bool) -> tuple[str, ...]:
    """Give the command that switches an installed schedule on or off."""
    path = Path.home() / made[-1].path
    if timer == "systemd":
        return "systemctl", "--user", "enable" if on else "disable", "--now", path.name
    if timer == "launchd":
        return "launchctl", "load" if on else "unload", "-w", str(path)
    if on:
        return "schtasks", "/Create", "/F", "/TN", "pairwatch", "/XML", str(path)
    return "schtasks", "/Delete", "/F", "/TN", "pairwatch"


def _crontab_lines() -> list[str]:
    try:
        done = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise UnavailableError(
            "this machine has neither systemd nor cron",
            hint="run `pairwatch crawl` from the scheduler you have",
        ) from error
    return done.stdout.splitlines() if done.returncode == 0 else []


def _crontab_without() -> list[str]:
    from crawler.run.timer import NAME

    return [line for line in _crontab_lines() if NAME not in line]


def _crontab(lines: list[str]) -> None:
    subprocess.run(["crontab", "-"], input="\n".join([*lines, ""]), text=True, check=True)


def _run(*command: str, check: bool = True) -> None:
    try:
        subprocess.run(command, check=check, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise UnavailableError(
            f"`{' '.join(command)}` did not work: {error}",
            hint="see what would be installed with: pairwatch schedule show",
        ) from error

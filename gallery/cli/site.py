"""Commands about the whole practice."""

import click

from gallery.cli.output import as_json_option, at_work, bar, now, print_json
from gallery.settings import DataFolder


@click.command()
@click.option("--force", is_flag=True, help="Build even if nothing has changed.")
@as_json_option
@click.pass_obj
def build(folder: DataFolder, force: bool, as_json: bool) -> None:
    """Build the public site: what consent allows today, and nothing else.

    The finished site replaces the old one in one step; a failed build leaves the old one whole.

    \b
    Example:
      pairwatch build
    """
    from gallery.services import publish

    with at_work(folder) as p:
        done = publish.build(p, force=force, progress=bar)
    if as_json:
        print_json(done.to_json())
        return
    for line in done.lines():
        click.echo(line)


@click.command()
@click.option("--head", "kept", help="A ledger head kept elsewhere (SEQ:HASH), to prove nothing was cut off.")
@as_json_option
@click.pass_obj
def verify(folder: DataFolder, kept: str | None, as_json: bool) -> None:
    """Prove the catalogue sound: database, ledger, originals, index and the built site.

    \b
    Example:
      pairwatch verify
    """
    from gallery.services.integrity import parse_head, verify_all

    result = verify_all(folder, now=now(), expected=parse_head(kept) if kept else None)
    if as_json:
        print_json(result.to_json())
    else:
        for line in result.lines():
            click.echo(line)
    if result.problems:
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--matching", is_flag=True, help="Print how often the matcher was right and wrong, in counts.")
@as_json_option
@click.pass_obj
def doctor(folder: DataFolder, matching: bool, as_json: bool) -> None:
    """Say what this machine and this catalogue can do, and what is missing.

    \b
    Example:
      pairwatch doctor
      pairwatch doctor --matching --json
    """
    from gallery.services.doctor import Check, examine, matching_measured

    if matching:
        rates, text = matching_measured()
        print_json(rates) if as_json else click.echo(text)
        return
    checks = examine(folder)
    fault = click.get_current_context().meta.get("pairwatch.crawler_fault")
    if fault is not None:
        found = fault(folder)
        checks.append(Check("crawler settings", ok=not found, needed=True, found=found or "understood"))
    if as_json:
        print_json([{"check": c.name, "ok": c.ok, "needed": c.needed, "found": c.found} for c in checks])
    else:
        for check in checks:
            click.echo(
                f"{'ok  ' if check.ok else 'FAIL' if check.needed else 'note'}  {check.name}: {check.found}"
            )
    if any(check.needed and not check.ok for check in checks):
        raise click.exceptions.Exit(1)

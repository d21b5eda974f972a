"""Commands about the whole practice."""

import click

from gallery.cli.output import as_json_option, at_work, bar, now, print_result
from gallery.settings import DataFolder


@click.command()
@click.option("--force", is_flag=True, help="Build even if nothing has changed.")
@as_json_option
@click.pass_obj
def build(folder: DataFolder, force: bool) -> None:
    """Build the public site: what consent allows today, and nothing else.

    The finished site replaces the old one in one step; a failed build leaves the old one whole.

    \b
    Example:
      pairwatch build
    """
    from gallery.services import publish

    with at_work(folder) as p:
        done = publish.build(p, force=force, progress=bar)
    print_result(done.to_json(), *done.lines())


@click.command()
@click.option(
    "--head",
    "kept",
    metavar="FILE|SEQ:HASH",
    help="A ledger head kept elsewhere, or the mail or report that tells it, to prove that nothing was put back.",
)
@as_json_option
@click.pass_obj
def verify(folder: DataFolder, kept: str | None) -> None:
    """Prove the catalogue sound: database, ledger, records, originals, evidence, index and the built site.

    \b
    Example:
      pairwatch verify
      pairwatch verify --head mail-of-2026-11-26.eml
    """
    from gallery.services.integrity import head_from, verify_all

    result = verify_all(folder, now=now(), expected=head_from(kept) if kept else None)
    print_result(result.to_json(), *result.lines())
    if result.problems:
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--matching", is_flag=True, help="Print how often the matcher was right and wrong, in counts.")
@as_json_option
@click.pass_obj
def doctor(folder: DataFolder, matching: bool) -> None:
    """Say what this machine and this catalogue can do, and what is missing.

    \b
    Example:
      pairwatch doctor
      pairwatch doctor --matching --json
    """
    from gallery.services.doctor import Check, examine, matching_measured

    if matching:
        rates, text = matching_measured()
        print_result(rates, text)
        return
    checks = examine(folder)
    fault = click.get_current_context().meta.get("pairwatch.crawler_fault")
    if fault is not None:
        found = fault(folder)
        checks.append(Check("crawler settings", ok=not found, needed=True, found=found or "understood"))
    print_result(
        [{"check": one.name, "ok": one.ok, "needed": one.needed, "found": one.found} for one in checks],
        *(f"{'ok  ' if c.ok else 'FAIL' if c.needed else 'note'}  {c.name}: {c.found}" for c in checks),
    )
    if any(check.needed and not check.ok for check in checks):
        raise click.exceptions.Exit(1)

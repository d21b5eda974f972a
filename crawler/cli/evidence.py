"""Commands about kept evidence."""

import getpass
from pathlib import Path

import click

from gallery.cli.output import a_file, as_json_option, now, print_result
from gallery.model import count
from gallery.settings import DataFolder

_by_option = click.option(
    "--by", default=getpass.getuser, show_default="your user name", help="Who does it, for the ledger."
)


@click.group()
def evidence() -> None:
    """Seal, check and hand out what was kept of findings."""


@evidence.command("seal")
@click.argument("numbers", type=int, nargs=-1, required=True, metavar="ID…")
@click.option(
    "--tier",
    type=click.Choice(["sealed", "counsel", "public"]),
    default="counsel",
    show_default=True,
    help="sealed: with our originals; counsel: what was captured; public: no patient to be seen.",
)
@click.option("--purpose", default="", help="What for; written into bundle and ledger.")
@_by_option
@as_json_option
@click.pass_obj
def seal_command(folder: DataFolder, numbers: tuple[int, ...], tier: str, purpose: str, by: str) -> None:
    """Seal all that was kept of findings into one signed bundle.

    \b
    Example:
      pairwatch evidence seal 7 8 --tier counsel --purpose "letter before action"
    """
    from crawler.desk.evidence import seal
    from crawler.evidence.bundle import Tier

    made = seal(folder, numbers, Tier(tier), by=by, purpose=purpose, now=now())
    kept = count(made.captures, "capture")
    lines = [f"Bundle {made.number} ({made.tier}): {kept}, {made.bytes:,} bytes, {made.digest}"]
    if made.incomplete:
        lines.append(f"{made.incomplete} of the captures are incomplete; the manifest says what is missing.")
    if made.no_stamp:
        later = f"Add one later: pairwatch evidence stamp {made.number}"
        lines.append(f"Without a time stamp: {made.no_stamp}. {later}")
    lines.append(f"Hand it out with its verifier: pairwatch evidence export {made.number} --to NAME")
    told = {"bundle": made.number, "digest": made.digest, "tier": str(made.tier), "bytes": made.bytes}
    told |= {"captures": made.captures, "incomplete": made.incomplete, "no_stamp": made.no_stamp}
    print_result(told, *lines)


@evidence.command("stamp")
@click.argument("number", type=int, metavar="BUNDLE")
@_by_option
@click.pass_obj
def stamp_command(folder: DataFolder, number: int, by: str) -> None:
    """Add the authority's time stamp to a bundle that has none.

    \b
    Example:
      pairwatch evidence stamp 3
    """
    from crawler.desk.evidence import stamp_later

    made = stamp_later(folder, number, by=by, now=now())
    click.echo(f"Bundle {made.number} is bundle {number} with a time stamp: {made.digest}")


@evidence.command("verify")
@click.argument("file", type=a_file, required=False)
@click.option("--roots", default="", help="PEM file with the time-stamp authority's certificates.")
@as_json_option
@click.pass_context
def verify_command(ctx: click.Context, file: Path | None, roots: str) -> None:
    """Check a bundle's file, or all that is kept; exit code 1 when something is not as it was written.

    \b
    Example:
      pairwatch evidence verify bundle-3-counsel.wacz
    """
    from crawler.desk.evidence import check_file, check_store
    from crawler.evidence.verify_bundle import Report

    report = check_file(ctx.obj, file, roots) if file else Report(problems=check_store(ctx.obj))
    told = {
        "broken": report.problems,
        "right": report.checked,
        "not checked": report.unchecked,
        "not proven by any of this": report.unproven,
    }
    lines = [f"  {word}: {line}" for word, group in told.items() for line in group]
    print_result({"pass": not report.problems} | told, "FAIL" if report.problems else "PASS", *lines)
    ctx.exit(1 if report.problems else 0)


@evidence.command("export")
@click.argument("number", type=int, metavar="BUNDLE")
@click.option("--to", required=True, help="Who gets it, for the ledger.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("evidence-export"),
    show_default=True,
    help="Folder to write into.",
)
@_by_option
@click.pass_obj
def export_command(folder: DataFolder, number: int, to: str, out: Path, by: str) -> None:
    """Write a bundle with its verifier and our public key into a folder.

    \b
    Example:
      pairwatch evidence export 3 --to "J. Doe, attorney" --out for-counsel
    """
    from crawler.desk.evidence import export

    for place in export(folder, number, out, to=to, by=by, now=now()):
        click.echo(str(place))


@evidence.command("list")
@as_json_option
@click.pass_obj
def list_command(folder: DataFolder) -> None:
    """List the bundles that were sealed.

    \b
    Example:
      pairwatch evidence list
    """
    from crawler.store.captures import Captures
    from crawler.store.database import watch
    from gallery.times import minute

    with watch(folder) as db:
        bundles = Captures(db).bundles()
    for one in bundles:
        told = {"bundle": one.id, "digest": one.digest, "tier": one.tier, "findings": list(one.findings)}
        told |= {"by": one.by, "at": one.at.isoformat(), "replaces": one.replaces}
        which = ", ".join(map(str, one.findings))
        line = f"{one.id}: {one.tier}, findings {which}, {minute(one.at)} by {one.by}, {one.digest}"
        print_result(told, line)


@evidence.command("key")
@click.pass_obj
def key_command(folder: DataFolder) -> None:
    """Print the public key that our signatures are checked with.

    \b
    Example:
      pairwatch evidence key
    """
    from gallery.store.signature import Signer

    folder.require()
    click.echo(Signer(folder).public_key.text, nl=False)

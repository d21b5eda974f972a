"""The command that asks a reverse-image service."""

import getpass
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from crawler.errors import NotFoundError, RefusedError
from crawler.model import printable
from gallery.cli.output import as_json_option, print_result
from gallery.model import count
from gallery.settings import DataFolder

if TYPE_CHECKING:
    from crawler.desk.reverse_search import PublishedFile
    from crawler.desk.search_services import Service


@click.command("search")
@click.argument("service")
@click.option("--case", "cases", type=int, multiple=True, help="Only this case; may be given several times.")
@click.option("--most", type=click.IntRange(1, 1000), default=20, show_default=True, help="Pictures at most.")
@click.option("--yes", is_flag=True, help="Do not ask: whoever is named with --by has said yes.")
@click.option("--by", default="", help="Who says yes; kept in the ledger. [default: your user name]")
@as_json_option
@click.pass_obj
def search_service(
    folder: DataFolder, service: str, cases: tuple[int, ...], most: int, yes: bool, by: str
) -> None:
    """Ask SERVICE (tineye, google) where published pictures are shown elsewhere; nothing is sent without a yes.

    Off until `search_services` in the settings names the service. Only files of the public site are sent, never an
    original. What is found is proposed by `site suggest`; a look at a page is: pairwatch tip URL.

    \b
    Example:
      pairwatch site search tineye --case 51
    """
    from crawler.desk.reverse_search import Permission, key_of, published, search
    from crawler.desk.search_services import permitted
    from crawler.settings import load_plan

    plan = load_plan(folder)
    chosen = permitted(plan, service)
    key_of(chosen)
    files = published(folder, now=datetime.now(UTC), cases=cases)[:most]
    if not files:
        raise NotFoundError(
            "no picture is published" + (" of these cases" if cases else ""),
            hint="only files of the built site are ever sent: pairwatch build",
        )
    who = _agreed(chosen, files, yes=yes, by=by)
    done = search(folder, plan, chosen, Permission(by=who, files=files), clock=lambda: datetime.now(UTC))
    print_result(
        {
            "service": service,
            "sent": done.sent,
            "hits": [{"page": hit.page, "image": hit.image} for hit in done.hits],
            "kept": str(done.kept or ""),
        },
        *(printable(hit.page or hit.image) for hit in done.hits),
        f"{count(done.sent, 'picture')} sent, {count(len(done.hits), 'place')} named. Next: pairwatch site suggest",
    )
    if done.trouble:
        raise done.trouble


def _agreed(service: "Service", files: "tuple[PublishedFile, ...]", *, yes: bool, by: str) -> str:
    """Give who says yes to sending these files."""
    if yes and not by:
        raise RefusedError("--yes needs the name of the person who said yes", hint="add --by NAME")
    if yes:
        return by
    if not sys.stdin.isatty():
        raise RefusedError(
            "nothing is sent without a person's yes", hint="run it in a terminal, or add --yes --by NAME"
        )
    click.echo(f"These published pictures would be sent to {service.company}, which may keep them:", err=True)
    for one in files:
        click.echo(f"  {one.address}  (case {one.case}, {one.stage})", err=True)
    click.confirm(
        f"Send {count(len(files), 'picture')}, each a search that may cost money?", abort=True, err=True
    )
    return by or getpass.getuser()

"""Commands for the list of sites."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

from crawler.cli.search import search_service
from crawler.errors import BadUrlError
from crawler.model import Listing, Site
from gallery.cli.output import as_json_option, print_result, wants_json
from gallery.settings import DataFolder


@click.group()
def site() -> None:
    """Say which sites are watched, and which may show our photos.

    Example: pairwatch site add https://competitor.example/
    """


def _listing_command(listing: Listing, sentence: str, example: str) -> click.Command:
    @click.argument("url")
    @click.option("--note", default="", help="Why it is on this list, for whoever looks later.")
    @click.option(
        "--delay", type=click.FloatRange(min=0), help="Seconds between two requests (default: the settings')."
    )
    @click.option(
        "--slots",
        type=click.IntRange(1, 64),
        default=1,
        help="Requests at the same time; more than 1 only for your own.",
    )
    @click.option(
        "--private",
        is_flag=True,
        help="Permit its name's address although it is on this machine or network (tests, demos); "
        "an address such as 127.0.0.1 written as the site is permitted anyway.",
    )
    @as_json_option
    @click.pass_obj
    def command(
        folder: DataFolder, url: str, note: str, delay: float | None, slots: int, private: bool
    ) -> None:
        from crawler.http.ip_policy import is_private_by_name
        from crawler.store.database import watch
        from crawler.store.sites import Sites
        from crawler.urls import typed

        address = typed(url)
        private = private or is_private_by_name(urlsplit(address).hostname or "")
        wanted = Site(
            url=address,
            listing=listing,
            note=note,
            delay_s=0.0 if private and delay is None else delay,
            slots=slots,
            allowance=_allowance(address) if private else frozenset(),
        )
        with watch(folder) as db:
            listed = Sites(db, by=getpass.getuser()).put(wanted, datetime.now(UTC))
        _say_listed(listed)

    command.__doc__ = f"{sentence}\n\n\b\nExample:\n  {example}"
    name = {Listing.WATCH: "add", Listing.ALLOW: "allow"}[listing]
    return click.command(name)(command)


def _say_listed(listed: Site) -> None:
    lines = [f"{listed.url} is on the {listed.listing} list."]
    if listed.allowance:
        lines.append(
            f"It is on this machine or network: {', '.join(sorted(listed.allowance))} may be reached "
            "for this site alone, without a pause between requests unless --delay says otherwise."
        )
    print_result(_listed_json(listed), *lines)


def _listed_json(one: Site) -> dict[str, object]:
    return {"url": one.url, "list": str(one.listing), "note": one.note}


def _allowance(url: str) -> frozenset[str]:
    from crawler.http.client import system_resolver

    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = system_resolver(parts.hostname or "", port)
    except OSError as error:
        raise BadUrlError(f"{parts.hostname} is not known here: {error}", hint="check the name") from error
    return frozenset(f"{entry[4][0]}:{port}" for entry in found)


site.add_command(
    _listing_command(
        Listing.WATCH, "Watch a site every night.", "pairwatch site add https://competitor.example/"
    )
)
site.add_command(
    _listing_command(
        Listing.ALLOW,
        "Let a site show our photos: it is visited too, and what is seen there is counted, never a finding.",
        "pairwatch site allow https://sister-clinic.example/",
    )
)


@site.command("list")
@as_json_option
@click.pass_obj
def list_sites(folder: DataFolder) -> None:
    """List the sites that are watched, allowed, or known from a tip.

    \b
    Example:
      pairwatch site list
    """
    from crawler.store.database import watch
    from crawler.store.sites import Sites

    with watch(folder) as db:
        sites = Sites(db).listed()
    for one in sites:
        note = f"  {one.note}" if one.note else ""
        print_result(_listed_json(one), f"{one.listing:<6} {one.url}{note}")
    if not sites and not wants_json():
        click.echo("No site is listed. Add one with: pairwatch site add URL")


@site.command("remove")
@click.argument("url")
@as_json_option
@click.pass_obj
def remove_site(folder: DataFolder, url: str) -> None:
    """Visit a site no more; what was found there stays.

    \b
    Example:
      pairwatch site remove https://competitor.example/
    """
    from crawler.store.database import watch
    from crawler.store.sites import Sites
    from crawler.urls import typed

    with watch(folder) as db:
        removed = Sites(db, by=getpass.getuser()).remove(typed(url), datetime.now(UTC))
    said = f"{removed.url} is not visited any more; its findings stay."
    print_result({"url": removed.url, "list": str(Listing.REMOVED), "note": removed.note}, said)


@site.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.pass_obj
def import_sites(folder: DataFolder, file: Path) -> None:
    """List every site of a file: `address, watch or allow, note` on each line; all of them or none.

    \b
    Example:
      pairwatch site import sites.csv
    """
    from crawler.desk.suggest import read_list, text_of_list
    from crawler.store.database import watch
    from crawler.store.sites import Sites

    lines = read_list(text_of_list(file.read_bytes(), file.name), file.name)
    with watch(folder) as db:
        Sites(db, by=getpass.getuser()).put_all(
            [Site(url=one.url, listing=one.listing, note=one.note) for one in lines], datetime.now(UTC)
        )
    click.echo(f"{len(lines)} sites are listed.")


site.add_command(search_service)


@site.command("suggest")
@click.argument("exports", nargs=-1, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@as_json_option
@click.pass_obj
def suggest_sites(folder: DataFolder, exports: tuple[Path, ...]) -> None:
    """Propose sites to watch: named by tips, by copiers, or in EXPORTS of a reverse image search; a person adds them.

    \b
    Example:
      pairwatch site suggest tineye-results.csv
    """
    from crawler.desk.suggest import suggest

    for one in suggest(folder, exports):
        print_result({"url": one.url, "reason": one.reason}, f"{one.url}  {one.reason}")

"""Commands for the staff's pages: start them, and say who may sign in."""

import getpass
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gallery.events import Action
from gallery.settings import DataFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gallery.store.accounts import Accounts

_ROLES = ("staff", "doctor", "legal", "administrator")


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8137, show_default=True, help="0 takes any free one."
)
@click.option("--lan", is_flag=True, help="Open the pages to the practice's network, over https only.")
@click.option("--host", help="With --lan: the address or name of this machine on the network.")
@click.option(
    "--certificate", type=click.Path(path_type=Path, dir_okay=False), help="With --lan: a PEM certificate."
)
@click.option(
    "--key", type=click.Path(path_type=Path, dir_okay=False), help="With --lan: its PEM private key."
)
@click.pass_obj
def serve(
    folder: DataFolder,
    port: int,
    lan: bool,
    host: str | None,
    certificate: Path | None,
    key: Path | None,
) -> None:
    """Open the staff's pages in a browser: add cases, publish them, withdraw them.

    Only this machine can reach them. With --lan the practice's network can, over https: with your
    certificate, or with one made for this machine, which each browser asks about once.

    \b
    Example:
      pairwatch user add "Ada Example" --role staff
      pairwatch serve
      pairwatch serve --lan
    """
    from gallery.web.server import lan_address, own_certificate, read_certificate, serve_here, serve_lan
    from gallery.web.workplace import no_copies

    def announce(url: str) -> None:
        click.echo(f"The staff's pages are open at {url}  (stop with Ctrl+C)")

    copies = click.get_current_context().meta.get("pairwatch.copies", no_copies)
    if not lan:
        if host or certificate or key:
            raise click.UsageError("--host, --certificate and --key go with --lan")
        serve_here(folder, port, announce, copies)
        return
    if bool(certificate) != bool(key):
        raise click.UsageError("--certificate and --key go together")
    folder.require()
    host = host or lan_address()
    pair = read_certificate(certificate, key) if certificate and key else own_certificate(folder, host)
    click.echo(f"Certificate (SHA-256): {pair.fingerprint}")
    serve_lan(folder, host, port, pair, announce, copies)


@click.group()
def user() -> None:
    """Say who may sign in to the staff's pages.

    \b
    Example:
      pairwatch user list
    """


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), default="staff", show_default=True)
@click.password_option(help="Asked for when left out; at least 12 characters.")
@click.pass_obj
def add(folder: DataFolder, name: str, role: str, password: str) -> None:
    """Let NAME sign in with a password.

    \b
    Example:
      pairwatch user add "Ada Example" --role doctor
    """
    from gallery.staff import Role, User

    with _accounts(folder, Action.USER_ADDED, name, role=role) as (book, now):
        book.add(User(name, Role(role)), password, now)
    click.echo(f"{name} may sign in as {role}.")


@user.command("list")
@click.pass_obj
def list_(folder: DataFolder) -> None:
    """List who may sign in.

    \b
    Example:
      pairwatch user list
    """
    with _accounts(folder) as (book, _):
        for listed in book.all():
            click.echo(f"{listed.name}  {listed.role}")


@user.command()
@click.argument("name")
@click.pass_obj
def remove(folder: DataFolder, name: str) -> None:
    """End NAME's access at once.

    \b
    Example:
      pairwatch user remove "Ada Example"
    """
    with _accounts(folder, Action.USER_REMOVED, name) as (book, _):
        book.remove(name)
    click.echo(f"{name} may no longer sign in.")


@user.command()
@click.argument("name")
@click.password_option(help="Asked for when left out; at least 12 characters.")
@click.pass_obj
def password(folder: DataFolder, name: str, password: str) -> None:
    """Give NAME a new password and sign the person out everywhere.

    \b
    Example:
      pairwatch user password "Ada Example"
    """
    with _accounts(folder, Action.PASSWORD_SET, name) as (book, _):
        book.change_password(name, password)
    click.echo(f"{name} has a new password.")


@contextmanager
def _accounts(
    folder: DataFolder, action: Action | None = None, subject: str = "", **detail: object
) -> "Iterator[tuple[Accounts, datetime]]":
    """Open the accounts; what was done to them goes to the ledger in the same transaction."""
    from gallery.store.accounts import Accounts
    from gallery.store.database import open_database, transaction
    from gallery.store.ledger import Ledger

    folder.require()
    database, now = open_database(folder.database), datetime.now(UTC)
    try:
        with transaction(database):
            yield Accounts(database), now
            if action:
                Ledger(database).append(getpass.getuser(), action, subject, detail, now)
    finally:
        database.close()

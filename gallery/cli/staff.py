"""Commands that say who may sign in to the staff's pages."""

import click

from gallery.cli.output import at_work
from gallery.settings import DataFolder
from gallery.staff import Role, User


@click.group()
def user() -> None:
    """Say who may sign in to the staff's pages.

    \b
    Example:
      pairwatch user list
    """


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice([str(role) for role in Role]), default="staff", show_default=True)
@click.password_option(help="Asked for when left out; at least 12 characters.")
@click.pass_obj
def add(folder: DataFolder, name: str, role: str, password: str) -> None:
    """Let NAME sign in with a password.

    \b
    Example:
      pairwatch user add "Ada Example" --role doctor
    """
    from gallery.services.accounts import add_user

    with at_work(folder) as p:
        add_user(p, User(name, Role(role)), password)
    click.echo(f"{name} may sign in as {role}.")


@user.command("list")
@click.pass_obj
def list_(folder: DataFolder) -> None:
    """List who may sign in.

    \b
    Example:
      pairwatch user list
    """
    with at_work(folder) as p:
        for listed in p.accounts.all():
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
    from gallery.services.accounts import remove_user

    with at_work(folder) as p:
        remove_user(p, name)
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
    from gallery.services.accounts import set_password

    with at_work(folder) as p:
        set_password(p, name, password)
    click.echo(f"{name} has a new password.")

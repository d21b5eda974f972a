"""The command that opens the staff's pages."""

from pathlib import Path

import click

from gallery.settings import DataFolder


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
    folder: DataFolder, port: int, lan: bool, host: str | None, certificate: Path | None, key: Path | None
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

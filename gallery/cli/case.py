"""Commands about one case: add, list, show, withdraw, and the consents of its patient."""

import csv
import getpass
import io
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from gallery.cli.output import a_date, a_file, as_json_option, bar, now, opened, print_json
from gallery.errors import GalleryError
from gallery.model import count
from gallery.settings import DataFolder

if TYPE_CHECKING:
    from gallery.model import Photo


@click.group()
def case() -> None:
    """Add, list, show and withdraw cases, and record what patients agreed to.

    \b
    Example:
      pairwatch case list
    """


@case.command()
@click.option("--number", type=click.IntRange(1), help="Its public number; the next free one if left out.")
@click.option(
    "--photo",
    "photos",
    multiple=True,
    required=True,
    metavar="STAGE:VIEW:FILE",
    help='A photograph, for instance "before:front:IMG_1.jpg"; give one for each.',
)
@click.option("--tag", "tags", multiple=True, help="A word to find the case by; may be given several times.")
@click.option("--performed-by", type=click.Choice(["us", "other", "unknown"]), default="unknown")
@click.option("--procedure", default="", help="What was done.")
@as_json_option
@click.pass_obj
def add(  # noqa: PLR0913, PLR0917 (each is an option a person may give)
    folder: DataFolder,
    number: int | None,
    photos: tuple[str, ...],
    tags: tuple[str, ...],
    performed_by: str,
    procedure: str,
    as_json: bool,
) -> None:
    """Add a case with its photographs; it stays unpublished until a consent is recorded.

    \b
    Example:
      pairwatch case add --photo before:front:IMG_1.jpg --photo after:front:IMG_2.jpg --tag scar
    """
    from gallery.services.intake import ListRefusedError, Wishes, import_listed
    from gallery.stages import says_before
    from gallery.store.catalog import Catalog

    with opened(folder) as database:
        number = number or Catalog(database).next_number()
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["case", "stage", "view", "file", "tags", "performed_by", "procedure"])
    for photo in photos:
        parts = photo.split(":", 2)
        if len(parts) != 3:  # noqa: PLR2004
            raise click.BadParameter(f"{photo!r} is not STAGE:VIEW:FILE", param_hint="--photo")
        before = says_before(parts[0])
        work = ("unknown", "") if before else (performed_by, procedure)
        writer.writerow([number, *parts, "|".join(tags), *work])
    wishes = Wishes(actor=getpass.getuser(), now=now())
    try:
        done = import_listed(folder, table.getvalue().encode(), Path.cwd() / "--photo", wishes, progress=bar)
    except ListRefusedError as error:
        wrong = (f"{photos[at.row - 2]}: {at.message}" for at in error.problems)  # row 1 has the names
        raise GalleryError(
            "nothing was added: " + "; ".join(wrong), hint="correct it and run it again"
        ) from error
    for note in done.notes:
        click.echo(f"Note: {note}", err=True)
    if as_json:
        print_json({"case": number, "photos": len(done.photos)})
    else:
        click.echo(f"Patient {number} was added with {count(len(done.photos), 'photo')}.")


@case.command("list")
@as_json_option
@click.pass_obj
def list_(folder: DataFolder, as_json: bool) -> None:
    """List all cases, one line each.

    \b
    Example:
      pairwatch case list --json
    """
    from gallery.store.catalog import Catalog

    with opened(folder) as database:
        catalog = Catalog(database)
        cases, photos, stages = catalog.cases(), catalog.photos(), catalog.stages()
        public = {photo for number in cases for photo in catalog.published_photos(number.number)}
    for item in cases:
        mine = [photo for photo in photos if photo.case == item.number]
        labels = [stage.label for stage in stages if stage.case == item.number]
        line = {
            "case": item.number,
            "status": str(item.status),
            "stages": labels,
            "photos": len(mine),
            "public": sum(photo.id in public for photo in mine),
            "tags": list(item.tags),
        }
        if as_json:
            print_json(line)
        else:
            shown = f"{count(len(mine), 'photo')}, {line['public']} public"
            click.echo(f"Patient {item.number}  {item.status}  {shown}  {' · '.join(labels)}")


@case.command()
@click.argument("number", type=int)
@as_json_option
@click.pass_obj
def show(folder: DataFolder, number: int, as_json: bool) -> None:
    """Show a case: its stages, photos and consents, and why each photo is public or not.

    \b
    Example:
      pairwatch case show 51
    """
    from gallery.consent import may_show
    from gallery.model import PUBLIC_CHANNEL
    from gallery.settings import load_settings
    from gallery.store.catalog import Catalog

    with opened(folder) as database:
        catalog = Catalog(database)
        item, stages = catalog.case(number), catalog.stages(number)
        photos, consents = catalog.photos(number), catalog.consents(number)
    today = load_settings(folder).local(now())
    rules = {photo.id: may_show(item, photo, consents, PUBLIC_CHANNEL, today) for photo in photos}
    if as_json:
        print_json(
            {
                "case": asdict(item),
                "stages": [asdict(stage) for stage in stages],
                "photos": [
                    asdict(p) | {"may_be_public": rules[p.id].allowed, "reason": str(rules[p.id].reason)}
                    for p in photos
                ],
                "consents": [asdict(c) | {"channels": sorted(c.channels)} for c in consents],
            }
        )
        return
    click.echo(f"Patient {item.number} ({item.status})  {', '.join(item.tags)}")
    for stage in stages:
        click.echo(f"  {stage.position}. {stage.label} (work by: {stage.performed_by})")
        for photo in photos:
            if photo.stage_id == stage.id:
                rule = rules[photo.id]
                state = "may be public" if rule.allowed else "not public"
                click.echo(f"     {photo.view}: {photo.file}  {state}: {rule.reason}")


@case.command()
@click.argument("number", type=int)
@click.option("--reason", default="", help="Why, for the ledger; no names.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json_option
@click.pass_obj
def withdraw(folder: DataFolder, number: int, reason: str, yes: bool, as_json: bool) -> None:
    """Withdraw a case for good: gone from the built site in the same step, its number never reused.

    \b
    Example:
      pairwatch case withdraw 87 --yes
    """
    from gallery.services.withdraw import withdraw_case
    from gallery.site.build import build_site
    from gallery.store.catalog import Catalog

    with opened(folder) as database:
        Catalog(database).case(number)
    if not yes:
        click.confirm(f"Withdraw Patient {number} for good?", abort=True, err=True)
    actor, at = getpass.getuser(), now()
    known = click.get_current_context().meta.get("pairwatch.copies", lambda _: ())
    copies = [copy for copy in known(folder) if copy.case == number]
    with opened(folder) as database:
        receipt = withdraw_case(database, number, actor, at, reason=reason, copies=copies)
    try:
        if folder.public.exists():
            build_site(folder, actor=actor, now=at, progress=bar)
    finally:  # the patient's receipt stands, even if another case keeps the site from being built
        if as_json:
            print_json(asdict(receipt))
        else:
            click.echo("\n".join(receipt.lines()))


@case.group()
def consent() -> None:
    """Record or withdraw what a patient agreed to.

    \b
    Example:
      pairwatch case consent record 51 --signed 2026-01-15
    """


@consent.command()
@click.argument("number", type=int)
@click.option("--signed", type=a_date, required=True, help="The day it was signed, 2026-01-15.")
@click.option("--expires", type=a_date, help="Its last day, if it has one.")
@click.option("--channel", "channels", multiple=True, help="Where photos may be shown; website if left out.")
@click.option(
    "--photo", "files", multiple=True, help="A file name as given at import; all photos if left out."
)
@click.option("--document", type=a_file, help="The signed form, sealed beside the originals.")
@as_json_option
@click.pass_obj
def record(  # noqa: PLR0913, PLR0917 (each is an option a person may give)
    folder: DataFolder,
    number: int,
    signed: datetime,
    expires: datetime | None,
    channels: tuple[str, ...],
    files: tuple[str, ...],
    document: Path | None,
    as_json: bool,
) -> None:
    """Record a signed consent for case NUMBER; the next build publishes what it covers.

    \b
    Example:
      pairwatch case consent record 51 --signed 2026-01-15 --expires 2028-01-14 --document form.pdf
    """
    from gallery.model import PUBLIC_CHANNEL, Consent
    from gallery.services.withdraw import record_consent
    from gallery.settings import load_settings
    from gallery.store.catalog import Catalog
    from gallery.store.vault import Vault

    last: date | None = expires.date() if expires else None
    if last and last < signed.date():
        raise GalleryError(f"the consent would expire on {last}, before it was signed")
    with opened(folder) as database:
        catalog = Catalog(database)
        catalog.case(number)
        form = Consent(
            case=number,
            signed_on=signed.date(),
            expires_on=last,
            channels=frozenset(channels or (PUBLIC_CHANNEL,)),
            photos=_photos_named(number, catalog.photos(number), files) if files else None,
            document=Vault(folder.evidence / "consents").put(document.read_bytes()) if document else None,
        )
        form = record_consent(database, form, getpass.getuser(), now())
    today = load_settings(folder).local(now()).date()
    not_today = "is dated in the future" if form.signed_on > today else ""
    if last and last < today:
        not_today = f"expired on {last}"
    if as_json:
        permits = {"permits_today": not not_today}
        print_json({"consent": form.id, "case": number, "channels": sorted(form.channels)} | permits)
    elif not_today:
        click.echo(f"The consent of Patient {number} is recorded, but permits nothing today: it {not_today}.")
    else:
        click.echo(f"The consent of Patient {number} is recorded. Publish with: pairwatch build")


@consent.command("withdraw")
@click.argument("number", type=int)
@click.option("--channel", "channels", multiple=True, help="Only for this channel; for all if left out.")
@as_json_option
@click.pass_obj
def withdraw_consent_(folder: DataFolder, number: int, channels: tuple[str, ...], as_json: bool) -> None:
    """Withdraw the consents of case NUMBER; what they covered is gone from the site in the same step.

    \b
    Example:
      pairwatch case consent withdraw 51 --channel website
    """
    from gallery.services.withdraw import withdraw_consent
    from gallery.site.build import build_site

    actor, at = getpass.getuser(), now()
    with opened(folder) as database:
        ended = withdraw_consent(database, number, frozenset(channels) or None, actor, at)
    if folder.public.exists():
        build_site(folder, actor=actor, now=at, progress=bar)
    if as_json:
        print_json({"case": number, "consents": [form.id for form in ended]})
    else:
        click.echo(
            f"{count(len(ended), 'consent')} of Patient {number} ended; the site no longer shows the photos."
        )


def _photos_named(number: int, photos: "list[Photo]", files: tuple[str, ...]) -> frozenset[int]:
    """Find photos by the file they came from, or by its name alone where only one has it."""
    by_name: dict[str, list[int]] = {}
    for photo in photos:
        for name in {photo.file, PurePath(photo.file).name}:
            by_name.setdefault(name, []).append(photo.id)
    exact = {photo.file: photo.id for photo in photos}
    found = {name: [exact[name]] if name in exact else by_name.get(name, []) for name in files}
    for name, ids in found.items():
        if len(ids) != 1:
            what = "several photos" if ids else "no photo"
            raise GalleryError(
                f"the case has {what} that came from {name}",
                hint=f"see them with: pairwatch case show {number}",
            )
    return frozenset(ids[0] for ids in found.values())

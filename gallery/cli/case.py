"""Commands about one case and the consents of its patient."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from gallery.cli.output import a_date, a_file, as_json_option, at_work, bar, print_result
from gallery.errors import RefusedError
from gallery.model import count
from gallery.settings import DataFolder


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
@click.option(
    "--allow-alike", is_flag=True, help="Take a photo that is there already, saved anew or smaller."
)
@as_json_option
@click.pass_obj
def add(  # noqa: PLR0913, PLR0917 (an option each)
    folder: DataFolder,
    number: int | None,
    photos: tuple[str, ...],
    tags: tuple[str, ...],
    performed_by: str,
    procedure: str,
    allow_alike: bool,
) -> None:
    """Add a case with its photographs; it stays unpublished until a consent is recorded.

    \b
    Example:
      pairwatch case add --photo before:front:IMG_1.jpg --photo after:front:IMG_2.jpg --tag scar
    """
    from gallery.services.intake import File, ListRefusedError, NewCase, add_case

    files = []
    for photo in photos:
        parts = photo.split(":", 2)
        if len(parts) != 3:  # noqa: PLR2004
            raise click.BadParameter(f"{photo!r} is not STAGE:VIEW:FILE", param_hint="--photo")
        files.append(File(*parts))
    new = NewCase(files=files, number=number, tags=tags, performed_by=performed_by, procedure=procedure)
    try:
        with at_work(folder) as p:
            number, done = add_case(p, new, allow_alike=allow_alike, progress=bar)
    except ListRefusedError as error:
        wrong = (f"{photos[at.row]}: {at.message}" for at in error.problems)
        raise RefusedError(
            "nothing was added: " + "; ".join(wrong), hint="correct it and run it again"
        ) from error
    for note in done.notes:
        click.echo(f"Note: {note}", err=True)
    said = f"Patient {number} was added with {count(len(done.photos), 'photo')}."
    print_result({"case": number, "photos": len(done.photos)}, said)


@case.command("list")
@as_json_option
@click.pass_obj
def list_(folder: DataFolder) -> None:
    """List all cases, one line each.

    \b
    Example:
      pairwatch case list --json
    """
    from gallery.services.cases import summaries

    with at_work(folder) as p:
        listed = summaries(p, p.catalog.cases())
    for one in listed:
        line = {
            "case": one.case.number,
            "status": str(one.case.status),
            "stages": list(one.stages),
            "photos": one.photos,
            "public": one.published,
            "tags": list(one.case.tags),
        }
        shown = f"{count(one.photos, 'photo')}, {one.published} public"
        print_result(line, f"Patient {one.case.number}  {one.case.status}  {shown}  {' · '.join(one.stages)}")


@case.command()
@click.argument("number", type=int)
@as_json_option
@click.pass_obj
def show(folder: DataFolder, number: int) -> None:
    """Show a case: its stages, photos and consents, and why each photo is public or not.

    \b
    Example:
      pairwatch case show 51
    """
    from gallery.services.readiness import standing_of

    with at_work(folder) as p:
        found = standing_of(p, number)
        rules = found.rulings(p.local_now)
    photos = [
        asdict(one) | {"may_be_public": rules[one.id].allowed, "reason": str(rules[one.id].reason)}
        for one in found.photos
    ]
    record = {
        "case": asdict(found.case),
        "stages": [asdict(stage) for stage in found.stages],
        "photos": photos,
        "consents": [asdict(one) | {"channels": sorted(one.channels)} for one in found.consents],
    }
    lines = [f"Patient {number} ({found.case.status})  {', '.join(found.case.tags)}"]
    for stage in found.stages:
        lines.append(f"  {stage.position}. {stage.label} (work by: {stage.performed_by})")
        for photo in (one for one in found.photos if one.stage_id == stage.id):
            rule = rules[photo.id]
            state = "may be public" if rule.allowed else "not public"
            lines.append(f"     {photo.view}: {photo.file}  {state}: {rule.reason}")
    print_result(record, *lines)


@case.command()
@click.argument("number", type=int)
@click.option("--reason", default="", help="Why, for the ledger; no names.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json_option
@click.pass_obj
def withdraw(folder: DataFolder, number: int, reason: str, yes: bool) -> None:
    """Withdraw a case for good: gone from the built site in the same step, its number never reused.

    \b
    Example:
      pairwatch case withdraw 87 --yes
    """
    from gallery.services.withdraw import withdraw_case

    with at_work(folder) as p:
        p.catalog.case(number)
        if not yes:
            click.confirm(f"Withdraw Patient {number} for good?", abort=True, err=True)
        known = click.get_current_context().meta.get("pairwatch.copies", lambda _: ())
        done = withdraw_case(p, number, reason=reason, copies=known(folder), progress=bar)
    if done.receipt:  # it stands, even if another case keeps the site from being built
        print_result(asdict(done.receipt), *done.receipt.lines())
    if done.fault:
        raise done.fault


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
) -> None:
    """Record a signed consent for case NUMBER; the next build publishes what it covers.

    \b
    Example:
      pairwatch case consent record 51 --signed 2026-01-15 --expires 2028-01-14 --document form.pdf
    """
    from gallery.model import PUBLIC_CHANNEL, Consent
    from gallery.services.consents import not_today, record_as_stated

    stated = Consent(
        case=number,
        signed_on=signed.date(),
        expires_on=expires.date() if expires else None,
        channels=frozenset(channels or (PUBLIC_CHANNEL,)),
    )
    with at_work(folder) as p:
        form = record_as_stated(p, stated, files=files, document=document.read_bytes() if document else None)
        why = not_today(p, form)
    then = f", but permits nothing today: it {why}." if why else ". Publish with: pairwatch build"
    recorded = {"consent": form.id, "case": number, "channels": sorted(form.channels)}
    print_result(recorded | {"permits_today": not why}, f"The consent of Patient {number} is recorded{then}")


@consent.command("withdraw")
@click.argument("number", type=int)
@click.option("--channel", "channels", multiple=True, help="Only for this channel; for all if left out.")
@as_json_option
@click.pass_obj
def withdraw_consent_(folder: DataFolder, number: int, channels: tuple[str, ...]) -> None:
    """Withdraw the consents of case NUMBER; what they covered is gone from the site in the same step.

    \b
    Example:
      pairwatch case consent withdraw 51 --channel website
    """
    from gallery.services.consents import end_consents

    with at_work(folder) as p:
        ended = end_consents(p, number, frozenset(channels) or None, progress=bar)
    said = f"{count(len(ended), 'consent')} of Patient {number} ended; the site no longer shows the photos."
    print_result({"case": number, "consents": [form.id for form in ended]}, said)

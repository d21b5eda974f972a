"""How the crawler's commands print other people's words."""

import click

from crawler.model import Finding, printable

_CERTAIN = 0.9995


def say(line: str, *, err: bool = False) -> None:
    """Print a line that may hold other people's words."""
    click.echo(printable(line), err=err)


def say_finding(one: Finding) -> None:
    """Print a finding for people."""
    from crawler.desk.sentences import former_judgements, subject, whereabouts

    what = f"{one.verdict:<10} {subject(one)}  [{one.decision}]"
    sure = ">99.9%" if one.probability >= _CERTAIN else f"{one.probability:6.1%}"
    if one.photo_id is None:  # how like it is to some photo of ours would be taken for how sure the mark is
        sure = "  mark"
    say(f"{one.id:>5}  {sure}  {what}")
    also = f"In the same picture: {'; '.join(one.also)}." if one.also else ""
    before = "".join(f"Judged before: {sentence}." for sentence in former_judgements(one)[:1])
    lines = (one.image_url, f"on {one.page_url}", one.explanation, also, whereabouts(one), before)
    for line in filter(None, lines):
        say(f"       {line}")

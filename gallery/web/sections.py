"""What all pages of a case share: its steps, and saving a section so that two people never overwrite each other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gallery.consent import closed_by, may_show, once_released
from gallery.errors import ChangedMeanwhileError, GalleryError
from gallery.events import SAVED
from gallery.model import PUBLIC_CHANNEL, Case, CaseStatus, Saved, Section
from gallery.web.content import HELD, content_of, hold_back
from gallery.web.workplace import casework, catalog, local_now, me, now, rooms

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a case's way to the public: its page, and how it stands in two or three words."""

    name: str
    page: str
    state: str
    words: str


def known_case(number: int) -> Case:
    """Give a case, or the page that says there is none."""
    case = catalog().find_case(number)
    if case is None:
        abort(404)
    return case


def open_case(number: int) -> Case:
    """Give a case that can still be changed.

    Raises:
        GalleryError: It was withdrawn.
    """
    case = known_case(number)
    if case.status is CaseStatus.WITHDRAWN:
        raise GalleryError(f"Patient {number} was withdrawn: nothing in it can be changed any more")
    return case


def steps_of(case: Case) -> list[Step]:
    """Tell for each step of a case how it stands."""
    saved, photos = casework().saved(case.number), catalog().photos(case.number)
    authors = casework().authorships(photo.id for photo in photos)
    consents, released = catalog().consents(case.number), once_released(case)
    permitted = sum(
        may_show(released, photo, consents, PUBLIC_CHANNEL, local_now()).allowed for photo in photos
    )
    public = set(catalog().publications(PUBLIC_CHANNEL)) & {photo.id for photo in photos}

    def by_save(name: str, page: str, section: Section) -> Step:
        done = section in saved
        return Step(name, page, "good" if done else "todo", "done" if done else "to do")

    return [
        by_save("Facts", "facts.page", Section.FACTS),
        Step("Consent", "consents.page", *_share(permitted, len(photos), "covered")),
        Step("Who took them", "authors.page", *_share(len(authors), len(photos), "recorded")),
        by_save("Compare", "pairs.page", Section.PAIRS),
        by_save("Words", "words.page", Section.WORDS),
        Step("Publish", "publishing.page", *_share(len(public), len(photos), "public")),
    ]


def _share(count: int, of: int, words: str) -> tuple[str, str]:
    state = "good" if of and count == of else "warn" if count else "todo"
    return state, f"{count} of {of} {words}"


def show(template: str, case: Case, status: int = 200, /, **more: object) -> ResponseReturnValue:
    """Show a page of a case with its steps."""
    page = render_template(
        template, case=case, steps=steps_of(case), closed=closed_by(case), **{"theirs": {}, **more}
    )
    return page, status


def show_section(
    template: str, case: Case, section: Section, values: Values, **more: object
) -> ResponseReturnValue:
    """Show a section's form as it is saved."""
    version = casework().saved(case.number).get(section, Saved()).version
    return show(template, case, **{**more, "values": values, "version": version})


def save_section(  # noqa: PLR0913 (what, where, from what, how, and where to go)
    template: str,
    case: Case,
    section: Section,
    saved_values: Values,
    *,
    typed: Values,
    write: Callable[[], None],
    then: Callable[[], str],
    **more: object,
) -> ResponseReturnValue:
    """Save a section's form, or show it again beside what somebody else saved meanwhile."""
    version = request.form.get("version", type=int) or 0
    try:
        with casework().saving(case.number, section, version, me().name, now()):
            before = content_of(case)
            write()
            held = before != content_of(catalog().case(case.number)) and hold_back(case, me().name)
            changed = sorted(key for key in typed if typed[key] != saved_values.get(key, ""))
            rooms().ledger.append(
                me().name,
                SAVED[section],
                f"case {case.number}",
                {"changed": cast("object", changed)},
                now(),
            )
    except ChangedMeanwhileError as error:
        theirs = {key: value for key, value in saved_values.items() if value != typed.get(key, "")}
        current = casework().saved(case.number)[section].version
        return show(template, case, 409, **more, values=typed, version=current, conflict=error, theirs=theirs)
    flash(f"Saved. {HELD}" if held else "Saved.", "warn" if held else "done")
    return redirect(url_for(then(), number=case.number))


def typed_values(keys: Mapping[str, str]) -> dict[str, str]:
    """Give what a form says for these keys, each without spaces around it."""
    return {key: request.form.get(key, "").strip()[:2000] for key in keys}

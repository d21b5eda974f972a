"""What all pages of a case share, its steps and guarded forms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gallery.consent import closed_by
from gallery.errors import ChangedMeanwhileError
from gallery.model import Case, Section
from gallery.services.sections import CaseProgress, SectionEdit, progress_of, version_of
from gallery.web.workplace import work

Values = Mapping[str, str]

HELD = (
    "What readers see has changed: the case leaves the site with the next build, "
    "until it is approved and published again."
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a case's way to the public, and how it stands."""

    name: str
    page: str
    state: str
    words: str


def known_case(number: int) -> Case:
    """Give a case, or the page that says there is none."""
    case = work().catalog.find_case(number)
    if case is None:
        abort(404)
    return case


def open_case(number: int) -> Case:
    """Give a case that can still be changed."""
    known_case(number)
    return work().open_case(number)


def _steps(come: CaseProgress) -> list[Step]:
    """Tell for each step of a case how it stands."""

    def by_save(name: str, page: str, section: Section) -> Step:
        done = section in come.saved
        return Step(name, page, "good" if done else "todo", "done" if done else "to do")

    return [
        by_save("Facts", "facts.page", Section.FACTS),
        Step("Consent", "consents.page", *_share(come.permitted, come.photos, "covered")),
        Step("Who took them", "authors.page", *_share(come.authored, come.photos, "recorded")),
        by_save("Compare", "pairs.page", Section.PAIRS),
        by_save("Words", "words.page", Section.WORDS),
        Step("Publish", "publishing.page", *_share(come.public, come.photos, "public")),
    ]


def _share(count: int, of: int, words: str) -> tuple[str, str]:
    state = "good" if of and count == of else "warn" if count else "todo"
    return state, f"{count} of {of} {words}"


def show(template: str, case: Case, status: int = 200, /, **more: object) -> ResponseReturnValue:
    """Show a page of a case with its steps."""
    steps = _steps(progress_of(work(), case))
    page = render_template(template, case=case, steps=steps, closed=closed_by(case), **{"theirs": {}, **more})
    return page, status


def show_section(
    template: str, case: Case, section: Section, values: Values, **more: object
) -> ResponseReturnValue:
    """Show a section's form as it is saved."""
    return show(template, case, **{**more, "values": values, "version": version_of(work(), case, section)})


@dataclass(frozen=True, slots=True)
class Sent:
    """A section's form as sent, beside what was saved."""

    saved: Values
    typed: Values

    @property
    def edit(self) -> SectionEdit:
        """The version that the form was made from, and the fields that were changed."""
        changed = [key for key in self.typed if self.typed[key] != self.saved.get(key, "")]
        return SectionEdit(request.form.get("version", type=int) or 0, changed)


def save_section(
    template: str,
    case: Case,
    section: Section,
    sent: Sent,
    save: Callable[[], bool],
    then: Callable[[], str],
    **more: object,
) -> ResponseReturnValue:
    """Save a section's form and go on, or show the conflict."""
    try:
        held = save()
    except ChangedMeanwhileError as error:
        theirs = {key: value for key, value in sent.saved.items() if value != sent.typed.get(key, "")}
        current = version_of(work(), case, section)
        return show(
            template, case, 409, **more, values=sent.typed, version=current, conflict=error, theirs=theirs
        )
    flash(f"Saved. {HELD}" if held else "Saved.", "warn" if held else "done")
    return redirect(url_for(then(), number=case.number))


def typed_values(keys: Mapping[str, str]) -> dict[str, str]:
    """Give what a form says for these keys, each without spaces around it."""
    return {key: request.form.get(key, "").strip()[:2000] for key in keys}

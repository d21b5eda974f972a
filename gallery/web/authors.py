"""Who took each picture, employed or not, and with what: the record that ownership rests on, sealed in the ledger."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from flask import Blueprint
from flask.typing import ResponseReturnValue

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import Authorship, Case, Photo, Relation, Section
from gallery.services.intake.check import INTAKE_LIMITS
from gallery.staff import Task
from gallery.store.vault import Vault
from gallery.web.sections import open_case, save_section, show_section, typed_values
from gallery.web.workplace import casework, catalog, folder, needs, note
from watermark.picture.sandbox import sandbox

pages = Blueprint("authors", __name__, url_prefix="/cases/<int:number>")

RELATIONS = (
    ("employee", "works here (employed)"),
    ("owner", "owns the practice"),
    ("contractor", "outside photographer"),
    ("patient", "the patient"),
    ("other", "somebody else"),
)
_NEED_PAPER = frozenset({Relation.CONTRACTOR, Relation.PATIENT, Relation.OTHER})
_FIELDS = ("person", "relation", "camera", "choices", "assignment")


@dataclass(frozen=True, slots=True)
class Visit:
    """Photographs of one stage that were taken with the same camera by the same person."""

    key: int
    stage: str
    photos: tuple[Photo, ...]
    author: Authorship | None
    camera: str


@pages.get("/who-took-them")
@needs(Task.EDIT)
def page(number: int) -> ResponseReturnValue:
    """Ask who pressed the shutter, visit by visit."""
    case = open_case(number)
    visits = _visits(case)
    return show_section("authors.html", case, Section.AUTHORS, _values(visits), **_more(visits))


@pages.post("/who-took-them")
@needs(Task.EDIT)
def save(number: int) -> ResponseReturnValue:
    """Record the authors, in the catalogue and in the ledger."""
    case = open_case(number)
    visits = _visits(case)
    saved = _values(visits)
    typed = typed_values(saved)
    authors = {
        photo.id: author
        for visit in visits
        for author in [_author(visit, typed)]
        if author is not None
        for photo in visit.photos
    }
    if not authors:
        raise GalleryError("nobody is named yet", hint="name who took the pictures of at least one visit")
    known = casework().authorships(authors)

    def write() -> None:
        casework().write_authorships(authors)
        for photo, author in authors.items():
            if known.get(photo) != author:
                note(Action.PHOTO_AUTHORSHIP, f"photo {photo}", **asdict(author))

    return save_section(
        "authors.html",
        case,
        Section.AUTHORS,
        saved,
        typed=typed,
        write=write,
        then=lambda: "pairs.page",
        **_more(visits),
    )


def _visits(case: Case) -> list[Visit]:
    photos = catalog().photos(case.number)
    known = casework().authorships(photo.id for photo in photos)
    vault = Vault(folder().originals)
    groups: dict[tuple[int, str, Authorship | None], list[Photo]] = {}
    for photo in photos:
        camera = sandbox().header(vault.get(photo.digest), INTAKE_LIMITS).camera or ""
        groups.setdefault((photo.stage_id, camera, known.get(photo.id)), []).append(photo)
    return [
        Visit(members[0].id, members[0].stage, tuple(members), author, camera)
        for (_, camera, author), members in groups.items()
    ]


def _values(visits: list[Visit]) -> dict[str, str]:
    values: dict[str, str] = {}
    for visit in visits:
        said = asdict(visit.author) if visit.author else {"camera": visit.camera, "relation": "employee"}
        values |= {f"{name}-{visit.key}": str(said.get(name, "")) for name in _FIELDS}
    return values


def _author(visit: Visit, typed: Mapping[str, str]) -> Authorship | None:
    said = {name: typed[f"{name}-{visit.key}"] for name in _FIELDS}
    if not said["person"]:
        return None
    return Authorship(**{**said, "relation": Relation(said["relation"] or "other")})  # type: ignore[arg-type]


def _more(visits: list[Visit]) -> dict[str, object]:
    unclear = [visit for visit in visits if visit.author and visit.author.relation in _NEED_PAPER]
    return {
        "visits": visits,
        "relations": RELATIONS,
        "names": casework().people(),
        "unclear": {visit.key for visit in unclear if visit.author and not visit.author.assignment},
    }

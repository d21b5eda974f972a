"""Who took each picture, the record that ownership rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from gallery.errors import RefusedError
from gallery.events import Action
from gallery.model import Authorship, Case, Photo, Relation, Section
from gallery.services.intake.check import INTAKE_LIMITS
from gallery.services.practice import Practice
from gallery.services.sections import SectionEdit, save_section
from watermark.picture.sandbox import sandbox

NEED_PAPER = frozenset({Relation.CONTRACTOR, Relation.PATIENT, Relation.OTHER})
FIELDS = ("person", "relation", "camera", "choices", "assignment")


@dataclass(frozen=True, slots=True)
class Visit:
    """Photographs of one stage by the same camera and person."""

    key: int
    stage: str
    photos: tuple[Photo, ...]
    author: Authorship | None
    camera: str

    @property
    def unclear(self) -> bool:
        """Whether the author may own the pictures, and no paper says otherwise."""
        return self.author is not None and self.author.relation in NEED_PAPER and not self.author.assignment

    def texts(self) -> dict[str, str]:
        """Give what is recorded, or read from the files, as text by field."""
        said = asdict(self.author) if self.author else {"camera": self.camera, "relation": "employee"}
        return {name: str(said.get(name, "")) for name in FIELDS}


def visits_of(p: Practice, case: Case) -> list[Visit]:
    """Sort a case's photographs by stage, camera and author."""
    photos = p.catalog.photos(case.number)
    known = p.casework.authorships(photo.id for photo in photos)
    groups: dict[tuple[int, str, Authorship | None], list[Photo]] = {}
    for photo in photos:
        camera = sandbox().header(p.originals.get(photo.digest), INTAKE_LIMITS).camera or ""
        groups.setdefault((photo.stage_id, camera, known.get(photo.id)), []).append(photo)
    return [
        Visit(members[0].id, members[0].stage, tuple(members), author, camera)
        for (_, camera, author), members in groups.items()
    ]


def save_authors(
    p: Practice, case: Case, visits: Sequence[Visit], said: Mapping[int, Mapping[str, str]], edit: SectionEdit
) -> bool:
    """Record the authors of visits in the catalogue and in the ledger."""
    named = [(visit, _author(said[visit.key])) for visit in visits if said[visit.key]["person"]]
    authors = {photo.id: author for visit, author in named for photo in visit.photos}
    if not authors:
        raise RefusedError("nobody is named yet", hint="name who took the pictures of at least one visit")
    known = p.casework.authorships(authors)

    def write() -> None:
        p.casework.write_authorships(authors)
        for photo, author in authors.items():
            if known.get(photo) != author:
                p.note(Action.PHOTO_AUTHORSHIP, f"photo {photo}", **asdict(author))

    return save_section(p, case, Section.AUTHORS, edit, write)


def _author(said: Mapping[str, str]) -> Authorship:
    return Authorship(**{**said, "relation": Relation(said["relation"] or "other")})  # type: ignore[arg-type]

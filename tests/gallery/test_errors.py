"""What can go wrong has one kind each, which says how a page answers and how a command ends."""

import pickle

import pytest

from gallery import errors
from gallery.errors import DamagedError, GalleryError, NotFoundError, RefusedError, UnavailableError
from gallery.model import Case
from gallery.store.catalog import Catalog
from gallery.store.vault import Vault, digest_of


def test_every_kind_says_how_a_page_and_a_command_answer():
    """Not found is 404, a conflict 409, a refusal 422, damage 500, want of means 503; a command ends with 1."""
    kinds = {
        name: (kind.status.value, kind.exit_code)
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, GalleryError)
    }

    assert kinds == {
        "GalleryError": (409, 1),
        "NotFoundError": (404, 1),
        "ConflictError": (409, 1),
        "ChangedMeanwhileError": (409, 1),
        "RefusedError": (422, 1),
        "DamagedError": (500, 1),
        "UnavailableError": (503, 1),
    }


def test_an_unknown_photo_is_not_found_and_a_taken_number_a_conflict(clinic):
    """The catalogue tells apart what is not there from what stands against it."""
    with clinic.database() as database:
        catalog = Catalog(database)
        catalog.add_case(Case(number=1), clinic.now)
        with pytest.raises(NotFoundError, match="there is no photo 7"):
            catalog.photo(7)
        with pytest.raises(NotFoundError, match="there is no case 2"):
            catalog.case(2)
        with pytest.raises(errors.ConflictError, match="case 1 already exists"):
            catalog.add_case(Case(number=1), clinic.now)


def test_a_changed_original_is_damage_and_no_digest_is_refused(tmp_path):
    """The vault tells a file that is not as it was sealed from a question that makes no sense."""
    vault = Vault(tmp_path)
    digest = vault.put(b"sealed")
    next(place for place in tmp_path.rglob("*") if place.is_file()).write_bytes(b"changed")

    with pytest.raises(DamagedError, match="was changed after it was sealed"):
        vault.get(digest)
    with pytest.raises(DamagedError, match="is missing"):
        vault.get(digest_of(b"never sealed"))
    with pytest.raises(RefusedError):
        vault.get("sha256:short")


def test_what_went_wrong_in_a_worker_comes_back_whole():
    """Kind, sentence and hint survive the way from another process."""
    error = pickle.loads(pickle.dumps(UnavailableError("the disk is full", hint="make room")))  # noqa: S301 (our own)

    assert (type(error), str(error), error.hint) == (UnavailableError, "the disk is full", "make room")

"""Every published file says which photo, channel and day it is, to whoever holds the practice's key."""

import sqlite3
from contextlib import closing, contextmanager

import pytest

from gallery.errors import GalleryError
from gallery.services.doctor import examine
from gallery.services.lookup import Lookup
from gallery.store.catalog import Catalog
from gallery.store.database import open_database
from gallery.store.hidden_marks import HiddenMarks
from gallery.store.keys import mark_key
from gallery.store.vault import Vault
from tests.gallery.conftest import NOW
from watermark.marking.hidden import blind, informed, layers
from watermark.marking.hidden.keys import MarkKey
from watermark.marking.hidden.strength import luma
from watermark.picture.decode import open_picture
from watermark.picture.pixels import resize

CHANNELS = """
[channels.social]
sizes = [240]
formats = ["jpeg"]
mark = false
label = false
"""


@pytest.fixture
def shown(clinic):
    """One patient's photograph on the site and, unmarked and unlabelled, in another channel."""
    with clinic.folder.settings_file.open("a") as file:
        file.write(CHANNELS)
    rows = clinic.rows({1: ["before"]}, consent_signed="2026-01-01", consent_scope="website|social")
    clinic.take_in(rows)
    clinic.build()
    return clinic


@contextmanager
def opened(clinic):
    """Open the clinic's database."""
    with closing(open_database(clinic.folder.database)) as database:
        yield database


def registered(clinic):
    """Give what is registered of the only photo."""
    with opened(clinic) as database:
        return HiddenMarks(database).by_photo()[Catalog(database).photos()[0].id]


def read(clinic, file, key):
    """Read the informed layer of a file that shows the whole photo, without mark and label."""
    with opened(clinic) as database:
        digest = Catalog(database).photos()[0].digest
    found = open_picture(file.read_bytes())
    plain = resize(open_picture(Vault(clinic.folder.originals).get(digest)), max(found.width, found.height))
    seen = informed.measure(informed.known_residual(found, plain))
    return informed.read(seen, key, digest).payload


def test_each_channel_has_its_own_payload_and_the_register_knows_it(shown):
    """What is read from a file leads to the photo, the channel and the first day."""
    key, rows = mark_key(shown.folder), {row.channel: row for row in registered(shown)}
    assert set(rows) == {"website", "social"}
    assert len({row.payload for row in rows.values()}) == 2
    assert {row.day for row in rows.values()} == {NOW.date()}
    assert {row.key_name for row in rows.values()} == {key.name}
    (file,) = (shown.folder.channels / "social").rglob("*.jpg")
    assert read(shown, file, key) == rows["social"].payload
    assert read(shown, file, MarkKey(b"x" * 32)) is None


def test_the_blind_layer_alone_names_the_page(shown):
    """A file of the site is enough, without the original."""
    key, rows = mark_key(shown.folder), {row.channel: row for row in registered(shown)}
    file = max((shown.folder.public / "photos").glob("*.jpg"), key=lambda one: one.stat().st_size)
    assert (
        blind.read_in_place(luma(open_picture(file.read_bytes()).rgb), key).payload == rows["website"].payload
    )


def test_another_build_changes_nothing(shown):
    """The same photo keeps its payload, its files and its register."""
    before = registered(shown)
    files = {file: file.read_bytes() for file in (shown.folder.public / "photos").iterdir()}
    shown.build()
    assert registered(shown) == before
    assert {file: file.read_bytes() for file in (shown.folder.public / "photos").iterdir()} == files


def test_files_of_a_lost_key_are_made_anew_and_stay_known(shown):
    """A fresh key marks all files anew; what was published under the lost one is not forgotten."""
    lost, before = mark_key(shown.folder), registered(shown)
    (shown.folder.root / "keys" / "marks.key").unlink()
    shown.build()
    fresh = mark_key(shown.folder)
    assert fresh.name != lost.name
    assert set(before) < set(registered(shown))
    assert {row.key_name for row in registered(shown)} == {lost.name, fresh.name}
    told = next(check for check in examine(shown.folder) if check.name == "hidden marks")
    assert not told.ok
    assert "2 publications were marked with a key that is not in keys/marks.key" in told.found


def test_a_file_that_fails_its_self_test_is_named_and_not_published(clinic, monkeypatch):
    """Where the layers cannot be read back nothing goes out, and the message says of what and what to do."""
    monkeypatch.setattr(
        "gallery.site.renditions.prove", lambda *_: layers.Proof(blind=0.0, informed=0.0, right=False)
    )
    clinic.take_in(clinic.rows({1: ["before"]}, consent_signed="2026-01-01"))
    with pytest.raises(GalleryError, match=r"hidden mark to be read back from sha256:.* at 240 by 180"):
        clinic.build()
    assert not list(clinic.folder.public.rglob("*.jpg"))


def test_a_registered_mark_cannot_be_changed_or_forgotten(shown):
    """The database itself refuses."""
    with opened(shown) as database:
        for statement in ("update hidden_marks set channel = 'x'", "delete from hidden_marks"):
            with pytest.raises(sqlite3.IntegrityError, match="hidden mark"):
                database.execute(statement)


def test_identify_tells_the_publication_and_what_became_of_the_mark(shown):
    """A published file leads back to its channel and day, with its mark."""
    lookup = Lookup(shown.folder)
    site = max((shown.folder.public / "photos").glob("*.jpg"), key=lambda one: one.stat().st_size)
    found = lookup.identify(site.read_bytes(), "found.jpg").to_json()
    assert (found["verdict"], found["mark"]) == ("copy", "kept")
    assert found["marks"]["publication"] == {"channel": "website", "day": NOW.date().isoformat()}
    assert (found["marks"]["hidden"], found["marks"]["mark"]) == ("there", "kept")

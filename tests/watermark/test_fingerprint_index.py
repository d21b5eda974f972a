"""The index in its folder: appended to, never torn, never believed when it is damaged."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sample_clinic.drawing.everyday import draw_everyday
from watermark.errors import IndexDamagedError
from watermark.matching.candidates import find_candidates
from watermark.matching.fingerprint import fingerprint
from watermark.matching.index import MANIFEST, Index
from watermark.picture.features import describe_query, grey


@pytest.fixture(scope="module")
def pictures():
    """Six drawn pictures."""
    return [draw_everyday(seed, (480, 360)) for seed in range(6)]


@pytest.fixture(scope="module")
def prints(pictures):
    """Their fingerprints."""
    return {n: fingerprint(picture) for n, picture in enumerate(pictures)}


def first_of(index, picture):
    """Name the photo that is proposed first for a picture."""
    features = describe_query(grey(picture))
    found = find_candidates(index, features, features.mirrored(picture.width), 3)
    return index.key(found[0].slot) if found else None


def test_what_was_saved_is_found_again(tmp_path, pictures, prints):
    """Photos added, saved and opened again are proposed first for their own pictures."""
    index = Index.open(tmp_path)
    index.insert(prints)
    index.save()
    again = Index.open(tmp_path)
    assert again.keys() == frozenset(prints)
    assert [first_of(again, picture) for picture in pictures] == list(prints)


def older(index, prints):
    """File photos as the version before did: without where their subject stands."""
    plain = np.zeros(0, np.uint8)
    index.insert({n: replace(made, record=replace(made.record, stands=plain)) for n, made in prints.items()})
    index.save()
    manifest = index.folder / MANIFEST
    kept = json.loads(manifest.read_text("utf-8"))
    del kept["described"]
    manifest.write_text(json.dumps(kept), "utf-8")


def test_an_older_index_is_described_anew_bit_by_bit(tmp_path, pictures, prints):
    """It opens and answers at once; what is missing is added, also after an interruption, and takes no more room."""
    older(Index.open(tmp_path), prints)
    index = Index.open(tmp_path)
    assert index.undescribed() == list(prints)
    assert [first_of(index, picture) for picture in pictures] == list(prints)
    for key in (0, 1):
        index.describe(key)
    index.save()
    again = Index.open(tmp_path)  # as after a kill
    assert again.undescribed() == [2, 3, 4, 5]
    for key in again.undescribed():
        again.describe(key)
    again.save()
    last = Index.open(tmp_path)
    assert last.undescribed() == []
    assert [first_of(last, picture) for picture in pictures] == list(prints)
    fresh = Index.create(tmp_path / "fresh")
    fresh.insert(prints)
    fresh.save()
    sizes = [next(folder.glob("records-*.bin")).stat().st_size for folder in (tmp_path, fresh.folder)]
    assert sizes[0] == sizes[1]
    for slot in range(len(prints)):
        one, other = last.record(slot), fresh.record(slot)
        assert (one.places.tobytes(), one.small) == (other.places.tobytes(), other.small)
        assert (one.subject() == other.subject()).all()


def test_adding_appends_and_leaves_the_old_records_alone(tmp_path, prints):
    """A photo added to a large catalogue does not rewrite the others."""
    index = Index.open(tmp_path)
    index.insert({n: prints[n] for n in range(4)})
    index.save()
    records = next(tmp_path.glob("records-*.bin"))
    before = records.read_bytes()
    index.insert({4: prints[4]})
    index.save()
    assert records.read_bytes()[: len(before)] == before
    assert Index.open(tmp_path).keys() == frozenset(range(5))


def test_photos_not_yet_saved_are_searched_too(tmp_path, pictures, prints):
    """A photo is watched for from the moment it is inserted."""
    index = Index.open(tmp_path)
    index.insert({n: prints[n] for n in range(5)})
    index.save()
    index.insert({5: prints[5]})
    assert first_of(index, pictures[5]) == 5


def test_an_erased_photo_leaves_the_disk(tmp_path, pictures, prints):
    """When a patient's photo is erased, its small picture is gone from every file after the next save."""
    index = Index.open(tmp_path)
    index.insert(prints)
    index.save()
    index.remove([2, 99])
    index.save()
    trace = prints[2].record.small[40:400]
    assert not any(trace in path.read_bytes() for path in tmp_path.iterdir())
    again = Index.open(tmp_path)
    assert again.keys() == frozenset(prints) - {2}
    assert first_of(again, pictures[3]) == 3
    assert first_of(again, pictures[2]) != 2


def test_a_replaced_photo_is_found_by_its_new_look(tmp_path, pictures, prints):
    """Importing a better scan under the same number forgets the old one."""
    index = Index.open(tmp_path)
    index.insert({0: prints[0], 1: prints[1]})
    index.insert({0: prints[2]})
    index.save()
    assert first_of(Index.open(tmp_path), pictures[2]) == 0


@pytest.mark.parametrize("which", ["manifest.json", "photos-*.bin", "words0-*.bin", "records-*.bin"])
@pytest.mark.parametrize("harm", ["cut", "changed", "gone"])
def test_damage_is_noticed_and_named(tmp_path, prints, which, harm):
    """A broken index says so in one sentence; it never answers from broken data."""
    index = Index.open(tmp_path)
    index.insert(prints)
    index.save()
    path = next(tmp_path.glob(which))
    data = bytearray(path.read_bytes())
    if harm == "gone":
        path.unlink()
        if which == MANIFEST:
            assert not Index.open(tmp_path).keys()  # nothing was ever committed here
            return
    else:
        if harm == "changed":
            data[len(data) // 2] ^= 0xFF
        path.write_bytes(data[: len(data) // 2] if harm == "cut" else data)
    with pytest.raises(IndexDamagedError, match="index"):  # noqa: PT012 (records are checked when they are read)
        broken = Index.open(tmp_path)
        for slot in range(len(prints)):
            broken.record(slot)


def test_an_index_of_another_version_is_not_read(tmp_path, prints):
    """After an update that changes the fingerprints, the old index asks to be rebuilt."""
    index = Index.open(tmp_path)
    index.insert(prints)
    index.save()
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps(manifest | {"alphabet": 1}))
    with pytest.raises(IndexDamagedError, match="another version"):
        Index.open(tmp_path)
    fresh = Index.create(tmp_path)
    fresh.insert(prints)
    fresh.save()
    assert Index.open(tmp_path).keys() == frozenset(prints)


SAVER = """
import pickle, sys
from pathlib import Path
from watermark.matching.index import Index
prints = pickle.loads(Path(sys.argv[2]).read_bytes())
index = Index.open(Path(sys.argv[1]))
print("ready", flush=True)
for round in range(1000):
    index.insert({round * 10 + key: made for key, made in prints.items()})
    index.save()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that cannot be caught")
def test_a_killed_save_leaves_the_old_or_the_new(tmp_path, prints):
    """Power may fail in the middle of saving: the index opens afterwards, with whole rounds of photos."""
    import pickle

    stored = tmp_path / "prints"
    stored.write_bytes(pickle.dumps(prints))
    rng = np.random.default_rng(3)
    for attempt in range(3):
        folder = tmp_path / f"index{attempt}"
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        with subprocess.Popen(
            [sys.executable, "-c", SAVER, str(folder), str(stored)], stdout=subprocess.PIPE, env=environment
        ) as saver:
            assert saver.stdout.readline().strip() == b"ready"
            time.sleep(float(rng.uniform(0.05, 0.6)))
            saver.kill()
        index = Index.open(folder)
        assert len(index) % len(prints) == 0
        for slot in range(len(index)):
            index.record(slot)

"""A disk that is full, as the kernel says it: the old site stays whole, and whoever withdrew is gone all the same."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from gallery.services.withdraw import record_withdrawal
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="limits on a program's files are POSIX's"),
]
_LARGE = "[120, 900]"
_ROOM_FOR_THE_CATALOGUE = 200_000  # bytes of one file: a large picture is larger


def build(clinic, most_bytes=None):
    """Run `pairwatch build` where no file can grow beyond so many bytes; gives how it ended."""

    def limited():
        import resource

        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    program = [sys.executable, "-m", "pairwatch", "--data", str(clinic.folder.root), "build"]
    return subprocess.run(
        program, capture_output=True, text=True, check=False, timeout=120, preexec_fn=limited
    )


def contents(clinic):
    """Give the digest of every file of the site."""
    public = clinic.folder.public
    return {name: hashlib.sha256((public / name).read_bytes()).hexdigest() for name in clinic.public()}


@pytest.fixture
def standing(clinic):
    """A built site of Patient 51, and Patient 60 waiting with photographs larger than what a full disk takes."""
    clinic.folder.settings_file.write_text(
        clinic.folder.settings_file.read_text().replace("[120, 240]", _LARGE)
    )
    clinic.take_in(clinic.rows({51: ["before", "after"]}, consent_signed="2026-01-15"))
    assert build(clinic).returncode == 0
    rows = clinic.rows({60: ["before", "after"]}, first_seed=200, consent_signed="2026-02-01")
    for row in rows:
        noise = np.random.default_rng(len(str(row["stage"]))).integers(0, 255, (675, 900, 3), np.uint8)
        (clinic.desk / row["file"]).write_bytes(encode(Picture(noise), format="jpeg", quality=90))
    clinic.take_in(rows)
    return clinic


@pytest.mark.parametrize("most_bytes", [4_000, _ROOM_FOR_THE_CATALOGUE])
def test_the_old_site_stays_whole(standing, most_bytes):
    """Wherever the disk runs full, one sentence says so, every byte of the old site is there, and later it is built."""
    before = contents(standing)
    refused = build(standing, most_bytes)

    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: ")
    assert "Traceback" not in refused.stderr
    assert contents(standing) == before
    assert build(standing).returncode == 0
    assert "patient-60/index.html" in standing.public()
    # The command goes by the real clock, the import before it by another.
    assert [said for said in standing.verify().problems if " is dated " not in said] == []


def test_a_patient_does_not_wait_for_the_disk(standing):
    """A withdrawn patient's page and pictures are gone though the new site cannot be written."""
    with standing.practice() as p:
        record_withdrawal(p, 51, "", [])
    refused = build(standing, _ROOM_FOR_THE_CATALOGUE)

    assert refused.returncode == 1
    assert not any(name.startswith(("photos/", "patient-51/")) for name in standing.public())

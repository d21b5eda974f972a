"""Whatever moment an import or a build is killed at, nothing is lost, and the same command finishes."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from gallery.services.lookup import Lookup

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="a kill that nothing can catch is POSIX's"),
]
_PROGRAM = """
import sys
from pathlib import Path
from datetime import datetime, UTC
from gallery.services.intake import Wishes, import_manifest
from gallery.site.build import build_site
from gallery.settings import DataFolder
if __name__ == "__main__":
    folder, now = DataFolder(Path(sys.argv[2])), datetime(2026, 3, 1, 12, tzinfo=UTC)
    print("ready", flush=True)
    if sys.argv[1] == "import":
        import_manifest(folder, Path(sys.argv[3]), Wishes(actor="test", now=now))
    else:
        build_site(folder, actor="test", now=now)
"""


def run_killed(*arguments, after):
    """Run a command and kill it, with its workers, so many seconds after it began; None lets it finish."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, start_new_session=True
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        start = time.monotonic()
        if after is not None:
            time.sleep(after)
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return process.returncode, time.monotonic() - start


def moments(whole, count, seed):
    """Choose moments over the whole of a run, at random but the same each time."""
    chosen = random.Random(seed)
    return [whole * (number + chosen.random()) / count for number in range(count)]


def test_an_import_killed_at_any_moment_is_finished_by_the_same_import(clinic, tmp_path):
    """After each kill the catalogue is sound; the last import leaves all photos, each watched for."""
    rows = clinic.rows({number: ["before", "after"] for number in range(1, 9)}, consent_signed="2026-01-01")
    manifest = clinic.manifest(rows)
    whole = 3.0
    for after in moments(whole, 6, seed=1):
        run_killed("import", clinic.folder.root, manifest, after=after)
        assert clinic.verify().problems == ()
    code, _ = run_killed("import", clinic.folder.root, manifest, after=None)

    assert code == 0
    assert clinic.verify().problems == ()
    assert clinic.verify().counts["photos"] == 16
    assert len(Lookup(clinic.folder).index()) == 16


def test_a_build_killed_at_any_moment_leaves_a_whole_site(clinic):
    """The site is the old one or the new one, never half; the same build finishes."""
    clinic.take_in(
        clinic.rows({number: ["before", "after"] for number in range(1, 4)}, consent_signed="2026-01-01")
    )
    clinic.build()
    whole_sites = [clinic.public()]
    clinic.take_in(clinic.rows({9: ["before", "after"]}, first_seed=90, consent_signed="2026-01-01"))
    for after in moments(1.5, 6, seed=2):
        run_killed("build", clinic.folder.root, after=after)
        assert clinic.verify().problems == ()
        assert clinic.folder.public.is_dir()
        shown = clinic.public()
        if shown not in whole_sites:
            whole_sites.append(shown)
        assert ("patient-9/index.html" in shown) == (shown != whole_sites[0])
    code, _ = run_killed("build", clinic.folder.root, after=None)

    assert code == 0
    assert clinic.public() == whole_sites[-1] or len(whole_sites) == 1
    assert len(whole_sites) <= 2
    assert clinic.verify().problems == ()
    assert sorted(path.name for path in clinic.folder.root.glob("public*")) == ["public"]

"""What all tests share: a real Chromium, or a clear reason why there is none."""

import os
import shutil
import tarfile
from pathlib import Path

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium():
    """A started Chromium; a missing one fails where CI=true, and skips elsewhere."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        reason = f"no Chromium on PATH (looked for {', '.join(_NAMES)})"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def old_folder(tmp_path):
    """A data folder as an earlier version made it, of drawn photographs; `backup.tar` lies beside it."""
    with tarfile.open(Path(__file__).parent / "folders" / "26.11-november.tar.xz") as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path / "data"

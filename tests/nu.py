"""The Nu HTML checker, the one behind validator.w3.org, where it is at hand: `make pages` fetches it."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

JAR = os.environ.get("PAIRWATCH_NU", "")
"""Where the checker's vnu.jar lies; empty where only the strict parser of the test suite checks markup."""


def complaints(pages: Mapping[str, bytes]) -> list[str]:
    """Check pages (and style sheets and drawings, by their ending) in one call; gives every error in a sentence."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for at, (address, content) in enumerate(pages.items()):
            (folder / f"{at}{Path(address).suffix or '.html'}").write_bytes(content)
        told = []
        for kind, flag in (("html", "--html"), ("css", "--css"), ("svg", "--svg")):
            files = sorted(str(place) for place in folder.glob(f"*.{kind}"))
            if files:
                told += _run([flag, "--errors-only", "--format", "json", *files])
        names = list(pages)
        return [f"{names[int(Path(line['url']).stem)]}: {line['message']}" for line in told]


def _run(arguments: list[str]) -> list[dict[str, str]]:
    done = subprocess.run(
        ["java", "-jar", JAR, *arguments], capture_output=True, text=True, check=False, timeout=300
    )
    found: list[dict[str, str]] = json.loads(done.stderr)["messages"]
    return found

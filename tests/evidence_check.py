"""Reads sealed bundles with other people's tools, in an environment of their own.

`python evidence_check.py FOLDER`, where `python -m tests.evidence_bundle FOLDER` was before: `wacz validate`, `warcio
check`, the stand-alone verifier, and each payload through pywb, byte for byte.
"""

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path


def _run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} says:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def _replayed(app, url: str) -> bytes:
    """Ask pywb for the newest capture of an address, as it came."""
    path, _, query = f"/evidence/2030id_/{url}".partition("?")
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_URI": f"/evidence/2030id_/{url}",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }
    return b"".join(app(environ, lambda *_: None))


def _differing(payloads: dict[str, str]) -> list[str]:
    """Name the addresses whose payload through pywb is not the one that was sent."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        from pywb.apps.frontendapp import FrontEndApp

        app = FrontEndApp()
        return [
            url
            for url, digest in payloads.items()
            if hashlib.sha256(_replayed(app, url)).hexdigest() != digest
        ]


def main(folder: Path) -> None:
    """Check both bundles of a folder, and end with what differs."""
    tools = Path(sys.executable).parent
    payloads: dict[str, str] = json.loads((folder / "payloads.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as name:
        desk = Path(name)
        for bundle in sorted(folder.glob("*/*.wacz")):
            said = _run(str(tools / "wacz"), "validate", "-f", str(bundle), cwd=desk)
            if "is valid" not in said:
                sys.exit(f"wacz validate says of {bundle.name}:\n{said}")
            with zipfile.ZipFile(bundle) as archive:
                archive.extract("archive/data.warc.gz", desk)
            _run(str(tools / "warcio"), "check", "archive/data.warc.gz", cwd=desk)
            key = str(bundle.with_name("public.key"))
            verifier = str(bundle.with_name("verify_bundle.py"))
            _run(sys.executable, "-I", "-S", verifier, str(bundle), "--key", key, cwd=desk)
        _run(str(tools / "wb-manager"), "init", "evidence", cwd=desk)
        (counsel,) = folder.glob("counsel/*.wacz")
        _run(str(tools / "wb-manager"), "add", "--unpack-wacz", "evidence", str(counsel), cwd=desk)
        os.chdir(desk)
        from pywb.apps.frontendapp import FrontEndApp

        app = FrontEndApp()
        wrong = [
            url
            for url, digest in payloads.items()
            if hashlib.sha256(_replayed(app, url)).hexdigest() != digest
        ]
    if wrong or not payloads:
        sys.exit(f"{len(wrong)} of {len(payloads)} payloads differ through pywb: {wrong[:3]}")
    print(
        f"evidence-check: wacz validate, warcio check and the verifier pass; {len(payloads)} payloads through pywb are "
        "identical"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())

"""Prove that the built wheel alone runs `pairwatch demo`, without the checkout (run by `make wheel-check`)."""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path) -> None:
    """Run a command in `cwd` without any way back to the checkout; stop with its exit code when it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, check=False)
    if ran.returncode:
        sys.exit(ran.returncode)


def main() -> None:
    """Build, install with the locked dependencies, and run the demo from the wheel."""
    with tempfile.TemporaryDirectory(prefix="pairwatch-wheel-") as name:
        folder = Path(name)
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist", cwd=ROOT)
        wheel = next((folder / "dist").glob("pairwatch-*.whl"))
        venv.create(folder / "venv", with_pip=True)
        scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
        pip = (scripts / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, "--require-hashes", "-r", ROOT / "requirements" / "run.txt", cwd=folder)
        run(*pip, "--no-deps", wheel, cwd=folder)
        run(scripts / "pairwatch", "demo", "--out", folder / "demo", cwd=folder)
    print("wheel: the demo ran without the checkout")  # noqa: T201 (a command's answer)


if __name__ == "__main__":
    main()

"""What evidence costs, and whether tampering with it is noticed.

python -m benchmarks.evidence captures [--browser]    CPU seconds that 100 findings add to a night, and stored bytes
python -m benchmarks.evidence tamperings [COUNT]      random tamperings of a bundle and of the store; 10,000 unless told
"""

import random
import resource
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from crawler.desk.evidence import check_store, seal
from crawler.evidence.bundle import Tier
from crawler.evidence.verify_bundle import verify
from crawler.run import capturing, night
from crawler.store.database import watch
from crawler.store.findings import Findings
from gallery.model import Digest
from gallery.settings import DataFolder
from gallery.store.signature import Signer
from gallery.store.vault import Vault
from tests.crawler.tampering import tampered
from tests.evidence_bundle import practice_with_findings


def _cpu() -> float:
    """Give the CPU seconds of this process and of those that it waited for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def captures(root: Path, *, browser: bool, count: int = 100) -> None:
    """Print what the captures of one night cost."""
    spent: list[float] = []
    original = capturing.capture_findings

    def measured(*given: object, **named: object) -> int:
        cpu, wall = _cpu(), time.monotonic()
        incomplete = original(*given, **named)  # type: ignore[arg-type]
        spent.extend((_cpu() - cpu, time.monotonic() - wall))
        return incomplete

    vars(night)["capture_findings"] = measured
    folder, payloads = practice_with_findings(root / "practice", count, browser=browser)
    stored = sum(one.stat().st_size for one in folder.evidence.rglob("*") if one.is_file())
    print(
        f"{count} findings, browser {'with' if browser else 'without'}: {spent[0] / count:.3f} s of CPU and "
        f"{spent[1] / count:.3f} s each; {stored / 2**20:.1f} MiB kept of "
        f"{sum(map(len, payloads.values())) / 2**20:.1f} MiB of payloads"
    )


def tamperings(root: Path, count: int) -> None:
    """Print how many random tamperings of a bundle and of stored files are named."""
    folder, _ = practice_with_findings(root / "practice", 2, browser=False)
    with watch(folder) as db:
        numbers = tuple(one.id for one in Findings(db).all())
    made = seal(folder, numbers, Tier.COUNSEL, by="benchmark", purpose="", now=datetime.now(UTC))
    data, key = Vault(folder.evidence).get(Digest(made.digest)), Signer(folder).public_key.line
    chance, named, missed = random.Random(12), Counter[str](), Counter[str]()
    for _ in range(count):
        how, broken = tampered(data, chance)
        (named if verify(broken, key).problems else missed)[how] += 1
    in_store = _store(folder, chance, min(count, 200))
    print(
        f"{sum(named.values())} of {count} tamperings of a bundle named, missed: {dict(missed)}; {in_store}"
    )


def _store(folder: DataFolder, chance: random.Random, count: int) -> str:
    """Change, cut, swap and remove files of the store, one at a time."""
    files = sorted(one for one in folder.evidence.rglob("*") if one.is_file())
    named = 0
    for _ in range(count):
        file, other = chance.sample(files, 2)
        data = file.read_bytes()
        at = chance.randrange(max(1, len(data)))
        flipped = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :] if data else b"x"
        how = chance.choice((flipped, data[:at], other.read_bytes(), None))
        if how == data:
            how = flipped
        if how is None:
            file.unlink()
        else:
            file.write_bytes(how)
        named += bool(check_store(folder))
        file.write_bytes(data)
    return f"{named} of {count} of stored files"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as desk:
        if sys.argv[1] == "captures":
            captures(Path(desk), browser="--browser" in sys.argv)
        else:
            tamperings(Path(desk), int((*sys.argv[2:], "10000")[0]))

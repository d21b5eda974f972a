"""How long reading one finding with its history takes, of 10,000 findings on 500 sites.

python -m benchmarks.record_reading
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from crawler.model import Site
from crawler.store.database import open_watch
from crawler.store.findings import Findings
from crawler.store.sites import Sites
from gallery.store.database import transaction
from gallery.times import text_of

BEGAN = datetime(2026, 1, 1, 2, 30, tzinfo=UTC)
WORDS = ("element", "via", "alt", "caption", "heading", "claim", "image_final", "page_final")


def fill(db: Database, *, findings: int, sites: int, nights: int) -> None:
    """Write findings with one page each that was proven every night."""
    at = text_of(BEGAN)
    with transaction(db):
        db.table("cases").insert({"number": 51, "created_at": at})
        db.table("stages").insert({"id": 1, "case_number": 51, "position": 1, "label": "after"})
        photo = {
            "id": 7,
            "stage_id": 1,
            "view": "front",
            "file": "a.jpg",
            "digest": "sha256:" + "a" * 64,
            "bytes": 1,
        }
        db.table("photos").insert(photo | {"width": 1, "height": 1, "format": "JPEG", "imported_at": at})
        for number in range(sites):
            Sites(db).put(Site(url=f"https://rival-{number}.example/"), BEGAN)
        for number in range(1, findings + 1):
            _finding(db, number, number % sites + 1, nights)


def _finding(db: Database, number: int, site: int, nights: int) -> None:
    at, digest = text_of(BEGAN), f"sha256:{number:064x}"
    said = {
        "digest": digest,
        "verdict": "copy",
        "photo_id": 7,
        "probability": 0.99,
        "explanation": "",
        "answer": "{}",
    }
    content = {"width": 1, "height": 1, "matched_upto": 7, "matched_at": at, "trouble": ""}
    db.conn.execute(_insert("contents", said | content), said | content)
    judged = said | {
        "at": at,
        "basis": "",
        "matched_upto": 7,
        "also": "[]",
        "look": "",
        "carries_our_mark": 0,
    }
    db.conn.execute(_insert("judgements", judged), judged)
    db.conn.execute("insert into findings (id, site_id, photo_id) values (?, ?, 7)", [number, site])
    db.conn.execute("insert into finding_digests values (?, ?)", [number, digest])
    page, image = (
        f"https://rival-{site - 1}.example/{number}",
        f"https://rival-{site - 1}.example/{number}.jpg",
    )
    times: dict[str, object] = {"page_status": 200, "page_sent": at, "page_received": at}
    times |= {"image_status": 200, "image_sent": at, "image_received": at}
    seen: dict[str, object] = {
        "site_id": site,
        "digest": digest,
        "image_url": image,
        "page_url": page,
        "named_by": page,
    }
    seen |= dict.fromkeys(WORDS, "") | times | {"recorded": "by-answer"}
    sighting = db.conn.execute(_insert("sightings", seen), seen).lastrowid
    for night in range(nights):
        proof: dict[str, object] = {
            "finding_id": number,
            "sighting_id": sighting,
            "page_url": page,
            "image_url": image,
            "present": 1,
        }
        proof |= times | {"cause": "", "at": text_of(BEGAN + timedelta(days=night))}
        db.conn.execute(_insert("observations", proof), proof)


def _insert(table: str, row: Mapping[str, object]) -> str:
    return f"insert into {table} ({', '.join(row)}) values ({', '.join(':' + name for name in row)})"  # noqa: S608 (ours)


def main() -> None:
    """Fill a folder, and print the milliseconds that reading one finding takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=10_000)
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--nights", type=int, default=30)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, closing(open_watch(Path(folder) / "pairwatch.db")) as db:
        fill(db, findings=given.findings, sites=given.sites, nights=given.nights)
        took = []
        for number in range(1, given.findings + 1, max(1, given.findings // 100)):
            begun = time.perf_counter()
            found = Findings(db).get(number)
            took.append((time.perf_counter() - begun) * 1000)
            if found.pages[0].spans[0].proofs != given.nights:
                raise SystemExit(f"finding {number} lost its history")
    told = {"findings": given.findings, "median_ms": statistics.median(took), "max_ms": max(took)}
    print(json.dumps({name: round(value, 2) for name, value in told.items()}))


if __name__ == "__main__":
    main()

"""What the machine said of a found picture: a row each time, none is changed, and all of them are shown."""

import json
import sqlite3
from hashlib import sha256

import pytest
from click.testing import CliRunner

from crawler.model import Judgement
from crawler.run.night import run
from crawler.store.database import open_watch
from crawler.store.findings import Findings
from gallery.store.database import transaction
from pairwatch import cli

AT = "2026-11-20T02:30:00+00:00"


class Machine:
    """Stands for the matcher of one version: it calls every picture a copy of photo 7, as sure as it is told to."""

    def __init__(self, version: str, probability: float) -> None:
        self.probability, self.basis = probability, json.dumps({"matcher": version, "marks": ["clinic"]})

    def __call__(self, body: bytes, name: str, /) -> Judgement:
        digest = f"sha256:{sha256(body).hexdigest()}"
        answer = json.dumps({"file": name, "changes": [f"version {self.probability}"]})
        return Judgement(
            digest=digest, verdict="copy", upto=7, photo=7, probability=self.probability, answer=answer,
            basis=self.basis,
        )  # fmt: skip


@pytest.fixture
def shown(serve, watch, picture):
    """A folder with one photo of ours, and a site that shows twelve copies of it."""
    served = serve(
        {"/": "".join(f'<img src="/{n}.jpg">' for n in range(12))}
        | {f"/{n}.jpg": picture(str(n)) for n in range(12)}
    )
    folder = watch(served.site())
    db = open_watch(folder.database)
    with transaction(db):
        db.table("cases").insert({"number": 51, "created_at": AT})
        db.table("stages").insert({"id": 1, "case_number": 51, "position": 1, "label": "after"})
        db.table("photos").insert(
            {
                "id": 7, "stage_id": 1, "view": "front", "file": "a.jpg", "digest": "sha256:" + "a" * 64, "bytes": 1,
                "width": 1, "height": 1, "format": "JPEG", "imported_at": AT,
            }
        )  # fmt: skip
    yield folder, served, db
    db.close()


def _findings(folder):
    said = CliRunner().invoke(cli, ["--data", str(folder.root), "findings", "--json"])
    assert said.exit_code == 0, said.output
    return [json.loads(line) for line in said.stdout.splitlines()]


def test_a_new_matcher_adds_a_judgement_and_the_former_one_stays(shown, hands):
    """The same matcher says a thing once; a new one looks again, and the list shows the newest and the former."""
    folder, _, _ = shown
    first, second = Machine("one", 0.9), Machine("two", 0.8)
    for machine in (first, first, second, second):
        run(folder, executor=hands, look=machine)

    told = _findings(folder)[0]

    assert (told["probability"], told["changes"]) == (0.8, ["version 0.8"])
    assert (told["judged"]["matcher"], told["judged"]["marks"]) == ("two", ["clinic"])
    assert [(one["matcher"], one["probability"]) for one in told["judged_before"]] == [("one", 0.9)]
    plain = CliRunner().invoke(cli, ["--data", str(folder.root), "findings"]).output
    assert "copy, 90.0%, by matcher one" in plain
    assert len(_findings(folder)) == 12


def test_a_picture_that_is_gone_is_judged_again_from_the_evidence(shown, hands):
    """A site that took its pictures down does not keep what a former matcher said of them."""
    folder, served, _ = shown
    run(folder, executor=hands, look=Machine("one", 0.9))
    served.routes["/"] = "nothing"
    for path in [path for path in served.routes if path.endswith(".jpg")]:
        del served.routes[path]

    run(folder, executor=hands, look=Machine("two", 0.2))

    assert {one["probability"] for one in _findings(folder)} == {0.2}


def test_a_judgement_is_never_changed(shown, hands):
    """The database itself refuses to change or delete what the machine once said."""
    folder, _, db = shown
    run(folder, executor=hands, look=Machine("one", 0.9))

    for statement in ("update judgements set probability = 0", "delete from judgements"):
        with pytest.raises(sqlite3.IntegrityError, match="a judgement is never changed"):
            db.execute(statement)

    assert db.execute("select count(*), min(probability) from judgements").fetchone() == (12, 0.9)


def test_findings_cost_the_same_few_statements(shown, hands):
    """However many findings there are, one with its history, and all of them, are read with nine statements."""
    folder, _, db = shown
    for version in ("one", "two"):
        run(folder, executor=hands, look=Machine(version, 0.9))
    statements: list[str] = []
    db.conn.set_trace_callback(statements.append)

    finding = Findings(db).get(5)
    one = len(statements)
    everything = Findings(db).all()
    db.conn.set_trace_callback(None)

    assert (finding.id, len(finding.judgements), len(finding.sightings)) == (5, 2, 1)
    assert len(everything) == 12
    assert one <= 10
    assert len(statements) - one <= 9

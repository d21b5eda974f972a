"""What the matcher said of pictures."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from crawler.model import Judgement
from gallery.store.database import Store, transaction
from gallery.times import text_of


class Judgements(Store):
    """The last answer for each picture, and all about ours.

    What was said of something of ours stays when another answer is added.
    """

    def put(self, judgements: Iterable[Judgement], now: datetime) -> None:
        """Write answers down.

        One that says what the last one said adds no judgement.
        """
        rows = [
            asdict(one)
            | {
                "photo_id": one.photo,
                "matched_upto": one.upto,
                "also": json.dumps(one.also),
                "at": text_of(now),
            }
            for one in judgements
        ]
        with transaction(self._db):
            self._db.conn.executemany(_PUT_CONTENT, rows)
            self._db.conn.executemany(_PUT_JUDGEMENT, rows)

    def expire(self, basis: str) -> list[str]:
        """Make pictures that were judged on another basis worth another look.

        Returns:
            The digests among them that findings are about.
        """
        what = {"basis": basis}
        with transaction(self._db):
            self._db.execute(
                """update urls set matched_upto = 0
                    where matched_upto > 0 and digest in (select digest from contents where basis <> :basis)""",
                what,
            )
            rows = self._db.execute(
                """select digest from contents
                    where basis <> :basis and digest in (select digest from finding_digests) order by digest""",
                what,
            ).fetchall()
        return [str(digest) for (digest,) in rows]


_PUT_CONTENT = """
    insert into contents (digest, verdict, photo_id, probability, explanation, answer, width, height,
                          matched_upto, matched_at, trouble, also, look, carries_our_mark, basis)
    values (:digest, :verdict, :photo_id, :probability, :explanation, :answer, :width, :height,
            :matched_upto, :at, :trouble, :also, :look, :carries_our_mark, :basis)
    on conflict (digest) do update set verdict = excluded.verdict, photo_id = excluded.photo_id,
        probability = excluded.probability, explanation = excluded.explanation, answer = excluded.answer,
        matched_upto = excluded.matched_upto, matched_at = excluded.matched_at, trouble = excluded.trouble,
        also = excluded.also, look = excluded.look, carries_our_mark = excluded.carries_our_mark,
        basis = excluded.basis
"""
_PUT_JUDGEMENT = """
    insert into judgements (digest, at, basis, matched_upto, verdict, photo_id, probability, explanation, answer,
                            also, look, carries_our_mark)
    select digest, :at, basis, matched_upto, verdict, photo_id, probability, explanation, answer, also, look,
           carries_our_mark
      from contents
     where digest = :digest
       and (photo_id is not null or carries_our_mark
            or exists (select 1 from judgements where judgements.digest = contents.digest))
       and not exists (
           select 1 from judgements as newest
            where newest.id = (select max(id) from judgements where judgements.digest = contents.digest)
              and newest.basis = contents.basis and newest.verdict = contents.verdict
              and newest.photo_id is contents.photo_id and newest.also = contents.also
              and newest.carries_our_mark = contents.carries_our_mark
              and json_remove(newest.answer, '$.file') = json_remove(contents.answer, '$.file'))
"""

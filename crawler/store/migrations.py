"""The crawler's tables as migrations of the catalogue's database."""

from sqlite_utils import Database, Migrations

migrations = Migrations("crawler")


@migrations()
def m0001_watch(db: Database) -> None:
    """Sites, runs, leases, hosts and addresses."""
    db.executescript("""
        create table sites (
            id         integer primary key,
            url        text not null unique check (url glob 'http*://*'),
            listing    text not null check (listing in ('watch', 'allow', 'tip', 'removed')),
            note       text not null default '',
            allowance  text not null default '[]' check (json_valid(allowance)),
            delay_s    real check (delay_s >= 0),
            slots      integer not null default 1 check (slots between 1 and 64),
            barren     text not null default '{}' check (json_valid(barren)),
            added_at   text not null
        ) strict;

        create table runs (
            id           integer primary key,
            started_at   text not null,
            finished_at  text,
            outcome      text not null check (outcome in ('running', 'done', 'partial', 'failed', 'abandoned')),
            resumed      integer not null default 0,
            upto         integer not null default 0,
            summary      text not null default '{}' check (json_valid(summary)),
            check ((outcome = 'running') = (finished_at is null))
        ) strict;
        create unique index one_run_at_a_time on runs (outcome) where outcome = 'running';

        create table site_runs (
            run_id       integer not null references runs (id),
            site_id      integer not null references sites (id),
            outcome      text not null default 'running'
                         check (outcome in ('running', 'done', 'partial', 'failed', 'abandoned')),
            tally        text not null default '{}' check (json_valid(tally)),
            quota        text not null default '',
            resume_at    text,
            blind        text not null default '[]' check (json_valid(blind)),
            primary key (run_id, site_id)
        ) strict, without rowid;

        create table leases (
            site_id     integer primary key references sites (id),
            owner       text not null,
            epoch       integer not null check (epoch > 0),
            expires_at  text not null
        ) strict;

        create table hosts (
            site_id        integer not null references sites (id),
            host           text not null,
            robots         text not null,
            robots_status  integer not null,
            robots_at      text,
            parked_until   text,
            latency_s      real not null,
            failures       integer not null,
            primary key (site_id, host)
        ) strict, without rowid;

        create table urls (
            id             integer primary key,
            site_id        integer not null references sites (id),
            url            text not null,
            kind           text not null check (kind in ('page', 'image', 'style', 'map')),
            standing       text not null check (standing in ('waiting', 'done', 'gone', 'failed', 'skipped')),
            rank           integer not null,
            depth          integer not null,
            status         integer not null,
            etag           text not null,
            last_modified  text not null,
            final          text not null,
            digest         text not null,
            matched_upto   integer not null,
            fetched_at     text,
            due_at         text,
            changed_at     text,
            tries          integer not null,
            why            text not null,
            parent         text not null,
            title          text not null default '',
            signs          text not null default '[]' check (json_valid(signs)),
            unique (site_id, url)
        ) strict;
        create index urls_by_digest on urls (digest) where digest <> '';
    """)


@migrations()
def m0002_seen(db: Database) -> None:
    """Sightings, contents, findings, decisions, failures and tips."""
    db.executescript("""
        create table sightings (
            page_id     integer not null references urls (id),
            image_id    integer not null references urls (id),
            element     text not null,
            via         text not null,
            alt         text not null,
            caption     text not null,
            heading     text not null,
            first_seen  text not null,
            last_seen   text not null check (last_seen >= first_seen),
            primary key (image_id, page_id, element, via)
        ) strict, without rowid;
        create index sightings_by_page on sightings (page_id);

        create table contents (
            digest        text primary key check (digest glob 'sha256:*' and length(digest) = 71),
            verdict       text not null,
            photo_id      integer references photos (id),
            probability   real not null check (probability between 0 and 1),
            explanation   text not null,
            answer        text not null check (json_valid(answer)),
            width         integer not null,
            height        integer not null,
            matched_upto  integer not null,
            matched_at    text not null,
            trouble       text not null
        ) strict, without rowid;

        create table findings (
            id           integer primary key,
            site_id      integer not null references sites (id),
            image_id     integer not null references urls (id),
            photo_id     integer not null references photos (id),
            digest       text not null references contents (digest),
            verdict      text not null,
            probability  real not null check (probability between 0 and 1),
            run_id       integer references runs (id),
            first_seen   text not null,
            last_seen    text not null check (last_seen >= first_seen),
            unique (image_id, photo_id, digest)
        ) strict;

        create table decisions (
            id        integer primary key,
            site_id   integer not null references sites (id),
            photo_id  integer not null references photos (id),
            digest    text not null references contents (digest),
            decision  text not null check (decision in ('open', 'infringement', 'licensed', 'dismissed', 'unsure')),
            note      text not null,
            by        text not null check (by <> ''),
            at        text not null
        ) strict;
        create index decisions_by_subject on decisions (site_id, photo_id, digest);

        create table failures (
            id       integer primary key,
            run_id   integer references runs (id),
            site_id  integer references sites (id),
            url      text not null,
            step     text not null check (step in ('robots', 'fetch', 'read', 'match')),
            trouble  text not null,
            message  text not null,
            at       text not null
        ) strict;
        create index failures_by_run on failures (run_id, site_id);

        create table tips (
            id     integer primary key,
            given  text not null check (given <> ''),
            at     text not null,
            state  text not null check (state in ('checked', 'failed')),
            found  text not null default '[]' check (json_valid(found))
        ) strict;
    """)


@migrations()
def m0003_mails(db: Database) -> None:
    """Digests that were sent."""
    db.executescript("""
        create table mails (
            id       integer primary key,
            run_id   integer not null references runs (id),
            subject  text not null,
            at       text not null
        ) strict;
    """)


@migrations()
def m0004_several_photos_in_one_picture(db: Database) -> None:
    """Further photos of ours in one picture, with their probabilities."""
    db.execute("alter table contents add column also text not null default '[]' check (json_valid(also))")


@migrations()
def m0005_pauses_outlive_a_slice(db: Database) -> None:
    """When each host was last asked."""
    db.execute("alter table hosts add column asked_at text")


@migrations()
def m0006_how_a_picture_looks(db: Database) -> None:
    """How pictures with something of ours in them look."""
    db.execute("alter table contents add column look text not null default ''")


@migrations()
def m0007_our_mark_on_what_is_none_of_ours(db: Database) -> None:
    """Findings and decisions without a photo, for our mark alone."""
    for statement in (
        """alter table contents add column carries_our_mark integer not null default 0
               check (carries_our_mark in (0, 1))""",
        """create table findings_now (
               id           integer primary key,
               site_id      integer not null references sites (id),
               image_id     integer not null references urls (id),
               photo_id     integer references photos (id),
               digest       text not null references contents (digest),
               verdict      text not null,
               probability  real not null check (probability between 0 and 1),
               run_id       integer references runs (id),
               first_seen   text not null,
               last_seen    text not null check (last_seen >= first_seen)
           ) strict""",
        """insert into findings_now (id, site_id, image_id, photo_id, digest, verdict, probability, run_id, first_seen,
                                     last_seen)
           select id, site_id, image_id, photo_id, digest, verdict, probability, run_id, first_seen, last_seen
             from findings""",
        "drop table findings",
        "alter table findings_now rename to findings",
        # a null is like no other null, so that a plain unique constraint would let the same finding in every night
        "create unique index one_finding on findings (image_id, coalesce(photo_id, 0), digest)",
        """create table decisions_now (
               id        integer primary key,
               site_id   integer not null references sites (id),
               photo_id  integer references photos (id),
               digest    text not null references contents (digest),
               decision  text not null check (decision in ('open', 'infringement', 'licensed', 'dismissed', 'unsure')),
               note      text not null,
               by        text not null check (by <> ''),
               at        text not null
           ) strict""",
        """insert into decisions_now (id, site_id, photo_id, digest, decision, note, by, at)
           select id, site_id, photo_id, digest, decision, note, by, at from decisions""",
        "drop table decisions",
        "alter table decisions_now rename to decisions",
        "create index decisions_by_subject on decisions (site_id, photo_id, digest)",
    ):
        db.execute(statement)


@migrations()
def m0008_judgements_are_rows(db: Database) -> None:
    """Every answer about something of ours as a row for good."""
    for statement in (
        "alter table contents add column basis text not null default ''",
        """create table judgements (
               id                integer primary key,
               digest            text not null references contents (digest),
               at                text not null,
               basis             text not null check (basis = '' or json_valid(basis)),
               matched_upto      integer not null,
               verdict           text not null,
               photo_id          integer references photos (id),
               probability       real not null check (probability between 0 and 1),
               explanation       text not null,
               answer            text not null check (json_valid(answer)),
               also              text not null check (json_valid(also)),
               look              text not null,
               carries_our_mark  integer not null check (carries_our_mark in (0, 1))
           ) strict""",
        "create index judgements_by_digest on judgements (digest, id)",
        # first what findings say of pictures that were judged otherwise since, so that the newest row is the newest
        """insert into judgements (digest, at, basis, matched_upto, verdict, photo_id, probability, explanation, answer,
                                   also, look, carries_our_mark)
           select findings.digest, findings.first_seen, '', 0, findings.verdict, findings.photo_id,
                  findings.probability, '', '{}', '[]', '', findings.photo_id is null
             from findings join contents on contents.digest = findings.digest
            where findings.photo_id is not contents.photo_id
              and not exists (select 1 from json_each(contents.also) where value ->> 0 = findings.photo_id)""",
        """insert into judgements (digest, at, basis, matched_upto, verdict, photo_id, probability, explanation, answer,
                                   also, look, carries_our_mark)
           select digest, matched_at, '', matched_upto, verdict, photo_id, probability, explanation, answer, also, look,
                  carries_our_mark
             from contents where digest in (select digest from findings)""",
        "alter table findings drop column verdict",
        "alter table findings drop column probability",
        *(
            f"""create trigger judgements_are_never_{what}d before {what} on judgements
                begin select raise(abort, 'a judgement is never changed: add another'); end"""
            for what in ("update", "delete")
        ),
    ):
        db.execute(statement)


@migrations()
def m0009_sightings_are_rows(db: Database) -> None:
    """Sightings and observations for good, one finding for each look of a copy."""
    for statement in _RECORD:
        db.execute(statement)
    _join_findings(db)
    for statement in (*_COPY_RECORD, *_NEVER_CHANGED):
        db.execute(statement)


_RECORD = (
    *(
        f"alter table urls add column {column}"
        for column in (
            "read_status integer not null default 0",
            "read_sent text",
            "read_received text",
            "read_digest text not null default ''",
            "read_final text not null default ''",
            "is_read integer not null default 0",
            "former_status integer not null default 0",
            "former_sent text",
            "former_received text",
            "former_digest text not null default ''",
            "whole_status integer not null default 0",
            "whole_sent text",
            "whole_received text",
        )
    ),
    "create index urls_by_read_digest on urls (site_id, read_digest) where read_digest <> ''",
    # what a former version knew of a page may be stale: each is read in full once
    "update urls set etag = '', last_modified = '', digest = '' where kind <> 'image'",
    """create table placements (
           page_id     integer not null references urls (id),
           source_id   integer not null references urls (id),
           image_id    integer not null references urls (id),
           element     text not null,
           via         text not null,
           alt         text not null,
           caption     text not null,
           heading     text not null,
           claim       text not null,
           first_seen  text not null,
           last_seen   text not null,
           shown       integer not null check (shown in (0, 1)),
           primary key (image_id, page_id, source_id, element, via)
       ) strict, without rowid""",
    "create index placements_by_page on placements (page_id)",
    "create index placements_by_source on placements (source_id)",
    """insert into placements
       select page_id, page_id, image_id, element, via, alt, caption, heading, '', first_seen, last_seen, 1
         from sightings""",
    """create table former_findings (
           number      integer primary key,
           finding_id  integer not null,
           site_id     integer not null references sites (id),
           photo_id    integer references photos (id),
           digest      text not null references contents (digest),
           image_url   text not null,
           parent      text not null,
           run_id      integer references runs (id),
           first_seen  text not null,
           last_seen   text not null
       ) strict""",
    """insert into former_findings
       select findings.id, findings.id, findings.site_id, photo_id, findings.digest, urls.url, urls.parent, run_id,
              first_seen, last_seen
         from findings join urls on urls.id = findings.image_id""",
    """create table findings_now (
           id             integer primary key autoincrement,
           site_id        integer not null references sites (id),
           photo_id       integer references photos (id),
           run_id         integer references runs (id),
           conflict_upto  integer not null default 0
       ) strict""",
    """insert into findings_now (id, site_id, photo_id, run_id)
       select id, site_id, photo_id, run_id from findings order by id""",  # numbers are never used twice
    """create table finding_digests (
           finding_id  integer not null,
           digest      text not null references contents (digest),
           primary key (finding_id, digest)
       ) strict, without rowid""",
    "create index finding_digests_by_digest on finding_digests (digest)",
    """create table old_sightings as
       select former_findings.number, sightings.*, pages.url as page, pages.kind, pages.parent
         from former_findings
         join findings on findings.id = former_findings.number
         join sightings on sightings.image_id = findings.image_id
         join urls as pages on pages.id = sightings.page_id""",
    "drop table findings",
    "drop table sightings",
    "alter table findings_now rename to findings",
    "create index findings_by_site on findings (site_id, photo_id)",
)
_COPY_RECORD = (
    "insert into finding_digests select distinct finding_id, digest from former_findings",
    """create table sightings (
           id              integer primary key,
           site_id         integer not null references sites (id),
           digest          text not null references contents (digest),
           image_url       text not null,
           image_final     text not null,
           page_url        text not null,
           page_final      text not null,
           named_by        text not null,
           element         text not null,
           via             text not null,
           alt             text not null,
           caption         text not null,
           heading         text not null,
           claim           text not null,
           run_id          integer references runs (id),
           page_status     integer,
           page_sent       text,
           page_received   text check (page_received >= page_sent),
           image_status    integer,
           image_sent      text,
           image_received  text check (image_received >= image_sent),
           recorded        text not null check (recorded in ('by-answer', 'old')),
           first_seen      text,
           last_seen       text,
           check ((recorded = 'old') = (first_seen is not null)),
           check ((recorded = 'by-answer') = (image_received is not null))
       ) strict""",
    """create unique index one_sighting on sightings
       (site_id, digest, image_url, image_final, page_url, page_final, named_by, element, via, alt, caption, heading,
        claim, recorded)""",
    """create table observations (
           id              integer primary key,
           finding_id      integer not null,
           sighting_id     integer references sightings (id),
           run_id          integer references runs (id),
           page_url        text not null,
           image_url       text not null,
           present         integer not null check (present in (0, 1)),
           cause           text not null,
           page_status     integer,
           page_sent       text,
           page_received   text check (page_received >= page_sent),
           image_status    integer,
           image_sent      text,
           image_received  text check (image_received >= image_sent),
           at              text not null
       ) strict""",
    """create unique index one_observation on observations
       (finding_id, page_url, image_url, at, present, coalesce(sighting_id, 0))""",
    """insert or ignore into sightings (site_id, digest, image_url, image_final, page_url, page_final, named_by,
                              element, via, alt, caption, heading, claim, recorded, first_seen, last_seen)
       select site_id, digest, image_url, '',
              case when kind = 'page' or old_sightings.parent = '' then page else old_sightings.parent end, '', page,
              element, via, alt, caption, heading, '', 'old', old_sightings.first_seen, old_sightings.last_seen
         from former_findings join old_sightings using (number)""",
    """insert or ignore into sightings (site_id, digest, image_url, image_final, page_url, page_final, named_by,
                              element, via, alt, caption, heading, claim, recorded, first_seen, last_seen)
       select site_id, digest, image_url, '', parent, '', '', '', '', '', '', '', '', 'old', first_seen, last_seen
         from former_findings where number not in (select number from old_sightings)""",
    "drop table old_sightings",
    """create table person_sightings (
           id           integer primary key,
           tip_id       integer not null references tips (id),
           site_id      integer not null references sites (id),
           digest       text not null,
           photo_id     integer references photos (id),
           url          text not null,
           seen_at      text not null,
           by           text not null check (by <> ''),
           recorded_at  text not null check (recorded_at >= seen_at)
       ) strict""",
    """create table left_alone (
           id       integer primary key,
           site_id  integer not null references sites (id),
           url      text not null,
           why      text not null,
           run_id   integer not null references runs (id)
       ) strict""",
    "create index left_alone_by_site on left_alone (site_id)",
    """create table left_alone_ends (
           left_id  integer primary key references left_alone (id),
           run_id   integer not null references runs (id)
       ) strict""",
)
_NEVER_CHANGED = tuple(
    f"""create trigger {table}_are_never_{what}d before {what} on {table}
        begin select raise(abort, 'what was seen is never changed: add another row'); end"""
    for table in ("sightings", "observations", "former_findings", "person_sightings")
    for what in ("update", "delete")
)


def _join_findings(db: Database) -> None:
    """Join findings of one site and photo whose pictures look the same."""
    heads: dict[tuple[int, int | None], list[tuple[int, str, bytes]]] = {}
    joined: dict[int, list[int]] = {}
    rows = db.execute(
        """select number, site_id, former_findings.photo_id, former_findings.digest, contents.look
             from former_findings join contents on contents.digest = former_findings.digest order by number"""
    ).fetchall()
    for number, site, photo, digest, text in rows:
        look = bytes.fromhex(str(text).partition(":")[2]) if str(text).startswith("grey32:") else b""
        known = heads.setdefault((int(site), photo), [])
        for head, other, cells in known:
            apart = max((abs(a - b) for a, b in zip(look, cells, strict=False)), default=255)
            if digest == other or (len(look) == len(cells) and apart <= _LEVELS):
                joined.setdefault(head, [head]).append(int(number))
                break
        else:
            known.append((int(number), str(digest), look))
    for head, numbers in joined.items():
        marks = ", ".join(map(str, numbers))
        db.execute(f"update former_findings set finding_id = {head} where number in ({marks})")  # noqa: S608 (numbers)
        db.execute(f"delete from findings where id in ({marks}) and id <> {head}")  # noqa: S608 (numbers)
        latest = db.execute(
            f"""select decision, id from decisions where id in (
                    select max(decisions.id) from decisions join former_findings as old
                        on old.site_id = decisions.site_id and old.photo_id is decisions.photo_id
                       and old.digest = decisions.digest
                     where old.number in ({marks}) group by old.digest)"""  # noqa: S608 (numbers)
        ).fetchall()
        if len({decision for decision, _ in latest}) > 1:
            db.execute(
                f"update findings set conflict_upto = {max(one for _, one in latest)} where id = {head}"  # noqa: S608
            )


_LEVELS = 10  # of 255, in the cell that differs most, as findings of one look were told by then


@migrations()
def m0020_captures(db: Database) -> None:
    """Captures of findings and bundles, which are only ever added."""
    for statement in (
        """create table captures (
               id          integer primary key,
               finding_id  integer not null,
               site_id     integer not null references sites (id),
               page_url    text not null,
               image_url   text not null,
               digest      text not null,
               subject     text not null check (json_valid(subject)),
               run_id      integer references runs (id),
               begun_at    text not null
           ) strict""",
        "create index captures_by_finding on captures (finding_id)",
        """create table capture_parts (
               capture_id  integer not null references captures (id),
               number      integer not null,
               told        text not null check (json_valid(told)),
               primary key (capture_id, number)
           ) strict, without rowid""",
        """create table capture_ends (
               capture_id   integer primary key references captures (id),
               manifest     text not null check (manifest glob 'sha256:*'),
               is_complete  integer not null check (is_complete in (0, 1)),
               ended_at     text not null
           ) strict""",
        """create table bundles (
               id        integer primary key,
               digest    text not null check (digest glob 'sha256:*'),
               tier      text not null check (tier in ('sealed', 'counsel', 'public')),
               findings  text not null check (json_valid(findings)),
               by        text not null check (by <> ''),
               at        text not null,
               replaces  integer references bundles (id)
           ) strict""",
        *(
            f"""create trigger {table}_are_never_{what}d before {what} on {table}
                begin select raise(abort, 'evidence is never changed: add another'); end"""
            for table in ("captures", "capture_parts", "capture_ends", "bundles")
            for what in ("update", "delete")
        ),
    ):
        db.execute(statement)


@migrations()
def m0021_dropped_placements(db: Database) -> None:
    """A quick way to what pages name no more."""
    db.execute("create index placements_dropped on placements (image_id) where not shown")

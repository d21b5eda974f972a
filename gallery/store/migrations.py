"""The tables of the catalogue, version by version."""

from sqlite_utils import Database, Migrations

migrations = Migrations("gallery")


@migrations()
def m0001_catalogue(db: Database) -> None:
    """Cases, their stages, the photographs in them, and how cases are found."""
    db.executescript("""
        create table cases (
            number          integer primary key check (number > 0),
            status          text not null default 'open' check (status in ('open', 'withdrawn')),
            limits          text not null default '',
            region          text not null default '',
            classification  text not null default '',
            hair_length     text not null default '',
            minor           integer not null default 0 check (minor in (0, 1)),
            created_at      text not null,
            withdrawn_at    text,
            check ((status = 'withdrawn') = (withdrawn_at is not null))
        ) strict;
        create trigger a_case_number_is_never_reused before delete on cases
            begin select raise(abort, 'a case is withdrawn, never deleted'); end;

        create table stages (
            id            integer primary key,
            case_number   integer not null references cases (number),
            position      integer not null check (position > 0),
            label         text not null check (label <> ''),
            procedure     text not null default '',
            performed_by  text not null default 'unknown' check (performed_by in ('us', 'other', 'unknown')),
            session       integer check (session > 0),
            sessions      integer check (sessions >= session),
            elapsed       text not null default '',
            in_progress   integer not null default 0 check (in_progress in (0, 1)),
            note          text not null default '',
            unique (case_number, position),
            unique (case_number, label)
        ) strict;

        create table photos (
            id                  integer primary key,
            stage_id            integer not null references stages (id),
            view                text not null check (view <> ''),
            file                text not null check (file <> ''),
            digest              text not null unique check (digest glob 'sha256:*' and length(digest) = 71),
            bytes               integer not null check (bytes > 0),
            width               integer not null check (width > 0),
            height              integer not null check (height > 0),
            format              text not null,
            taken_at            text not null default '',
            taken_by            text not null default '',
            alt                 text not null default '',
            caption             text not null default '',
            imported_at         text not null,
            first_published_at  text
        ) strict;
        create index photos_by_stage on photos (stage_id);

        create table case_tags (
            case_number  integer not null references cases (number),
            tag          text not null check (tag <> ''),
            primary key (case_number, tag)
        ) strict, without rowid;
    """)


@migrations()
def m0002_consent(db: Database) -> None:
    """What patients agreed to, and what is published because of it."""
    db.executescript("""
        create table consents (
            id            integer primary key,
            case_number   integer not null references cases (number),
            signed_on     text not null check (signed_on is date(signed_on)),
            expires_on    text check (expires_on is date(expires_on)),
            covers        text not null check (covers in ('case', 'photos')),
            document      text check (document glob 'sha256:*'),
            missing       text not null default '[]' check (json_valid(missing)),
            recorded_at   text not null,
            withdrawn_at  text,
            check (expires_on is null or expires_on >= signed_on)
        ) strict;
        create index consents_by_case on consents (case_number);

        create table consent_channels (
            consent_id  integer not null references consents (id),
            channel     text not null check (channel <> ''),
            primary key (consent_id, channel)
        ) strict, without rowid;

        create table consent_photos (
            consent_id  integer not null references consents (id),
            photo_id    integer not null references photos (id),
            primary key (consent_id, photo_id)
        ) strict, without rowid;

        create table publications (
            photo_id      integer not null references photos (id),
            channel       text not null,
            token         text not null unique check (length(token) >= 16),
            recipe        text not null,
            published_at  text not null,
            primary key (photo_id, channel)
        ) strict, without rowid;
    """)


@migrations()
def m0003_ledger(db: Database) -> None:
    """Who did what, in chained rows that nobody may edit or delete."""
    db.executescript("""
        create table ledger (
            seq      integer primary key check (seq > 0),
            at       text not null,
            actor    text not null,
            action   text not null,
            subject  text not null,
            detail   text not null check (json_valid(detail)),
            prev     text not null,
            hash     text not null unique
        ) strict;
        create trigger the_ledger_is_not_edited before update on ledger
            begin select raise(abort, 'the ledger is append-only'); end;
        create trigger the_ledger_is_not_shortened before delete on ledger
            begin select raise(abort, 'the ledger is append-only'); end;
    """)


@migrations()
def m0004_accounts(db: Database) -> None:
    """Who may sign in, who is signed in, and who tried."""
    db.executescript("""
        create table users (
            name        text primary key collate nocase check (length(name) between 1 and 80),
            role        text not null check (role in ('staff', 'doctor', 'legal', 'administrator')),
            password    text not null check (password glob '$argon2id$*'),
            created_at  text not null
        ) strict;

        create table web_sessions (
            key         text primary key,
            user        text not null collate nocase references users (name) on delete cascade,
            started_at  text not null,
            seen_at     text not null
        ) strict, without rowid;

        create table sign_in_attempts (
            id         integer primary key,
            user       text not null collate nocase,
            address    text not null,
            at         text not null,
            succeeded  integer not null default 0 check (succeeded in (0, 1))
        ) strict;
        create index sign_in_attempts_by_time on sign_in_attempts (at);
    """)


@migrations()
def m0005_drafts(db: Database) -> None:
    """Photographs that were dropped but are no case yet."""
    db.executescript("""
        create table drafts (
            id           integer primary key,
            case_number  integer references cases (number),
            stages       text not null check (json_valid(stages)),
            version      integer not null default 1,
            created_by   text not null,
            created_at   text not null,
            saved_by     text not null,
            saved_at     text not null
        ) strict;

        create table draft_photos (
            id          integer primary key,
            draft_id    integer not null references drafts (id) on delete cascade,
            file        text not null check (file <> ''),
            digest      text not null check (digest glob 'sha256:*'),
            composite   text check (composite glob 'sha256:*'),
            box         text check (box is null or json_valid(box)),
            size        integer not null,
            file_size   integer not null,
            width       integer not null,
            height      integer not null,
            format      text not null,
            taken_at    text not null default '',
            camera      text not null default '',
            thumbnail   blob not null,
            stage       integer not null default 0 check (stage >= 0),
            view        text not null default '',
            position    integer not null default 0,
            why         text not null default '',
            sure        real not null default 1,
            unique (draft_id, digest)
        ) strict;
    """)


@migrations()
def m0006_casework(db: Database) -> None:
    """Authors, approvals, alignments and the facts that only staff see."""
    db.executescript("""
        create table held_cases (
            case_number  integer primary key references cases (number)
        ) strict;

        create table case_details (
            case_number  integer primary key references cases (number),
            light        text not null default '',
            chart        blob
        ) strict;

        create table case_sections (
            case_number  integer not null references cases (number),
            section      text not null,
            version      integer not null check (version > 0),
            saved_by     text not null,
            saved_at     text not null,
            primary key (case_number, section)
        ) strict, without rowid;

        create table authorships (
            photo_id    integer primary key references photos (id),
            person      text not null check (person <> ''),
            relation    text not null
                        check (relation in ('employee', 'owner', 'contractor', 'patient', 'other')),
            camera      text not null default '',
            choices     text not null default '',
            assignment  text not null default ''
        ) strict;

        create table alignments (
            before_id  integer not null references photos (id),
            after_id   integer not null references photos (id),
            transform  text not null check (json_valid(transform)),
            method     text not null check (method in ('automatic', 'points')),
            primary key (before_id, after_id)
        ) strict, without rowid;

        create table approvals (
            id           integer primary key,
            case_number  integer not null references cases (number),
            asked        text not null check (asked in ('doctor', 'patient')),
            link         text unique,
            content      text not null,
            asked_by     text not null,
            asked_at     text not null,
            answer       text check (answer in ('approved', 'changes')),
            answered_by  text not null default '',
            answered_at  text,
            words        text not null default '',
            check ((answer is null) = (answered_at is null))
        ) strict;
        create index approvals_by_case on approvals (case_number);
    """)


@migrations()
def m0007_differences(db: Database) -> None:
    """What was measured to differ between the photos of a pair."""
    db.executescript("""
        create table differences (
            before_id    integer not null references photos (id),
            after_id     integer not null references photos (id),
            sentences    text not null check (json_valid(sentences)),
            measured_at  text not null,
            primary key (before_id, after_id)
        ) strict, without rowid;
    """)


@migrations()
def m0008_thumbnails(db: Database) -> None:
    """Small pictures for the staff's screens."""
    db.executescript("""
        create table thumbnails (
            photo_id  integer primary key references photos (id),
            jpeg      blob not null
        ) strict;
    """)


@migrations()
def m0009_draft_numbers(db: Database) -> None:
    """The last number of a draft, so that none is used twice."""
    db.executescript("""
        create table draft_numbers (last integer not null) strict;
        insert into draft_numbers
            select max(coalesce((select max(id) from drafts), 0),
                       coalesce((select max(cast(substr(subject, 7) as integer)) from ledger
                                 where subject glob 'draft [0-9]*'), 0));
    """)


@migrations()
def m0010_photos_left_as_taken(db: Database) -> None:
    """A pair may be shown as it was taken, which is no indecision."""
    db.executescript("""
        create table alignments_now (
            before_id  integer not null references photos (id),
            after_id   integer not null references photos (id),
            transform  text not null check (json_valid(transform)),
            method     text not null check (method in ('automatic', 'points', 'as taken')),
            primary key (before_id, after_id)
        ) strict, without rowid;
        insert into alignments_now select before_id, after_id, transform, method from alignments;
        drop table alignments;
        alter table alignments_now rename to alignments;
    """)


@migrations()
def m0011_consents_that_end_at_an_event(db: Database) -> None:
    """The event at which a consent ends, in the form's own words."""
    db.execute("alter table consents add column ends_at_event text not null default ''")


@migrations()
def m0012_designs(db: Database) -> None:
    """How photos were ever marked and labelled: copies of earlier publications stay known by it."""
    db.executescript("""
        create table designs (
            photo_id      integer not null references photos (id),
            channel       text not null,
            design        text not null check (json_valid(design)),
            published_at  text not null,
            primary key (photo_id, channel, design)
        ) strict, without rowid;
    """)


@migrations()
def m0013_hidden_marks(db: Database) -> None:
    """What each hidden mark stands for; a mark that was ever published stays known for ever."""
    db.executescript("""
        create table hidden_marks (
            payload      text primary key check (length(payload) = 16),
            photo_id     integer not null references photos (id),
            channel      text not null check (channel <> ''),
            day          text not null check (day is date(day)),
            key_name     text not null check (length(key_name) = 16),
            recorded_at  text not null
        ) strict, without rowid;
        create index hidden_marks_by_photo on hidden_marks (photo_id);
        create trigger a_hidden_mark_is_never_changed before update on hidden_marks
            begin select raise(abort, 'a hidden mark stands for one publication for ever'); end;
        create trigger a_hidden_mark_is_never_forgotten before delete on hidden_marks
            begin select raise(abort, 'a hidden mark that was published stays known'); end;
    """)


@migrations()
def m0014_handed_copies(db: Database) -> None:
    """Who was handed a copy with a mark of their own."""
    db.executescript("""
        create table handed_copies (
            payload    text primary key references hidden_marks (payload),
            recipient  text not null check (recipient <> '')
        ) strict, without rowid;
        create trigger a_handed_copy_is_never_changed before update on handed_copies
            begin select raise(abort, 'who was handed a copy is never changed'); end;
        create trigger a_handed_copy_is_never_forgotten before delete on handed_copies
            begin select raise(abort, 'who was handed a copy stays known'); end;
    """)


@migrations()
def m0015_record(db: Database) -> None:
    """What each ledger row seals, and who signed it."""
    for statement in (
        "alter table ledger add column sealed text not null default ''",
        "alter table ledger add column signature text not null default ''",
        """create trigger the_ledger_is_only_continued before insert on ledger
           when new.seq <> (select coalesce(max(seq), 0) + 1 from ledger)
           begin select raise(abort, 'the ledger is append-only'); end""",
        """create table record_forms (
               id       integer primary key,
               name     text not null,
               columns  text not null check (json_valid(columns)),
               unique (name, columns)
           ) strict""",
        """create table record_leaves (
               id    integer primary key,
               seq   integer,
               form  integer not null references record_forms (id),
               key   text not null check (json_valid(key)),
               leaf  blob not null check (length(leaf) = 32),
               mac   blob not null default x''
           ) strict""",
        "create index record_leaves_waiting on record_leaves (id) where seq is null",
    ):
        db.execute(statement)


@migrations()
def m0016_published_files(db: Database) -> None:
    """Every file that was ever published, and from when on."""
    db.execute("""
        create table published_files (
            digest        text not null check (digest glob 'sha256:*' and length(digest) = 71),
            pixels        text not null,
            width         integer not null,
            height        integer not null,
            photo_id      integer not null references photos (id),
            channel       text not null,
            recipe        text not null,
            path          text not null,
            published_at  text not null,
            primary key (digest, photo_id, channel)
        ) strict, without rowid
    """)
    for what in ("update", "delete"):
        db.execute(
            f"""create trigger published_files_are_never_{what}d before {what} on published_files
                begin select raise(abort, 'a file that was published stays known'); end"""
        )

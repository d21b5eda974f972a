"""The SQL that writes what a slice saw; every row has a key, so that writing it twice changes nothing."""

_URL_COLUMNS = [
    "kind",
    "standing",
    "rank",
    "depth",
    "status",
    "etag",
    "last_modified",
    "final",
    "digest",
    "matched_upto",
    "fetched_at",
    "due_at",
    "changed_at",
    "tries",
    "why",
    "parent",
]
_UPDATED = ", ".join(f"{name} = excluded.{name}" for name in _URL_COLUMNS)
PUT_URL = (
    f"insert into urls (site_id, url, {', '.join(_URL_COLUMNS)}) "  # noqa: S608 (our own column names)
    f"values (:site_id, :url, {', '.join(':' + name for name in _URL_COLUMNS)}) "
    f"on conflict (site_id, url) do update set {_UPDATED}"
)
PUT_STUB = """
    insert into urls (site_id, url, kind, standing, rank, depth, status, etag, last_modified, final, digest,
                      matched_upto, due_at, tries, why, parent)
    values (:site, :url, :kind, 'skipped', 9, 0, 0, '', '', '', '', 0, :due, 0, 'outside:', '')
"""
PUT_HOST = """
    insert into hosts (site_id, host, robots, robots_status, robots_at, parked_until, latency_s, failures,
                       asked_at)
    values (:site_id, :host, :robots, :robots_status, :robots_at, :parked_until, :latency_s, :failures,
            :asked_at)
    on conflict (site_id, host) do update set robots = excluded.robots,
        robots_status = excluded.robots_status, robots_at = excluded.robots_at,
        parked_until = excluded.parked_until, latency_s = excluded.latency_s,
        failures = excluded.failures, asked_at = excluded.asked_at
"""
PUT_SIGHTING = """
    insert into sightings (page_id, image_id, element, via, alt, caption, heading, first_seen, last_seen)
    values (:page, :image, :element, :via, :alt, :caption, :heading, :at, :at)
    on conflict (image_id, page_id, element, via) do update set alt = excluded.alt,
        caption = excluded.caption, heading = excluded.heading, last_seen = max(first_seen, excluded.last_seen)
"""
TOLD = """
    select urls.id from urls join contents on contents.digest = urls.digest
     where urls.site_id = :site
       and (contents.photo_id is not null or contents.carries_our_mark)
"""
_FINDING = """
    insert into findings (site_id, image_id, photo_id, digest, run_id, first_seen, last_seen)
    {found}
     where urls.id = :image
    on conflict (image_id, coalesce(photo_id, 0), digest) do update set
        last_seen = max(first_seen, excluded.last_seen)
"""
PUT_FINDING = _FINDING.format(
    found="""select :site, urls.id, contents.photo_id, contents.digest, :run, :at, :at
               from urls join contents on contents.digest = urls.digest"""
)
PUT_FURTHER_FINDING = _FINDING.format(
    found="""select :site, urls.id, value ->> 0, contents.digest, :run, :at, :at
               from urls join contents on contents.digest = urls.digest, json_each(contents.also)"""
)

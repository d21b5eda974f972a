"""The checked `[crawler]` section of pairwatch.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from crawler.errors import RefusedError
from gallery.settings import DataFolder, load_settings

VERSION = "26.11"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Politeness, bounds and rhythm of a watch.

    Args:
        contact: Whom a site's owner can write to: an e-mail or web address, sent with every request.
        delay_s: Seconds between two requests to one host, unless its robots.txt asks for more.
        longest_revisit_h: Every run asks for everything, but what has not changed for weeks is asked for more
            rarely, at least once in so many hours.
        retry_s: Seconds before a failed address is tried again in the same night; grows fourfold.
        longest_pause_s: A host that asks for a longer pause than this is left for the next night.
        site_requests: Requests to one site in one night.
        site_bytes: Bytes from one site in one night.
        site_addresses: Addresses remembered of one site.
        site_hosts: Hosts beside a site's own that are asked for its pictures in one night.
        night_h: A run ends after so many hours, and says what it left.
        slice_requests: Requests before what was seen is written down.
        slice_s: Seconds before what was seen is written down.
        barren: Pages of one shape in a row without a new image before the rest is left alone as a trap.
        depth: Clicks from the start page.
        workers: Processes; 0 means one for each core.
        sites_at_once: Sites visited at the same time by one process.
        page_mib: The largest page that is read.
        image_mib: The largest image that is read.
        request_s: Seconds for one request in all.
        browser: Let an installed Chromium run the scripts of pages that show no picture without them.
        search_services: Reverse-image services that may be asked, such as "tineye google"; empty for none. Each
            search sends published pictures to that company, and only after a person said yes. Their keys are
            PAIRWATCH_TINEYE_KEY and PAIRWATCH_GOOGLE_KEY.
        timestamp_url: A time-stamp authority (RFC 3161) that is sent the digest of each sealed bundle; empty for none.
        timestamp_roots: A PEM file with that authority's root certificates, by which its answers are checked.
        mail_to: Where the digest goes; empty for none. The password is PAIRWATCH_SMTP_PASSWORD, or in
            the data folder's file keys/smtp.password.
        ping_url: Asked for after every run (and with /fail after a bad one), for services that notice silence.
    """

    contact: str = ""
    delay_s: float = 1.0
    longest_revisit_h: float = 168.0
    retry_s: float = 3.0
    longest_pause_s: float = 900.0
    site_requests: int = 20_000
    site_bytes: int = 5 * 1024**3
    site_addresses: int = 100_000
    site_hosts: int = 200
    night_h: float = 8.0
    slice_requests: int = 300
    slice_s: float = 60.0
    barren: int = 150
    depth: int = 25
    workers: int = 0
    sites_at_once: int = 16
    page_mib: int = 10
    image_mib: int = 32
    request_s: float = 60.0
    browser: bool = False
    search_services: str = ""
    tineye_url: str = "https://api.tineye.com/rest/search/"
    google_url: str = "https://vision.googleapis.com/v1/images:annotate"
    timestamp_url: str = ""
    timestamp_roots: str = ""
    mail_to: str = ""
    mail_from: str = ""
    smtp_host: str = "localhost"
    smtp_port: int = 25
    smtp_user: str = ""
    ping_url: str = ""

    @property
    def agent(self) -> str:
        """The User-Agent, which names whom to write to."""
        whom = f"; +{self.contact}" if self.contact else ""
        return f"pairwatch/{VERSION} (looks for copies of its owner's photographs{whom})"


def load_plan(folder: DataFolder) -> Plan:
    """Read a data folder's plan.

    Whom to write to is the practice's contact unless `[crawler]` names another.
    """
    settings = load_settings(folder)
    return plan_from(settings.crawler, settings.contact or settings.web)


def plan_from(section: Mapping[str, object], contact: str) -> Plan:
    """Read the `[crawler]` section.

    `contact` is the practice's own, used where the section has none.
    """
    known = {field.name: field for field in fields(Plan)}
    problems: list[str] = []
    values: dict[str, object] = {}
    for key, value in section.items():
        if key not in known:
            problems.append(f"[crawler] has no key {key!r}")
        elif not _fits(value, type(known[key].default)):
            problems.append(f"[crawler] {key} = {value!r} has the wrong type or is negative")
        else:
            values[key] = value
    if problems:
        raise RefusedError(
            f"pairwatch.toml: {'; '.join(problems)}", hint=f"the keys are {', '.join(sorted(known))}"
        )
    return Plan(**{"contact": contact, **values})  # type: ignore[arg-type]


def _fits(value: object, wanted: type) -> bool:
    if isinstance(value, bool) or wanted is bool:
        return isinstance(value, bool) and wanted is bool
    if wanted is str:
        return isinstance(value, str)
    if wanted is float:
        return isinstance(value, int | float) and value >= 0
    return isinstance(value, int) and value >= 0

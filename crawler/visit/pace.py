"""How fast a host is asked. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from crawler.http.robots import Rules
from crawler.model import HostState
from crawler.settings import Plan

FAILURES = 5
PROBES = 9
SLOWEST_S = 30.0
LATENCY_FACTOR = 2.0
_SMOOTHING = 0.2
_NIGHT = timedelta(hours=20)


def delay_s(host: HostState | None, rules: Rules | None, wanted: float) -> float:
    """Give the seconds between two requests to a host.

    Args:
        host: What is known of it; one that answers slowly is asked more rarely.
        rules: Its robots.txt, which may ask for more.
        wanted: The site's or the settings' own; 0 only where the host is ours, or a test's.
    """
    asked = rules.delay_s if rules is not None else 0.0
    slow = host.latency_s * LATENCY_FACTOR if host is not None and wanted > 0 else 0.0
    return max(wanted, asked, min(slow, SLOWEST_S))


def after_answer(host: HostState, seconds: float) -> HostState:
    """Give a host's state after an answer that took so many seconds."""
    latency = (1 - _SMOOTHING) * host.latency_s + _SMOOTHING * seconds if host.latency_s else seconds
    return replace(host, failures=0, latency_s=round(latency, 4) if seconds else host.latency_s)


def after_silence(host: HostState, plan: Plan, *, began: datetime, now: datetime) -> HostState:
    """Give a host's state after it did not answer again.

    One that answered tonight is asked again after 1, 2, 4, 8 and then every 15 minutes, for 90 minutes in all,
    so that an hour without network is outlived. Then, and otherwise at once, it is left for the next night.
    """
    failures, parked = host.failures + 1, host.parked_until
    if failures >= FAILURES:
        pause = min(60.0 * 2 ** min(failures - FAILURES, 10), plan.longest_pause_s)
        answered = host.robots_at is not None and host.robots_at >= began
        last = failures >= FAILURES + PROBES or not answered
        parked = now + (_NIGHT if last else timedelta(seconds=pause))
    return replace(host, failures=failures, parked_until=parked)


def is_dark(host: HostState) -> bool:
    """Tell whether a host itself is silent, not one address."""
    return host.failures >= FAILURES

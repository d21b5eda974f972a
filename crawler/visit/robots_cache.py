"""What is known of each host's robots.txt during one slice. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from crawler.http import robots
from crawler.http.robots import Rules
from crawler.model import HostState


class RobotsCache:
    """The rules of the hosts that were asked tonight."""

    def __init__(self, hosts: Mapping[str, HostState], began: datetime) -> None:
        """Read from `hosts` what the slices before this one learned since `began`."""
        self.rules: dict[str, Rules] = {}
        self._hosts, self._began = hosts, began

    def get(self, host: str, now: datetime) -> Rules | None:
        """Give a host's rules, or None where they are not known."""
        if host not in self.rules and self._was_asked(host, now):
            self.rules[host] = _remembered(self._hosts[host])
        return self.rules.get(host)

    def _was_asked(self, host: str, now: datetime) -> bool:
        state = self._hosts.get(host)
        times = (state.robots_at, state.asked_at) if state is not None else ()
        return any(at is not None and self._began <= at <= now for at in times)


def read_answer(host: HostState, status: int, body: bytes, now: datetime) -> tuple[Rules, HostState]:
    """Take in the answer to a request for robots.txt.

    Rules of the last 24 hours outlive a failure.

    Args:
        host: As it was known.
        status: The HTTP status after redirects, or 0 without an answer.
        body: The answer's bytes.
        now: The time.
    """
    rules = robots.read(status, body)
    if rules.parsed is not None or rules.everything:
        return rules, replace(
            host, robots=robots.decoded(body) if rules.parsed else "", robots_status=status, robots_at=now
        )
    if robots.is_fresh(host.robots_at, now):
        return _remembered(host), host
    return rules, replace(host, robots="", robots_status=status, robots_at=None)


def _remembered(host: HostState) -> Rules:
    return robots.read(host.robots_status, host.robots.encode())

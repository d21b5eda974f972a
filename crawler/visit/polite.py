"""Requests beside the frontier's, by the same rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from crawler.clock import Clock
from crawler.http import robots
from crawler.http.client import Fetcher, FetchError, Reply
from crawler.http.host_locks import HostLocks
from crawler.http.robots import Rules
from crawler.urls import canonical, host_of, origin_of

_HOPS = 5
_PATIENCE_S = 60.0


@dataclass(slots=True)
class PoliteFetcher:
    """Follows single addresses as robots.txt and each host's pause permit.

    Args:
        fetcher: The one network door.
        clock: What lets pauses pass.
        delay_s: Seconds between two requests to one host.
        rules: What is known of robots.txt, by host; hosts beyond are asked here.
        host_locks: Where all sites take turns at a host; None for a pause before each request.
    """

    fetcher: Fetcher
    clock: Clock
    delay_s: float
    rules: Mapping[str, Rules] = field(default_factory=dict)
    host_locks: HostLocks | None = None
    _others: dict[str, Rules] = field(default_factory=dict)

    def follow(
        self, url: str, *, max_bytes: int = 0, fields: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[Reply, ...]:
        """Give an address's answers, redirects first, or none that was permitted and came.

        `fields` are sent beside or in place of the usual ones.
        """
        replies: list[Reply] = []
        for _ in range(_HOPS):
            spelled = canonical(url)
            if spelled is None or not self._permits(spelled):
                return ()
            try:
                replies.append(self._asked(spelled, max_bytes, fields))
            except FetchError:
                return ()
            target = replies[-1].redirect
            if target is None:
                return tuple(replies)
            url = target
        return ()

    def _asked(self, url: str, max_bytes: int, fields: Mapping[str, str]) -> Reply:
        if self.host_locks is None:
            self.clock.sleep(self.delay_s)
            return self.fetcher.get(url, max_bytes=max_bytes, fields=fields)
        host, ends = host_of(url), self.clock.monotonic() + _PATIENCE_S
        while True:
            lock = self.host_locks.take(host, self.delay_s)
            if not lock.wait_s or self.clock.monotonic() > ends:
                break
            self.clock.sleep(lock.wait_s)
        try:
            return self.fetcher.get(url, max_bytes=max_bytes, fields=fields)
        finally:
            lock.release()

    def _permits(self, url: str) -> bool:
        host = host_of(url)
        known = self.rules.get(host) or self._others.get(host)
        if known is None:
            known = self._others[host] = self._rules_of(origin_of(url))
        return known.permits(url)

    def _rules_of(self, origin: str) -> Rules:
        try:
            reply = self.fetcher.get(f"{origin}/robots.txt")
        except FetchError:
            return robots.read(0, b"")
        return robots.read(reply.status, reply.body)

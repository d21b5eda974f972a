"""What a slice of a visit is given from outside."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from crawler.clock import Clock
from crawler.http.client import Fetcher, Limits, Resolver, system_resolver
from crawler.http.host_locks import HostLocks
from crawler.model import Judgement, Site
from crawler.settings import Plan
from crawler.visit.spool import Spool

MIB = 1024 * 1024


class Judge(Protocol):
    """Tells what a picture is, in whatever process a slice runs."""

    def __call__(self, body: bytes, name: str, /) -> Judgement:
        """Compare a picture's bytes with our photos."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitContext:
    """The plan of a night with its time, judge and network.

    Args:
        plan: Politeness and bounds.
        began: When the night began.
        judge: What looks at pictures.
        upto: The highest photo id there is to compare with; images compared with fewer are asked for again.
        clock: What tells the time.
        resolver: What turns names into addresses.
        host_locks: Where sites take turns at the hosts and addresses that several of them need; None for none.
        only_page: Whether links are left alone.
        at: The run's time when the slice was handed out, so that no computer's own clock matters; None for now.
        spool: Where answers are kept as they came; None for nowhere.
    """

    plan: Plan
    began: datetime
    judge: Judge
    upto: int
    clock: Clock
    resolver: Resolver = system_resolver
    host_locks: HostLocks | None = None
    only_page: bool = False
    at: datetime | None = None
    spool: Spool | None = None

    @property
    def limits(self) -> Limits:
        """The bounds of a request."""
        plan = self.plan
        return Limits(
            page_bytes=plan.page_mib * MIB, image_bytes=plan.image_mib * MIB, seconds=plan.request_s
        )

    def fetcher(self, site: Site) -> Fetcher:
        """Open the network's door for one site."""
        return Fetcher(
            self.plan.agent,
            self.plan.contact,
            limits=self.limits,
            allowance=site.allowance,
            resolver=self.resolver,
            host_locks=self.host_locks,
            clock=self.clock,
        )

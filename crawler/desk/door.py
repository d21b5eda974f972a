"""Connections to services that the settings name."""

from urllib.parse import urlsplit

from crawler.errors import RefusedError
from crawler.http.client import Fetcher, Limits, system_resolver
from crawler.http.ip_policy import is_private_by_name
from crawler.settings import Plan


def door(url: str, plan: Plan, *, seconds: float, name: str, may_be_plain: bool = False) -> Fetcher:
    """Open a fetcher that reaches a service, this machine only where the settings write such an address.

    Args:
        url: The service's address.
        plan: The settings.
        seconds: For each request.
        name: The service's, for a refusal.
        may_be_plain: Whether http is enough, since what is sent and answered is signed or public.

    Raises:
        RefusedError: It would be asked without encryption.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    own: frozenset[str] = frozenset()
    if is_private_by_name(host):
        own = frozenset(f"{entry[4][0]}:{port}" for entry in system_resolver(host, port))
    elif parts.scheme != "https" and not may_be_plain:
        raise RefusedError(f"{name} is asked over https only, found {parts.scheme}://{host}")
    return Fetcher(plan.agent, plan.contact, limits=Limits(seconds=seconds), allowance=own)

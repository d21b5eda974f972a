"""When an address is visited again. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import IntEnum

from crawler.model import Address, Standing
from crawler.settings import Plan

SELDOM = timedelta(hours=20)
SHARE_OF_AGE = 0.25
TRIES = 2


class Rank(IntEnum):
    """The order of visits, the lowest first."""

    HIT = 0
    SITEMAP = 2
    LINKED = 3
    IMAGE = 4
    PAGE = 5
    ORIGINAL = 6
    OUTSIDE = 9


def pause_after(unchanged: timedelta, plan: Plan) -> timedelta:
    """Give how long an unchanged address may be left alone.

    A quarter of its age, so that what changed within the last days is asked for in every run, and what stood
    still for a month once a week.
    """
    pause = min(unchanged * SHARE_OF_AGE, timedelta(hours=plan.longest_revisit_h))
    return pause if pause >= SELDOM else timedelta()


def after_visit(address: Address, plan: Plan, now: datetime, *, changed: bool) -> Address:
    """Give an address after a visit, with its next time."""
    changed_at = now if changed or address.changed_at is None else address.changed_at
    often = address.rank == Rank.HIT or address.depth <= 1
    pause = timedelta() if often else pause_after(now - changed_at, plan)
    return replace(address, changed_at=changed_at, fetched_at=now, due_at=now + pause, tries=0)


def after_failure(address: Address, plan: Plan, now: datetime) -> Address:
    """Give an address after a failure, with its next time."""
    tries = address.tries + 1
    pause = plan.retry_s * 4 ** (tries - 1) if tries <= TRIES else 0.0
    return replace(address, tries=tries, due_at=now + timedelta(seconds=pause), standing=Standing.FAILED)


def is_due_tonight(address: Address, plan: Plan, *, began: datetime, now: datetime) -> bool:
    """Tell whether an address is to be visited in the night that began then."""
    due_at = address.due_at
    if due_at is None or due_at <= began:
        return True
    if address.rank < Rank.OUTSIDE and due_at > now + timedelta(hours=plan.longest_revisit_h):
        return True  # the clock was wrong when this was written
    return 0 < address.tries <= TRIES and due_at <= now


def retry_at(address: Address, now: datetime) -> datetime | None:
    """Give when a failed address is tried again in this night, or None."""
    later = address.due_at is not None and address.due_at > now and 0 < address.tries <= TRIES
    return address.due_at if later else None


def is_changed_since(address: Address, changed_at: datetime | None, began: datetime) -> bool:
    """Tell whether a change brings a later visit forward."""
    seen, due = address.fetched_at, address.due_at
    if changed_at is None or seen is None or due is None:
        return False
    return seen < changed_at and seen < began < due

"""Rows of the database as values, and back."""

import json
from collections.abc import Mapping
from typing import Any

from sqlite_utils import Database

from crawler.model import Address, HostState, Kind, Listing, Site, Standing
from crawler.reasons import reason_of
from gallery.times import moment_or_none, text_or_none

Row = dict[str, Any]


def rows_of(db: Database, query: str, what: Row) -> list[Row]:
    """Run one statement without the savepoint of `Database.query`."""
    cursor = db.execute(query, what)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


_HOST_TIMES = ("robots_at", "parked_until", "asked_at")
_TIMES = ("fetched_at", "due_at", "changed_at")


def address_row(address: Address, site_id: int) -> Row:
    """Give an address as a row of `urls`."""
    row = {name: getattr(address, name) for name in Address.__slots__ if name != "reason"}
    row["why"] = address.reason.to_text() if address.reason else ""
    row |= {"site_id": site_id, "kind": str(address.kind), "standing": str(address.standing)}
    return row | {name: text_or_none(getattr(address, name)) for name in _TIMES}


def address_of(row: Mapping[str, Any]) -> Address:
    """Give a row of `urls` as an address."""
    values = {name: row[name] for name in Address.__slots__ if name != "reason"}
    values["reason"] = reason_of(row["why"])
    values |= {"kind": Kind(row["kind"]), "standing": Standing(row["standing"])}
    values |= {name: moment_or_none(row[name]) for name in _TIMES}
    return Address(**values)


def host_row(host: HostState, site_id: int) -> Row:
    """Give a host as a row."""
    row = {name: getattr(host, name) for name in HostState.__slots__} | {"site_id": site_id}
    return row | {name: text_or_none(getattr(host, name)) for name in _HOST_TIMES}


def host_of_row(row: Mapping[str, Any]) -> HostState:
    """Give a row of `hosts` as a value."""
    values = {name: row[name] for name in HostState.__slots__}
    values |= {name: moment_or_none(row[name]) for name in _HOST_TIMES}
    return HostState(**values)


def site_of(row: Mapping[str, Any]) -> Site:
    """Give a row of `sites` as a value."""
    return Site(
        id=row["id"],
        url=row["url"],
        listing=Listing(row["listing"]),
        note=row["note"],
        allowance=frozenset(json.loads(row["allowance"])),
        delay_s=row["delay_s"],
        slots=row["slots"],
    )

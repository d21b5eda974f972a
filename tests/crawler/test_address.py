"""Which addresses the crawler may connect to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.http.ip_policy import is_private_by_name, may_connect

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.5.5", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",  # noqa: S104
    "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "::",
    "fec0::1", "2606:2800::5efe:7f00:1", "2606:2800::200:5efe:7f00:1", "192.0.0.8", "3fff::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused_in_every_form(address):
    """No page can make us knock at the practice's own machines, whatever way the address is written."""
    assert not may_connect(address, 80, frozenset())


@pytest.mark.parametrize("port", [22, 25, 110, 993])
def test_only_web_ports_and_high_ones_are_knocked_at(port):
    """No page can make us speak to a mail server."""
    assert not may_connect("93.184.216.34", port, frozenset())
    assert may_connect("93.184.216.34", 8080, frozenset())


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_may_be_visited(address):
    """The public web is what the crawler is for."""
    assert may_connect(address, 443, frozenset())


def test_an_allowance_permits_one_address_and_port_only():
    """A test's server on one port opens no other door of the machine."""
    allowance = frozenset({"127.0.0.1:8001"})

    assert may_connect("127.0.0.1", 8001, allowance)
    assert not may_connect("127.0.0.1", 22, allowance)
    assert not may_connect("127.0.0.2", 8001, allowance)


@given(st.text())
def test_nonsense_is_refused(text):
    """What is no address at all is never connected to, and never an error."""
    if not may_connect(text, 80, frozenset()):
        return
    assert all(part.isalnum() for part in text.replace(":", ".").split(".") if part)


@pytest.mark.parametrize(
    ("host", "meant"), [("localhost", True), ("127.0.0.1", True), ("::1", True), ("169.254.169.254", False)]
)
def test_only_a_written_private_address_is_meant(host, meant):
    """Whoever adds 127.0.0.1 by hand means it; a name that only resolves to it is refused."""
    assert is_private_by_name(host) is meant

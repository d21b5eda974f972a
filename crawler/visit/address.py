"""Which network addresses may be connected to: public ones, and those that a site's allowance names. Pure."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")


def may_connect(address: str, port: int, allowance: frozenset[str]) -> bool:
    """Tell whether a connection to this numeric address is permitted.

    Args:
        address: As the resolver gave it ("93.184.216.34", "fe80::1%eth0").
        port: The port to be connected to.
        allowance: "address:port" pairs that are permitted although private, for tests and demonstrations.
    """
    try:
        number = ip_address(address)
    except ValueError:
        return False
    if f"{address}:{port}" in allowance:
        return True
    return _is_public(_inner(number))


def is_private_by_name(host: str) -> bool:
    """Tell whether a host is written as an address of this machine or network, so that whoever typed it means it.

    A public-looking name that resolves to such an address is not meant: that is what an attack looks like.
    """
    if host == "localhost":
        return True
    try:
        return not _is_public(_inner(ip_address(host.strip("[]"))))
    except ValueError:
        return False


def _inner(number: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Give the IPv4 address that an IPv6 one only wraps (mapped, 6to4, Teredo, NAT64)."""
    if isinstance(number, IPv4Address):
        return number
    if number.ipv4_mapped is not None:
        return number.ipv4_mapped
    if number.sixtofour is not None:
        return number.sixtofour
    if number.teredo is not None:
        return number.teredo[1]
    if number in _NAT64:
        return IPv4Address(int(number) & 0xFFFFFFFF)
    return number


def _is_public(number: IPv4Address | IPv6Address) -> bool:
    return number.is_global and not (number.is_multicast or number.is_reserved or number.is_unspecified)

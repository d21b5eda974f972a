"""Which network addresses may be connected to. Pure."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")
_CLOSED = (IPv4Network("192.0.0.0/24"), IPv6Network("3fff::/20"), IPv6Network("fec0::/10"))
_ISATAP = (0x00005EFE, 0x02005EFE)
_WEB = (80, 443)
_FIRST_FREE_PORT = 1024


def may_connect(address: str, port: int, allowance: frozenset[str]) -> bool:
    """Tell whether a connection to this numeric address is permitted.

    `address` is as the resolver gave it ("93.184.216.34", "fe80::1%eth0"); `allowance` holds "address:port" pairs that
    are permitted although private, for tests and demonstrations.
    """
    try:
        number = ip_address(address)
    except ValueError:
        return False
    if f"{address}:{port}" in allowance:
        return True
    if port < _FIRST_FREE_PORT and port not in _WEB:  # mail and the like, never a web site
        return False
    return _is_public(_inner(number))


def is_private_by_name(host: str) -> bool:
    """Tell whether a host is written as a private address.

    A public-looking name that resolves to such an address is not meant: that is what an attack looks like.
    """
    if host == "localhost":
        return True
    try:
        number = _inner(ip_address(host.strip("[]")))
    except ValueError:
        return False
    return not (_is_public(number) or number.is_link_local)  # a cloud's metadata live there, never a site


def _inner(number: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Give the IPv4 address that an IPv6 one only wraps."""
    if isinstance(number, IPv4Address):
        return number
    if number.ipv4_mapped is not None:
        return number.ipv4_mapped
    if number.sixtofour is not None:
        return number.sixtofour
    if number.teredo is not None:
        return number.teredo[1]
    if number in _NAT64 or (int(number) >> 32) & 0xFFFFFFFF in _ISATAP:
        return IPv4Address(int(number) & 0xFFFFFFFF)
    return number


def _is_public(number: IPv4Address | IPv6Address) -> bool:
    if any(number in net for net in _CLOSED):  # Python 3.11 takes them for public
        return False
    return number.is_global and not (number.is_multicast or number.is_reserved or number.is_unspecified)

"""Where requests of ours may go: to the public internet, and to networks that the operator names.

Whoever configures an environment chooses addresses, and the server stands inside a network that
they do not: so loopback, private, link-local and other special addresses are refused, however a
name or a number leads there. The answer is what is connected to: a name is resolved once.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.delivery.failing import DeliveryFailed
from engine.settings import Network

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # old ways to write an IPv4 address


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An address that was looked at and may be connected to."""

    family: socket.AddressFamily
    ip: str
    port: int


def find_places(host: str, port: int, allowed: Sequence[Network]) -> list[Place]:
    """Resolve a host; give its addresses, every one of which may be connected to.

    Raises: DeliveryFailed W145 when one may not; W146 when the name leads nowhere.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise DeliveryFailed("The host of the endpoint is not known.", code="W146") from error
    places = [
        Place(family=family, ip=str(address[0]), port=port) for family, _, _, _, address in found
    ]
    for place in places:
        if not may_connect(place.ip, allowed):
            message = "The endpoint leads to a private address, where Patron sends nothing."
            hint = "the operator may allow the network: PATRON_WEBHOOK_ALLOW=10.1.2.0/24"
            raise DeliveryFailed(message, code="W145", hint=hint, is_final=True)
    return list(dict.fromkeys(places))


def may_connect(text: str, allowed: Sequence[Network]) -> bool:
    """Tell whether an IP address is public, or in a network that is allowed."""
    written = ipaddress.ip_address(text.partition("%")[0])
    return all(
        _is_public(ip) or any(ip.version == net.version and ip in net for net in allowed)
        for ip in _meant(written)
    )


def _meant(ip: Ip) -> Iterator[Ip]:
    """Give the address that counts: an IPv4 address may be written inside an IPv6 address."""
    inner: Ip | None = None
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and (ip in _NAT64 or ip in _COMPATIBLE):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    yield inner or ip


def _is_public(ip: Ip) -> bool:
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.is_unspecified

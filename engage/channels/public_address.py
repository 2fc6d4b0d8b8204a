"""Which addresses a webhook may go to: the public internet, so that a URL in a setting cannot reach what stands behind it.

A name is resolved once, and the connection goes to the very addresses that were checked: a second look-up could say
something else (DNS rebinding).
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

_NEVER = tuple(map(ip_network, (
    "192.0.0.0/24",    # protocol assignments; 192.0.0.192 is a cloud's metadata, yet `is_global`
    "192.88.99.0/24",  # 6to4 relays
    "64:ff9b::/96",    # NAT64: any IPv4 address in disguise
    "64:ff9b:1::/48",
    "2001::/23",       # protocol assignments, Teredo among them
    "2002::/16",       # 6to4: any IPv4 address in disguise
    "fec0::/10",       # site-local, as was
    "3fff::/20",       # documentation
    "5f00::/16",       # segment identifiers within a network
)))


class ForbiddenAddress(OSError):
    """The name leads to an address that is not on the public internet."""


def is_public(address: str) -> bool:
    """Whether this IP address is on the public internet. `is_global` alone passes multicast and IPv4 in disguise."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return _is_plain_global(ip)


def _is_plain_global(ip: IPv4Address | IPv6Address) -> bool:
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    return not any(ip in network for network in _NEVER if network.version == ip.version)


class PublicResolver(AbstractResolver):
    """Resolves a name and refuses it, whole, if any of its addresses is not public (or, where allowed, loopback)."""

    def __init__(self, *, loopback_allowed: bool) -> None:
        self._resolver = ThreadedResolver()
        self._loopback_allowed = loopback_allowed

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """The addresses of a name. Raises ForbiddenAddress."""
        found = await self._resolver.resolve(host, port, family)
        if not all(may_connect(one["host"], loopback_allowed=self._loopback_allowed) for one in found):
            raise ForbiddenAddress("the name leads to an address that is not public")
        return found

    async def close(self) -> None:
        """Nothing is kept."""
        await self._resolver.close()


def may_connect(address: str, *, loopback_allowed: bool) -> bool:
    """Whether a connection may go to this IP address."""
    return is_public(address) or (loopback_allowed and ip_address(address.partition("%")[0]).is_loopback)

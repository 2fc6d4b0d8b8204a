"""A webhook reaches the public internet and nothing behind it."""

from __future__ import annotations

import asyncio
import socket

import pytest

from engage.channels.public_address import ForbiddenAddress, PublicResolver, is_public, may_connect


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_the_public_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "255.255.255.255", "100.64.0.1", "192.0.0.192",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "192.88.99.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "fec0::1",
])
def test_what_stands_behind_is_not(address: str) -> None:
    assert not is_public(address)


def test_loopback_is_reached_only_where_it_is_allowed_and_nothing_else_by_that() -> None:
    assert may_connect("127.0.0.1", loopback_allowed=True)
    assert may_connect("::1", loopback_allowed=True)
    assert not may_connect("127.0.0.1", loopback_allowed=False)
    assert not may_connect("10.0.0.1", loopback_allowed=True)


def test_a_name_that_leads_inside_is_refused_when_it_is_resolved() -> None:
    async def resolve(*, loopback_allowed: bool) -> list[str]:
        resolver = PublicResolver(loopback_allowed=loopback_allowed)
        return [one["host"] for one in await resolver.resolve("localhost", 80, socket.AF_INET)]

    assert asyncio.run(resolve(loopback_allowed=True)) == ["127.0.0.1"]
    with pytest.raises(ForbiddenAddress):
        asyncio.run(resolve(loopback_allowed=False))

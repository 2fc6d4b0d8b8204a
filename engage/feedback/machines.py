"""A request for a link or a picture of a message -> whether a machine asks by itself, and how that is known. Pure.

What says so by its header, its name or its network is in machines.toml, with the sources; what only looks like a person is told by
when it comes: `engage.feedback.lookout`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import final

LONGEST_AGENT = 1_000
PREFETCH = ("purpose", "sec-purpose", "x-purpose", "x-moz")
"""Headers by which browsers say that nobody has asked yet: https://www.w3.org/TR/resource-hints, https://wicg.github.io/nav-speculation."""

_AHEAD = re.compile(r"prefetch|preview|prerender", re.IGNORECASE)
_NO_MORE = (("sec-gpc", "1"), ("dnt", "1"))
"""https://www.w3.org/TR/gpc, https://www.w3.org/TR/tracking-dnt."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    names: Sequence[tuple[str, str]]
    exactly: Mapping[str, str]
    networks: Sequence[tuple[IPv4Network | IPv6Network, str]]


@cache
def _known() -> _Known:
    written = tomllib.loads(resources.files("engage.feedback").joinpath("machines.toml").read_text("utf-8"))
    agents, networks = written["agents"], written["networks"]
    return _Known(
        names=[(name, agent["what"]) for agent in agents for name in agent.get("names", ())],
        exactly={agent["exactly"].lower(): agent["what"] for agent in agents if "exactly" in agent},
        networks=[(ip_network(text), network["what"]) for network in networks for text in network["ranges"]],
    )


def asks_not_to_be_tracked(headers: Mapping[str, str]) -> bool:
    """Whether the reader's browser says so: Global Privacy Control, or Do Not Track. Names of headers in small letters."""
    return any(headers.get(name, "").strip() == value for name, value in _NO_MORE)


def machine(method: str, headers: Mapping[str, str], address: str | None) -> str | None:
    """How it is known that a machine asks; None where it may be a person. `address` is the peer's, where that is known."""
    if method == "HEAD":
        return "head"
    if any(_AHEAD.search(headers.get(name, "")) for name in PREFETCH):
        return "prefetch"
    agent = headers.get("user-agent", "")[:LONGEST_AGENT].strip().lower()
    if not agent:
        return "program"
    known = _known()
    if agent in known.exactly:
        return known.exactly[agent]
    return next((what for name, what in known.names if name in agent), None) or _of_network(address)


def _of_network(address: str | None) -> str | None:
    try:
        peer = ip_address(address or "")
    except ValueError:
        return None
    return next((what for network, what in _known().networks if peer.version == network.version and peer in network), None)


def visitor_of(peer: str | None, forwarded: str | None) -> str | None:
    """Whose address it is: the peer's; where that is a proxy of ours (no address of the internet), the last that it names."""
    try:
        own = not ip_address(peer or "").is_global
    except ValueError:
        own = True
    return forwarded.rpartition(",")[2].strip() if own and forwarded else peer

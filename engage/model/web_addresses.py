"""A URL of the settings -> where it leads, or None. Only such as every program reads alike are taken.

Programs differ over backslashes, a name before an @, control characters, letters, dots and digits beyond ASCII, and numbers that stand for
an address (0x7f.1, 127.1, 2130706433): what is checked by one and connected to by another is how a URL leads inside (RFC 3986, sections
3.2.2 and 7.4). Names beyond ASCII are written in their own ASCII form (xn--…).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import final

LONGEST = 2_000

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>(?:[/?][A-Za-z0-9._~%!$&'()*+,;=:@/?-]*)?)"
)
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
"""As the last part of a host: then all of it is an IPv4 address to those who open connections (WHATWG URL, 3.5), however it is written."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """A URL taken apart. `host` is a name or an IP address without brackets; `rest` the path and the query."""

    scheme: str
    host: str
    rest: str

    @property
    def on_this_machine(self) -> bool:
        """Whether the host says so itself."""
        return self.host == "localhost" or (is_ip(self.host) and ip_address(self.host).is_loopback)

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read or change what is posted there: by TLS, or within this machine."""
        return self.scheme == "https" or self.on_this_machine


def web_address(url: str) -> WebAddress | None:
    """Where it leads; None where it is no http(s) URL, or programs could read different hosts in it."""
    found = _URL.fullmatch(url) if len(url) <= LONGEST else None
    if found is None or int(found["port"] or 0) > 65_535:
        return None
    host = found["host"].strip("[]")
    numeric = found["host"].startswith("[") or _NUMBER.fullmatch(host.rpartition(".")[2])
    if numeric and not is_ip(host):
        return None
    return WebAddress(scheme=found["scheme"], host=host, rest=found["rest"])


def may_be_asked(url: str) -> bool:
    """Whether secrets may be posted there: privately, by a name (its addresses are looked at when it is resolved), or to this machine."""
    address = web_address(url)
    return address is not None and address.is_private and (address.on_this_machine or not is_ip(address.host))


def is_ip(host: str) -> bool:
    """Whether the host of a URL is an address as it is usually written, and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

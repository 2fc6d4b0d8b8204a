"""Whether opens and clicks are recorded, of whom, and where a followed link may lead. Settings and contact -> yes or no; pure.

What a link leads to is asked twice, by one rule: when the link is signed and when somebody follows it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import final

from engage.model.contact import Contact
from engage.model.errors import Place

CLICK, OPEN = "c", "o"
"""The kinds of link: `/c/{token}` and `/o/{token}.gif`."""

WISH = "tracking"
"""The built-in attribute by which a contact says yes or no for itself."""

LONGEST_TARGET = 1_000
"""Bytes of an address that a link carries at most; a longer one stands in the message as it is, and is not counted."""

UTM = ("source", "medium", "campaign", "term", "content", "id")
"""What `utm` may say, as Google Analytics reads it."""

_TARGET = re.compile(
    r"https?://(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?(?:[/?#][^\x00-\x20\x7f-\xa0\\\u1680"
    r"\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ud800-\udfff\ue000-\uf8ff]*)?", re.IGNORECASE,
)
"""http or https, a host without userinfo, and nothing that a browser would drop, turn, or take for another sign (WHATWG URL, 4.4)."""


_PICTURE = re.compile(r'<img src="[^"<>]*/o/[\w-]+\.gif" width="1" height="1" alt=""[^<>]*>')


def picture(url: str) -> str:
    """The picture at the end of a mail that tells that it was opened; the address needs no quoting."""
    return f'<img src="{url}" width="1" height="1" alt="" border="0" style="height:1px;width:1px;border:0">'


def without_picture(html: str) -> str:
    """The mail as it is shown again: whoever looks at it there does not open it."""
    return _PICTURE.sub("", html)


class Allowed(StrEnum):
    """What goes for the people of a country: ASK is only with their own yes."""

    ON = "on"
    ASK = "ask"
    OFF = "off"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """What is recorded of a message, and the `utm_…` that its links get: name and value, in which `{campaign}` and `{message}` stand
    for theirs."""

    opens: bool = False
    clicks: bool = False
    utm: tuple[tuple[str, str], ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether anything of the message is different for it."""
        return self.opens or self.clicks or bool(self.utm)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingRules:
    """`tracking:` of engage.yaml: what goes for messages that say nothing of their own, and what goes for people by country."""

    default: Tracking = field(default_factory=Tracking)
    by_country: Mapping[str, Allowed] = field(default_factory=dict)
    place: Place | None = field(default=None, compare=False)

    def of_country(self, country: str | None) -> Allowed:
        """Of a country that is not known, the strictest that is named."""
        if country is not None:
            return self.by_country.get(country, Allowed.ON)
        return max(self.by_country.values(), key=tuple(Allowed).index, default=Allowed.ON)

    def may(self, contact: Contact) -> bool:
        """Whether what this contact opens and follows is recorded. Its own no always counts, its yes where its country asks for one."""
        wish = contact.attributes.get(WISH)
        if wish is False or contact.erased:
            return False
        match self.of_country(contact.text("country")):
            case Allowed.ON:
                return True
            case Allowed.ASK:
                return wish is True
            case Allowed.OFF:
                return False


def is_target(url: str) -> bool:
    """Whether a link of ours may lead there."""
    return _TARGET.fullmatch(url) is not None and len(url.encode()) <= LONGEST_TARGET

"""An SMTP server's replies, mapped to ours: one table by phase, code and enhanced code (RFC 5321, RFC 3463)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from engage.channels.wording import without_addresses
from engage.model.addresses import BAD_ADDRESS
from engage.model.errors import Rejected, Unavailable, Unconfirmed
from engage.model.making import made_often


class Phase(StrEnum):
    """How far a transaction has come. Only in FINAL, after the dot that ends the content, may the server have the message."""

    CONNECT = "connecting"
    LOGIN = "logging in"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    CONTENT = "the content"
    FINAL = "the final reply"


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server said."""

    code: int
    text: str

    @property
    def enhanced(self) -> str | None:
        """The code of RFC 3463 at the start of its text, if there is one."""
        found = _ENHANCED.match(self.text)
        return found[1] if found else None


PEOPLE_MUST_MEND = {
    Phase.CONNECT: frozenset({"530", "5.7.0", "5.7.1"}),
    Phase.LOGIN: frozenset({"500", "501", "502", "503", "504", "530", "534", "535", "538", "550", "554"}),
    Phase.MAIL: frozenset({"530", "535", "5.7.0", "5.7.1", "5.7.8", "5.7.9", "5.7.60"}),
    Phase.RCPT: frozenset({"530", "5.7.0"}),
    Phase.DATA: frozenset({"530", "5.7.0"}),
}
"""Codes and enhanced codes that no other message would fare better with: a login missing or wrong, a sender not ours to use."""

GREYLISTING = 300.0  # seconds; what most greylists ask for before the second try

_OF_THE_SERVER = "4.3."  # "mail system status" (RFC 3463): its disk is full, it takes nothing now

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?!\S)")
_GREYLISTED = re.compile(r"gr[ea]y-?\s?list", re.IGNORECASE)


def refusal(reply: Reply, phase: Phase, *addresses: str) -> Rejected | Unavailable:
    """What a reply other than the hoped-for one means. `addresses` are kept out of the words."""
    if not 400 <= reply.code < 600:
        return Unavailable(f"{phase}: the reply makes no sense", code=str(reply.code))
    detail = f"{phase}: {reply.code} {without_addresses(reply.text, *addresses)}"
    code = str(reply.code)
    if {code, reply.enhanced} & PEOPLE_MUST_MEND.get(phase, frozenset()):
        return Unavailable(detail, code=code, configuration=True)
    if phase in (Phase.CONNECT, Phase.LOGIN) or reply.code == 421:
        return Unavailable(detail, code=code, whole_provider=True)
    if 500 <= reply.code < 600:
        return Rejected(detail, code=code, address_is_bad=reply.enhanced in BAD_ADDRESS and phase is not Phase.MAIL)
    if phase is Phase.RCPT and _GREYLISTED.search(reply.text):
        return Unavailable(detail, code=code, retry_after=GREYLISTING)
    return Unavailable(detail, code=code, whole_provider=phase is Phase.MAIL or (reply.enhanced or "").startswith(_OF_THE_SERVER))


def unanswered(phase: Phase, code: str) -> Unavailable | Unconfirmed:
    """What it means that no reply came at that phase; `code` says why."""
    if phase is Phase.FINAL:
        return Unconfirmed("no reply after the content", code=code)
    return Unavailable(f"the connection broke at {phase}", code=code)

"""What a mail that came in turned out to be, as nouns."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import final


class What(StrEnum):
    """BOUNCED: given up for good, whatever the reason. DELAYED: still being tried, so nothing has come back. PASSED_ON: to a server that
    reports no more. COMPLAINED: marked as spam. AUTOMATIC: written by a machine of the reader's (an absence note, a receipt, a challenge).
    """

    BOUNCED = "bounced"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    PASSED_ON = "passed_on"
    COMPLAINED = "complained"
    AUTOMATIC = "automatic"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a mail says. `address` is whom it is about, as far as it tells; `code` is why (RFC 3463), of bounces and delays;
    `said` are the server's words."""

    what: What
    address: str | None = field(default=None, repr=False)
    code: str | None = None
    said: str = field(default="", repr=False)

"""Whether the ledger allows a purpose on a kind of channel: the one rule, for the decision and for whoever shows it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from engage.model.contact import ChannelKind, Consent
from engage.model.workspace import Basis


def decisive_line(
    lines: Iterable[Consent], *, contact_id: int, purpose: str, kind: ChannelKind, now: datetime,
) -> Consent | None:
    """The line that counts: the latest by `at`, of equals the one last in the list.

    Lines of somebody else count where they withdraw through a message whose address is shared; nobody grants for others.
    """
    decisive: Consent | None = None
    for line in lines:
        if line.purpose != purpose or line.channel not in (None, kind) or line.at > now:
            continue
        if line.contact_id != contact_id and (line.granted or line.address_key is None):
            continue
        if decisive is None or line.at >= decisive.at:
            decisive = line
    return decisive


def is_allowed(basis: Basis, line: Consent | None) -> bool:
    """Whether a purpose that asks `basis` may write, given the line that counts."""
    match basis:
        case Basis.NONE:
            return True
        case Basis.OPT_OUT:
            return line is None or line.granted
        case Basis.OPT_IN:
            return line is not None and line.granted

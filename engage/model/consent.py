"""Whether the ledger allows a purpose on a kind of channel: the one rule, for the decision and for whoever shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import final

from engage.model.contact import ChannelKind, Consent
from engage.model.workspace import Basis


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What somebody read who was asked for a consent, in the language that they read. Whoever agreed agreed to this text and no other."""

    purpose: str
    locale: str
    text: str

    @property
    def hash(self) -> str:
        """The SHA-256 by which the ledger's lines name it, in hexadecimal."""
        return sha256(f"{self.purpose}\0{self.locale}\0{self.text}".encode()).hexdigest()


def decisive_line(
    lines: Iterable[Consent], *, contact_id: int, purpose: str, kind: ChannelKind, now: datetime,
) -> Consent | None:
    """The line that counts: the latest by `at`, of equals the one last in the list.

    Lines of somebody else count where they withdraw through a message whose address is shared; nobody grants for others. One that has
    expired counts no more than if it were not there.
    """
    decisive: Consent | None = None
    for line in lines:
        if line.purpose != purpose or line.channel not in (None, kind) or line.at > now:
            continue
        if line.expires_at is not None and line.expires_at <= now:
            continue
        if line.contact_id != contact_id and (line.granted or line.address_key is None):
            continue
        if decisive is None or line.at >= decisive.at:
            decisive = line
    return decisive


def lasting(lines: Iterable[Consent]) -> Sequence[Consent]:
    """The lines but for pauses: what people want once their breaks are over."""
    return [line for line in lines if line.granted or line.expires_at is None]


def is_allowed(basis: Basis, line: Consent | None) -> bool:
    """Whether a purpose that asks `basis` may write, given the line that counts."""
    match basis:
        case Basis.NONE:
            return True
        case Basis.OPT_OUT:
            return line is None or line.granted
        case Basis.OPT_IN:
            return line is not None and line.granted

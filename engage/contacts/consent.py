"""What the ledger's lines come to: lines of one contact -> the state of each purpose and kind of channel; and which new lines it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import final

from engage.contacts.ports import Permission
from engage.model.consent import Wording, decisive_line, is_allowed, lasting
from engage.model.contact import ChannelKind, Consent
from engage.model.workspace import Basis, Purpose


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentState:
    """Where a contact stands with one purpose by one kind of channel. `line` is the ledger's last word, None where it has none."""

    purpose: str
    channel: ChannelKind
    basis: Basis
    line: Consent | None

    @property
    def may_write(self) -> bool:
        """Whether consent allows a message (the decision's check 4)."""
        return is_allowed(self.basis, self.line)

    @property
    def paused_until(self) -> datetime | None:
        """When a pause ends that the contact asked for; None where it asked for none."""
        return self.line.expires_at if self.line is not None and not self.line.granted else None


def states(
    lines: Sequence[Consent], purposes: Iterable[Purpose], *, contact_id: int, now: datetime
) -> Sequence[ConsentState]:
    """The contact's state of every purpose by every kind of channel, in the order of the purposes."""
    def word(purpose: Purpose, kind: ChannelKind) -> Consent | None:
        return decisive_line(lines, contact_id=contact_id, purpose=purpose.name, kind=kind, now=now)

    return [
        ConsentState(purpose=purpose.name, channel=kind, basis=purpose.consent[kind], line=word(purpose, kind))
        for purpose in purposes
        for kind in ChannelKind
    ]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of permissions: new `lines`, the `wordings` by hash that they name, how many undated grants the ledger knew better."""

    lines: Sequence[Consent]
    wordings: Mapping[str, Wording]
    passed_over: int


def take_permissions(told: Iterable[Permission], lines: list[Consent], *, contact_id: int, now: datetime) -> Taken:
    """Add what permissions say to the contact's lines of the ledger, one after the other."""
    new: list[Consent] = []
    wordings: dict[str, Wording] = {}
    passed_over = 0
    for permission in told:
        line = new_line(permission, lines, contact_id=contact_id, now=now)
        if line is not None:
            lines.append(line)
            new.append(line)
            if permission.wording is not None:
                wordings[permission.wording.hash] = permission.wording
        elif permission.at is None and permission.granted and any(not other.granted for other in lines):
            passed_over += 1
    return Taken(lines=new, wordings=wordings, passed_over=passed_over)


def new_line(told: Permission, lines: Sequence[Consent], *, contact_id: int, now: datetime) -> Consent | None:
    """The line that a permission adds to these lines of the contact's, or None.

    One that is there to the letter, or with more of what shows it, adds nothing. One without a time is taken as of now, and only where
    it says something new: a grant where the ledger knows nothing of the purpose and channel, not even what has expired (an old list
    must neither undo a withdrawal nor prolong a consent), a withdrawal where it is not withdrawn for good already.
    """
    if told.at is None and not _says_something_new(told, lines, contact_id, now):
        return None
    line = Consent(
        contact_id=contact_id, purpose=told.purpose, channel=told.channel, granted=told.granted,
        at=told.at or now, source=told.source, proof=told.proof, ground=told.ground, wording=told.wording and told.wording.hash,
        locale=told.locale, expires_at=told.expires_at,
    )
    return None if any(_says_no_more(line, other) for other in lines) else line


def _says_something_new(told: Permission, lines: Sequence[Consent], contact_id: int, now: datetime) -> bool:
    kinds = [told.channel] if told.channel else list(ChannelKind)
    known = [replace(line, expires_at=None) for line in lines] if told.granted else lasting(lines)
    words = [decisive_line(known, contact_id=contact_id, purpose=told.purpose, kind=kind, now=now) for kind in kinds]
    if told.granted:
        return all(word is None for word in words)
    return any(word is None or word.granted for word in words)


def _says_no_more(line: Consent, known: Consent) -> bool:
    """Whether it is that line to the letter, or that line with less of what shows it."""
    shown = zip((line.proof, line.ground, line.locale), (known.proof, known.ground, known.locale), strict=True)
    return _told(line) == _told(known) and all(told is None or told == there for told, there in shown)


def _told(line: Consent) -> tuple[object, ...]:
    return line.contact_id, line.purpose, line.channel, line.granted, line.at, line.source, line.expires_at, line.wording

"""What the consents of two people come to who turn out to be one: the strictest of both, now and at every moment to come. Pure.

Withdrawn beats absent beats granted, for each purpose and kind of channel. What the lines of both say together is mostly just that; where
it is not, lines are appended that say it, and where a grant must count as absent the lines that it stands among are set aside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import final

from engage.model.consent import decisive_line
from engage.model.contact import ChannelKind, Consent

SOURCE = "merge"


class Word(IntEnum):
    """What the ledger says; the smaller is the stricter."""

    WITHDRAWN = 0
    ABSENT = 1
    GRANTED = 2


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the ledger, with its number there."""

    id: int
    line: Consent


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Strictest:
    """What a merge does to the ledger. `aside` are lines that count no more; `copies` say of other kinds of channel what those said."""

    aside: frozenset[int]
    copies: tuple[Consent, ...]
    appended: tuple[Consent, ...]


def strictest(mine: Sequence[Entry], theirs: Sequence[Entry], *, kept: int, merged: int, now: datetime) -> Strictest:
    """What is to be done so that the lines of both, as those of `kept`, say the strictest of what each said of itself.

    `mine` and `theirs` are as they count for either: withdrawals of others who share an address are among them.
    """
    entries = sorted({each.id: each for each in (*mine, *theirs)}.values(), key=lambda each: (each.line.at, each.id))
    own = [each for each in entries if each.line.contact_id in (kept, merged)]
    aside: set[int] = set()
    copies: list[Consent] = []
    appended: list[Consent] = []
    for purpose in sorted({each.line.purpose for each in entries}):
        voided = set()
        for kind in ChannelKind:
            case = _Case(mine, theirs, own, kept=kept, merged=merged, purpose=purpose, kind=kind, now=now)
            appended += case.stack()
            voided |= {kind} if case.is_void else set()
        lost = [each for each in own if voided and each.line.purpose == purpose]
        aside |= {each.id for each in lost}
        copies += [line for each in lost for line in _by_kind(replace(each.line, contact_id=kept), set(ChannelKind) - voided)]
    return Strictest(aside=frozenset(aside), copies=tuple(copies), appended=tuple(appended))


def _by_kind(line: Consent, kinds: Collection[ChannelKind]) -> Iterator[Consent]:
    """What the line says of these kinds, each by itself."""
    return (replace(line, channel=kind) for kind in ChannelKind if kind in kinds and line.channel in (None, kind))


@final
class _Case:
    """One purpose by one kind of channel: what both said, what the lines together would say, and what they must."""

    def __init__(
        self, mine: Sequence[Entry], theirs: Sequence[Entry], own: Sequence[Entry], *, kept: int, merged: int, purpose: str,
        kind: ChannelKind, now: datetime,
    ) -> None:
        self._about = (kept, purpose, kind, now)
        ends = {each.line.expires_at for each in (*mine, *theirs) if each.line.expires_at is not None and each.line.expires_at > now}
        self._moments = [now, *sorted(ends)]
        both = zip(self._words(mine, kept), self._words(theirs, merged), strict=True)
        self._wanted = _absent_last([min(words) for words in both])
        foreign = [each for each in mine if each.line.contact_id not in (kept, merged)]
        joined = [Entry(id=each.id, line=replace(each.line, contact_id=kept)) for each in own]
        self._said = self._words(sorted((*joined, *foreign), key=lambda each: (each.line.at, each.id)), kept)

    @property
    def is_void(self) -> bool:
        """Whether lines that grant must count as absent: nothing that is appended could say so."""
        return any(wanted is Word.ABSENT and said is not Word.ABSENT for wanted, said in zip(self._wanted, self._said, strict=True))

    def stack(self) -> Sequence[Consent]:
        """Lines of now that say what is wanted, the one that ends last first: of equals the last counts, until it expires."""
        if self._wanted == self._said:
            return []
        last = len(self._wanted) if self.is_void else self._last_difference() + 1
        lines: list[Consent] = []
        for place in reversed(range(last)):
            word, until = self._wanted[place], self._until(place)
            if word is not Word.ABSENT and not (lines and lines[-1].granted is (word is Word.GRANTED)):
                lines.append(self._line(word, until))
        return lines

    def _last_difference(self) -> int:
        return max(place for place, (wanted, said) in enumerate(zip(self._wanted, self._said, strict=True)) if wanted is not said)

    def _until(self, place: int) -> datetime | None:
        return self._moments[place + 1] if place + 1 < len(self._moments) else None

    def _line(self, word: Word, until: datetime | None) -> Consent:
        kept, purpose, kind, now = self._about
        return Consent(
            contact_id=kept, purpose=purpose, channel=kind, granted=word is Word.GRANTED, at=now, source=SOURCE, expires_at=until,
        )

    def _words(self, entries: Sequence[Entry], contact_id: int) -> list[Word]:
        _, purpose, kind, _ = self._about
        lines = [each.line for each in entries]
        found = (decisive_line(lines, contact_id=contact_id, purpose=purpose, kind=kind, now=moment) for moment in self._moments)
        return [Word.ABSENT if line is None else Word.GRANTED if line.granted else Word.WITHDRAWN for line in found]


def _absent_last(words: Sequence[Word]) -> list[Word]:
    """What is absent for a while and withdrawn after that is withdrawn all along: no line can say it otherwise."""
    return [
        Word.WITHDRAWN if word is Word.ABSENT and Word.WITHDRAWN in words[place:] else word for place, word in enumerate(words)
    ]

"""What laws of countries ask of messages, as far as a workspace can be held against them. No legal advice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import final

from engage.model.contact import ChannelKind
from engage.model.quiet_hours import CountryHours
from engage.model.workspace import Basis


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LawRule:
    """One thing that a law asks, with its source. `id` is `<file>.<name>`; `as_of` the day on which it was written down here.

    `asks` is what it asks of consent at least, `quiet` when it lets nothing go, by these kinds of channel; `tracking` that it asks consent
    for what opens and clicks tell. With none of these it is told, and nothing of a workspace is held against it.
    """

    id: str
    countries: frozenset[str]
    what: str
    law: str
    article: str
    url: str
    as_of: date
    kinds: frozenset[ChannelKind] = frozenset()
    asks: Basis | None = None
    quiet: CountryHours | None = None
    tracking: bool = False

    @property
    def is_held(self) -> bool:
        """Whether anything of a workspace is held against it."""
        return self.asks is not None or self.quiet is not None or self.tracking

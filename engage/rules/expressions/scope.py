"""What the names of an expression stand for, at one moment, about one contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import final

from engage.model.contact import Contact
from engage.model.localtime import add_to_date
from engage.model.time import Duration
from engage.rules.expressions.lookup import Lookup

Tables = Mapping[str, Mapping[str, Mapping[str, str]]]
"""The small tables of a workspace: table, row key, column."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The data in hand. `today` is the recipient's local date.

    `values` holds `trigger`, `event` and the names given by `as`: a Value, or a mapping of names to them. `lookup` may be None
    where no function asks it; one that does raises LookupError.
    """

    contact: Contact | None
    now: datetime
    today: date
    values: Mapping[str, object] = field(default_factory=dict)
    data: Tables = field(default_factory=dict)
    lookup: Lookup | None = None

    @property
    def answers(self) -> Lookup:
        """The lookup. Raises LookupError where none was given."""
        if self.lookup is None:
            raise LookupError("the expression asks for consent, segments or history, and nothing was given that answers")
        return self.lookup


def since(now: datetime, within: Duration) -> datetime:
    """The moment at which a look back from `now` begins: months are those of UTC, clamped; a day is 24 hours."""
    try:
        day = add_to_date(now.date(), Duration(months=-within.months))
        return datetime.combine(day, now.timetz()) - timedelta(days=within.days, seconds=within.seconds)
    except (OverflowError, ValueError):  # before the year 1
        return datetime.min.replace(tzinfo=now.tzinfo)

"""`quiet_hours`, as it may stand in the workspace, a purpose, a campaign and a `send`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from engage.rules.schema.fields import LIST, MAP, TEXT, Country, Reads, Section, TimeOfDay, Truth, Weekday, complaint, shape


def _weekend(text: str) -> Literal["weekend"]:
    if text != "weekend":
        raise ValueError("is neither weekend nor a list of days")
    return "weekend"


def _ignore(text: str) -> Literal["ignore"]:
    if text != "ignore":
        raise ValueError("is neither ignore nor a map of from, to, days_off, holidays, by_country")
    return "ignore"


Weekend = Annotated[Literal["weekend"], Reads("weekend", _weekend, {"const": "weekend"})]
DaysOff = Annotated[Annotated[Weekend, Tag(TEXT)] | Annotated[list[Weekday], Tag(LIST)], Discriminator(shape)]


class Window(Section):
    """When nothing goes out: `[from, to)` in the recipient's wall time, and whole days."""

    start: TimeOfDay | None = Field(None, alias="from", description="Quiet from this time of day, the recipient's")
    end: TimeOfDay | None = Field(None, alias="to", description="Quiet until this time of day; half open: at it one may send")
    days_off: DaysOff | None = Field(None, description="Quiet all day: a list of days, or `weekend`, that of the contact's country by CLDR")
    holidays: Truth | None = Field(None, description="`true` adds the public holidays of the contact's country")

    @model_validator(mode="after")
    def _window_has_a_length(self) -> Self:
        if not self._keys:
            raise complaint("an empty map says nothing")
        if self.start is not None and self.start == self.end:
            raise complaint(f"quiet hours from {self.start:%H:%M} to {self.end:%H:%M} are no time at all or all day: say which", key="to")
        return self


class CountryWindow(Window):
    """What one country adds: law or custom, never overridden."""

    called: ClassVar[str] = "what a country adds"

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.start is None) != (self.end is None):
            raise complaint("`from` and `to` go together here", key="to" if self.start is None else "from")
        return self


class QuietHoursMap(Window):
    """One layer of quiet hours: overrides, key by key, the layers before it."""

    called: ClassVar[str] = "quiet_hours"

    by_country: dict[Country, CountryWindow] = Field(
        default_factory=dict, description="Law or custom of one market, by country code: added to all layers, never overridden",
    )


Ignore = Annotated[Literal["ignore"], Reads("ignore", _ignore, {"const": "ignore"})]
QuietHoursField = Annotated[Annotated[Ignore, Tag(TEXT)] | Annotated[QuietHoursMap, Tag(MAP)], Discriminator(shape)]
"""`ignore` sets all earlier layers aside; a map overrides them key by key."""

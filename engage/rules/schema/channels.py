"""The channels of `engage.yaml`: each by one adapter, or by several providers that are tried in order."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from engage.model.contact import ChannelKind
from engage.rules.schema.fields import Country, Day, Factor, MailDomain, Name, Rate, Section, Text, Whole, Word, complaint


class WarmUpSection(Section):
    """How much a new provider, address or domain may be given from day to day, so that mailbox providers come to know it."""

    called: ClassVar[str] = "a warm-up"

    since: Day = Field(alias="from", description="The first day, in the workspace's zone; before it nothing goes this way")
    first_day: Whole = Field(description="How many messages go on the first day")
    growth: Factor = Field(description="How many times as many as the day before go on each further day: 2, 1.5")
    full: Whole | None = Field(None, description="The day that would have so many, and every later one, has no bound; default: it grows on")

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if self.first_day < 1:
            raise complaint("`first_day` must be at least 1", key="first_day")
        if self.full is not None and self.full <= self.first_day:
            raise complaint("`full` must be more than `first_day`", key="full")
        return self


class AnswersSection(Section):
    """What is answered to the words that people text."""

    called: ClassVar[str] = "answers"

    help: Text | None = Field(None, description="To HELP; default: the company's name, its address on the web, and how to stop")
    stop: Text | None = Field(None, description="To STOP; default: nothing, as most providers confirm it themselves")
    start: Text | None = Field(None, description="To START; default: nothing")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self._keys:
            raise complaint("an empty map says nothing")
        return self


class ProviderSection(Section):
    """One of the providers of a channel. Keys beside these are the adapter's own."""

    called: ClassVar[str] = "a provider"
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Text] = Field(init=False)

    name: Name | None = Field(None, description="What the history calls it; default: the adapter")
    adapter: Name = Field(description="smtp, slack, sms_webhook, console, or what a package installed beside Engage adds")
    sender: Text | None = Field(None, alias="from", description="The sender by this provider; default: the channel's")
    rate: Rate | None = Field(None, description="How many messages go by it at most: 50/s, 30/m, 1000/h")
    warm_up: WarmUpSection | None = Field(None, description="The curve of a provider that is new")


class ChannelSection(Section):
    """A way to reach people through one adapter, or several `providers`. Keys beside these are the adapter's own."""

    called: ClassVar[str] = "a channel"
    model_config = ConfigDict(extra="allow", json_schema_extra={"oneOf": [{"required": ["adapter"]}, {"required": ["providers"]}]})
    __pydantic_extra__: dict[str, Text] = Field(init=False)

    adapter: Name | None = Field(
        None, description="smtp, slack, sms_webhook, console, or what a package adds; needed where there are no `providers`",
    )
    providers: list[ProviderSection] | None = Field(
        None, min_length=1, description="Instead of one adapter: the first that is well takes the messages",
    )
    kind: Annotated[ChannelKind, Word(ChannelKind)] | None = Field(
        None, description="What consent goes by; default: the adapter's, else the channel's name",
    )
    sender: Text | None = Field(None, alias="from", description="The sender: a mailbox, a number, a name")
    to: Text | None = Field(None, description="A fixed recipient (staff, not contacts): no consent, no limit, no quiet hours")
    rate: Rate | None = Field(None, description="How many messages go at most: 50/s, 30/m, 1000/h")
    warm_up: WarmUpSection | None = Field(None, description="The curve of a provider that is new")
    domain_rate: dict[MailDomain, Rate] = Field(
        default_factory=dict, description="Email only: how many messages a recipient's domain gets at most; `*`: each that is not named",
    )
    countries: list[Country] | None = Field(None, description="SMS only: countries whose numbers may be written to; default: all")

    answers: AnswersSection | None = Field(None, description="SMS only: what is answered to HELP, STOP and START")

    @model_validator(mode="after")
    def _by_one_way_or_several(self) -> Self:
        if self.providers is None:
            if self.adapter is None:
                raise complaint("`adapter` is missing")
            return self
        for key in ("adapter", "rate", "warm_up", *(self.model_extra or {})):
            if self.says(key):
                raise complaint(f"`{key}` belongs to each of the `providers`", key=key)
        return self

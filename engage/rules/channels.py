"""A channel of engage.yaml -> Channel: by its one adapter, or once by each of its providers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import final

from engage.model.contact import PREFERRED, ChannelKind
from engage.model.errors import Problem
from engage.model.rates import WarmUp
from engage.model.workspace import Channel
from engage.rules.schema.channels import AnswersSection, ChannelSection, ProviderSection, WarmUpSection
from engage.rules.tree import Scalar

ADAPTER_KINDS: Mapping[str, ChannelKind] = {"smtp": ChannelKind.EMAIL, "slack": ChannelKind.CHAT, "sms_webhook": ChannelKind.SMS}
"""The kinds of the adapters that speak one kind only; `console` and foreign ones go by the channel's name or its `kind`."""


def read_channel(name: Scalar, written: ChannelSection, problems: list[Problem]) -> Channel | None:
    """The channel, or None where nobody can tell its kind; what is wrong is added to `problems`."""
    reading = _Reading(name, written, problems)
    kind = reading.kind()
    if name == PREFERRED:
        reading.refuse("`preferred` stands for the contact's own choice and cannot name a channel")
    if kind is None:
        return None
    reading.refuse_vain(kind)
    channel = Channel(
        name=str(name),
        kind=kind,
        adapter=reading.adapters[0],
        options=_options(written),
        sender=_optional(written.sender),
        to=_optional(written.to),
        rate=written.rate,
        warm_up=_warm_up(written.warm_up),
        domain_rates={str(domain).lower(): rate for domain, rate in written.domain_rate.items()},
        answers=_answers(written.answers),
        countries=frozenset(written.countries) if written.countries is not None else None,
        place=name.place,
    )
    return replace(channel, providers=tuple(reading.providers(channel)))


@final
class _Reading:
    """One channel as it is written."""

    def __init__(self, name: Scalar, written: ChannelSection, problems: list[Problem]) -> None:
        self._name = name
        self._written = written
        self._problems = problems
        self.adapters = [str(each.adapter) for each in written.providers or (written,)]

    def refuse(self, what: str, key: str | None = None, section: ChannelSection | ProviderSection | None = None) -> None:
        place = (section or self._written).place_of(key) if key else self._name.place
        self._problems.append(Problem(place=place, what=what))

    def kind(self) -> ChannelKind | None:
        """The adapters' own, else what `kind` says, else what the channel is called."""
        written = self._written
        known = [(own, section) for section in written.providers or (written,) if (own := ADAPTER_KINDS.get(str(section.adapter)))]
        kind = written.kind or (known[0][0] if known else None)
        for own, section in known:
            if own is not kind:
                at = ("kind", None) if section is written else ("adapter", section)
                self.refuse(f"the adapter {section.adapter} is of the kind {own}", *at)
        if kind or str(self._name) in [str(each) for each in ChannelKind]:
            return kind or ChannelKind(self._name)
        self.refuse(f"say the `kind` of this channel: {', '.join(ChannelKind)}")
        return None

    def refuse_vain(self, kind: ChannelKind) -> None:
        """What would have no effect on a channel of that kind."""
        if self._written.countries is not None and kind is not ChannelKind.SMS:
            self.refuse(f"`countries` has no effect on a channel of the kind {kind}", "countries")
        if self._written.answers is not None and kind is not ChannelKind.SMS:
            self.refuse(f"`answers` has no effect on a channel of the kind {kind}", "answers")
        if self._written.domain_rate and kind is not ChannelKind.EMAIL:
            self.refuse(f"`domain_rate` has no effect on a channel of the kind {kind}", "domain_rate")

    def providers(self, channel: Channel) -> Iterator[Channel]:
        """The channel once by each."""
        taken: set[str] = set()
        for section in self._written.providers or ():
            called = str(section.name or section.adapter)
            if called in taken:
                self.refuse(f"another provider of this channel is called {called} too: give each a `name`", "name", section)
            taken.add(called)
            yield replace(
                channel, adapter=str(section.adapter), named=called, options=_options(section), place=section.place, rate=section.rate,
                sender=_optional(section.sender) or channel.sender, warm_up=_warm_up(section.warm_up),
            )


def _options(section: ChannelSection | ProviderSection) -> Mapping[str, str]:
    return {key: str(value) for key, value in (section.model_extra or {}).items()}


def _answers(written: AnswersSection | None) -> Mapping[str, str]:
    if written is None:
        return {}
    said = {"help": written.help, "stop": written.stop, "start": written.start}
    return {word: str(text) for word, text in said.items() if text is not None}


def _warm_up(written: WarmUpSection | None) -> WarmUp | None:
    if written is None:
        return None
    return WarmUp(since=written.since, first_day=written.first_day, growth=written.growth, full=written.full)


def _optional(text: Scalar | None) -> str | None:
    return None if text is None else str(text)

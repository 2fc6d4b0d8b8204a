"""An adapter's options as they were written in engage.yaml, read into what they mean, with every problem found at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import final

from engage.model.errors import InputError, Place, Problem, nearest
from engage.model.workspace import Channel

_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m)?")


@final
class Options:
    """Reads one channel's options. Problems are collected; `done` raises them together. No problem quotes a value: it may be a secret."""

    def __init__(self, channel: Channel, accepted: Mapping[str, str]) -> None:
        self._channel = channel
        self._problems: list[Problem] = []
        for name in channel.options:
            if name not in accepted:
                self.refuse(f"the adapter {channel.adapter} has no option {name!r}", suggestion=nearest(name, accepted))

    def text(self, name: str) -> str | None:
        """The option, or None where it is missing."""
        return self._channel.options.get(name)

    def required(self, name: str) -> str:
        """The option; a problem where it is missing or empty (a variable of the environment that is not set)."""
        value = self._channel.options.get(name, "")
        if not value:
            self.refuse(f"the channel {self._channel.name} needs the option {name!r} of its adapter {self._channel.adapter}")
        return value

    def whole_number(self, name: str, *, default: int, least: int = 1, most: int = 1000) -> int:
        """The option as a number from `least` to `most`."""
        value = self.text(name)
        if value is None:
            return default
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
            self.refuse(f"{name!r} must be a whole number from {least} to {most}")
            return default
        return int(value)

    def seconds(self, name: str, *, default: float) -> float:
        """The option in seconds, written `30`, `30s` or `10m`."""
        value = self.text(name)
        if value is None:
            return default
        found = _SECONDS.fullmatch(value)
        if found is None or float(found[1]) == 0:
            self.refuse(f"{name!r} must be a time such as 30s or 10m")
            return default
        return float(found[1]) * (60 if found[2] == "m" else 1)

    def choice(self, name: str, of: Sequence[str]) -> str:
        """The option as one of the words given; the first of them is the default."""
        value = self.text(name)
        if value is None:
            return of[0]
        if value not in of:
            self.refuse(f"{name!r} must be one of {', '.join(of)}", suggestion=nearest(value, of))
            return of[0]
        return value

    def refuse(self, what: str, *, suggestion: str | None = None) -> None:
        """Note a problem at the channel's place."""
        place = self._channel.place or Place(file="engage.yaml")
        self._problems.append(Problem(place=place, what=what, suggestion=suggestion))

    def done(self) -> None:
        """Raise InputError with all problems found, if there are any."""
        if self._problems:
            raise InputError(self._problems)

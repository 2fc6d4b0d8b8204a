"""What the pages of preferences and answers show: choices, and questions with their scales."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import final

from engage.model.contact import ChannelKind


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One way by which a purpose may come. `value` is what the form sends of it."""

    value: str
    channel: ChannelKind
    chosen: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A purpose as its reader calls it, what they agree to who choose it, and its ways."""

    title: str
    wording: str | None
    ways: tuple[Choice, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """All that can be chosen. `frequency` is what was chosen of `frequencies`, `any` for none; `paused_until` the end of a break.

    `tracking`: whether their opens and clicks are recorded; None where nobody records any.
    """

    topics: tuple[Topic, ...]
    frequencies: tuple[str, ...]
    frequency: str
    paused_until: date | None
    breaks: tuple[int, ...]
    tracking: bool | None = None

    @property
    def any_chosen(self) -> bool:
        """Whether there is anything to pause or to end."""
        return any(way.chosen for topic in self.topics for way in topic.ways)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question: `scale` are the scores to choose from, `score` the one of the link; without a scale `said` is the answer, in words.

    `state` is where its reader is: asked | answered | before | commented. `comments` whether there is room for words.
    """

    question: str
    scale: tuple[int, ...] = ()
    score: int | None = None
    said: tuple[str, ...] = ()
    state: str = "asked"
    comments: bool = False
    longest: int = 0

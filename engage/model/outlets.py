"""Events out: whom of the outside each touch is told, as `webhooks` of engage.yaml says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

from engage.model.errors import Place
from engage.model.history import Kind


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One webhook. Empty `kinds` or `campaigns`: all of them. `fields` are the attributes of contacts that are told along.

    `url` and `secret` may come from the environment; neither is ever printed.
    """

    name: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    kinds: frozenset[Kind] = frozenset()
    campaigns: frozenset[str] = frozenset()
    fields: tuple[str, ...] = ()
    place: Place | None = None

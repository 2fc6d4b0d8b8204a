"""What one rendering carries along beside the data: the reader's formats and zone, and the budget; and the context that holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any, Protocol, final
from zoneinfo import ZoneInfo

from jinja2 import Environment
from jinja2.runtime import Context

from engage.templates.formats import Formats
from engage.templates.limits import Budget

KEY = "_scope"
"""Its name in the context: what begins with an underscore cannot be named in a template."""


class Segments(Protocol):
    """The one question that a template may ask of the database; every Lookup of expressions answers it."""

    def in_segment(self, name: str) -> bool:
        """Whether the contact is in the segment."""
        ...


class Marking(Protocol):
    """What becomes of the links of one message for one reader."""

    def link(self, url: str) -> str:
        """The address that stands in the message for this one."""
        ...

    def picture(self) -> str:
        """The picture that tells that it was opened, as HTML; empty where that is not asked."""
        ...


@final
class Scope:
    """`formats` are the reader's own (`en-GB`) where the message is in their language (`en`). `marks`: what becomes of its links."""

    __slots__ = ("budget", "formats", "marks", "zone")

    def __init__(self, *, formats: Formats, zone: ZoneInfo, marks: Marking | None = None) -> None:
        self.formats = formats
        self.zone = zone
        self.marks = marks
        self.budget = Budget()


@final
class Reader(Context):
    """Jinja's context, with the rendering's scope at hand; it is made some times a message, so it makes little."""

    scope: Scope

    def __init__(
        self, environment: Environment, parent: dict[str, Any], name: str | None,
        blocks: dict[str, Callable[[Context], Iterator[str]]], globals: MutableMapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.parent = parent
        self.vars = {}
        self.environment = environment
        self.eval_ctx = environment.escaping  # type: ignore[attr-defined]  # our own environment has it
        self.exported_vars = set()
        self.name = name
        self.globals_keys = set(globals or ())
        self.blocks = {}
        self.scope = parent[KEY]

    @classmethod
    def shared(cls, environment: Environment, parent: dict[str, Any], scope: Scope) -> Reader:
        """The context of parts that assign nothing: what they would assign is nobody's."""
        reader = cls.__new__(cls)
        reader.__dict__ = {
            **_NOTHING, "parent": parent, "environment": environment, "eval_ctx": environment.escaping, "scope": scope,  # type: ignore[attr-defined]  # as above
        }
        return reader


_NOTHING: Mapping[str, object] = {
    "vars": MappingProxyType({}), "exported_vars": frozenset(), "name": None, "globals_keys": frozenset(), "blocks": MappingProxyType({}),
}  # fmt: skip


def scope_of(context: Context) -> Scope:
    """The scope of the rendering that this context belongs to."""
    scope: Scope = context.parent[KEY]
    return scope

"""The typed tree of an expression: made by `rules`, run as a Python closure there, lowered to SQL by `store`.

Every node knows its `kind` (None where only the running program knows it) and `at`, the offset of its token in the source.
`a != b` and `a not in b` are `Not` of a `Comparison`, a chain `1 < x < 3` is an `And`, `x is defined` is `Not` of `IsNone`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import final

from engage.model.contact import AttributeKind, ChannelKind, Value
from engage.model.errors import Place, Problem
from engage.model.history import Kind
from engage.model.time import Duration


class Relation(StrEnum):
    """How a comparison relates its sides; `IN` is membership of a list, or being a part of a text."""

    EQUAL = "=="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    IN = "in"


class Sum(StrEnum):
    """Arithmetic, of numbers only."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    FLOOR = "//"
    REMAINDER = "%"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A value that stands in the source. A text compared with a date has become that date here."""

    value: Value
    kind: AttributeKind | None
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """A list that stands in the source: what `in` asks."""

    items: tuple[Node, ...]
    kind: AttributeKind | None = AttributeKind.LIST
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a name holds: `("contact", "country")`, `("trigger", "total", "amount")`, `("now",)`, `("answer",)`."""

    path: tuple[str, ...]
    kind: AttributeKind | None
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a small table: `data.prices[contact.country].plus`."""

    table: str
    key: Node
    column: str
    kind: AttributeKind | None = AttributeKind.TEXT
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What stands in a list at a place, or in a record under a name, that is itself computed."""

    owner: Node
    index: Node
    kind: AttributeKind | None
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """True where the operand is not."""

    operand: Node
    kind: AttributeKind | None = AttributeKind.BOOLEAN
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """As a condition: whether all hold. As a value: the first that does not, else the last."""

    operands: tuple[Node, ...]
    kind: AttributeKind | None
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """As a condition: whether any holds. As a value: the first that does, else the last."""

    operands: tuple[Node, ...]
    kind: AttributeKind | None
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """False where a side is missing or of another type."""

    relation: Relation
    left: Node
    right: Node
    kind: AttributeKind | None = AttributeKind.BOOLEAN
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class IsNone:
    """Whether the operand is missing."""

    operand: Node
    kind: AttributeKind | None = AttributeKind.BOOLEAN
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`then if condition else otherwise`."""

    condition: Node
    then: Node
    otherwise: Node
    kind: AttributeKind | None
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """None where a side is missing or no number, and where it divides by zero."""

    sum: Sum
    left: Node
    right: Node
    kind: AttributeKind | None = AttributeKind.NUMBER
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The parts as one text (`~`, and text with `{{ }}` in it); None where one of them is missing."""

    parts: tuple[Node, ...]
    kind: AttributeKind | None = AttributeKind.TEXT
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """The operand passed through one of Jinja's filters, or one of its tests (`is odd`), with arguments."""

    name: str
    operand: Node
    arguments: tuple[Node, ...]
    kind: AttributeKind | None
    is_test: bool = False
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HasConsent:
    """`has_consent('marketing', 'email')`."""

    purpose: str
    channel: ChannelKind
    kind: AttributeKind | None = AttributeKind.BOOLEAN
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InSegment:
    """`in_segment('vips')`."""

    segment: str
    kind: AttributeKind | None = AttributeKind.BOOLEAN
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """`touched(campaign='birthday', kind='sent', within='30d')`; None asks for any."""

    campaign: str | None
    message: str | None
    touch: Kind | None
    within: Duration | None
    kind: AttributeKind | None = AttributeKind.BOOLEAN
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EventField:
    """What a field of the counted events must equal. `kind` is that of the field."""

    name: str
    value: Node
    kind: AttributeKind | None
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EventCount:
    """`events('order.placed', within='90d', sku=trigger.sku)`."""

    type: str
    within: Duration | None
    fields: tuple[EventField, ...]
    kind: AttributeKind | None = AttributeKind.NUMBER
    at: int = field(default=0, compare=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """`days_since(x)`, or `days_until(x)` where `until`: of a date by the recipient's calendar, of a date-time whole spans of 24 hours."""

    operand: Node
    until: bool
    kind: AttributeKind | None = AttributeKind.NUMBER
    at: int = field(default=0, compare=False)


Node = (
    Constant | Several | Read | Cell | Item | Not | And | Or | Comparison | IsNone | Choice | Arithmetic | Text | Filtered
    | HasConsent | InSegment | Touched | EventField | EventCount | Days
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """One expression of the campaign language, parsed and checked. Equal where its source is.

    `doubts` are what it asks that can never hold, a number compared with a text say: `engage check` warns of it.
    """

    source: str
    place: Place = field(compare=False)
    root: Node = field(compare=False, repr=False)
    doubts: tuple[Problem, ...] = field(default=(), compare=False, repr=False)

    def place_of(self, node: Node) -> Place:
        """Where the node's token stands in its file."""
        return self.place.after(node.at)


def children(node: Node) -> Iterator[Node]:
    """The nodes right below this one, in the order of the source."""
    for each in fields(node):
        value = getattr(node, each.name)
        yield from (child for child in (value if isinstance(value, tuple) else (value,)) if isinstance(child, Node))


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)

"""The typed tree as text again, for `engage explain`: each clause as a person would write it."""

from __future__ import annotations

from typing import assert_never

from engage.model.contact import Value
from engage.model.expression import (
    And,
    Arithmetic,
    Cell,
    Choice,
    Comparison,
    Constant,
    Days,
    EventCount,
    EventField,
    Filtered,
    HasConsent,
    InSegment,
    IsNone,
    Item,
    Node,
    Not,
    Or,
    Read,
    Relation,
    Several,
    Text,
    Touched,
)
from engage.rules.expressions.meaning import text_of

COMPOSED = (And, Or, Not, Comparison, Choice, Arithmetic, Text, IsNone)


def wording(node: Node) -> str:
    """The node as source; parsed again it means the same."""
    match node:
        case Constant(value=value):
            return literal(value)
        case Read(path=path):
            return ".".join(path)
        case Several() | Cell() | Item() | Filtered():
            return _simple(node)
        case Not() | And() | Or() | Comparison() | IsNone() | Choice() | Arithmetic() | Text():
            return _composed(node)
        case HasConsent() | InSegment() | Touched() | EventField() | EventCount() | Days():
            return _call(node)
        case _ as never:
            assert_never(never)


def literal(value: Value) -> str:
    """A value as it stands in a source."""
    if value is None:
        return "none"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return "'" + (text_of(value) or "").replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def _simple(node: Several | Cell | Item | Filtered) -> str:
    match node:
        case Several(items=items):
            return f"[{', '.join(wording(item) for item in items)}]"
        case Cell():
            return f"data.{node.table}[{wording(node.key)}].{node.column}"
        case Item():
            return f"{_inner(node.owner)}[{wording(node.index)}]"
        case Filtered():
            return _filtered(node)


def _composed(node: Not | And | Or | Comparison | IsNone | Choice | Arithmetic | Text) -> str:
    match node:
        case Not(operand=operand):
            return _negation(operand)
        case And(operands=operands):
            return " and ".join(_condition(each) for each in operands)
        case Or(operands=operands):
            return " or ".join(_condition(each) for each in operands)
        case Comparison():
            return f"{_inner(node.left)} {node.relation} {_inner(node.right)}"
        case IsNone(operand=operand):
            return f"{_inner(operand)} is none"
        case Choice():
            return f"{_inner(node.then)} if {_inner(node.condition)} else {_inner(node.otherwise)}"
        case Arithmetic():
            return f"{_inner(node.left)} {node.sum} {_inner(node.right)}"
        case Text(parts=parts):
            return " ~ ".join(_inner(part) for part in parts)


def _condition(node: Node) -> str:
    """One of several joined by `and` or `or`, which bind less than all but each other and the choice."""
    return f"({wording(node)})" if isinstance(node, And | Or | Choice) else wording(node)


def _inner(node: Node) -> str:
    composed = isinstance(node, COMPOSED) or (isinstance(node, Filtered) and node.is_test)
    return f"({wording(node)})" if composed else wording(node)


def _negation(operand: Node) -> str:
    match operand:
        case Comparison(relation=Relation.EQUAL):
            return f"{_inner(operand.left)} != {_inner(operand.right)}"
        case Comparison(relation=Relation.IN):
            return f"{_inner(operand.left)} not in {_inner(operand.right)}"
        case IsNone(operand=missing):
            return f"{_inner(missing)} is not none"
        case _:
            return f"not {_inner(operand)}"


def _filtered(node: Filtered) -> str:
    arguments = f"({', '.join(wording(each) for each in node.arguments)})" if node.arguments else ""
    return f"{_inner(node.operand)}{' is ' if node.is_test else '|'}{node.name}{arguments}"


def _call(node: HasConsent | InSegment | Touched | EventField | EventCount | Days) -> str:
    match node:
        case HasConsent():
            return f"has_consent('{node.purpose}', '{node.channel}')"
        case InSegment():
            return f"in_segment('{node.segment}')"
        case Touched():
            asked = {"campaign": node.campaign, "message": node.message, "kind": node.touch, "within": node.within}
            given = [f"{key}='{value}'" for key, value in asked.items() if value is not None]
            return f"touched({', '.join(given)})"
        case EventField():
            return f"{node.name}={wording(node.value)}"
        case EventCount():
            within = [f"within='{node.within}'"] if node.within is not None else []
            given = [f"'{node.type}'", *within, *(_call(field) for field in node.fields)]
            return f"events({', '.join(given)})"
        case Days():
            return f"days_{'until' if node.until else 'since'}({wording(node.operand)})"

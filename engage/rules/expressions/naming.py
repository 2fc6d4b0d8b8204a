"""Names and their paths: `contact.country`, `trigger.items`, `data.prices[contact.country].plus`, `answer.score`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes as jinja

from engage.model.contact import AttributeKind
from engage.model.errors import nearest
from engage.model.expression import Cell, Constant, Node, Read
from engage.rules.expressions.names import Fields, Shape
from engage.rules.expressions.reading import NOTHING, Reader, item_of
from engage.rules.expressions.syntax import WORDS_OF_OTHERS

MONEY: Fields = {"amount": AttributeKind.NUMBER, "currency": AttributeKind.TEXT}
FUNCTIONS = frozenset({"has_consent", "in_segment", "touched", "events", "days_since", "days_until"})


def read_name(reader: Reader, tree: jinja.Name) -> Node:
    """A name alone."""
    return _resolve(reader, tree, [])


def read_path(reader: Reader, tree: jinja.Getattr | jinja.Getitem) -> Node:
    """A name and what is asked of it."""
    steps: list[jinja.Getattr | jinja.Getitem] = []
    base: jinja.Expr = tree
    while isinstance(base, jinja.Getattr | jinja.Getitem):
        steps.insert(0, base)
        base = base.node
    if isinstance(base, jinja.Name):
        return _resolve(reader, base, steps)
    return _deeper(reader, reader.read(base), steps)


def _resolve(reader: Reader, name: jinja.Name, steps: list[jinja.Getattr | jinja.Getitem]) -> Node:
    if name.name.startswith("_") or any((_word(step) or "").startswith("_") for step in steps):
        return reader.refuse(name.lineno, "nothing that begins with _ may be named")
    if name.name not in reader.names.roots:
        return _unknown(reader, name)
    if name.name == "data":
        return _cell(reader, name, steps)
    return _record(reader, name, steps)


def _unknown(reader: Reader, name: jinja.Name) -> Node:
    if name.name == "event":
        return reader.refuse(name.lineno, "`event` is known only in `where` and `key`")
    if name.name in FUNCTIONS:
        return reader.refuse(name.lineno, f"{name.name} is a function", f"{name.name}(…)")
    meant = WORDS_OF_OTHERS.get(name.name) or nearest(name.name, reader.names.roots)
    if meant is None and name.name in reader.names.attributes:
        meant = f"contact.{name.name}"
    return reader.refuse(name.lineno, f"unknown name `{name.name}`", meant or f"'{name.name}' (texts stand in quotes)")


def _shape(reader: Reader, name: str) -> Shape:
    names = reader.names
    roots: Mapping[str, Shape] = {
        "contact": names.attributes, "trigger": names.trigger, "event": names.event,
        "now": AttributeKind.DATETIME, "today": AttributeKind.DATE,
    }
    return names.variables[name] if name in names.variables else roots[name]


def _record(reader: Reader, name: jinja.Name, steps: list[jinja.Getattr | jinja.Getitem]) -> Node:
    shape = _shape(reader, name.name)
    if not steps and name.name in ("contact", "trigger", "event"):
        return reader.refuse(name.lineno, f"`{name.name}` is no value; name one of its {_what(name.name)}s")
    if not isinstance(shape, Mapping):
        return _deeper(reader, Read(path=(name.name,), kind=shape, at=name.lineno), steps)
    if not steps:
        return Read(path=(name.name,), kind=None, at=name.lineno)
    word = _word(steps[0])
    if word is None:
        return reader.refuse(steps[0].lineno, f"`{name.name}[…]` needs a name in quotes")
    if word not in shape:
        return reader.unknown(steps[0].lineno + 1, _article(name.name), word, shape, kind=_what(name.name))
    return _deeper(reader, Read(path=(name.name, word), kind=shape[word], at=name.lineno), steps[1:])


def _article(name: str) -> str:
    return "undeclared " if name == "contact" else f"`{name}` has no "


def _what(name: str) -> str:
    return "attribute" if name == "contact" else "field"


def _deeper(reader: Reader, node: Node, steps: list[jinja.Getattr | jinja.Getitem]) -> Node:
    """What is asked of a value: the parts of money, the items of a list, anything of what only the running program knows."""
    for step in steps:
        if node is NOTHING:
            return node
        node = _one_deeper(reader, node, step)
    return node


def _one_deeper(reader: Reader, node: Node, step: jinja.Getattr | jinja.Getitem) -> Node:
    word = _word(step)
    if word is not None and word.startswith("_"):
        return reader.refuse(step.lineno, "nothing that begins with _ may be named")
    if isinstance(node, Read) and word is not None and node.kind in (None, AttributeKind.MONEY):
        if node.kind is AttributeKind.MONEY and word not in MONEY:
            return reader.unknown(step.lineno + 1, "money has no ", word, MONEY, kind="part")
        return Read(path=(*node.path, word), kind=MONEY[word] if node.kind else None, at=node.at)
    if isinstance(step, jinja.Getitem) and not isinstance(step.arg, jinja.Slice):
        return item_of(reader, node, reader.read(step.arg), step.lineno)
    if word is None:
        return reader.refuse(step.lineno, "a part of a list cannot be cut out")
    if node.kind is None:
        return item_of(reader, node, Constant(value=word, kind=AttributeKind.TEXT, at=step.lineno), step.lineno)
    return reader.refuse(step.lineno, f"{_described(node)} has no parts, so no `{word}`")


def _described(node: Node) -> str:
    return f"`{'.'.join(node.path)}` is a {node.kind}: it" if isinstance(node, Read) else "this value"


def _cell(reader: Reader, name: jinja.Name, steps: list[jinja.Getattr | jinja.Getitem]) -> Node:
    if len(steps) != 3:
        return reader.refuse(name.lineno, "a table is asked by row and column, like data.prices[contact.country].plus")
    table, column = _word(steps[0]), _word(steps[2])
    if table is None or column is None:
        return reader.refuse(name.lineno, "a table and its column are named, not computed")
    if table not in reader.names.data:
        return reader.unknown(steps[0].lineno + 1, "unknown ", table, reader.names.data, kind="table")
    if column not in reader.names.data[table]:
        return reader.unknown(steps[2].lineno + 1, f"the table `{table}` has no ", column, reader.names.data[table], kind="column")
    row = steps[1]
    if isinstance(row, jinja.Getattr):
        return Cell(table=table, key=Constant(value=row.attr, kind=AttributeKind.TEXT, at=row.lineno), column=column, at=name.lineno)
    key = reader.read(row.arg)
    if key.kind not in (None, AttributeKind.TEXT):
        return reader.refuse(row.lineno, f"the rows of `{table}` are named by text, not by a {key.kind}")
    return Cell(table=table, key=key, column=column, at=name.lineno)


def _word(step: jinja.Getattr | jinja.Getitem) -> str | None:
    """The name that a step asks for, where it is written out."""
    if isinstance(step, jinja.Getattr):
        return step.attr
    return step.arg.value if isinstance(step.arg, jinja.Const) and isinstance(step.arg.value, str) else None


NAMES: Mapping[type[jinja.Node], Callable[[Reader, Any], Node]] = {
    jinja.Name: read_name, jinja.Getattr: read_path, jinja.Getitem: read_path,
}

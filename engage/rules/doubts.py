"""A workspace -> what `engage check` warns of in its expressions: comparisons that can never hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass

from engage.model.errors import Problem
from engage.model.expression import Expression
from engage.model.workspace import Workspace


def doubts(workspace: Workspace) -> Sequence[Problem]:
    """Every doubt, each once, in the order of places."""
    written = (*workspace.campaigns.values(), *workspace.segments.values())
    return sorted({doubt for expression in _expressions_in(written) for doubt in expression.doubts})


def _expressions_in(thing: object) -> Iterator[Expression]:
    """The expressions that stand anywhere in a noun of the model."""
    if isinstance(thing, Expression):
        yield thing
    elif isinstance(thing, Mapping):
        yield from _expressions_in(tuple(thing.values()))
    elif isinstance(thing, tuple):
        for item in thing:
            yield from _expressions_in(item)
    elif is_dataclass(thing):
        for each in fields(thing):
            yield from _expressions_in(getattr(thing, each.name))

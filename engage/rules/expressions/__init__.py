"""The one expression language: Jinja's syntax, parsed to a typed tree; the tree as a Python closure (SQL is the store's work)."""

from __future__ import annotations

from engage.rules.expressions.explaining import Clause, Joined, clauses
from engage.rules.expressions.lookup import Lookup
from engage.rules.expressions.names import Fields, Names, Shape
from engage.rules.expressions.parsing import parse, parse_binding
from engage.rules.expressions.refusing import Mentions, names_of, sql_refusals
from engage.rules.expressions.running import evaluate, holds
from engage.rules.expressions.scope import Scope, since

__all__ = [
    "Clause", "Fields", "Joined", "Lookup", "Mentions", "Names", "Scope", "Shape", "clauses", "evaluate", "holds", "names_of", "parse",
    "parse_binding", "since", "sql_refusals",
]

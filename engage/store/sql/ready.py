"""Statements made once, kept ready for the driver: what a simulation asks of its database some sixty times at each of its moments.

To find a compiled statement again, to put its parameters in order and to describe its rows takes SQLAlchemy several times as long as
SQLite takes to run it. Of a statement that comes a second time, the very same object, is kept what is left of all that: its text,
where its parameters come from, how its rows are read. All others go SQLAlchemy's way, and so do long lists, each of which has a
text of its own. What comes of a statement is the same either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from operator import itemgetter
from typing import Any, final
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.sql.compiler import SQLCompiler

LONGEST = 40
"""Items of a list of parameters, on whose number the text of a statement depends."""

MARK = "?"
"""Where SQLite's driver puts a parameter."""

Process = Callable[[Any], Any] | None
"""How a value is turned into the driver's, or back; None: it is the same."""

Form = tuple[object, ...]
"""What the text of a statement goes by: the names of its parameters, how long the lists among them are, whether it runs many times."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A statement as the driver takes it. `order` puts what is given, the items of lists, and constants, into their places."""

    text: str
    given: tuple[tuple[str, Process], ...]
    lists: tuple[tuple[str, tuple[Process, ...]], ...]
    constants: tuple[Any, ...]
    order: Callable[[Sequence[Any]], tuple[Any, ...]]
    columns: tuple[tuple[int, Callable[[Any], Any]], ...]
    width: int

    def arguments(self, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
        """The parameters as the driver takes them."""
        made = [parameters[name] if process is None else process(parameters[name]) for name, process in self.given]
        for name, processes in self.lists:
            items = _items(parameters[name])
            made += [item if process is None else process(item) for item, process in zip(items, processes, strict=True)]
        made += self.constants
        return self.order(made)

    def rows(self, found: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """The driver's rows with values of their types."""
        if found and len(found[0]) != self.width:
            raise TypeError("a column of the statement is written as text: its place among the others is not known")
        return map(self._row, found) if self.columns else iter(found)

    def _row(self, found: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(found)
        for index, process in self.columns:
            values[index] = process(values[index])
        return tuple(values)


def ready(statement: Any, parameters: Any, *, dialect: sa.Dialect) -> Ready | None:
    """The statement as it is kept for such parameters; None where it is not kept, or not yet."""
    kept = _KEPT.get(statement)
    if kept is None:
        if isinstance(statement, sa.SelectBase | sa.UpdateBase):
            _KEPT[statement] = {}  # what was made for this once is gone with it
        return None
    form = _form(parameters)
    if form is None:
        return None
    if form not in kept:
        kept[form] = _made(statement, parameters, dialect)
    return kept[form]


_KEPT: WeakKeyDictionary[Any, dict[Form, Ready | None]] = WeakKeyDictionary()
"""By statement, for as long as that lives: whatever its database, as only SQLite's are kept."""

_LIST = (list, tuple)


def _form(parameters: Any) -> Form | None:
    if not parameters:
        return ()
    if type(parameters) is list:
        return (True, *parameters[0])
    if type(parameters) is not dict:
        return None
    lengths = [len(value) for value in parameters.values() if type(value) in _LIST]
    if not lengths:
        return (False, *parameters)
    lists = [name for name, value in parameters.items() if type(value) in _LIST]
    return None if max(lengths) > LONGEST else (False, *parameters, *lists, *lengths)


def _made(statement: Any, parameters: Any, dialect: sa.Dialect) -> Ready | None:
    """None where more belongs to it than a text and parameters: defaults of columns that are worked out, say."""
    many = type(parameters) is list and bool(parameters)
    first = parameters[0] if many else parameters or {}
    returned = [column.type for column in statement.exported_columns]
    plain = statement.inline() if isinstance(statement, sa.Insert) and not returned else statement  # asks for no new id
    compiled = plain.compile(dialect=dialect, column_keys=list(first))
    defaults = {column.key: column.default for column in [*compiled.insert_prefetch, *compiled.update_prefetch]}
    lists = [bind.key for bind in compiled.post_compile_params if bind.key in first]
    asked = [bind.callable for bind in compiled.binds.values()] + [not each.is_scalar for each in defaults.values()]
    if any(asked) or (many and (returned or lists)) or any(type(first[name]) not in (list, tuple) for name in lists):
        return None
    return _placed(compiled, first, {name: each.arg for name, each in defaults.items()}, returned, dialect)


def _placed(
    compiled: SQLCompiler, parameters: Mapping[str, Any], defaults: Mapping[str, Any], returned: Sequence[Any], dialect: sa.Dialect
) -> Ready:
    """Sort out which places of the text get what is given, an item of a list, or what is always the same."""
    state = compiled.construct_expanded_state({**defaults, **parameters})
    items = {item: name for name, names in state.parameter_expansion.items() for item in names}
    given, constants = dict[str, Process](), dict[str, Any]()
    lists = {name: names for name, names in state.parameter_expansion.items() if compiled.binds[name].key in parameters}
    order = state.positiontup or ()
    for name in order:
        bind = compiled.binds[items.get(name, name)]
        process = state.processors.get(name) if name in items else bind.type.dialect_impl(dialect).bind_processor(dialect)
        if bind.key not in parameters:
            value = state.parameters[name]
            constants[name] = value if process is None else process(value)
        elif name not in items:
            given[name] = process
    text, order = _said(state.statement, order, {name: value for name, value in constants.items() if isinstance(value, str)})
    constants = {name: value for name, value in constants.items() if name in order}
    places = {name: place for place, name in enumerate(chain(given, *lists.values(), constants))}
    return Ready(
        text=text, constants=tuple(constants.values()), order=_ordering([places[name] for name in order]),
        given=tuple((compiled.binds[name].key, process) for name, process in given.items()),
        lists=tuple((compiled.binds[name].key, tuple(map(state.processors.get, names))) for name, names in lists.items()),
        columns=tuple(_reading(returned, dialect)), width=len(returned),
    )


def _said(text: str, order: Sequence[str], words: Mapping[str, str]) -> tuple[str, Sequence[str]]:
    """The text with these words said in it, and the parameters that are left.

    SQLite prepares a statement anew for each value of a parameter by which it might choose a partial index, which takes many times as
    long as to run it: `state = ?`, where there is an index over what waits.
    """
    pieces = text.split(MARK)
    if len(pieces) != len(order) + 1:  # a mark in what is no parameter
        return text, order
    marks = ["'" + words[name].replace("'", "''") + "'" if name in words else MARK for name in order]
    return "".join(chain.from_iterable(zip_longest(pieces, marks, fillvalue=""))), [name for name in order if name not in words]


def _ordering(places: Sequence[int]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda made: tuple(made[place] for place in places)


def _reading(returned: Sequence[Any], dialect: sa.Dialect) -> Iterator[tuple[int, Callable[[Any], Any]]]:
    for index, kind in enumerate(returned):
        process = kind.dialect_impl(dialect).result_processor(dialect, None)
        if process is not None:
            yield index, process


def _items(values: Sequence[Any]) -> Sequence[Any]:
    """The values of a list, of tuples one after another."""
    return list(chain.from_iterable(values)) if values and isinstance(values[0], tuple) else values

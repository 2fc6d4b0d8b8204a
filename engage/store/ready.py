"""Statements made once, kept ready for the driver: what a simulation asks of its database some sixty times at each of its moments.

To find a compiled statement again, to put its parameters in order and to describe its rows takes SQLAlchemy several times as long as
SQLite takes to run it. Of a statement that comes a second time, the very same object, is kept what is left of all that: its text,
where its parameters come from, how its rows are read. All others go SQLAlchemy's way, and so do long lists, each of which has a
text of its own. What comes of a statement is the same either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any, final
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.sql.compiler import SQLCompiler

LONGEST = 40
"""Items of a list of parameters, on whose number the text of a statement depends."""

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
        return map(self._row, found) if self.columns else iter(found)

    def _row(self, found: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(found)
        for index, process in self.columns:
            values[index] = process(values[index])
        return tuple(values)


def ready(statement: Any, parameters: Any, *, dialect: sa.Dialect) -> Ready | None:
    """The statement as it is kept for such parameters; None where it is not kept, or not yet."""
    if not isinstance(statement, sa.SelectBase | sa.UpdateBase):
        return None
    form = _form(parameters)
    if form is None:
        return None
    forms = _KEPT.get(statement)
    if forms is None:
        _KEPT[statement] = {}  # what was made for this once is gone with it
        return None
    if form not in forms:
        forms[form] = _made(statement, parameters, dialect)
    return forms[form]


_KEPT: WeakKeyDictionary[Any, dict[Form, Ready | None]] = WeakKeyDictionary()
"""By statement, for as long as that lives: whatever its database, as only SQLite's are kept."""


def _form(parameters: Any) -> Form | None:
    if not parameters:
        return ()
    if not isinstance(parameters, Mapping):
        return (True, *parameters[0])
    lengths = [len(value) if type(value) in (list, tuple) else -1 for value in parameters.values()]
    return None if max(lengths) > LONGEST else (False, *parameters, *lengths)


def _made(statement: Any, parameters: Any, dialect: sa.Dialect) -> Ready | None:
    """None where more belongs to it than a text and parameters: defaults of columns that are worked out, say."""
    many = bool(parameters) and not isinstance(parameters, Mapping)
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
    for name in state.positiontup or ():
        bind = compiled.binds[items.get(name, name)]
        process = state.processors.get(name) if name in items else bind.type.dialect_impl(dialect).bind_processor(dialect)
        if bind.key not in parameters:
            value = state.parameters[name]
            constants[name] = value if process is None else process(value)
        elif name not in items:
            given[name] = process
    places = {name: place for place, name in enumerate(chain(given, *lists.values(), constants))}
    return Ready(
        text=state.statement, constants=tuple(constants.values()), order=_ordering([places[name] for name in state.positiontup or ()]),
        given=tuple((compiled.binds[name].key, process) for name, process in given.items()),
        lists=tuple((compiled.binds[name].key, tuple(map(state.processors.get, names))) for name, names in lists.items()),
        columns=tuple(_reading(returned, dialect)),
    )


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

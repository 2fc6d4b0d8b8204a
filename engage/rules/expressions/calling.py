"""What may be called: the six functions, Jinja's safe filters, and its tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import nodes as jinja

from engage.model.contact import ChannelKind
from engage.model.expression import (
    Comparison,
    Days,
    EventCount,
    EventField,
    Filtered,
    HasConsent,
    InSegment,
    IsNone,
    Node,
    Not,
    Read,
    Touched,
)
from engage.model.history import Kind
from engage.model.time import Duration
from engage.rules.expressions.functions import FILTERS, SYNONYMS, TESTS, Function
from engage.rules.expressions.naming import FUNCTIONS
from engage.rules.expressions.reading import DATES, NOTHING, Reader, common_kind, compared

COMPARING_TESTS = {
    "eq": "eq", "equalto": "eq", "==": "eq", "ne": "ne", "!=": "ne", "lt": "lt", "lessthan": "lt", "<": "lt", "le": "lteq", "<=": "lteq",
    "gt": "gt", "greaterthan": "gt", ">": "gt", "ge": "gteq", ">=": "gteq", "in": "in",
}
ASKING_TESTS = ("none", "undefined", "defined")

Named = dict[str, jinja.Expr]


def read_call(reader: Reader, tree: jinja.Call) -> Node:
    """One of the functions; nothing else can be called."""
    name = tree.node
    if not isinstance(name, jinja.Name):
        meant = f"|{name.attr}" if isinstance(name, jinja.Getattr) and name.attr in FILTERS else None
        return reader.refuse(tree.lineno, "nothing but the functions can be called: a name is always the data's", meant)
    rule = CALLS.get(name.name)
    if rule is None:
        return reader.unknown(name.lineno, "unknown ", name.name, FUNCTIONS, kind="function")
    if tree.dyn_args is not None or tree.dyn_kwargs is not None:
        return reader.refuse(tree.lineno, "* and ** have no place in a call")
    return rule(reader, tree, name.lineno)


def _arguments(reader: Reader, tree: jinja.Call, *, positional: tuple[str, ...], known: Iterable[str] | None) -> Named | None:
    """The arguments by name; None where they are wrong. `known` None allows any name."""
    called = tree.node.name  # type: ignore[attr-defined]  # read_call made sure that it is a Name
    if len(tree.args) > len(positional):
        wanted = ", ".join(positional) or "named arguments only"
        reader.refuse(tree.args[len(positional)].lineno, f"{called} takes {wanted}")
        return None
    given: Named = dict(zip(positional, tree.args, strict=False))
    for pair in tree.kwargs:
        if pair.key in given or (known is not None and pair.key not in (*positional, *known)):
            what = "is given twice" if pair.key in given else f"is not known to {called}"
            reader.refuse(pair.value.lineno, f"the argument `{pair.key}` {what}", _close(pair.key, (*positional, *(known or ()))))
            return None
        given[pair.key] = pair.value
    return given


def _close(word: str, known: Iterable[str]) -> str | None:
    return next((each for each in known if each.startswith(word[:3])), None)


def _named(reader: Reader, given: Named, key: str, at: int, known: Iterable[str], *, kind: str, required: bool = True) -> str | None:
    """The text that names something declared."""
    tree = given.get(key)
    if tree is None:
        if required:
            reader.refuse(at, f"the argument `{key}` is missing")
        return None
    if not isinstance(tree, jinja.Const) or not isinstance(tree.value, str):
        reader.refuse(tree.lineno, f"`{key}` is a text in quotes that names a {kind}")
        return None
    if tree.value not in (known := frozenset(known)):
        reader.unknown(tree.lineno, "unknown ", tree.value, known, kind=kind)
        return None
    return tree.value


def _within(reader: Reader, given: Named) -> Duration | None:
    tree = given.get("within")
    if tree is None:
        return None
    if not isinstance(tree, jinja.Const) or not isinstance(tree.value, str):
        reader.refuse(tree.lineno, "`within` is a duration in quotes, like '30d'")
        return None
    try:
        duration = Duration.parse(tree.value)
    except ValueError as error:
        reader.refuse(tree.lineno, f"`within`: {error}")
        return None
    if duration.months < 0 or duration.days < 0 or duration.seconds < 0 or duration == Duration():
        reader.refuse(tree.lineno, "`within` looks back: it is more than nothing")
    return duration


def _has_consent(reader: Reader, tree: jinja.Call, at: int) -> Node:
    given = _arguments(reader, tree, positional=("purpose", "channel"), known=())
    if given is None:
        return NOTHING
    purpose = _named(reader, given, "purpose", at, reader.names.purposes, kind="purpose")
    channel = _named(reader, given, "channel", at, ChannelKind, kind="kind of channel")
    return NOTHING if purpose is None or channel is None else HasConsent(purpose=purpose, channel=ChannelKind(channel), at=at)


def _in_segment(reader: Reader, tree: jinja.Call, at: int) -> Node:
    given = _arguments(reader, tree, positional=("name",), known=())
    segment = None if given is None else _named(reader, given, "name", at, reader.names.segments, kind="segment")
    return NOTHING if segment is None else InSegment(segment=segment, at=at)


def _touched(reader: Reader, tree: jinja.Call, at: int) -> Node:
    given = _arguments(reader, tree, positional=(), known=("campaign", "message", "kind", "within"))
    if given is None:
        return NOTHING
    kind = _named(reader, given, "kind", at, Kind, kind="kind of touch", required=False)
    return Touched(
        campaign=_named(reader, given, "campaign", at, reader.names.campaigns, kind="campaign", required=False),
        message=_named(reader, given, "message", at, reader.names.messages, kind="message", required=False),
        touch=None if kind is None else Kind(kind), within=_within(reader, given), at=at,
    )


def _events(reader: Reader, tree: jinja.Call, at: int) -> Node:
    given = _arguments(reader, tree, positional=("type",), known=None)
    if given is None:
        return NOTHING
    type_ = _named(reader, given, "type", at, reader.names.events, kind="event")
    if type_ is None:
        return NOTHING
    wanted = {name: value for name, value in given.items() if name not in ("type", "within")}
    fields = tuple(_field(reader, type_, name, value) for name, value in wanted.items())
    return EventCount(type=type_, within=_within(reader, given), fields=tuple(f for f in fields if isinstance(f, EventField)), at=at)


def _field(reader: Reader, type_: str, name: str, tree: jinja.Expr) -> Node:
    """`sku=trigger.sku`, checked as the comparison that it is."""
    known = reader.names.events[type_]
    if name not in known:
        return reader.unknown(tree.lineno, f"the event `{type_}` has no ", name, known, kind="field")
    if isinstance(tree, jinja.Const) and tree.value is None:
        return reader.refuse(tree.lineno, "a comparison with none is always false")
    comparison = compared(reader, "eq", Read(path=(type_, name), kind=known[name]), reader.read(tree), at=tree.lineno)
    if not isinstance(comparison, Comparison):
        return NOTHING
    return EventField(name=name, value=comparison.right, kind=known[name], at=tree.lineno)


def _days(reader: Reader, tree: jinja.Call, at: int) -> Node:
    given = _arguments(reader, tree, positional=("date",), known=())
    if given is None:
        return NOTHING
    if "date" not in given:
        return reader.refuse(at, "the argument `date` is missing")
    operand = reader.read(given["date"])
    if operand.kind not in (None, *DATES):
        return reader.refuse(operand.at, f"days are counted to a date or a date-time, not to a {operand.kind}")
    return Days(operand=operand, until=tree.node.name == "days_until", at=at)  # type: ignore[attr-defined]  # it is a Name


CALLS: Mapping[str, Callable[[Reader, jinja.Call, int], Node]] = {
    "has_consent": _has_consent, "in_segment": _in_segment, "touched": _touched, "events": _events,
    "days_since": _days, "days_until": _days,
}


def read_filter(reader: Reader, tree: jinja.Filter) -> Node:
    """`operand|name(arguments)`."""
    name = SYNONYMS.get(tree.name, tree.name)
    function = FILTERS.get(name)
    if function is None or tree.node is None:
        return reader.unknown(tree.lineno, "unknown or unsafe ", tree.name, (*FILTERS, *SYNONYMS), kind="filter")
    return _applied(reader, name, function, reader.read(tree.node), tree, is_test=False)


def read_test(reader: Reader, tree: jinja.Test) -> Node:
    """`operand is name`; those that are operators by another name become these."""
    operand = reader.read(tree.node)
    if tree.name in ASKING_TESTS:
        missing = IsNone(operand=operand, at=tree.lineno)
        return Not(operand=missing, at=tree.lineno) if tree.name == "defined" else missing
    if tree.name in COMPARING_TESTS and len(tree.args) == 1:
        return compared(reader, COMPARING_TESTS[tree.name], operand, reader.read(tree.args[0]), at=tree.lineno)
    function = TESTS.get(tree.name)
    if function is None:
        return reader.unknown(tree.lineno, "unknown ", tree.name, (*ASKING_TESTS, *TESTS), kind="test")
    return _applied(reader, tree.name, function, operand, tree, is_test=True)


def _applied(reader: Reader, name: str, function: Function, operand: Node, tree: jinja.Filter | jinja.Test, *, is_test: bool) -> Node:
    if operand.kind is not None and operand.kind not in function.takes:
        return reader.refuse(tree.lineno, f"`{name}` takes {' or '.join(sorted(function.takes))}, not {operand.kind}")
    arguments = _filter_arguments(reader, name, function, tree)
    if arguments is None:
        return NOTHING
    kind = None if function.of_items and operand.kind is None else function.gives
    if name == "default":
        kind = common_kind((operand, arguments[0]))
    return Filtered(name=name, operand=operand, arguments=arguments, kind=kind, is_test=is_test, at=tree.lineno)


def _filter_arguments(reader: Reader, name: str, function: Function, tree: jinja.Filter | jinja.Test) -> tuple[Node, ...] | None:
    """The arguments in the filter's order; a gap is what a later one by name leaves."""
    given: dict[str, Any] = dict(zip(function.names, tree.args, strict=False))
    given.update({str(pair.key): pair.value for pair in tree.kwargs})
    strange = set(given) - set(function.names)
    if strange or len(tree.args) > len(function.names) or tree.dyn_args is not None or tree.dyn_kwargs is not None:
        reader.refuse(tree.lineno, f"`{name}` takes {', '.join(function.names) or 'no argument'}")
        return None
    if any(each not in given for each in function.names[: max(function.required, len(given))]):
        reader.refuse(tree.lineno, f"`{name}` needs {', '.join(function.names[: function.required])}")
        return None
    arguments = tuple(reader.read(given[each]) for each in function.names if each in given)
    for argument, kinds in zip(arguments, function.arguments, strict=False):
        if argument.kind is not None and argument.kind not in kinds:
            reader.refuse(argument.at, f"`{name}` takes {' or '.join(sorted(kinds))} here, not {argument.kind}")
    return arguments


CALLING: Mapping[type[jinja.Node], Callable[[Reader, Any], Node]] = {
    jinja.Call: read_call, jinja.Filter: read_filter, jinja.Test: read_test,
}

"""The environment that templates run in: plain data only, strict about what is missing, nothing without a limit.

One environment per language and form, so that phrases without values are fixed when a template is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MethodType
from typing import Any, ClassVar

from jinja2 import StrictUndefined, Undefined, nodes, pass_context
from jinja2.environment import TemplateModule
from jinja2.loaders import BaseLoader
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import Namespace
from markupsafe import Markup

from engage.model.contact import Money
from engage.templates.escaping import ESCAPES, Form
from engage.templates.faults import Unprintable
from engage.templates.fields import Fields
from engage.templates.filters import FILTERS
from engage.templates.functions import RANGE, Function, pluralizer, translator
from engage.templates.guard import OPERATIONS, guarded
from engage.templates.limits import MAX_BITS
from engage.templates.phrases import Phrasebook, fill
from engage.templates.scope import scope_of

_SAFE_TESTS = (
    "!=", "<", "<=", "==", ">", ">=", "boolean", "defined", "divisibleby", "eq", "equalto", "even", "false", "float", "ge", "greaterthan",
    "gt", "in", "integer", "iterable", "le", "lessthan", "lower", "lt", "mapping", "ne", "none", "number", "odd", "sequence", "string",
    "true", "undefined", "upper",
)  # fmt: skip

_LOOP = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0", "previtem", "nextitem", "cycle", "changed"}
)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja, cut down to what a message needs."""

    intercepted_binops: ClassVar[frozenset[str]] = frozenset({"+", "*", "**", "%"})  # type: ignore[misc]  # Jinja declares it per instance

    def __init__(self, form: Form, locale: str, phrases: Phrasebook, loader: BaseLoader) -> None:
        super().__init__(
            autoescape=form is not Form.TEXT, undefined=StrictUndefined, finalize=_printer(form), loader=loader,
            auto_reload=False, cache_size=-1,
        )
        self.form = form
        self.locale = locale
        self.phrases = phrases
        self.filters = {**FILTERS, **OPERATIONS}
        self.tests = {name: TESTS[name] for name in _SAFE_TESTS}
        self.globals = {"range": RANGE, "namespace": Namespace, "t": translator(phrases, locale), "plural": pluralizer(locale)}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return guarded(self, super()._parse(source, name, filename), self._phrase)

    def _phrase(self, key: str) -> str:
        return fill(self.phrases.find(key, self.locale), None, {})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The field of that name; never a method, never an attribute of Python's."""
        if type(obj) is Fields:
            try:
                return obj.values[attribute]
            except KeyError:
                return self.undefined(obj.hint(attribute), obj, attribute)
        if attribute.startswith("_"):
            raise Unprintable("names that begin with an underscore are not for templates")
        return self._other(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """The row or field of that key, or the item at that position."""
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        if isinstance(obj, str | list | tuple | range) and isinstance(argument, int | slice):
            try:
                return obj[argument]
            except IndexError:
                return self.undefined("the list is shorter than that", obj, str(argument))
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        hint = obj.hint(argument) if type(obj) is Fields else None
        return self.undefined(hint, obj, str(argument))

    def _other(self, obj: Any, attribute: str) -> Any:
        match obj:
            case Mapping():
                return obj[attribute] if attribute in obj else self.undefined(None, obj, attribute)
            case Money() if attribute in ("amount", "currency"):
                return getattr(obj, attribute)
            case datetime():
                raise Unprintable("a date-time has no fields; use the filters date, time and datetime")
            case date() if attribute in ("year", "month", "day"):
                return getattr(obj, attribute)
            case LoopContext() if attribute in _LOOP:
                return getattr(obj, attribute)
            case Namespace() | TemplateModule() if hasattr(obj, attribute):
                return getattr(obj, attribute)
            case Undefined():
                return getattr(obj, attribute)  # raises
            case _:
                return self.undefined("it is none" if obj is None else f"it has no {attribute!r}", obj, attribute)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call what may be called: our functions, macros, and a loop's own. Named as Jinja does: a value may be handed over as `self`."""
        scope_of(__context).budget.spend(1, 1)
        if type(__obj) is Function:
            return __obj.call(__context, *args, **kwargs)
        if __obj is Namespace or isinstance(__obj, Macro | LoopContext):
            return __context.call(__obj, *args, **kwargs)
        if isinstance(__obj, MethodType) and isinstance(__obj.__self__, LoopContext):
            return __context.call(__obj, *args, **kwargs)
        if isinstance(__obj, Undefined):
            __obj()  # raises
        raise Unprintable("only t, plural, range, in_segment, namespace and macros can be called")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refuse what would grow without bound, before it does."""
        if isinstance(left, str | list | tuple) or isinstance(right, str | list | tuple):
            if operator == "%":
                raise Unprintable("% formats no text here; use ~ or a phrase")
            scope_of(context).budget.make(_joined(operator, left, right))
        elif operator in ("*", "**") and _bits(operator, left, right) > MAX_BITS:
            raise Unprintable("the number is too large")
        return super().call_binop(context, operator, left, right)


def _joined(operator: str, left: Any, right: Any) -> int:
    if operator == "+":
        return len(left) + len(right) if hasattr(left, "__len__") and hasattr(right, "__len__") else 0
    sequence, times = (left, right) if isinstance(left, str | list | tuple) else (right, left)
    return len(sequence) * times if isinstance(times, int) else 0


def _bits(operator: str, left: Any, right: Any) -> float:
    def width(number: Any) -> int:
        return max(1, number.bit_length()) if isinstance(number, int) else 64

    return width(left) + width(right) if operator == "*" else width(left) * abs(right)


def _printer(form: Form) -> Any:
    """What `{{ … }}` does with a value: as the reader's language writes it, and harmless."""
    escape = ESCAPES[form]
    plain = form in (Form.TEXT, Form.HTML)  # Jinja escapes HTML itself

    @pass_context
    def finalize(context: Context, value: object) -> object:
        scope = scope_of(context)
        if type(value) is str:
            text = value
        elif isinstance(value, Markup):
            scope.budget.print(len(value))
            return value
        elif isinstance(value, Undefined):
            return str(value)  # raises
        elif value is None:
            raise Unprintable("this may be missing; give it a default: {{ … | default('…') }}")
        else:
            text = scope.formats.text(value, scope.zone)
        scope.budget.print(len(text))
        return text if plain else Markup(escape(text))  # noqa: S704  # escaped for the form it goes into

    return finalize

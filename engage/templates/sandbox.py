"""The environment that templates run in: plain data only, strict about what is missing, nothing without a limit.

One environment per language, reader's formats and form, so that what is constant there is fixed when a template is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from datetime import date, datetime
from types import CodeType, MethodType
from typing import Any, ClassVar

from jinja2 import StrictUndefined, Template, Undefined, nodes, pass_context
from jinja2.environment import TemplateModule
from jinja2.loaders import BaseLoader
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import Namespace, missing

from engage.model.contact import Money
from engage.templates import folding, marking
from engage.templates.escaping import Form
from engage.templates.faults import Unprintable
from engage.templates.fields import Fields
from engage.templates.filters import FILTERS
from engage.templates.formats import Formats
from engage.templates.functions import RANGE, Function, pluralizer, translator
from engage.templates.generating import Generator
from engage.templates.guard import OPERATIONS, contains, guarded, turns
from engage.templates.limits import MAX_BITS, weight
from engage.templates.phrases import Phrasebook
from engage.templates.printing import printers
from engage.templates.scope import Reader, scope_of

_SAFE_TESTS = (
    "boolean", "defined", "divisibleby", "even", "false", "float", "integer", "iterable", "mapping", "none", "number", "odd", "sequence",
    "string", "true", "undefined",
)  # fmt: skip
_COMPARING_TESTS = (
    "!=", "<", "<=", "==", ">", ">=", "eq", "equalto", "ge", "greaterthan", "gt", "in", "le", "lessthan", "lower", "lt", "ne", "upper",
)  # fmt: skip
"""They may look through all of a text or list, and are charged for it."""

_SLOW_TO_GROW = frozenset({"+", "*"})
_JINJAS_OWN = frozenset({"_loop_vars", "_block_vars"})
"""What Jinja hands along to whatever is called within a loop or a block, for contexts that are passed on."""

_SMALL_NUMBER = 1_000_000_000

_LOOP = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0", "previtem", "nextitem", "cycle", "changed"}
)


def _looked_through(test: Any) -> Any:
    @pass_context
    def asked(context: Reader, value: object, *args: object) -> object:
        context.scope.budget.touch(value, *args)
        return test(value, *args)

    return asked


_TESTS: dict[str, Any] = {
    **{name: TESTS[name] for name in _SAFE_TESTS},
    **{name: _looked_through(TESTS[name]) for name in _COMPARING_TESTS},
}


class Missing(StrictUndefined):
    """What a template names and the data does not have; what was probably meant is looked for when it is told."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        owner = self._undefined_obj
        return owner.hint(self._undefined_name) if owner.__class__ is Fields else super()._undefined_message


class Part(Template):
    """A compiled template, which finds the sandbox's functions by their names."""

    @classmethod
    def from_code(
        cls, environment: Any, code: CodeType, globals: MutableMapping[str, Any], uptodate: Callable[[], bool] | None = None
    ) -> Part:
        """Run the generated module."""
        namespace = {**environment.namespace, "environment": environment, "__file__": code.co_filename}
        exec(code, namespace)  # noqa: S102  # what Jinja's generator wrote of a guarded tree, as Jinja itself does
        return cls._from_namespace(environment, namespace, globals)  # type: ignore[return-value]  # it is made of this class


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja, cut down to what a message needs."""

    intercepted_binops: ClassVar[frozenset[str]] = frozenset({"+", "*", "**", "%"})  # type: ignore[misc]  # Jinja declares it per instance

    code_generator_class = Generator
    context_class = Reader
    template_class = Part

    def __init__(
        self, form: Form, locale: str, formats: Formats, phrases: Phrasebook, loader: BaseLoader, fields: Mapping[str, frozenset[str]]
    ) -> None:
        """`fields` are those of the records that every template has: what is read of them is read directly."""
        super().__init__(autoescape=form is not Form.TEXT, undefined=Missing, loader=loader, auto_reload=False, cache_size=-1)
        self.form = form
        self.locale = locale
        self.phrases = phrases
        self.fields = fields
        self.escaping = EvalContext(self)
        self._formats = formats
        self.said: dict[tuple[str, int], str] = {}
        self.filters = {**FILTERS, **OPERATIONS, **folding.OPERATIONS, **marking.OPERATIONS}
        self.tests = _TESTS
        self.globals = {"range": RANGE, "namespace": Namespace, "t": translator(phrases, locale), "plural": pluralizer(locale)}
        self.filter_names = {name: f"filter_{name}" for name in self.filters}
        self.test_names = {name: f"test_{number}" for number, name in enumerate(self.tests)}
        self.namespace: dict[str, object] = {
            **{self.filter_names[name]: function for name, function in self.filters.items()},
            **{self.test_names[name]: function for name, function in self.tests.items()},
            "field": self.getattr, "contains": contains, "turns": turns, "said": self.said, "date": date,
            "undefined": self.undefined, "concat": self.concat, "cond_expr_undefined": Undefined, **printers(form),
        }

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return guarded(self, super()._parse(source, name, filename), self._phrase)

    def _generate(self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False) -> str:
        folded = folding.Folder(self, self._formats, source).visit(source)
        return super()._generate(folded, name, filename, defer_init)

    def texts_of_days(self, style: str) -> str | None:
        """The name by which compiled templates find the days written in that style; None where it is a pattern."""
        texts = self._formats.days(style)
        if texts is None:
            return None
        self.namespace[f"days_{style}"] = texts
        return f"days_{style}"

    def _phrase(self, key: str) -> str:
        return self.phrases.wording(key, self.locale).text(None, {})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The field of that name; never a method, never an attribute of Python's."""
        if obj.__class__ is Fields:
            value = obj.values.get(attribute, missing)
            if value is not missing:
                return value
            return None if attribute in obj.declared else Missing(None, obj, attribute)
        if obj.__class__ is LoopContext and attribute in _LOOP:
            return getattr(obj, attribute)
        if attribute.startswith("_"):
            raise Unprintable("names that begin with an underscore are not for templates")
        return self._other(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """The row or field of that key, or the item at that position."""
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        if isinstance(obj, str | list | tuple | range) and isinstance(argument, int):
            try:
                return obj[argument]
            except IndexError:
                return self.undefined("the list is shorter than that", obj, str(argument))
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        return self.undefined(None, obj, str(argument))

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
            case Namespace() | TemplateModule() if hasattr(obj, attribute):
                return getattr(obj, attribute)
            case Undefined():
                return getattr(obj, attribute)  # raises
            case _:
                return self.undefined("it is none" if obj is None else f"it has no {attribute!r}", obj, attribute)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call what may be called: our functions, macros, and a loop's own. Named as Jinja does: a value may be handed over as `self`."""
        budget = scope_of(__context).budget
        budget.spend(1, 1)
        if type(__obj) is Function:
            for name in _JINJAS_OWN & kwargs.keys():
                del kwargs[name]
            return __obj.call(__context, *args, **kwargs)
        if __obj is Namespace or isinstance(__obj, Macro | LoopContext):
            return budget.made(__context.call(__obj, *args, **kwargs))
        if isinstance(__obj, MethodType) and isinstance(__obj.__self__, LoopContext):
            budget.touch(*args)
            return __context.call(__obj, *args, **kwargs)
        if isinstance(__obj, Undefined):
            __obj()  # raises
        raise Unprintable("only t, plural, range, in_segment, namespace and macros can be called")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refuse what would grow without bound, before it does."""
        if left.__class__ is int is right.__class__ and operator in _SLOW_TO_GROW and max(abs(left), abs(right)) < _SMALL_NUMBER:
            return self.binop_table[operator](left, right)
        if isinstance(left, str | list | tuple) or isinstance(right, str | list | tuple):
            if operator == "%":
                raise Unprintable("% formats no text here; use ~ or a phrase")
            budget = scope_of(context).budget
            budget.make(_joined(operator, left, right))
            return budget.made(super().call_binop(context, operator, left, right))
        if operator in ("*", "**") and _bits(operator, left, right) > MAX_BITS:
            raise Unprintable("the number is too large")
        return super().call_binop(context, operator, left, right)


def _joined(operator: str, left: Any, right: Any) -> int:
    if operator == "+":
        return weight(left) + weight(right)
    sequence, times = (left, right) if isinstance(left, str | list | tuple) else (right, left)
    return weight(sequence) * times if isinstance(times, int) else 0


def _bits(operator: str, left: Any, right: Any) -> float:
    def width(number: Any) -> int:
        return max(1, number.bit_length()) if isinstance(number, int) else 64

    return width(left) + width(right) if operator == "*" else width(left) * abs(right)

"""What is the same for every reader of one language is worked out when a template is compiled.

Phrases and plural forms whose values are constant become their text, and so do constant numbers and amounts; those with values are
cut at their placeholders once. What cannot be worked out is left as it stands, to fail at its place when it is rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, nodes, pass_context
from jinja2.visitor import NodeTransformer

from engage.model.errors import Place
from engage.templates.escaping import Form
from engage.templates.faults import Unprintable
from engage.templates.filters import FILTERS
from engage.templates.formats import Formats
from engage.templates.functions import Function, counted, spoken, valued
from engage.templates.locales import PLURAL_CATEGORIES
from engage.templates.phrases import Phrase, Wording
from engage.templates.scope import KEY, Reader, Scope

_FOLDED = frozenset({"number", "percent", "money", "duration", "country_name", "upper", "lower", "capitalize", "title", "trim"})
_REMEMBERED = 8192
_CALLED = frozenset({"t", "plural"})
_NOWHERE = Place(file="")


_APART = frozenset({Form.TEXT, Form.HTML, Form.MRKDWN})
"""Forms in which a text escaped is its pieces escaped, one after the other."""


class Folder(NodeTransformer):
    """Visits the innermost nodes first, so that what is made of constants is constant itself."""

    def __init__(self, environment: Environment, formats: Formats, tree: nodes.Template) -> None:
        self._environment: Any = environment
        self._reader = Reader(environment, {KEY: Scope(formats=formats, zone=ZoneInfo("UTC"))}, None, {})
        self._named = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:
        self.generic_visit(node)
        if node.name not in _FOLDED or not _constant(node.node, *node.args, *(keyword.value for keyword in node.kwargs)):
            return node
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            return node
        filter_ = FILTERS[node.name]
        return self._worked_out(node, lambda args, kwargs: filter_(self._reader, _value(node.node), *args, **kwargs))

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        if name not in _CALLED or name in self._named or node.dyn_args is not None or node.dyn_kwargs is not None or not node.args:
            return node
        if _constant(*node.args, *(keyword.value for keyword in node.kwargs)):
            function = self._environment.globals[name]
            assert isinstance(function, Function)  # noqa: S101  # the sandbox puts it there
            return self._worked_out(node, lambda args, kwargs: function.call(self._reader, *args, **kwargs))
        return _phrase(node) if name == "t" else _count(node)

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        self.generic_visit(node)
        if self._environment.form in _APART:
            node.nodes = [part for child in node.nodes for part in self._spelled(child)]
        return node

    def _spelled(self, child: nodes.Expr) -> list[nodes.Expr]:
        """A phrase that is printed as it is, with no number that would choose its form, is printed piece by piece."""
        if not isinstance(child, nodes.Filter) or child.name != "_spoken" or child.args:
            return [child]
        try:
            wording = self._environment.phrases.wording(_value(child.node), self._environment.locale)
        except Unprintable:
            return [child]
        values = {str(keyword.key): keyword.value for keyword in child.kwargs}
        parts = wording.parts()
        if wording.phrase.plural or "n" in values or set(parts[1::2]) != set(values) or len(parts) // 2 != len(values):
            return [child]  # each value is to be worked out once, also where the phrase does not say it or says it twice
        return [
            nodes.Filter(values[part], "_value", [nodes.Const(part)], [], None, None, lineno=child.lineno)
            if at % 2 else nodes.Const(part, lineno=child.lineno)
            for at, part in enumerate(parts)
        ]  # fmt: skip

    def _worked_out(self, node: nodes.Filter | nodes.Call, work: Callable[[list[Any], dict[str, Any]], object]) -> nodes.Node:
        try:
            made = work([_value(one) for one in node.args], {str(keyword.key): _value(keyword.value) for keyword in node.kwargs})
        except Exception:  # noqa: BLE001  # whatever it is, it is told when it is rendered, with its place
            return node
        return nodes.Const(str(made), lineno=node.lineno) if type(made) is str else node


def _phrase(node: nodes.Call) -> nodes.Node:
    """`t('key', …)` as an operation on the phrase's key, where it is one."""
    key, *rest = node.args
    if not isinstance(key, nodes.Const) or not isinstance(key.value, str) or len(rest) > 1:
        return node
    if not rest and [keyword.key for keyword in node.kwargs] == ["n"]:
        return nodes.Filter(node.kwargs[0].value, "_said", [key], [], None, None, lineno=node.lineno)
    return nodes.Filter(key, "_spoken", rest, node.kwargs, None, None, lineno=node.lineno)


def _count(node: nodes.Call) -> nodes.Node:
    """`plural(n, …)` as an operation on the number, where its forms are constant and good."""
    forms = {keyword.key: _value(keyword.value) for keyword in node.kwargs if _constant(keyword.value)}
    good = len(forms) == len(node.kwargs) and "other" in forms and set(forms) <= set(PLURAL_CATEGORIES) and len(node.args) == 1
    if not good or not all(isinstance(form, str) for form in forms.values()):
        return node
    return nodes.Filter(node.args[0], "_counted", [nodes.Const(tuple(forms.items()))], [], None, None, lineno=node.lineno)


@pass_context
def _spoken(context: Reader, key: str, n: object = None, **values: object) -> str:
    environment: Any = context.environment
    return spoken(context, environment.phrases.wording(key, environment.locale), n, values)


@pass_context
def _said(context: Reader, n: object, key: str) -> str:
    """A phrase with its number alone."""
    environment: Any = context.environment
    if n.__class__ is not int:
        return counted(context, environment.phrases.wording(key, environment.locale), n)
    said: str | None = environment.said.get((key, n))
    if said is None:
        said = counted(context, environment.phrases.wording(key, environment.locale), n)
        if len(environment.said) < _REMEMBERED:
            environment.said[key, n] = said
    return said


@pass_context
def _counted(context: Reader, n: object, forms: tuple[tuple[str, str], ...]) -> str:
    environment: Any = context.environment
    return counted(context, _worded(forms, environment.locale), n)


@pass_context
def _valued(context: Reader, value: object, name: str) -> str:
    """Only its name is of use: what prints it is written where it is printed."""
    return valued(context, name, value)


@lru_cache(maxsize=4096)
def _worded(forms: tuple[tuple[str, str], ...], locale: str) -> Wording:
    """Forms written in a template, in which `{n}` alone is a placeholder."""
    return Wording(Phrase(forms=dict(forms), plural=True, place=_NOWHERE, locale=locale), only="n")


OPERATIONS: Mapping[str, Callable[..., object]] = {"_spoken": _spoken, "_said": _said, "_counted": _counted, "_value": _valued}
"""Filters that only the folding puts in: templates cannot name them."""


def _constant(*found: nodes.Node | None) -> bool:
    return all(isinstance(node, nodes.Const) for node in found)


def _value(node: nodes.Node | None) -> Any:
    return node.value if isinstance(node, nodes.Const) else None

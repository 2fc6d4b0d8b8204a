"""Rewrites a template's parsed tree before it is compiled: what is not allowed is refused, what could grow is charged.

Loops, `~`, slices and lists that are made become filters of ours that charge the budget, as does each turn of a loop and each
import; comparisons become the two-valued ones of the campaign language (a missing or wrongly typed side makes them false); a phrase
without values is put in as text.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Any, NoReturn, final

from jinja2 import Environment, TemplateSyntaxError, Undefined, nodes, pass_context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from engage.model.errors import nearest
from engage.templates.escaping import ESCAPES
from engage.templates.faults import Unprintable
from engage.templates.fields import Fields
from engage.templates.functions import texts
from engage.templates.limits import SMALL, Budget, turn_cost
from engage.templates.scope import Reader


def guarded(environment: Environment, tree: nodes.Template, phrase: Callable[[str], str]) -> nodes.Template:
    """The tree, made safe; `phrase` gives the text of a key. Raises TemplateSyntaxError, with the line, for what no template may do."""
    Guard(environment, phrase).visit(tree)
    return tree


class Guard(NodeTransformer):
    """Visits the innermost nodes first, so that nothing that it puts in is visited again."""

    def __init__(self, environment: Environment, phrase: Callable[[str], str]) -> None:
        self._environment = environment
        self._phrase = phrase

    def visit_Name(self, node: nodes.Name) -> nodes.Node:
        if node.name.startswith("_"):
            _refuse(node, "names that begin with an underscore are not for templates")
        return node

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:
        self.generic_visit(node)
        if node.attr.startswith("_"):
            _refuse(node, "names that begin with an underscore are not for templates")
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:
        self.generic_visit(node)
        if node.name.startswith("_") or node.name not in self._environment.filters:
            _refuse(node, f"there is no filter {node.name!r}", _close(node.name, self._environment.filters))
        return node

    def visit_Test(self, node: nodes.Test) -> nodes.Node:
        self.generic_visit(node)
        if node.name not in self._environment.tests:
            _refuse(node, f"there is no test {node.name!r}", _close(node.name, self._environment.tests))
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = _operation("_loop", node.iter)
        return _charged(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        self.generic_visit(node)
        return _charged(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        self.generic_visit(node)
        return _charged(node)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        bounds = [bound or nodes.Const(None) for bound in (node.arg.start, node.arg.stop, node.arg.step)]
        return _operation("_cut", node.node, *bounds)

    def visit_List(self, node: nodes.List) -> nodes.Node:
        self.generic_visit(node)
        return node if all(isinstance(item, nodes.Const) for item in node.items) else _operation("_made", node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        self.generic_visit(node)
        constant = node.ctx != "load" or all(isinstance(item, nodes.Const) for item in node.items)
        return node if constant else _operation("_made", node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:
        self.generic_visit(node)
        return _operation("_made", node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        first, *others = node.nodes
        return _operation("_concat", first, *others)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        steps = [part for operand in node.ops for part in (nodes.Const(operand.op), operand.expr)]
        return _operation("_compare", node.expr, *steps)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        named = isinstance(node.node, nodes.Name) and node.node.name == "t"
        plain = len(node.args) == 1 and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
        if not (named and plain and isinstance(node.args[0], nodes.Const) and isinstance(node.args[0].value, str)):
            return node
        try:
            text = self._phrase(node.args[0].value)
        except Unprintable as error:
            _refuse(node, str(error))
        return nodes.Const(text, lineno=node.lineno)

    def visit_Import(self, node: nodes.Import) -> list[nodes.Node]:
        self.generic_visit(node)
        return [_turn(node, 1), _imported(node)]

    def visit_FromImport(self, node: nodes.FromImport) -> list[nodes.Node]:
        self.generic_visit(node)
        return [_turn(node, 1), _imported(node)]

    def visit_ScopedEvalContextModifier(self, node: nodes.ScopedEvalContextModifier) -> NoReturn:
        _refuse(node, "escaping cannot be switched off")


def _imported(node: nodes.Import | nodes.FromImport) -> nodes.Node:
    if not isinstance(node.template, nodes.Const):
        _refuse(node, "the file to import is named by a text, not by an expression")
    node.with_context = True  # a macro prints by the reader's formats, which are in the context
    return node


def _operation(name: str, value: nodes.Node, *args: nodes.Node) -> nodes.Filter:
    made = nodes.Filter(value, name, list(args), [], None, None)
    return made.set_lineno(value.lineno)  # type: ignore[return-value]  # it returns itself; only those without a line are set


def _refuse(node: nodes.Node, what: str, meant: str | None = None) -> NoReturn:
    raise TemplateSyntaxError(what + (f"; did you mean {meant}?" if meant else ""), node.lineno)


def _close(name: str, known: Iterable[str]) -> str | None:
    return nearest(name, (one for one in known if not one.startswith("_")))


def _charged(node: nodes.For | nodes.Macro | nodes.CallBlock) -> nodes.Node:
    """The node, charged for each time that its body runs: for all that it holds, whatever of it is run."""
    parts = [part for child in node.body for part in (child, *child.find_all(nodes.Node))]
    text = sum(len(part.data) for part in parts if isinstance(part, nodes.TemplateData))
    printed = sum(len(part.nodes) for part in parts if isinstance(part, nodes.Output))
    node.body.insert(0, _turn(node, turn_cost(len(parts), printed, text)))
    return node


def _turn(node: nodes.Node, cost: int) -> nodes.Stmt:
    made = nodes.ExprStmt(_operation("_turn", nodes.Const(cost)))
    return made.set_lineno(node.lineno)  # type: ignore[return-value]  # it returns itself


@pass_context
def _charge_turn(context: Reader, cost: int) -> None:
    context.scope.budget.spend(1, cost)


@pass_context
def _loop(context: Reader, value: Any) -> Any:
    if isinstance(value, Undefined):
        iter(value)  # raises
    if value is None:
        return ()
    if not isinstance(value, str | list | tuple | range | Fields | Mapping):
        raise Unprintable("this is no list to go through")
    return value


def turns(context: Reader, value: Any, cost: int) -> Sized:
    """What a loop goes through whose turns cost so much each: of few turns all are charged at once, of many each when it comes."""
    if value.__class__ is not tuple or len(value) > SMALL:
        return _Turns(_loop(context, value), context.scope.budget, cost)
    if value:
        context.scope.budget.spend(len(value), len(value) * cost)
    items: tuple[object, ...] = value
    return items


@final
class _Turns:
    """A long list, or one that is no tuple."""

    def __init__(self, items: Any, budget: Budget, cost: int) -> None:
        self._items = items
        self._budget = budget
        self._cost = cost

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[object]:
        for item in self._items:
            self._budget.spend(1, self._cost)
            yield item


@pass_context
def _made(context: Reader, value: object) -> object:
    return context.scope.budget.made(value)


@pass_context
def _cut(context: Reader, value: Any, start: Any, stop: Any, step: Any) -> object:
    if isinstance(value, Undefined):
        str(value)  # raises
    if not isinstance(value, str | list | tuple | range):
        raise Unprintable("only a text or a list has a part from … to …")
    return context.scope.budget.made(value[start:stop:step])


@pass_context
def _concat(context: Reader, *parts: object) -> str:
    for part in parts:
        if part is None:
            raise Unprintable("a part of this text may be missing; give it a default")
        if isinstance(part, Undefined):
            str(part)  # raises
    joined = [part if isinstance(part, Markup) else text for part, text in zip(parts, texts(context, parts), strict=True)]
    if (size := sum(map(len, joined))) > SMALL:
        context.scope.budget.make(size)
    if not any(isinstance(part, Markup) for part in joined):
        return "".join(joined)
    escape = ESCAPES[context.environment.form]  # type: ignore[attr-defined]  # our own environment has it
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in joined))  # noqa: S704  # escaped here


def contains(context: Reader, value: Any, word: str) -> bool:
    """`word in value`, as `_compare` has it, sooner for what it mostly is."""
    if value.__class__ is tuple and len(value) <= SMALL:
        return word in value
    return _compare(context, word, "in", value)


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "lt": operator.lt, "lteq": operator.le, "gt": operator.gt, "gteq": operator.ge,
    "in": lambda left, right: left in right,
}  # fmt: skip
_NEGATED = {"ne": "eq", "notin": "in"}


@pass_context
def _compare(context: Reader, value: object, *steps: Any) -> bool:
    left = value
    context.scope.budget.touch(value, *steps)
    for name, right in zip(steps[::2], steps[1::2], strict=True):
        holds = not _holds(_NEGATED[name], left, right) if name in _NEGATED else _holds(name, left, right)
        if not holds:
            return False
        left = right
    return True


def _holds(name: str, left: object, right: object) -> bool:
    for side in (left, right):
        if isinstance(side, Undefined):
            bool(side)  # raises
    if left is None or right is None or (name != "in" and isinstance(left, bool) is not isinstance(right, bool)):
        return False
    try:
        return bool(_COMPARISONS[name](left, right))
    except TypeError:
        return False


OPERATIONS: Mapping[str, Callable[..., object]] = {
    "_loop": _loop, "_turn": _charge_turn, "_made": _made, "_cut": _cut, "_concat": _concat, "_compare": _compare,
}  # fmt: skip
"""Filters that only the guard puts in: templates cannot name them."""

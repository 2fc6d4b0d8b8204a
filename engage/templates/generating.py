"""A guarded tree -> Python: Jinja's own generator, with what is done for every value of every letter written out shorter.

What differs from a stock environment is only how it is done: a part is a list of pieces rather than a generator, in which what
never changes is one text; filters are called directly; names come out of one dict; a text is escaped without an object around it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jinja2 import nodes
from jinja2.compiler import Frame
from jinja2.idtracking import VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE, VAR_LOAD_UNDEFINED
from jinja2.nodes import EvalContext
from jinja2.runtime import exported

from engage.templates.escaping import ESCAPES, Form
from engage.templates.limits import SMALL
from engage.templates.shortcuts import Shortcuts

Finalize = Any
_NAMING = (nodes.Assign, nodes.AssignBlock, nodes.Macro, nodes.Call, nodes.CallBlock)
"""What hands a loop's own names on."""

_TURN = {
    "index": "{turn}", "index0": "({turn} - 1)", "first": "({turn} == 1)", "last": "({turn} == len({turn}_of))", "length": "len({turn}_of)",
}  # fmt: skip
"""What `loop.index` and its like are, where nothing else is asked of the loop."""


class Generator(Shortcuts):
    """Writes `root(context)`, which returns the list of what it prints."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turns: list[str] = []  # of the plain loops around, the names that hold them

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        """The module. Layouts and blocks are put together long before, so there are none here."""
        self._assigned = frozenset(name.name for name in node.find_all(nodes.Name) if name.ctx != "load")
        self.writeline("from jinja2.runtime import " + ", ".join(sorted(exported)))
        self.writeline(f"name = {self.name!r}")
        self.writeline("def root(context, missing=missing, environment=environment):", extra=1)
        self.indent()
        frame = Frame(EvalContext(self.environment, self.name))
        frame.symbols.analyze_node(node)
        frame.toplevel = frame.rootlevel = True
        self._reads_data = any(action == VAR_LOAD_RESOLVE for action, _ in frame.symbols.loads.values())
        self.write_commons()
        self.buffer(frame)
        self.enter_frame(frame)
        self.pull_dependencies(node.body)
        self.blockvisit(node.body, frame)
        self.writeline(f"return {frame.buffer}")
        self.outdent()
        self.writeline("blocks = {}", extra=1)
        debug = "&".join(f"{line}={at}" for line, at in self.debug_info)
        self.writeline(f"debug_info = {debug!r}")

    def write_commons(self) -> None:
        """What the function needs at hand."""
        if self._reads_data:
            self.writeline("known = context.parent.get")

    def enter_frame(self, frame: Frame) -> None:
        """At the root nothing is assigned yet, so that every name comes of the data."""
        if not frame.rootlevel:
            super().enter_frame(frame)
            return
        for target, (action, name) in frame.symbols.loads.items():
            value = {VAR_LOAD_RESOLVE: f"known({name!r}, missing)", VAR_LOAD_UNDEFINED: "missing"}[action]
            self.writeline(f"{target} = {value}")

    def pull_dependencies(self, nodes: Iterable[nodes.Node]) -> None:
        """Filters and tests are names of the module already."""
        self.filters, self.tests = self.environment.filter_names, self.environment.test_names  # type: ignore[attr-defined]  # our own

    def get_resolve_func(self) -> str:
        """Of a name that is not the root's."""
        return f"{self.get_context_ref()}.resolve_or_missing"

    def visit_For(self, node: nodes.For, frame: Frame) -> None:
        """A loop that asks of itself no more than where it is, as nearly all do, needs none of Jinja's object for it."""
        asked = [name for name in node.find_all(nodes.Name) if name.name == "loop"]
        plain = [field for field in node.find_all(nodes.Getattr) if _is_loop(field.node) and field.attr in _TURN]
        imports = node.find(nodes.Import) or node.find(nodes.FromImport)  # they hand `loop` on as what it is
        if node.recursive or node.test or node.else_ or imports or len(asked) != len(plain):
            super().visit_For(node, frame)
        else:
            self._plain_loop(node, frame, numbered=bool(asked))

    def _plain_loop(self, node: nodes.For, frame: Frame, *, numbered: bool) -> None:
        """Where it is asked where it is, that is a number."""
        inside = frame.inner()
        inside.loop_frame = True
        turn = inside.symbols.declare_parameter("loop") if numbered else ""
        inside.symbols.analyze_node(node, for_branch="body")
        items, cost, body = _charged_loop(node)
        if numbered:
            self.newline(node)
            self._write(f"{turn}_of = turns(context, ", items, f", {cost})", frame=frame)
        self.writeline(f"for {turn}, " if numbered else "for ", node)
        self.visit(node.target, inside)
        self._write(*((f" in enumerate({turn}_of, 1):",) if numbered else (" in turns(context, ", items, f", {cost}):")), frame=frame)
        self.indent()
        self.enter_frame(inside)
        self.writeline("_loop_vars = {}" if next(node.find_all(_NAMING), None) is not None else "pass")
        self._turns.append(turn)
        self.blockvisit(body, inside)
        self._turns.pop()
        self.outdent()
        self.leave_frame(inside)
        if self._assign_stack:
            self._assign_stack[-1].difference_update(inside.symbols.stores)

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        """Where a plain loop is."""
        turn = frame.symbols.find_ref("loop") if _is_loop(node.node) else None
        if turn is not None and turn in self._turns and frame.symbols.find_load(turn) == (VAR_LOAD_PARAMETER, None):
            self.write(_TURN[node.attr].format(turn=turn))
        else:
            super().visit_Getattr(node, frame)

    def _make_finalize(self) -> Finalize:
        return self._FinalizeInfo(str, None)

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Finalize) -> str:
        if isinstance(node, nodes.TemplateData):
            return node.data
        if isinstance(node, nodes.Const) and isinstance(node.value, str):
            return ESCAPES[self.environment.form](node.value)  # type: ignore[attr-defined]  # our own environment has it
        raise nodes.Impossible

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Finalize) -> None:
        self.write("(value if (value := " if self._sandbox.form is Form.TEXT else "(escaped(value) if (value := ")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Finalize) -> None:
        """A small text is what nearly every value is: it is asked for here, not in a function."""
        named = isinstance(node, nodes.Filter) and node.name == "_value"
        self.write(f").__class__ is str and len(value) <= {SMALL} else {'print_named' if named else 'print_'}(value, context")
        self.write(f", {node.args[0].value!r}))" if named else "))")  # type: ignore[attr-defined]  # the folding puts it there


def _is_loop(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Name) and node.name == "loop"


def _charged_loop(node: nodes.For) -> tuple[nodes.Expr, int, list[nodes.Node]]:
    """What it goes through, what the guard charges for a turn, and what is done in it."""
    (charge, *body), items = node.body, node.iter
    assert isinstance(items, nodes.Filter) and items.name == "_loop" and items.node is not None  # noqa: PT018, S101  # the guard's
    assert isinstance(charge, nodes.ExprStmt) and isinstance(charge.node, nodes.Filter)  # noqa: PT018, S101  # likewise
    cost = charge.node.node
    assert charge.node.name == "_turn" and isinstance(cost, nodes.Const)  # noqa: PT018, S101  # likewise
    return items.node, cost.value, body

"""A guarded tree -> Python: Jinja's own generator, with what is done for every value of every letter written out shorter.

What differs from a stock environment is only how it is done: a part is a list of pieces rather than a generator, in which what
never changes is one text; filters are called directly; names come out of one dict; a text is escaped without an object around it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.idtracking import VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE, VAR_LOAD_UNDEFINED
from jinja2.nodes import EvalContext
from jinja2.runtime import exported

from engage.templates.escaping import ESCAPES
from engage.templates.limits import SMALL
from engage.templates.turns import TURN_FIELDS

Finalize = Any


class Generator(CodeGenerator):
    """Writes `root(context)`, which returns the list of what it prints."""

    _assigned: frozenset[str] = frozenset()

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        """The module. Layouts and blocks are put together long before, so there are none here."""
        self._assigned = frozenset(name.name for name in node.find_all(nodes.Name) if name.ctx != "load")
        self.writeline("from jinja2.runtime import " + ", ".join(sorted(exported)))
        self.writeline(f"name = {self.name!r}")
        self.writeline("def root(context, missing=missing, environment=environment):", extra=1)
        self.indent()
        self.write_commons()
        frame = Frame(EvalContext(self.environment, self.name))
        frame.symbols.analyze_node(node)
        frame.toplevel = frame.rootlevel = True
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
        self.writeline("resolve = context.resolve_or_missing")
        self.writeline("known = context.parent.get")
        self.writeline("undefined = environment.undefined")
        self.writeline("concat = environment.concat")
        self.writeline("cond_expr_undefined = Undefined")

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

    def visit_For(self, node: nodes.For, frame: Frame) -> None:
        """A loop that asks of itself no more than where it is, as nearly all do, needs none of Jinja's object for it."""
        asked = [name for name in node.find_all(nodes.Name) if name.name == "loop"]
        plain = [field for field in node.find_all(nodes.Getattr) if _is_loop(field.node) and field.attr in TURN_FIELDS]
        if node.recursive or node.test or node.else_ or len(asked) != len(plain):
            super().visit_For(node, frame)
        else:
            self._plain_loop(node, frame, numbered=bool(asked))

    def _plain_loop(self, node: nodes.For, frame: Frame, *, numbered: bool) -> None:
        inside = frame.inner()
        inside.loop_frame = True
        reference = inside.symbols.declare_parameter("loop") if numbered else ""
        inside.symbols.analyze_node(node, for_branch="body")
        self.writeline("for ", node)
        self.visit(node.target, inside)
        self.write(f", {reference} in numbered(" if numbered else " in ")
        self.visit(node.iter, frame)
        self.write("):" if numbered else ":")
        self.indent()
        self.enter_frame(inside)
        self.writeline("_loop_vars = {}")
        self.blockvisit(node.body, inside)
        self.outdent()
        self.leave_frame(inside)
        if self._assign_stack:
            self._assign_stack[-1].difference_update(inside.symbols.stores)

    def visit_Filter(self, node: nodes.Filter, frame: Frame) -> None:
        """Comparisons with constants, and what phrases say, without the way through a filter."""
        if node.name == "_compare" and len(node.args) == 2 and isinstance(node.args[0], nodes.Const) and node.node is not None:
            self._comparison(node, node.args[0].value, node.node, node.args[1], frame)
        elif node.name == "_value" and node.node is not None:
            self.visit(node.node, frame)
        else:
            super().visit_Filter(node, frame)

    def _comparison(self, node: nodes.Filter, name: str, left: nodes.Expr, right: nodes.Expr, frame: Frame) -> None:
        """Comparisons with texts that stand in the template mean in Python what they mean in the campaign language."""
        before = "not " if name in ("ne", "notin") else ""
        if name in ("eq", "ne") and (_is_text(left) or _is_text(right)):
            self._write(f"({before}(", left, " == ", right, "))", frame=frame)
        elif name in ("in", "notin") and isinstance(right, nodes.List | nodes.Tuple) and all(map(_is_text, right.items)):
            texts = tuple(item.value for item in right.items if isinstance(item, nodes.Const))
            self._write(f"({before}(", left, f" in {texts!r}))", frame=frame)
        elif name in ("in", "notin") and isinstance(left, nodes.Const) and _is_text(left):
            self._write(f"({before}contains(context, ", right, f", {left.value!r}))", frame=frame)
        else:
            super().visit_Filter(node, frame)

    def _write(self, *parts: str | nodes.Expr, frame: Frame) -> None:
        for part in parts:
            if isinstance(part, str):
                self.write(part)
            else:
                self.visit(part, frame)

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        """A declared field of a record that is always there comes right out of its dict."""
        owner = node.node
        fields = self.environment.fields  # type: ignore[attr-defined]  # our own environment has it
        if isinstance(owner, nodes.Name) and owner.name not in self._assigned and node.attr in fields.get(owner.name, ()):
            reference = frame.symbols.find_ref(owner.name)
            if reference is not None and frame.symbols.find_load(reference) == (VAR_LOAD_RESOLVE, owner.name):
                self.write(f"{reference}.values.get({node.attr!r})")
                return
        if _is_loop(owner) and node.attr in TURN_FIELDS and isinstance(owner, nodes.Name):
            reference = frame.symbols.find_ref("loop")
            if reference is not None and frame.symbols.find_load(reference) == (VAR_LOAD_PARAMETER, None):
                self.write(f"{reference}.{node.attr}")
                return
        self.write("field(")
        self.visit(node.node, frame)
        self.write(f", {node.attr!r})")

    def _make_finalize(self) -> Finalize:
        return self._FinalizeInfo(str, None)

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Finalize) -> str:
        if isinstance(node, nodes.TemplateData):
            return node.data
        if isinstance(node, nodes.Const) and isinstance(node.value, str):
            return ESCAPES[self.environment.form](node.value)  # type: ignore[attr-defined]  # our own environment has it
        raise nodes.Impossible

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Finalize) -> None:
        self.write("(escaped(value) if (value := ")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Finalize) -> None:
        """A small text is what nearly every value is: it is asked for here, not in a function."""
        named = isinstance(node, nodes.Filter) and node.name == "_value"
        self.write(f").__class__ is str and len(value) <= {SMALL} else {'print_named' if named else 'print_'}(value, context")
        self.write(f", {node.args[0].value!r}))" if named else "))")  # type: ignore[attr-defined]  # the folding puts it there


def _is_text(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, str)


def _is_loop(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Name) and node.name == "loop"

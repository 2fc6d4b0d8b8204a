"""Expressions of a guarded tree -> Python, without the way through a function where the value is what it nearly always is.

Each shortcut asks for just that case (a short text, a day, a small number) and leaves every other to the function that stands for the
operation, with its charges and its errors. The names that hold a value on the way are this module's own: a template's are `l_…`.
"""

from __future__ import annotations

from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.idtracking import VAR_LOAD_RESOLVE

from engage.templates.filters import METHODS
from engage.templates.limits import SMALL
from engage.templates.reading import ALWAYS, RECORDS

_SMALL_FACTOR = 1_000_000


class Shortcuts(CodeGenerator):
    """Writes expressions."""

    _assigned: frozenset[str] = frozenset()

    @property
    def _sandbox(self) -> Any:
        return self.environment

    def visit_Name(self, node: nodes.Name, frame: Frame) -> None:
        """What every template has is there."""
        if node.ctx == "load" and node.name in ALWAYS and (reference := self._of_data(node, frame)) is not None:
            self.write(reference)
        else:
            super().visit_Name(node, frame)

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        """A field of a record that is always there comes right out of its dict."""
        owner = node.node
        reference = self._of_data(owner, frame) if isinstance(owner, nodes.Name) and owner.name in RECORDS else None
        if reference is None:
            self._write("field(", node.node, f", {node.attr!r})", frame=frame)
            return
        found = f"{reference}.values.get({node.attr!r})"
        declared = isinstance(owner, nodes.Name) and node.attr in self._sandbox.fields.get(owner.name, ())
        self.write(found if declared else f"(item if (item := {found}) is not None else field({reference}, {node.attr!r}))")

    def _of_data(self, node: nodes.Name, frame: Frame) -> str | None:
        """What holds the value of a name that is the data's, and which no statement of the template gives to anything else."""
        reference = frame.symbols.find_ref(node.name) if node.name not in self._assigned else None
        return reference if reference is not None and frame.symbols.find_load(reference) == (VAR_LOAD_RESOLVE, node.name) else None

    def visit_Filter(self, node: nodes.Filter, frame: Frame) -> None:
        """By the shortcut, where there is one for it."""
        if node.node is None or node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None or not self._shorter(node, frame):
            super().visit_Filter(node, frame)

    def _shorter(self, node: nodes.Filter, frame: Frame) -> bool:
        """Whether it was written."""
        value, args = node.node, node.args
        constants = [arg.value for arg in args if isinstance(arg, nodes.Const)]
        if value is None or (len(constants) != len(args) and node.name != "_compare"):
            return False
        match node.name, constants:
            case "_value", _:
                self.visit(value, frame)
            case "_compare", [str(comparison), *_] if len(args) == 2:
                return self._compared(comparison, value, args[1], frame)
            case "_said", [str(key)]:
                self._write("((said.get((", nodes.Const(key), ", number)) if (number := ", value, ").__class__ is int else None)",
                            " or filter__said(context, number, ", nodes.Const(key), "))", frame=frame)
            case "default", [other]:
                self._write("(given if (given := ", value, ").__class__ is str else filter_default(given, ", nodes.Const(other), "))",
                            frame=frame)
            case "date", ([] | [str()]) as style:
                return self._dated(value, style[0] if style else "long", frame)
            case name, [] if name in METHODS:
                self._write(f"(word.{METHODS[name].__name__}() if (word := ", value,
                            f").__class__ is str and len(word) <= {SMALL} else filter_{name}(context, word))", frame=frame)
            case _:
                return False
        return True

    def _dated(self, value: nodes.Expr, style: str, frame: Frame) -> bool:
        """A day that was written before is looked up."""
        texts = self._sandbox.texts_of_days(style)
        if texts is None:
            return False
        self._write(f"(({texts}.get(day) if (day := ", value, f").__class__ is date else None) or filter_date(context, day, {style!r}))",
                    frame=frame)
        return True

    def _compared(self, name: str, left: nodes.Expr, right: nodes.Expr, frame: Frame) -> bool:
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
            return False
        return True

    def visit_Test(self, node: nodes.Test, frame: Frame) -> None:
        """`is none` is Python's own."""
        if node.name == "none" and not node.args and not node.kwargs:
            self._write("(", node.node, " is None)", frame=frame)
        else:
            super().visit_Test(node, frame)

    def visit_Mul(self, node: nodes.BinExpr, frame: Frame) -> None:
        """A small number times a small number."""
        if not self._calculated("*", node, frame):
            super().visit_Mul(node, frame)

    def visit_Add(self, node: nodes.BinExpr, frame: Frame) -> None:
        """A small number and a small number."""
        if not self._calculated("+", node, frame):
            super().visit_Add(node, frame)

    def _calculated(self, operator: str, node: nodes.BinExpr, frame: Frame) -> bool:
        factor = node.right
        if not isinstance(factor, nodes.Const) or type(factor.value) is not int or abs(factor.value) > _SMALL_FACTOR:
            return False
        self._write(f"(number {operator} ", factor, " if (number := ", node.left,
                    f").__class__ is int and {-_SMALL_FACTOR} < number < {_SMALL_FACTOR}",
                    f" else environment.call_binop(context, {operator!r}, number, ", factor, "))", frame=frame)
        return True

    def _write(self, *parts: str | nodes.Expr, frame: Frame) -> None:
        for part in parts:
            if isinstance(part, str):
                self.write(part)
            else:
                self.visit(part, frame)


def _is_text(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, str)

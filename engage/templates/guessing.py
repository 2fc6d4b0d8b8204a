"""What data may look like of which only the caller knows the fields (enrolled by hand, answered by an endpoint): as its readers use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from jinja2 import nodes

from engage.model.expression import Expression, Read, walk
from engage.model.steps import Binding

TEXT = "sample"
_BY_FILTER: Mapping[str, object] = {
    "date": "2026-03-02", "time": "2026-03-02T09:00:00+00:00", "datetime": "2026-03-02T09:00:00+00:00",
    "number": 3, "percent": 3, "duration": 3, "int": 3, "float": 3, "round": 3, "abs": 3,
    "money": {"amount": "12.30", "currency": "EUR"}, "country_name": "SI",
    "list": ("one", "two"), "join": ("one", "two"), "length": ("one", "two"), "count": ("one", "two"), "sort": ("one", "two"),
}  # fmt: skip
"""What each filter takes."""

_Path = tuple[str, ...]


def guessed(trees: Sequence[nodes.Template], root: str, *, handed: Mapping[str, Binding] = MappingProxyType({})) -> Mapping[str, object]:
    """The fields that these templates, and what is handed to them by `with`, read of that name: each as what is done with it suggests."""
    found = dict(_handed(trees, root, handed))
    for tree in trees:
        for path, value in _uses(tree):
            if path[0] == root and len(path) > 1 and (path not in found or value is not TEXT):
                found[path[1:]] = value
    return _nested(found)


def _handed(trees: Sequence[nodes.Template], root: str, handed: Mapping[str, Binding]) -> Iterator[tuple[_Path, object]]:
    for name, binding in handed.items():
        if not isinstance(binding, Expression):
            continue
        for read in walk(binding.root):
            if isinstance(read, Read) and read.path[0] == root and len(read.path) > 1:
                yield read.path[1:], suited(trees, name) if read is binding.root else TEXT


def suited(trees: Sequence[nodes.Template], name: str) -> object:
    """A value that suits what these templates do with the name."""
    return next((value for tree in trees for path, value in _uses(tree) if path == (name,)), TEXT)


def _uses(tree: nodes.Template) -> Iterator[tuple[_Path, object]]:
    """Every path that is read, first as a text, then as what is done with it."""
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        if (path := _path(node)) is not None:
            yield path, TEXT
    for compared in tree.find_all(nodes.Compare):
        constant = compared.ops[0].expr
        if (path := _path(compared.expr)) is not None and isinstance(constant, nodes.Const):
            yield path, constant.value
    for loop in tree.find_all(nodes.For):
        if (path := _path(loop.iter)) is not None:
            yield path, ("one", "two")
    for filtered in tree.find_all(nodes.Filter):
        if (path := _path(_innermost(filtered))) is not None and filtered.name in _BY_FILTER:
            yield path, _BY_FILTER[filtered.name]


def _innermost(node: nodes.Expr | None) -> nodes.Expr | None:
    while isinstance(node, nodes.Filter):
        node = node.node
    return node


def _path(node: nodes.Node | None) -> _Path | None:
    """`answer.gift.code` as its names; None of anything else."""
    match node:
        case nodes.Name(name=str(name)):
            return (name,)
        case nodes.Getattr(node=inner, attr=str(word)) | nodes.Getitem(node=inner, arg=nodes.Const(value=str(word))):
            path = _path(inner)
            return None if path is None else (*path, word)
        case _:
            return None


def _nested(found: Mapping[_Path, object]) -> Mapping[str, object]:
    """Paths as maps in maps: what has fields of its own is a map, whatever else is done with it."""
    nested: dict[str, object] = {}
    for path in sorted(found, key=len):
        inner = nested
        for word in path[:-1]:
            deeper = inner.get(word)
            if not isinstance(deeper, dict):
                deeper = inner[word] = {}
            inner = deeper
        inner[path[-1]] = found[path]
    return nested

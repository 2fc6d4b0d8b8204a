"""A file's tree -> its model, or what is wrong with it in plain sentences, each at its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engage.model.errors import NOT_BUILT, Problem, nearest
from engage.rules.document import MOST, read
from engage.rules.schema import fields
from engage.rules.schema.fields import KNOWN, LIST, MAP, TEXT, Reading, Section
from engage.rules.tree import QUOTE, Items, Map, Scalar, Tree

File = TypeVar("File", bound=Section)

_SHAPES = {TEXT: "a text", LIST: "a list", MAP: "a map"}


def read_as(model: type[File], file: str, content: bytes, problems: list[Problem]) -> File | None:
    """The file as that model; None where it cannot be, with every reason added to `problems`."""
    tree, found = read(file, content)
    problems.extend(found)
    return None if tree is None else validate(model, tree, problems)


def validate(model: type[File], tree: Tree, problems: list[Problem]) -> File | None:
    """The tree as that model; None where it cannot be, with every reason added to `problems`."""
    reading = Reading(sections={})
    try:
        return model.model_validate(tree, context=reading)
    except ValidationError as error:
        problems.extend(_problems(error, tree, reading))
        return None


def _problems(error: ValidationError, tree: Tree, reading: Reading) -> Sequence[Problem]:
    details = [detail for detail in error.errors(include_url=False, include_input=False) if detail["type"] != KNOWN]
    found = [_problem(detail, tree, reading) for detail in details[:MOST]]
    if len(details) > MOST:
        found.append(Problem(place=tree.place, what=f"{len(details) - MOST} more mistakes are not shown"))
    return found


def _problem(detail: ErrorDetails, tree: Tree, reading: Reading) -> Problem:
    parents, node, key = _walk(tree, detail["loc"])
    context: Mapping[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case fields.COMPLAINT:
            at = _key_of(node, context["key"]) or key or node
            return Problem(place=(at if context["key"] else _best(node, key)).place, what=context["what"], suggestion=context["suggestion"])
        case "extra_forbidden":
            return _unknown(key or node, parents[-1], reading)
        case "missing":
            return Problem(place=node.place, what=f"`{detail['loc'][-1]}` is missing")
        case "union_tag_invalid" | "union_tag_not_found":
            wanted = [_SHAPES[shape] for shape in (TEXT, LIST, MAP) if shape in str(context.get("expected_tags", ""))]
            return Problem(place=node.place, what=f"{' or '.join(wanted) or 'something else'} is expected here, not {_shape(node)}")
        case "model_type" | "model_attributes_type" | "dict_type":
            return Problem(place=_best(node, key).place, what=_expected("a map", node))
        case "too_short":
            return Problem(place=node.place, what="this list is empty")
        case "list_type":
            return Problem(place=_best(node, key).place, what=_expected("a list", node))
        case _:
            return Problem(place=node.place, what=detail["msg"])


def _walk(tree: Tree, loc: tuple[int | str, ...]) -> tuple[list[Tree], Tree, Scalar | None]:
    """The nodes on the way to a location, the last that exists, and the key under which it stands.

    A union's tag (`<send>`) is on no map; `[key]` says that the key itself is wrong.
    """
    parents: list[Tree] = [tree]
    node: Tree = tree
    key: Scalar | None = None
    for part in loc:
        if part == "[key]" and key is not None:
            return parents, key, key
        if isinstance(node, Map) and part in node:
            parents.append(node)
            key = node.key(str(part))
            node = node[str(part)]
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node):
            parents.append(node)
            key, node = None, node[part]
    return parents, node, key


def _key_of(node: Tree, key: str | None) -> Scalar | None:
    return node.key(key) if isinstance(node, Map) and key is not None else None


def _best(node: Tree, key: Scalar | None) -> Tree:
    """Where nothing was written the key shows the place better than the end of its line."""
    return key if key is not None and isinstance(node, Scalar) and node.is_blank else node


def _shape(node: Tree) -> str:
    match node:
        case Map():
            return "a map"
        case Items():
            return "a list"
        case _:
            return "nothing" if node.is_blank else "a text"


def _expected(wanted: str, node: Tree) -> str:
    if isinstance(node, Scalar) and node.is_blank:
        return f"nothing is written here; {wanted} is expected"
    return f"{wanted} is expected here, not {_shape(node)}"


def _unknown(key: Tree, within: Tree, reading: Reading) -> Problem:
    """A key that the section does not have: not built yet, misspelt, or a piece of an expression that YAML cut up."""
    section = reading.sections.get(id(within))
    name = str(key)
    if section is not None and name in section.later:
        return Problem(place=key.place, what=f"`{name}` {NOT_BUILT}")
    if isinstance(within, Map) and within.flow and isinstance(within.get(name), Scalar) and within[name].is_blank:
        return Problem(place=key.place, what=f"`{name}` has no value: where it is a piece of an expression, {QUOTE}")
    return Problem(place=key.place, what=f"unknown key `{name}`", suggestion=nearest(name, section.keys()) if section else None)

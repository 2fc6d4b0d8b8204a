"""YAML as templates use it (front matter, phrases): every scalar is text, and everything has its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

import yaml

from engage.model.errors import Place
from engage.templates.faults import TemplateFault

MAX_BYTES = 256 * 1024


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A text. `start` is where its first character stands."""

    text: str
    place: Place
    start: Place


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    items: tuple[Tree, ...]
    place: Place


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    entries: dict[str, Tree]
    place: Place
    keys: dict[str, Place] = field(default_factory=dict)


Tree = Scalar | Sequence | Mapping


def read(text: str, file: str, *, first_line: int = 1) -> Mapping:
    """The document, which must be a mapping. Raises TemplateFault: for syntax, repeated keys, anchors, files over 256 KB."""
    if len(text.encode()) > MAX_BYTES:
        raise TemplateFault(Place(file=file), "the file is larger than 256 KB")
    reader = _Reader(file, first_line)
    try:
        for token in yaml.scan(text, Loader=yaml.CSafeLoader):
            if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
                raise TemplateFault(reader.place(token.start_mark), "anchors, aliases and tags have no use here")
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TemplateFault(reader.place(mark) if mark else Place(file=file), f"this is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise TemplateFault(Place(file=file), "this is not YAML: it has a character that may not stand in it") from error
    if node is None:
        return Mapping(entries={}, place=Place(file=file, line=first_line, column=1))
    tree = reader.tree(node)
    if not isinstance(tree, Mapping):
        raise TemplateFault(tree.place, "names with their values are expected here (`name: value`)")
    return tree


class _Reader:
    def __init__(self, file: str, first_line: int) -> None:
        self._file = file
        self._first_line = first_line

    def place(self, mark: yaml.Mark) -> Place:
        return Place(file=self._file, line=mark.line + self._first_line, column=mark.column + 1)

    def tree(self, node: yaml.Node) -> Tree:
        if isinstance(node, yaml.ScalarNode):
            place = self.place(node.start_mark)
            quoted = 1 if node.style in ("'", '"') else 0
            return Scalar(text=node.value, place=place, start=Place(file=place.file, line=place.line, column=place.column + quoted))
        if isinstance(node, yaml.SequenceNode):
            return Sequence(items=tuple(self.tree(item) for item in node.value), place=self.place(node.start_mark))
        return self._mapping(node)

    def _mapping(self, node: yaml.Node) -> Mapping:
        place = self.place(node.start_mark)
        entries: dict[str, Tree] = {}
        keys: dict[str, Place] = {}
        for key, value in node.value:
            at = self.place(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                raise TemplateFault(at, 'what begins with {{ must be put in quotes: "{{ … }}"')
            if key.value in entries:
                raise TemplateFault(at, f"{key.value!r} is given twice")
            entries[key.value] = self.tree(value)
            keys[key.value] = at
        return Mapping(entries=entries, place=place, keys=keys)

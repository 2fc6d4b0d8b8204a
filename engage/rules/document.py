"""One YAML file's bytes -> a tree of texts with their places: what a scalar means is for the field it stands in to say.

Built from the parser's events, not by PyYAML's composer: no YAML resolver turns `no` or `21:00` into something else, and
nothing recurses, so that no file can exhaust the stack (libyaml's composer crashes the process at some ten thousand brackets).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from engage.model.errors import Place, Problem
from engage.rules.tree import QUOTE, Items, Map, Scalar, Tree

MAX_BYTES = 256 * 1024
MAX_DEPTH = 40
MAX_NODES = 50_000
MOST = 100
"""How many mistakes of one file are told: nobody reads on."""

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What libyaml counts as the end of a line."""

_SHOWN_AT_START = frozenset({"could not find expected ':'", "found unexpected end of stream"})
"""What the parser notices only after what is wrong: the place is where it began to read the thing."""

_OFTEN_INDENTED_WRONG = frozenset({"mapping values are not allowed in this context", "did not find expected key"})

_GLUED = re.compile(r"\s*(?:-\s+)?[\w.]+:[^\s/:]")
_CUT = re.compile(r"""^\s*(?:-\s+)*[\w.-]+\s*:\s+(?P<value>\S.*)$""")

_IN_BRACKETS = frozenset({"did not find expected ',' or '}'", "did not find expected ',' or ']'"})
_OPERATOR = re.compile(r"(?:in|not|and|or|is|if)\b|[=!<>|+*/~%-]")

_SAID = {
    "could not find expected ':'": "a key without a `:` after it",
    "found unexpected end of stream": "a quote or bracket is opened here and never closed",
    "mapping values are not allowed in this context": "a `:` is not expected here",
    "did not find expected key": "a key is expected here",
    "did not find expected ',' or '}'": "a `,` or `}` is expected",
    "did not find expected ',' or ']'": "a `,` or `]` is expected",
    "did not find expected '-' indicator": "a `-` is expected, as in the lines above",
    "found character that cannot start any token": "no value can begin so",
}
"""The parser's words -> ours."""


def read(file: str, content: bytes) -> tuple[Tree | None, list[Problem]]:
    """The file's tree, and everything that is wrong with it as YAML. No tree where it cannot be read at all."""
    if len(content) > MAX_BYTES:
        return None, [Problem(place=Place(file=file), what=f"the file is larger than {MAX_BYTES // 1024} KB")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [Problem(place=Place(file=file, line=line, column=1), what="the file is not UTF-8 text")]
    builder = _Builder(file=file, lines=_BREAK.split(text))
    try:
        builder.build(yaml.parse(text, Loader=yaml.CBaseLoader))
    except _Stop as stop:
        return None, [*builder.problems, stop.problem]
    except yaml.MarkedYAMLError as error:
        return None, [*builder.problems, builder.syntax(error)]
    except yaml.reader.ReaderError as error:
        return None, [Problem(place=builder.index(error.position), what="the file holds a control character")]
    if builder.root is None:
        return None, [Problem(place=Place(file=file, line=1, column=1), what="the file is empty")]
    return builder.root, builder.problems


class _Stop(Exception):
    """Reading further makes no sense."""

    def __init__(self, place: Place, what: str) -> None:
        super().__init__(what)
        self.problem = Problem(place=place, what=what)


@dataclass(slots=True)
class _Level:
    """A collection that is being filled. `weight` counts its values, with those that aliases repeat."""

    node: Map | Items
    anchor: str | None = None
    key: Scalar | None = None
    weight: int = 1


@dataclass(slots=True)
class _Builder:
    file: str
    lines: list[str]
    root: Tree | None = None
    problems: list[Problem] = field(default_factory=list)
    _levels: list[_Level] = field(default_factory=list)
    _anchors: dict[str, tuple[Tree, int]] = field(default_factory=dict)
    _nodes: int = 0

    def build(self, events: Iterator[Any]) -> None:
        """Take the parser's events one by one."""
        documents = 0
        for event in events:
            match event:
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        raise _Stop(self._place(event), "one file holds one document: take out the `---`")
                case yaml.ScalarEvent():
                    self._refuse_tag(event)
                    self._put(self._scalar(event), event, weight=1, new=1)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._refuse_tag(event)
                    self._open(event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._close(event)
                case yaml.AliasEvent():
                    self._alias(event)

    def syntax(self, error: yaml.MarkedYAMLError) -> Problem:
        """What the parser said, at its place, with the remedy where an expression was cut up."""
        mark = error.problem_mark or error.context_mark
        if error.context_mark and mark and (error.problem in _SHOWN_AT_START or not self._line(mark.line)):
            mark = error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        said = error.problem or error.context or "it cannot be read"
        what = f"this is not YAML: {_SAID.get(said, said)}"
        written = self._line(line)
        if "\t" in written[: len(written) - len(written.lstrip())]:
            what = "YAML is indented by spaces, not tabs"
        elif error.problem in _SHOWN_AT_START and _GLUED.match(written):
            what = "a space goes after the `:`"
        elif self._is_cut(error, written, column):
            what += f"; {QUOTE}"
        elif said in _OFTEN_INDENTED_WRONG:
            what += "; is the line indented as those beside it?"
        return Problem(place=Place(file=self.file, line=line + 1, column=column + 1), what=what)

    def _is_cut(self, error: yaml.MarkedYAMLError, written: str, column: int) -> bool:
        """Whether it seems to be an expression that YAML takes for something else."""
        if error.problem in _IN_BRACKETS and _goes_on(written[:column], written[column:]):
            return True
        return _looks_cut(written) or (error.context_mark is not None and _looks_cut(self._line(error.context_mark.line)))

    def index(self, position: int) -> Place:
        """The place of the character at `position`."""
        before = "\n".join(self.lines)[:position]
        return Place(file=self.file, line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))

    def _tell(self, place: Place, what: str) -> None:
        if len(self.problems) >= MOST:
            raise _Stop(place, "so many mistakes that those from here on are not shown")
        self.problems.append(Problem(place=place, what=what))

    def _place(self, event: Any) -> Place:
        return Place(file=self.file, line=event.start_mark.line + 1, column=event.start_mark.column + 1)

    def _line(self, number: int) -> str:
        return self.lines[number] if number < len(self.lines) else ""

    def _scalar(self, event: Any) -> Scalar:
        plain = event.style in (None, "")
        rest = self._line(event.end_mark.line)[event.end_mark.column:] if plain else ""
        scalar = Scalar.at(event.value, self._place(event), plain=plain, cut=rest.lstrip().startswith("#"))
        if not plain or event.end_mark.line != event.start_mark.line:
            scalar.rows = tuple(self._rows(event))
        return scalar

    def _rows(self, event: Any) -> Iterator[tuple[int, Place]]:
        """Where each line's part of the text begins: folding joins lines by a space, and takes their indentation off."""
        start, end, offset = event.start_mark, event.end_mark, 0
        for number in range(start.line, end.line + 1):
            left = start.column if number == start.line else 0
            part = self._line(number)[left : end.column if number == end.line else None]
            content = part.strip(" \t'\"")
            found = event.value.find(content, offset) if content else -1
            if found >= 0:
                yield found, Place(file=self.file, line=number + 1, column=left + part.index(content) + 1)
                offset = found + len(content)

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            self._tell(self._place(event), f"YAML tags (`{event.tag}`) mean nothing here; {QUOTE}")

    def _open(self, event: Any) -> None:
        if len(self._levels) >= MAX_DEPTH:
            raise _Stop(self._place(event), f"nested deeper than {MAX_DEPTH} levels")
        node: Map | Items = Map() if isinstance(event, yaml.MappingStartEvent) else Items()
        node.place = self._place(event)
        if isinstance(node, Map):
            node.flow = bool(event.flow_style)
        if event.anchor:
            self._anchors[event.anchor] = (node, 0)
        self._levels.append(_Level(node=node, anchor=event.anchor))

    def _close(self, event: Any) -> None:
        level = self._levels.pop()
        if level.anchor and self._anchors[level.anchor][0] is level.node:
            self._anchors[level.anchor] = (level.node, level.weight)
        self._put(level.node, event, weight=level.weight, new=1)

    def _alias(self, event: Any) -> None:
        node, weight = self._anchors.get(event.anchor, (None, 0))
        if node is None:
            raise _Stop(self._place(event), f"`*{event.anchor}` stands for nothing; {QUOTE}")
        if weight == 0:
            raise _Stop(self._place(event), f"`*{event.anchor}` contains itself")
        self._put(node, event, weight=weight, new=weight)

    def _put(self, node: Tree, event: Any, *, weight: int, new: int) -> None:
        """Put the node into the collection at hand. `weight` is how many values it comes to, `new` how many were not counted yet."""
        self._nodes += new
        if self._nodes > MAX_NODES:
            raise _Stop(self._place(event), f"the file comes to more than {MAX_NODES} values: are its anchors nested?")
        if isinstance(event, yaml.ScalarEvent) and event.anchor:
            self._anchors[event.anchor] = (node, 1)
        if not self._levels:
            self.root = node
            return
        level = self._levels[-1]
        level.weight += weight
        if isinstance(level.node, Items):
            level.node.append(node)
        elif level.key is None:
            level.key = self._as_key(node, level.node)
        else:
            self._set(level.node, level.key, node)
            level.key = None

    def _as_key(self, node: Tree, within: Map) -> Scalar:
        """The key; what is no text comes of `{{ ... }}` without quotes, and is told at the braces."""
        if isinstance(node, Scalar):
            return node
        within.broken = True
        self._tell(within.place, f"braces are YAML's own: {QUOTE}")
        return Scalar.at("", node.place, broken=True)

    def _set(self, within: Map, key: Scalar, node: Tree) -> None:
        first = within.key(key)
        if first is None:
            within.add(key, node)
        elif not key.broken:
            self._tell(key.place, f"`{key}` is given twice (first in line {first.place.line})")


def _goes_on(before: str, after: str) -> bool:
    """Whether an expression goes on where YAML, inside brackets, saw a value end: `x in ['a']`, `'a' in x`."""
    is_plain = not before.rstrip().endswith(("'", '"', "]", "}"))
    return bool(_OPERATOR.match(after)) or (is_plain and after[:1] in ("[", "{", "'", '"'))


def _looks_cut(line: str) -> bool:
    """Whether the line's value begins like YAML's own syntax, or has it inside, as an expression without quotes does."""
    match = _CUT.match(line)
    return match is not None and (match["value"][0] in "[{'\"%@!&*`|>" or ": " in match["value"])

"""Puts a template together with its layout and partials, before anything else is done to it.

`extends`, `block` and `include` are resolved here rather than by Jinja, because MJML and Markdown are compiled once per file
and must be whole by then. Names of files are therefore plain texts, and their circle is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import final

from engage.model.errors import Place, nearest
from engage.model.workspace import Files
from engage.templates.faults import TemplateFault
from engage.templates.sources import Piece, Tag, Text, decoded, front_matter, scan

ROOT = "templates/"
SHARED = ("_layouts/", "_partials/")
_NAME = re.compile(r"""(?P<quote>['"])(?P<name>[^'"]+)(?P=quote)\s*(?P<rest>.*)\Z""", re.DOTALL)
_SUPER = re.compile(r"\{\{[-+]?\s*super\(\)\s*[-+]?\}\}\Z")
_HOISTED = frozenset({"set", "import", "from"})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A named part of a layout, with what stands in it where nobody fills it."""

    name: str
    children: tuple[Node, ...]
    place: Place


Node = Text | Tag | Block
Fills = Mapping[str, tuple[tuple[Node, ...], ...]]
"""What derived templates put into blocks: for each name the most derived first."""

MAX_PIECES = 20_000
MAX_FILES = 500  # that take part in one template, each as often as it is included
MAX_CHARACTERS = 1024 * 1024
MAX_TRAIL = 50  # of files that each include the next


class _Room:
    """How much one template may be put together of: what is included twice by what is included twice would have no end."""

    def __init__(self) -> None:
        self._files = 0
        self._characters = 0

    def take(self, size: int, place: Place) -> None:
        """Count one file. Raises TemplateFault."""
        self._files += 1
        self._characters += size
        if self._files > MAX_FILES or self._characters > MAX_CHARACTERS:
            raise TemplateFault(place, f"the template is put together of more than {MAX_FILES} files, or of more than 1 MB")


class Composer:
    """Resolves `extends`, `block` and `include` over a workspace's files."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._read: dict[str, tuple[Node, ...]] = {}

    def pieces(self, text: str, start: Place) -> tuple[Piece, ...]:
        """The whole template as text and tags; `start` is where its text begins. Raises TemplateFault."""
        return _whole(self._composed(nested(scan(text, start)), (start.file,), {}, _Room()), start)

    def first_of(self, names: Sequence[str]) -> str:
        """The first of these files under templates/ that there is."""
        return next((name for name in names if ROOT + name in self._files), names[0])

    def within(self, layout: str, content: Sequence[Piece]) -> tuple[Piece, ...]:
        """The layout (a path under templates/) with `content` as its block of that name."""
        place, room = Place(file=ROOT + layout), _Room()
        nodes = self._nodes(layout, place, room)
        if not _has_block(nodes, "content"):
            raise TemplateFault(place, "this layout has no {% block content %}, where Markdown would go")
        return _whole(self._composed(nodes, (place.file,), {"content": (tuple(content),)}, room), place)

    def source(self, name: str, place: Place) -> tuple[Piece, ...]:
        """A file under templates/, put together. `place` is the tag that asks for it."""
        room = _Room()
        return _whole(self._composed(self._nodes(name, place, room), (ROOT + name,), {}, room), place)

    def _nodes(self, name: str, place: Place, room: _Room) -> tuple[Node, ...]:
        if name not in self._read:
            self._read[name] = nested(self._scanned(name, place))
        room.take(len(self._files[ROOT + name]), place)
        return self._read[name]

    def _scanned(self, name: str, place: Place) -> tuple[Piece, ...]:
        file = ROOT + name
        if file not in self._files:
            known = [one.removeprefix(ROOT) for one in self._files if one.removeprefix(ROOT).startswith(SHARED)]
            raise TemplateFault(place, f"there is no file {file}", nearest(name, known))
        front, body, line = front_matter(decoded(self._files[file], file), file)
        if front.entries and name.startswith(SHARED):
            raise TemplateFault(front.place, "front matter has no effect here: it belongs to the messages' own files")
        return scan(body, Place(file=file, line=line, column=1))

    def _composed(self, nodes: Sequence[Node], trail: tuple[str, ...], fills: Fills, room: _Room) -> Iterator[Piece]:
        extends = next((node for node in nodes if isinstance(node, Tag) and node.keyword == "extends"), None)
        if extends is None:
            yield from self._emitted(nodes, trail, fills, (), room)
            return
        yield from _hoisted(nodes)
        own = {node.name: node.children for node in nodes if isinstance(node, Block)}
        below = {name: (*fills.get(name, ()), children) for name, children in own.items()}
        layout = self._named(extends, trail)
        yield from self._composed(self._nodes(layout, extends.place, room), (*trail, ROOT + layout), {**fills, **below}, room)

    def _emitted(
        self, nodes: Sequence[Node], trail: tuple[str, ...], fills: Fills, above: tuple[tuple[Node, ...], ...], room: _Room
    ) -> Iterator[Piece]:
        for node in nodes:
            match node:
                case Block():
                    first, *rest = (*fills.get(node.name, ()), node.children)
                    yield from self._emitted(first, trail, fills, tuple(rest), room)
                case Tag(keyword="include"):
                    name = self._named(node, trail)
                    yield from self._composed(self._nodes(name, node.place, room), (*trail, ROOT + name), {}, room)
                case Tag() if _SUPER.match(node.text):
                    if not above:
                        raise TemplateFault(node.place, "super() has nothing above it here")
                    yield from self._emitted(above[0], trail, fills, above[1:], room)
                case _:
                    yield node

    def _named(self, tag: Tag, trail: tuple[str, ...]) -> str:
        found = _NAME.match(tag.argument)
        if found is None or found["rest"] not in ("", "with context"):
            raise TemplateFault(tag.place, f"{tag.keyword} names one file by a text: {{% {tag.keyword} '_layouts/…' %}}")
        if ROOT + found["name"] in trail:
            raise TemplateFault(tag.place, f"{found['name']} takes part in itself")
        if len(trail) > MAX_TRAIL:
            raise TemplateFault(tag.place, f"more than {MAX_TRAIL} files each include the next")
        return found["name"]


def nested(pieces: Sequence[Piece]) -> tuple[Node, ...]:
    """The pieces with each `block … endblock` as one node. Raises TemplateFault."""
    stack: list[tuple[Tag | None, list[Node]]] = [(None, [])]
    for piece in pieces:
        keyword = piece.keyword if isinstance(piece, Tag) else ""
        if keyword == "block" and isinstance(piece, Tag):
            stack.append((piece, []))
        elif keyword == "endblock":
            opened, children = stack.pop()
            if opened is None:
                raise TemplateFault(piece.place, "endblock closes no block")
            name = opened.argument.partition(" ")[0]
            stack[-1][1].append(Block(name=name, children=tuple(children), place=opened.place))
        else:
            stack[-1][1].append(piece)
    opened, nodes = stack[-1]
    if opened is not None:
        raise TemplateFault(opened.place, "this block is never closed with {% endblock %}")
    return tuple(nodes)


def _has_block(nodes: Sequence[Node], name: str) -> bool:
    return any(isinstance(node, Block) and (node.name == name or _has_block(node.children, name)) for node in nodes)


def _whole(pieces: Iterator[Piece], place: Place) -> tuple[Piece, ...]:
    whole = tuple(islice(pieces, MAX_PIECES + 1))
    if len(whole) > MAX_PIECES:
        raise TemplateFault(place, f"with its layout and includes the template has more than {MAX_PIECES} tags")
    return whole


def _hoisted(nodes: Sequence[Node]) -> Iterator[Piece]:
    """What a template that extends a layout says outside its blocks: only `set` and imports have an effect there."""
    for node in nodes:
        match node:
            case Tag(keyword="extends") | Block():
                continue
            case Tag() if node.keyword in _HOISTED:
                yield node
            case Text() if not node.text.strip():
                continue
            case _:
                raise TemplateFault(node.place, "what stands outside the blocks of a template that extends a layout is never shown")

"""XML from outside -> a small tree. No document type, so no entities, and nothing is ever fetched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final
from xml.parsers import expat  # bare expat; a document type, where entities come from, is refused

from engage.hooks.request import malformed

MOST_ELEMENTS = 20_000
DEEPEST = 30


@final
@dataclass(slots=True, kw_only=True)
class Element:
    """One element, its name without the prefix of its namespace, `type` the value of its `xsi:type`, without a prefix too."""

    name: str
    type: str = ""
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> list[Element]:
        """Its children of that name."""
        return [child for child in self.children if child.name == name]

    def texts(self) -> dict[str, str]:
        """The texts of its children by their names; of one that comes twice the first."""
        found: dict[str, str] = {}
        for child in self.children:
            if not child.children:
                found.setdefault(child.name, child.text.strip())
        return found


def parse(body: bytes) -> Element:
    """The root. Raises InputError for what is no XML, has a document type, or is larger than what systems post."""
    reading = _Reading()
    try:
        reading.parser.Parse(body, True)
    except expat.ExpatError as error:
        raise malformed("the body is no XML") from error
    return reading.root.children[0]


class _Reading:
    def __init__(self) -> None:
        self.root = Element(name="")
        self._open = [self.root]
        self._count = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _doctype(self, *_: object) -> None:
        raise malformed("the body has a document type, which nobody needs here")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) > DEEPEST:
            raise malformed("the body is larger than any outbound message")
        type_ = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "type"), "")
        element = Element(name=name.rpartition(":")[2], type=type_.rpartition(":")[2])
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].text += text

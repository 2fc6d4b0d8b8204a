"""The XML of a workbook's parts, as it comes -> rows of cells, and the texts that cells refer to.

Nothing is held but the row in hand. What no spreadsheet writes is refused: entities, endless names, texts and rows.
"""

from __future__ import annotations

import os
import re
import tempfile
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, final
from xml.parsers import expat

LONGEST_CELL = 100_000
LONGEST_TAG = 1 << 20
MOST_CELLS = 16_384

_REFERENCE = re.compile(r"([A-Z]{1,3})\d*")


@final
@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says. `trouble` tells why that cannot be taken."""

    text: str
    trouble: str | None = None


EMPTY = Cell("")


class Parser:
    """XML as it comes, of which some elements are heeded. What no spreadsheet writes is refused: entities, endless names and texts."""

    def __init__(self) -> None:
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.StartDoctypeDeclHandler = _refuse
        self._expat.StartElementHandler = lambda name, attributes: self.start(name.rpartition(":")[2], attributes)
        self._expat.EndElementHandler = lambda name: self.end(name.rpartition(":")[2])
        self._expat.CharacterDataHandler = self.text
        self._given = 0

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Parse on."""
        self._given += len(chunk)
        self._expat.Parse(chunk, final)
        if self._given - self._expat.CurrentByteIndex > LONGEST_TAG:
            raise ValueError("a tag is too long")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Text within it."""


class _Collecting(Parser):
    """One that collects the text of some elements."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] | None = None
        self._length = 0

    def collect(self) -> None:
        """From now on."""
        self._parts, self._length = [], 0

    def collected(self) -> str | None:
        """What came since, None where nothing was to be collected."""
        text = None if self._parts is None else "".join(self._parts)
        self._parts = None
        return text

    def text(self, text: str) -> None:
        """Text within it."""
        if self._parts is not None:
            self._length += len(text)
            if self._length > LONGEST_CELL:
                raise ValueError(f"a cell holds more than {LONGEST_CELL} characters")
            self._parts.append(text)


@final
class SheetParser(_Collecting):
    """The rows of a sheet."""

    def __init__(self, cell: Callable[[str, str, str | None, bool], Cell]) -> None:
        super().__init__()
        self.number = 0
        self._make = cell
        self._rows: list[tuple[int, list[Cell]]] = []
        self._cells: list[Cell] = []
        self._kind = self._style = ""
        self._column = 0
        self._written: str | None = None
        self._has_formula = self._phonetic = False

    def taken(self) -> list[tuple[int, list[Cell]]]:
        """The rows that were read since the last time."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if name == "c":
            self._begin(attributes)
        elif name == "v" or (name == "t" and not self._phonetic):
            self.collect()
        elif name == "f":
            self._has_formula = True
        elif name == "rPh":
            self._phonetic = True
        elif name == "row":
            self.number = int(attributes.get("r", self.number + 1))
            self._cells = []

    def end(self, name: str) -> None:
        """An element ends."""
        if name in ("v", "t"):
            text = self.collected()
            self._written = self._written if text is None else (self._written or "") + text
        elif name == "rPh":
            self._phonetic = False
        elif name == "c":
            self._cells += [EMPTY] * (self._column - len(self._cells))
            self._cells.append(self._made())
        elif name == "row" and any(cell.text.strip() or cell.trouble for cell in self._cells):
            self._rows.append((self.number, self._cells))

    def _made(self) -> Cell:
        """The cell; one that nobody can read spoils its row, and no other."""
        try:
            return self._make(self._kind, self._style, self._written, self._has_formula)
        except (ValueError, OverflowError) as error:
            return Cell("", f"cannot be read: {error}")

    def _begin(self, attributes: Mapping[str, str]) -> None:
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
        self._written, self._has_formula = None, False
        reference = _REFERENCE.match(attributes.get("r", ""))
        self._column = _place(reference[1]) if reference else len(self._cells)
        if self._column >= MOST_CELLS or self._column < len(self._cells):
            raise ValueError(f"a cell stands at {attributes.get('r')}")


@final
class Texts:
    """The texts that cells refer to by number, in a file of their own."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the workbook; nobody can open it but we
        self._ends = array("Q", [0])
        self._recent = lru_cache(maxsize=20_000)(self._look_up)

    def add(self, text: str) -> None:
        """One more."""
        written = text.encode()
        self._file.write(written)
        self._ends.append(self._ends[-1] + len(written))

    def flush(self) -> None:
        """All are there."""
        self._file.flush()

    def at(self, number: int) -> str:
        """The text of that number. Raises ValueError where there is none."""
        return self._recent(number)

    def _look_up(self, number: int) -> str:
        if number + 1 >= len(self._ends):
            raise ValueError(f"there is no text {number}")
        begin, end = self._ends[number], self._ends[number + 1]
        return os.pread(self._file.fileno(), end - begin, begin).decode()


@final
class TextsParser(_Collecting):
    """The part that holds the texts."""

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts
        self._text = ""
        self._phonetic = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if name == "si":
            self._text = ""
        elif name == "rPh":
            self._phonetic = True
        elif name == "t" and not self._phonetic:
            self.collect()

    def end(self, name: str) -> None:
        """An element ends."""
        if name == "t":
            self._text += self.collected() or ""
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            self._texts.add(self._text)
        elif name == "sst":
            self._texts.flush()


@final
class StartsParser(Parser):
    """One that heeds only where elements begin."""

    def __init__(self, take: Callable[[str, Mapping[str, str]], None]) -> None:
        super().__init__()
        self._take = take

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self._take(name, attributes)


def _refuse(*_: object) -> None:
    raise ValueError("it declares entities")


@lru_cache(maxsize=MOST_CELLS)
def _place(letters: str) -> int:
    """The place of a column: A is 0, AA 26."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1

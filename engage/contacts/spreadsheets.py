"""An XLSX workbook (ECMA-376) -> the rows of one of its sheets, as a stream: however many rows there are, a few are in memory.

A cell comes as the text that somebody would have written into a CSV file: a number without a needless `.0`, a date as ISO 8601 has it,
of a formula what it came to. The file is somebody else's: no entity is resolved, no part may blow up, nothing is held as a whole but
eight bytes for each text that occurs.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import final
from xml.parsers import expat

from engage.contacts.sheet_xml import EMPTY, Cell, Parser, SheetParser, StartsParser, Texts, TextsParser
from engage.model.errors import InputError

CHUNK = 1 << 16
INFLATED = 1 << 30
PRECISE = 10**15
"""A spreadsheet keeps 15 digits of a number: of a longer one the rest is lost."""

DAMAGED = (
    expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, OverflowError, NotImplementedError,
    RuntimeError,
)
"""What reading an archive raises that is cut off, locked, packed in some other way or has wrong bytes in it."""

_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_NOT_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_ESCAPED = re.compile(r"_x((?![dD][89a-fA-F])[0-9a-fA-F]{4})_")
"""A character by its number in hexadecimal digits (ECMA-376 part 1, 22.9.2.19), as Excel writes returns and what XML cannot hold."""

_DIMENSION = re.compile(r"(?:[A-Z]+\d+:)?[A-Z]+(\d+)")


@final
class Workbook:
    """An open workbook."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except DAMAGED as error:
            raise InputError.of(f"the workbook is damaged: {error}", file=str(path)) from error
        names = set(self._archive.namelist())
        main = next((name for name in ("xl/workbook.xml", "xl/workbook2.xml") if name in names), None)
        if main is None:
            kind = "an OpenDocument sheet" if "content.xml" in names else "an archive without a workbook in it"
            raise InputError.of(f"this is {kind}; save it as XLSX or CSV", file=str(path))
        targets = self._targets(main)
        self._sheets, self._since_1904 = self._contents(main, targets)
        self._date_styles = self._styles(self._one(targets, "styles"))
        self._texts = Texts()
        if strings := self._one(targets, "sharedStrings"):
            self._read(strings, TextsParser(self._texts))

    def sheet(self, name: str | None) -> str:
        """The part that holds the sheet of that name, else the first one that is shown. Raises InputError."""
        if name is not None and name not in self._sheets:
            raise InputError.of(f"there is no sheet {name!r} among {', '.join(map(repr, self._sheets))}", file=str(self._path))
        found = self._sheets.get(name) if name is not None else next(iter(self._sheets.values()), None)
        if found is None:
            raise InputError.of("the workbook has no sheet", file=str(self._path))
        return found

    def length(self, part: str) -> int | None:
        """About how many rows the sheet has, by what it says itself."""
        try:
            with self._archive.open(part) as file:
                found = re.search(rb'<(?:\w+:)?dimension ref="([A-Z0-9:]+)"', file.read(4_096))
        except DAMAGED:  # reading its rows will tell
            return None
        size = _DIMENSION.fullmatch(found[1].decode()) if found else None
        return int(size[1]) - 1 if size else None

    def rows(self, part: str) -> Iterator[tuple[int, list[Cell]]]:
        """The rows that say something, each with its number. One that cannot be read on from ends them, and says so."""
        sheet = SheetParser(self._cell)
        try:
            for _ in self._fed(part, sheet):
                yield from sheet.taken()
        except InputError as error:
            yield from sheet.taken()
            yield sheet.number + 1, [Cell("", f"cannot be read on from here: {error.problems[0].what}")]

    def _cell(self, kind: str, style: str, written: str | None, has_formula: bool) -> Cell:
        if written is None or (kind == "n" and not written):  # a text that a formula came to may be empty
            return Cell("", "is a formula that was never worked out: open and save the file") if has_formula else EMPTY
        match kind:
            case "s":
                return Cell(_unescaped(self._texts.at(int(written)))) if written.isdecimal() else EMPTY
            case "b":
                return Cell("true" if written == "1" else "false")
            case "e":
                return Cell(written, f"holds the error {written}")
            case "n":
                is_date = style.isdecimal() and int(style) in self._date_styles
                return Cell(_moment(written, since_1904=self._since_1904) if is_date else _number(written))
            case _:
                return Cell(_unescaped(written))

    def _targets(self, main: str) -> Mapping[str, tuple[str, str]]:
        """The parts that the workbook refers to: id -> kind and name."""
        found: dict[str, tuple[str, str]] = {}

        def take(name: str, attributes: Mapping[str, str]) -> None:
            if name == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "")
                part = target[1:] if target.startswith("/") else f"xl/{target}"
                found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], part)

        self._read(f"xl/_rels/{main.removeprefix('xl/')}.rels", StartsParser(take))
        return found

    def _one(self, targets: Mapping[str, tuple[str, str]], kind: str) -> str | None:
        return next((part for each, part in targets.values() if each == kind and part in self._archive.namelist()), None)

    def _contents(self, main: str, targets: Mapping[str, tuple[str, str]]) -> tuple[Mapping[str, str], bool]:
        """The sheets, those that are shown first, and whether days are counted from 1904."""
        shown: dict[str, str] = {}
        hidden: dict[str, str] = {}
        since_1904 = False

        def take(name: str, attributes: Mapping[str, str]) -> None:
            nonlocal since_1904
            if name == "workbookPr":
                since_1904 = attributes.get("date1904") in ("1", "true")
            reference = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            kind, part = targets.get(reference, ("", ""))
            if name == "sheet" and kind == "worksheet" and part in self._archive.namelist():
                (shown if attributes.get("state", "visible") == "visible" else hidden)[attributes.get("name", "")] = part

        self._read(main, StartsParser(take))
        return {**shown, **hidden}, since_1904

    def _styles(self, part: str | None) -> frozenset[int]:
        """The styles by which a number is shown as a date."""
        formats: dict[str, str] = {}
        styles: list[str] = []
        within = False

        def take(name: str, attributes: Mapping[str, str]) -> None:
            nonlocal within
            if name == "numFmt":
                formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif name in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
                within = name == "cellXfs"
            elif name == "xf" and within:
                styles.append(attributes.get("numFmtId", "0"))

        if part is not None:
            self._read(part, StartsParser(take))
        return frozenset(place for place, number in enumerate(styles) if _is_date(number, formats))

    def _read(self, part: str, parser: Parser) -> None:
        for _ in self._fed(part, parser):
            pass

    def _fed(self, part: str, parser: Parser) -> Iterator[None]:
        """Give the parser the part, bit by bit. Raises InputError where it is damaged or monstrous."""
        try:
            info = self._archive.getinfo(part)
            if info.file_size > INFLATED and info.file_size > 100 * max(1, info.compress_size):
                raise InputError.of(f"{part} unpacks to {info.file_size} bytes: this is no list of people", file=str(self._path))
            with self._archive.open(info) as file:
                while chunk := file.read(CHUNK):
                    parser.feed(chunk)
                    yield
            parser.feed(b"", final=True)
            yield
        except DAMAGED as error:
            raise InputError.of(f"the workbook's {part} cannot be read: {error}", file=str(self._path)) from error


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _number(written: str) -> str:
    """The number as somebody writes it; one of more digits than a spreadsheet keeps stays as it is, so that it is seen to be cut."""
    value = float(written)
    if value.is_integer():
        return str(int(value)) if abs(value) < PRECISE else f"{value:.14E}"
    return f"{value:.15g}"


def _moment(written: str, *, since_1904: bool) -> str:
    """A day, or a moment, by the days since the beginning of the workbook's time. There was no 29 February 1900, whatever Excel says."""
    days, seconds = divmod(round(float(written) * 86_400), 86_400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if days == 0 and seconds:
        return clock
    if not since_1904 and days == 60:
        return "1900-02-29"
    start = date(1904, 1, 1) if since_1904 else date(1899, 12, 30) if days > 60 else date(1899, 12, 31)
    try:
        day = start + timedelta(days=days)
    except OverflowError:
        return _number(written)
    return f"{day.isoformat()}T{clock}" if seconds else day.isoformat()


def _is_date(number: str, formats: Mapping[str, str]) -> bool:
    """Whether a number format is one of dates: by its number, else by the letters of its code."""
    if number in formats:
        code = _NOT_CODE.sub("", formats[number]).lower()
        return any(letter in code for letter in "dmyhs") and "general" not in code
    return number.isdecimal() and int(number) in _BUILT_IN_DATES

"""`data/<name>.csv` -> a small table: the first row names the columns, the first column is the key."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from engage.model.errors import Place, Problem
from engage.model.workspace import Files
from engage.rules import scalars

Table = Mapping[str, Mapping[str, str]]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row, with the line on which it ends."""

    line: int
    cells: tuple[str, ...]


def read_tables(files: Files, names: Mapping[str, str], problems: list[Problem]) -> Mapping[str, Table]:
    """All tables; `names` has the file of each. What is wrong is added to `problems`."""
    return {name: _table(file, files[file], problems) for name, file in names.items()}


def read_rows(file: str, content: bytes, problems: list[Problem]) -> list[Row]:
    """The rows that are not empty, the heading first; a wrong number of cells is told."""
    try:
        text = content.decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text), strict=True)
        rows = [Row(line=reader.line_num, cells=tuple(cells)) for cells in reader if cells]
    except (UnicodeDecodeError, csv.Error) as error:
        problems.append(Problem(place=Place(file=file), what=f"the file cannot be read as CSV in UTF-8: {error}"))
        return []
    if not rows:
        problems.append(Problem(place=Place(file=file, line=1, column=1), what="the file is empty; its first line names the columns"))
        return []
    width = len(rows[0].cells)
    problems.extend(
        Problem(place=Place(file=file, line=row.line, column=1), what=f"{len(row.cells)} cells where the first line has {width}")
        for row in rows if len(row.cells) != width
    )
    return [row for row in rows if len(row.cells) == width]


def _table(file: str, content: bytes, problems: list[Problem]) -> Table:
    rows = read_rows(file, content, problems)
    if not rows:
        return {}
    heading = [cell.strip() for cell in rows[0].cells]
    _check_heading(file, heading, problems)
    table: dict[str, Mapping[str, str]] = {}
    for row in rows[1:]:
        key = row.cells[0].strip()
        if key in table:
            problems.append(Problem(place=Place(file=file, line=row.line, column=1), what=f"the key `{key}` is given twice"))
        table[key] = {column: cell.strip() for column, cell in zip(heading[1:], row.cells[1:], strict=True)}
    return table


def _check_heading(file: str, heading: list[str], problems: list[Problem]) -> None:
    for number, column in enumerate(heading):
        try:
            scalars.field(column)
        except ValueError as error:
            problems.append(Problem(place=Place(file=file, line=1, column=1), what=f"`{column}` {error}"))
        if column in heading[:number]:
            problems.append(Problem(place=Place(file=file, line=1, column=1), what=f"the column `{column}` is given twice"))


def columns_of(tables: Mapping[str, Table]) -> Mapping[str, frozenset[str]]:
    """The columns of each table, beside its key."""
    return {name: frozenset(next(iter(table.values()), {})) for name, table in tables.items()}

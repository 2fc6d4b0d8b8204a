"""Workbooks for tests, written part by part, as Excel does it and as nobody should."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs>'
)


def text(value: str) -> str:
    """A cell with its text in it."""
    return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def number(value: str, *, style: int = 0) -> str:
    """A number, which style 1 shows as a date."""
    return f'<c s="{style}"><v>{value}</v></c>'


def a_workbook(
    path: Path, *rows: str, strings: tuple[str, ...] = (), hidden: tuple[str, ...] = (), since_1904: bool = False, before: str = "",
) -> Path:
    """A workbook with these rows of cells in its sheet `People`; `hidden` are those of a sheet before it that is not shown."""
    sheets = '<sheet name="Notes" sheetId="1" state="hidden" r:id="r1"/><sheet name="People" sheetId="2" r:id="r2"/>'
    related = (("r1", "worksheet", "worksheets/sheet1.xml"), ("r2", "worksheet", "worksheets/sheet2.xml"),
               ("r3", "styles", "styles.xml"), ("r4", "sharedStrings", "sharedStrings.xml"))
    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr date1904="{int(since_1904)}"/>'
                           f"<sheets>{sheets}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": "<Relationships>" + "".join(
            f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"/>' for key, kind, target in related) + "</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{STYLES}</styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">' + "".join(f"<si>{each}</si>" for each in strings) + "</sst>",
        "xl/worksheets/sheet1.xml": _sheet(hidden),
        "xl/worksheets/sheet2.xml": before + _sheet(rows),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def _sheet(rows: tuple[str, ...]) -> str:
    lines = "".join(f'<row r="{place}">{cells}</row>' for place, cells in enumerate(rows, start=1))
    return f'<worksheet xmlns="{MAIN}"><dimension ref="A1:C{len(rows)}"/><sheetData>{lines}</sheetData></worksheet>'

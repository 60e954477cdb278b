"""A workbook: what it is, the totals, and a sheet of units for each contest."""

import io
import re
from collections.abc import Iterable, Sequence

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from ws.exports import sheets
from ws.exports.sheets import Cell, Results

PATH = "/v1/export.xlsx"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE_NAME = "results.xlsx"
SHEET_ROWS_MAX = 1_048_575
"""Rows below the header that a sheet can hold."""


def written(results: Results) -> bytes:
    """Text is written as text and numbers as numbers: nothing is ever a formula or a link."""
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "constant_memory": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True})
        told = [(name, _cell(value)) for name, value in sheets.about(results).items()]
        _filled(book.add_worksheet("About"), ("what", "value"), told, bold)
        _filled(
            book.add_worksheet("Totals"), sheets.TOTALS,
            (row for contest in results.contests for row in sheets.totals(contest)), bold,
        )  # fmt: skip
        names: set[str] = {"about", "totals"}
        for contest in results.contests if results.with_units else ():
            sheet = book.add_worksheet(_sheet_name(contest.layout.contest.id, names))
            _filled(sheet, sheets.unit_columns(contest), sheets.units(contest), bold)
    return out.getvalue()


def _cell(value: object) -> Cell:
    return value if isinstance(value, str | int) and not isinstance(value, bool) else str(value)


def _sheet_name(contest: str, taken: set[str]) -> str:
    """A name a sheet may have: 31 characters, none of them special, no two alike."""
    stem = re.sub(r"[\[\]:*?/\\']", "-", contest)[:31]
    name, number = stem, 2
    while name.lower() in taken:
        name = f"{stem[:27]} ({number})"
        number += 1
    taken.add(name.lower())
    return name


def _filled(sheet: Worksheet, header: Sequence[str], rows: Iterable[Sequence[Cell]], bold: object) -> None:
    sheet.write_row(0, 0, header, bold)
    sheet.freeze_panes(1, 0)
    number = 0
    for number, row in enumerate(rows, 1):
        if number > SHEET_ROWS_MAX:
            break
        sheet.write_row(number, 0, row)
    sheet.autofilter(0, 0, max(number, 1), len(header) - 1)

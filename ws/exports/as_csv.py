"""Totals, or the units of contests, as CSV that no spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Iterable

from ws.exports import sheets
from ws.exports.sheets import Cell, Results

PATH = "/v1/export.csv"
MEDIA_TYPE = "text/csv"
FILE_NAME = "results.csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet may run; such text gets an apostrophe, as OWASP advises. Numbers are ours and stay numbers."""


def written(results: Results) -> bytes:
    """A header and a row a selection; with units, a row a (unit, type, selection) instead.

    UTF-8 with a byte order mark, without which Excel guesses the encoding.
    """
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\r\n").writerow
    if results.with_units:
        write((*sheets.UNITS, "selection", "votes"))
        width = len(sheets.UNITS)
        for contest in results.contests:
            names = [selection.id for selection in contest.layout.contest.selections]
            for row in sheets.units(contest):
                for name, votes in zip(names, row[width:], strict=True):
                    write(_plain((*row[:width], name, votes)))
    else:
        write(sheets.TOTALS)
        for contest in results.contests:
            for row in sheets.totals(contest):
                write(_plain(row))
    return ("\ufeff" + text.getvalue()).encode()


def _plain(row: Iterable[Cell]) -> list[Cell]:
    return [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in row]

"""Summaries as tables: ruled in a terminal, plain columns where the output goes elsewhere."""

import math
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from deploy.backtest.summary import MOMENTS, Against, Summary
from tally.projection.record import LEVELS

NOTHING = "–"
ACCURACY = (
    "updates", *(f"in {level} %" for level in LEVELS), "in 90 % by election", "width", "score", "lead off by",
)  # fmt: skip
CALLS = (
    "Brier", "said at", "proved: said", "certain at", "reversals", "crossed", "crashed", "too early",
    "in 90 % tonight", "s, 99 %", "rows, most",
)  # fmt: skip
BESIDE = (
    "order", "moments", "in 90 %", "ours", "width", "ours", "score", "ours", "lead off by", "ours", "crossed", "ours",
    "crashed", "ours", "s", "ours",
)  # fmt: skip
Rows = list[list[str]]


def written(
    console: Console, groups: dict[str, list[Summary]], beside: Sequence[Against], version: str
) -> None:
    """Print everything."""
    lines = [(heading, one) for heading, of in groups.items() for one in of]
    accurate = [[heading, one.name, *accuracy(one)] for heading, one in lines]
    called = [[heading, one.name, *calls(one, alone=heading == MOMENTS)] for heading, one in lines]
    _print(console, "Accuracy", ("by", "", *ACCURACY), accurate)
    _print(console, "Calls and cost", ("by", "", *CALLS), called)
    if beside:
        _print(console, f"elex-model {version} beside us", ("method", *BESIDE), against(beside))


def accuracy(of: Summary) -> list[str]:
    """Coverage in percent; widths, scores and leads in points."""
    sure = of.clusters
    spread = NOTHING
    if sure.half is not None:
        low, high = max(0.0, sure.mean - sure.half), min(1.0, sure.mean + sure.half)
        spread = f"{100 * low:.0f}–{100 * high:.0f} (of {sure.clusters})"
    return [
        f"{of.cells:,}", *(_number(100 * of.coverage[level], 1) for level in LEVELS), spread,
        _number(of.width, 1), _number(of.score, 1), _number(of.lead, 2),
    ]  # fmt: skip


def calls(of: Summary, *, alone: bool = False) -> list[str]:
    """Chances, when things were said and proved, failures, seconds. `alone`: no way from one moment to the next."""
    way = [NOTHING] * 4
    if not alone:
        way = [
            _number(of.said_at, 0), _number(of.sure_said_at, 0), _number(of.certain_at, 1),
            f"{of.reversals} in {of.runs:,}",
        ]  # fmt: skip
    return [
        _number(of.brier, 3), *way, str(of.crossed), str(of.crashed), str(of.early),
        _number(100 * of.tonight, 1), f"{_number(of.seconds[0], 3)}, {_number(of.seconds[1], 2)}",
        f"{of.rows[0]:,.0f}, {of.rows[1]:,.0f}",
    ]  # fmt: skip


def against(beside: Sequence[Against]) -> Rows:
    """Each method by order: its number, then ours."""
    rows = []
    for one in beside:
        pairs = (
            (100 * one.coverage[0], 100 * one.coverage[1], 0), (*one.width, 1), (*one.score, 1), (*one.lead, 2),
            (*one.crossed, 0), (*one.crashed, 0), (*one.seconds, 2),
        )  # fmt: skip
        cells = [_number(value, digits) for its, ours, digits in pairs for value in (its, ours)]
        rows.append([one.method, one.order, f"{one.cells:,}", *cells])
    return rows


def _number(value: float, digits: int) -> str:
    return NOTHING if math.isnan(value) else f"{value:,.{digits}f}"


def _print(console: Console, title: str, heads: Sequence[str], rows: Rows) -> None:
    if console.is_terminal:
        table = Table(title=title, title_justify="left")
        for number, head in enumerate(heads):
            table.add_column(head, justify="left" if number < 2 else "right")
        for number, row in enumerate(rows):
            ends = number + 1 == len(rows) or rows[number + 1][0] != row[0]
            table.add_row(*row, end_section=ends)
        console.print(table)
        return
    widths = [max(len(row[n]) for row in [list(heads), *rows]) for n in range(len(heads))]
    lines = [title]
    for row in [list(heads), *rows]:
        cells = [
            cell.ljust(width) if n < 2 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    console.print("\n".join(lines) + "\n", soft_wrap=True, highlight=False, markup=False)

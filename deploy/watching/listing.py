"""The list of contests: who leads, by how much, how far it is counted, what is decided."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Input, Static

from deploy.watching import words
from deploy.watching.drawn import NARROW, TONES, fitted
from deploy.watching.head import Head
from deploy.watching.opened import Opened

if TYPE_CHECKING:
    from deploy.watching.ticker import Ticker

Json = dict[str, Any]
FIGURES = {"lead", "counted", "in"}
"""Columns that end on their right."""


class Contests(DataTable[Text]):
    """The table; what Enter does stands in the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Open"),
        Binding("home", "scroll_top", show=False),
        Binding("end", "scroll_bottom", show=False),
    ]


class Listing(Screen[None]):
    """One line a contest, in the order of the definition."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/"),
        Binding("escape", "clear", "Clear search", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[str] = []
        self._columns = 0

    @property
    def _ticker(self) -> "Ticker":
        return cast("Ticker", self.app)

    def compose(self) -> ComposeResult:
        """The parts of the screen."""
        yield Head()
        yield Contests(cursor_type="row", cell_padding=0)
        yield Static(id="empty", markup=False)
        search = Input(placeholder="part of a name; Enter keeps it, Esc clears it", id="search")
        search.cursor_blink = False
        yield search
        yield Footer()

    def on_mount(self) -> None:
        """Lay out the columns."""
        self.draw()
        self.query_one(Contests).focus()

    def on_resize(self, _event: events.Resize) -> None:
        """Lay out the columns anew."""
        self.draw()

    def on_screen_resume(self) -> None:
        """Catch up with what was told while a contest was open."""
        self.draw()

    def draw(self) -> None:
        """Show the lines as they are now, without moving anything that did not change."""
        if not (self.query("#empty") and self.query("#search") and self.query(Contests)):
            return  # not there yet, or no longer
        for head in self.query(Head):
            head.draw()
        table = self.query_one(Contests)
        wanted = self.query_one("#search", Input).value.casefold()
        lines = self._ticker.night.lines
        found = [name for name, line in lines.items() if wanted in f"{line['name']} {name}".casefold()]
        columns = self.app.size.width
        rows = {name: cells(lines[name], columns) for name in found}
        if found != self._shown or columns != self._columns:
            self._lay_out(table, rows, columns)
        else:
            for name, row in rows.items():
                for column, cell in row.items():
                    if table.get_cell(name, column) != cell:
                        table.update_cell(name, column, cell)
        self._shown, self._columns = found, columns
        empty = self.query_one("#empty", Static)
        said = f"No contest matches “{words.clean(wanted)}”." if wanted else "This election has no contests."
        empty.update("" if found else said)
        empty.display = not found

    def _lay_out(self, table: Contests, rows: dict[str, dict[str, Text]], columns: int) -> None:
        """All columns and rows anew, with the cursor on the contest it was on."""
        at = self._shown[table.cursor_row] if 0 <= table.cursor_row < len(self._shown) else None
        table.clear(columns=True)
        for name, width in widths(columns).items():
            label = name.rjust(width - 1) if name in FIGURES else name
            table.add_column(fitted(label, width - 1, "bold"), key=name, width=width)
        for name, row in rows.items():
            table.add_row(*row.values(), key=name)
        if at in rows:
            table.move_cursor(row=list(rows).index(at), animate=False)

    def action_search(self) -> None:
        """Ask for a part of a name."""
        search = self.query_one("#search", Input)
        search.add_class("asked")
        search.focus()

    def action_clear(self) -> None:
        """Show every contest again."""
        search = self.query_one("#search", Input)
        search.value = ""
        search.remove_class("asked")
        self.query_one(Contests).focus()

    def on_input_changed(self, _event: Input.Changed) -> None:
        """Show what matches while it is typed."""
        self.draw()

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Go back to the list with what matches."""
        self.query_one(Contests).focus()

    def on_data_table_row_selected(self, event: "DataTable.RowSelected") -> None:
        """Open a contest."""
        if event.row_key.value is not None:
            self.app.push_screen(Opened(event.row_key.value))


def widths(columns: int) -> dict[str, int]:
    """Columns of the list and how wide each is, a blank on its right included."""
    if columns < NARROW:
        fixed = {"leader": 9, "lead": 10, "in": 5, "": 2}
    else:
        fixed = {"leader": min(24, columns // 5), "lead": 12, "counted": 16, "state": 13}
    return {"contest": max(8, columns - sum(fixed.values()) - 2)} | fixed


def cells(line: Json, columns: int) -> dict[str, Text]:
    """A contest's cells, each as wide as its column whatever it says."""
    wide = widths(columns)
    mark, state = words.standing(line)
    tone, units = TONES[mark], line["units"]
    leader = words.named(line["leader"], line["names"]) if line["leader"] else "–"
    said = {
        "contest": fitted(line["name"] or line["contest"], wide["contest"] - 1),
        "leader": fitted(leader, wide["leader"] - 1),
        "lead": Text(f"{line['lead']:>{wide['lead'] - 1},}" if line["leader"] else " " * (wide["lead"] - 1)),
    }
    if columns < NARROW:
        per_cent = units["completed"] * 100 // units["total"] if units["total"] else 0
        return said | {"in": Text(f"{per_cent:>3}%"), "": Text(mark, style=tone)}
    counted = f"{units['completed']:,}/{units['total']:,}"
    return said | {
        "counted": Text(f"{counted:>{wide['counted'] - 1}}"),
        "state": fitted(f"{mark} {state}", wide["state"] - 1, tone),
    }

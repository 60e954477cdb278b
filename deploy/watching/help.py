"""What the keys and the marks of the ticker are."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

TEXT = """\
↑ ↓        move, in the list or the text
Enter      open a contest    Esc  back
← →        the contest before, after
/          search the list
d          dark or light     q    quit

✓ decided     irreversible for certain
~ decided if  irreversible under an assumption
! withdrawn   a correction undid it
· open        may still change
- waiting     nothing is counted yet
✗ eliminated  cannot win any more

● live  ◌ silent  ✕ lost, tried again

A lead is irreversible when no ballot that may
still come can undo it; nothing here is a
forecast.

Esc closes this."""


class Help(ModalScreen[None]):
    """One page."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("question_mark", "close", show=False),
        Binding("enter", "close", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The page."""
        with VerticalScroll(id="help"):
            yield Static(TEXT, markup=False)

    def action_close(self) -> None:
        """Back to where it was asked."""
        self.dismiss()

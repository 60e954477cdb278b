"""The two lines on top of every screen: which night, a test or not, and the connection."""

from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.widgets import Static

from deploy.watching import words

if TYPE_CHECKING:
    from deploy.watching.ticker import Ticker

TONES = {"●": "green", "◌": "dark_orange3", "✕": "bold red", "…": "dark_orange3"}


class Head(Static):
    """Ages are told anew every second."""

    def on_mount(self) -> None:
        """Begin to tell them."""
        self.set_interval(1.0, self.draw)
        self.draw()

    def draw(self) -> None:
        """Say it as it stands now."""
        night = cast("Ticker", self.app).night
        head = night.head
        title = Text(
            words.clean(head["name"] or head["election"]), style="bold", no_wrap=True, overflow="ellipsis"
        )
        before = Text.assemble((" TEST ", "bold reverse"), " ") if head["is_test"] else Text()
        label = Text(f" [{words.clean(head['label'])}]", style="bold") if head["label"] else Text()
        mark, said = night.link.words(night.clock())
        state = Text(f"{mark} {said}", style=TONES[mark])
        state.append(f" · record {night.seq:,}", style="default")
        whole = Text.assemble(before, title, label, "\n", state)
        whole.no_wrap, whole.overflow = True, "ellipsis"
        self.update(whole)

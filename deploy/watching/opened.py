"""One contest on the whole screen: bars, the lead, what is irreversible, what happened."""

from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import quote

from rich.console import Group
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from deploy.watching import drawn
from deploy.watching.head import Head
from deploy.watching.link import Ended, Said, follow

if TYPE_CHECKING:
    from deploy.watching.ticker import Ticker

EVENTS_SHOWN = 12


class Opened(Screen[None]):
    """Listens to its own contest while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "All contests"),
        Binding("left", "turn(-1)", "Previous"),
        Binding("right", "turn(1)", "Next"),
    ]

    def __init__(self, contest: str) -> None:
        super().__init__()
        self.contest = contest
        self._view: dict[str, Any] | None = None
        self._names: dict[str, str] = {}

    @property
    def _ticker(self) -> "Ticker":
        return cast("Ticker", self.app)

    def compose(self) -> ComposeResult:
        """The parts of the screen."""
        yield Head()
        with VerticalScroll():
            yield Static(id="body")
        yield Footer()

    def on_mount(self) -> None:
        """Begin to listen."""
        self.query_one(VerticalScroll).focus()
        self._begin()

    def _begin(self) -> None:
        self._view, self._names = None, {}
        self.draw()
        self.listen()

    def listen(self) -> None:
        """Begin to listen, in place of what listened before."""
        self.run_worker(self._listen(self.contest), exclusive=True)

    async def _listen(self, contest: str) -> None:
        """Hear of one contest, for ever. The list's own stream tells how the connection stands."""
        async for item in follow(self._ticker.session, self._ticker.url, [f"contest:{contest}"]):
            if isinstance(item, Said) and "totals" in item.value:
                self._view = item.value
                self.draw()
                if not self._names:
                    await self._ask_names(contest)
                    self.draw()

    async def _ask_names(self, contest: str) -> None:
        try:
            said = await self._ticker.get(f"/v1/contests/{quote(contest, safe='')}/names")
        except (*Ended, TimeoutError):
            return  # ids are shown until the next view asks again
        self._names = {one["id"]: one["name"] or one["id"] for one in said["selections"]}

    def on_resize(self, _event: events.Resize) -> None:
        """Bars are as wide as the screen."""
        self.draw()

    def draw(self) -> None:
        """Show the contest as it is now."""
        if not self.query("#body"):  # not there yet, or no longer
            return
        for head in self.query(Head):
            head.draw()
        body = self.query_one("#body", Static)
        if self._view is None:
            body.update(f"{self._ticker.night.named(self.contest)}: waiting for the first word …")
            return
        columns = max(20, self.app.size.width - 4)
        told = self._ticker.night.told(self.contest, self._names, EVENTS_SHOWN)
        picture = drawn.contest(self._view, self._names, columns)
        body.update(Group(*picture, *drawn.events(told)))

    def action_back(self) -> None:
        """To the list."""
        self.app.pop_screen()

    def action_turn(self, by: int) -> None:
        """To the contest before or after."""
        contests = list(self._ticker.night.lines)
        if self.contest in contests and len(contests) > 1:
            self.contest = contests[(contests.index(self.contest) + by) % len(contests)]
            self.query_one(VerticalScroll).scroll_home(animate=False)
            self._begin()

"""The ticker: a full screen of contests, one of them opened, for as long as somebody looks."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import aiohttp
from textual.app import App
from textual.binding import Binding, BindingType

from deploy.watching.help import Help
from deploy.watching.link import Ended, follow
from deploy.watching.listing import Listing
from deploy.watching.night import Night
from deploy.watching.opened import Opened

LINES_PAUSE_S = 0.5
"""Between two askings for lines: a night changes faster than anybody reads."""
FROM_THE_LAST_EVENTS = "-/0"
"""A position of no journal: the stream begins with the newest views and the last events."""
Json = dict[str, Any]


class Ticker(App[None]):
    """Follows one service. `night` is what `/v1/observers` said first."""

    TITLE = "tally"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Head { dock: top; height: 2; padding: 0 1; background: $panel; }
    #search { dock: bottom; display: none; border: none; height: 1; padding: 0 1; margin-bottom: 1; }
    #search.asked { display: block; }
    #empty { display: none; padding: 1; }
    DataTable { height: 1fr; }
    #body { padding: 0 1; }
    Help { align: center middle; }
    #help { width: 64; max-width: 100%; height: auto; max-height: 100%; padding: 1 2; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("d", "shade", "Dark/light", show=False),
        Binding("ctrl+c", "quit", show=False, priority=True),
    ]

    def __init__(
        self, session: aiohttp.ClientSession, url: str, night: Night, contest: str | None = None
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.session, self.url, self.night = session, url, night
        self.look: Callable[[], None] = lambda: None
        self._asked = asyncio.Event()
        self._wholly = False
        only = next(iter(night.lines)) if len(night.lines) == 1 else None
        self._first = contest or only

    async def on_mount(self) -> None:
        """Show the list, or the one contest there is, and begin to listen."""
        await self.push_screen(Listing())
        if self._first is not None:
            await self.push_screen(Opened(self._first))
        self.run_worker(self._listen(), name="listen")
        self.run_worker(self._ask(), name="ask")

    async def _listen(self) -> None:
        """Hear of what changes, for ever."""
        channels = self.night.channels()
        async for item in follow(self.session, self.url, channels, FROM_THE_LAST_EVENTS):
            was_lost = self.night.link.state == "lost"
            wanted = self.night.take(item)
            if was_lost and self.night.link.state == "live":
                self._listen_again()
            if wanted:
                self._wholly = self._wholly or wanted == "all"
                self._asked.set()
            self.shown()

    def _listen_again(self) -> None:
        """A contest that is open must not wait longer than the list to be taken up again."""
        for screen in self.screen_stack:
            if isinstance(screen, Opened):
                screen.listen()

    async def _ask(self) -> None:
        """Fetch the lines that changed, a few times a second at most."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            whole, self._wholly = self._wholly, False
            try:
                said = await self.get("/v1/observers", after=0 if whole else self.night.seq)
            except (*Ended, TimeoutError):
                self._wholly = self._wholly or whole
                self._asked.set()  # the stream says why; this is asked again
            else:
                self.night.take_lines(said, whole=whole)
                self.shown()
            await asyncio.sleep(LINES_PAUSE_S)

    async def get(self, path: str, **query: int) -> Json:
        """One answer of the service."""
        limit = aiohttp.ClientTimeout(total=20)
        async with self.session.get(
            self.url + path, params=query, raise_for_status=True, timeout=limit
        ) as response:
            found: Json = await response.json()
        return found

    def shown(self) -> None:
        """Have the screen in front draw itself again."""
        screen = self.screen
        if isinstance(screen, Listing | Opened):
            screen.draw()

    def action_help(self) -> None:
        """What the keys and marks are."""
        if not isinstance(self.screen, Help):
            self.push_screen(Help())

    def action_shade(self) -> None:
        """Dark or light."""
        self.theme = "textual-light" if self.theme == "textual-dark" else "textual-dark"

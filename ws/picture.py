"""SVG → PNG, for link previews, which take nothing else: drawn in a process of its own."""

import asyncio
import multiprocessing
import signal
from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from html import escape
from urllib.parse import quote

from tally.model import Contest, Election
from ws.card import HEIGHT, WIDTH

DRAWN_EVERY_S = 5.0
"""A contest's picture is drawn anew no sooner than this after the one before: previews are fetched once and kept."""
KEPT_MAX = 64
"""Pictures kept, of some 40 kB each: the contests that links are shared to."""
WAITING_MAX = 16
"""Pictures asked for that were not begun; more are refused."""


class Busy(Exception):
    """More pictures are asked for than can be drawn."""


class Pictures:
    """Draws one picture after the other. The renderer holds the interpreter for a tenth of a second: not in ours."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._drawn: OrderedDict[str, tuple[str, float, bytes]] = OrderedDict()
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def png(self, key: str, tag: str, svg: str) -> tuple[str, bytes]:
        """The picture of an SVG, and the tag it was drawn for: of `tag`, or one a few seconds older.

        Raises Busy, and BrokenProcessPool where the process died over it.
        """
        if self._waiting >= WAITING_MAX:
            raise Busy
        self._waiting += 1
        try:
            async with self._turn:
                return await self._of(key, tag, svg)
        finally:
            self._waiting -= 1

    async def _of(self, key: str, tag: str, svg: str) -> tuple[str, bytes]:
        loop = asyncio.get_running_loop()
        known = self._drawn.get(key)
        if known is not None and (known[0] == tag or loop.time() - known[1] < DRAWN_EVERY_S):
            return known[0], known[2]
        # Not forked: a copy of this process would hold its sockets open.
        self._pool = self._pool or ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN)
        )  # Ctrl-C is for the service, which ends it
        try:
            drawn = await loop.run_in_executor(self._pool, render, svg)
        except BrokenProcessPool:
            self.close()
            raise
        self._drawn[key] = tag, loop.time(), drawn
        self._drawn.move_to_end(key)
        if len(self._drawn) > KEPT_MAX:
            self._drawn.popitem(last=False)
        return tag, drawn

    def close(self) -> None:
        """End the process; a later picture starts another."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def render(svg: str) -> bytes:
    """The PNG of an SVG, in its own size, written with Lato and, where that lacks a letter, what the machine has."""
    import font_lato
    import resvg_py

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, font_files=[font_lato.Lato, font_lato.LatoBold], font_family="Lato",
            sans_serif_family="Lato",
        )
    )  # fmt: skip


def preview(origin: str, contest: Contest, election: Election, lang: str | None) -> str:
    """What a link to a contest shows elsewhere: the tags of Open Graph, and that the picture is the large one.

    `lang`: the language the address asks for, which the picture then speaks as well.
    """
    picture = f"{origin}/embed/{quote(contest.id, safe='')}/card.png{f'?lang={lang}' if lang else ''}"
    tags = {
        "og:type": "website",
        "og:title": contest.name or contest.id,
        "og:site_name": election.name or election.id,
        "og:image": picture,
        "og:image:width": str(WIDTH),
        "og:image:height": str(HEIGHT),
    }
    told = [f'<meta property="{name}" content="{escape(value)}">' for name, value in tags.items()]
    return "\n".join([*told, '<meta name="twitter:card" content="summary_large_image">'])

"""Finds units and contests by what people type: ids and names, case and accents aside."""

import asyncio
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from tally.state import State

QUERY_CHARACTERS_MAX = 100


def plain(text: str) -> str:
    """Text as it is compared: without case, accents and line breaks."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in apart if not unicodedata.combining(c)).split())


class Index:
    """Names to search. Read-only once built, so that any thread may look. Cost: O(all their characters)."""

    def __init__(self, named: Iterable[tuple[str, str]]) -> None:
        known = list(named)
        self.ids: Sequence[str] = [one for one, _ in known]
        lines = [f"{plain(one)} {plain(name)}\n" for one, name in known]
        self._text = "".join(lines)
        self._starts: list[int] = []
        end = 0
        for line in lines:
            self._starts.append(end)
            end += len(line)

    def find(self, asked: str) -> list[str]:
        """Ids whose line holds every word: the id itself first, then what begins with it, then in their order."""
        wanted = plain(asked)
        words = sorted(wanted.split(), key=len, reverse=True)
        if not words:
            return list(self.ids)
        found: list[tuple[int, int]] = []
        text, place = self._text, self._text.find(words[0])
        while place >= 0:
            row = bisect_right(self._starts, place) - 1
            start, end = self._starts[row], text.index("\n", place)
            line = text[start:end]
            if all(word in line for word in words[1:]):
                rank = 0 if line.startswith(f"{wanted} ") else 1 if line.startswith(wanted) else 2
                found.append((rank, row))
            place = text.find(words[0], end)
        return [self.ids[row] for _, row in sorted(found)]


class Finding:
    """The indexes of the definition asked about last; built and searched off the loop."""

    def __init__(self) -> None:
        self._building = asyncio.Lock()
        self._built: dict[str, tuple[str, Index]] = {}

    async def units(self, state: State, asked: str) -> list[str]:
        """Units of the whole definition, places among them."""
        named = ((unit.id, unit.name) for unit in state.layout.unit_of.values())
        return await self._find("units", state, named, asked)

    async def contests(self, state: State, asked: str) -> list[str]:
        """Contests of the definition."""
        named = ((one.layout.contest.id, one.layout.contest.name) for one in state.contests)
        return await self._find("contests", state, named, asked)

    async def _find(self, what: str, state: State, named: Iterable[tuple[str, str]], asked: str) -> list[str]:
        async with self._building:
            known = self._built.get(what)
            if known is None or known[0] != state.layout.sha256:
                known = state.layout.sha256, await asyncio.to_thread(Index, named)
                self._built[what] = known
        return await asyncio.to_thread(known[1].find, asked)

"""Puts the unit tables of contests on the shelf, where they changed."""

import asyncio
import json
from typing import Any

from deploy.baking.pages import PAGE_UNITS
from deploy.baking.places import DEFINITION, find_file, folder
from deploy.baking.shelf import Shelf
from deploy.baking.source import Source, SourceAway
from deploy.baking.tables import RowsOfOthers, Tables


class Tabling:
    """Files of tables are put where they changed, behind the rows they are made of."""

    def __init__(self, source: Source, shelf: Shelf) -> None:
        self._source, self._shelf = source, shelf
        self._tables: Tables | None = None

    def done(self, contest: str) -> bool:
        """Whether the copy that is here has the tables of a contest: one of an earlier version has none."""
        file = f"{folder(contest)}/index.json"
        return (self._shelf.root / file).is_file() and "tables" in self._shelf.read(file)

    async def put(self, contest: str, rows: bytes, origins: bytes) -> dict[str, Any]:
        """Put what may have changed; what the index says of it. Raises SourceAway, OSError."""
        tables = await self._of(json.loads(origins)["definition_sha256"])
        try:
            await self._put(tables, contest, rows, origins)
        except RowsOfOthers as error:
            raise SourceAway(f"{self._source.url}: {contest}: {error}") from error
        find = find_file(contest)
        return {
            "folder": f"/{folder(contest)}/units/",
            "page_units": PAGE_UNITS,
            "find": f"/{find}" if (self._shelf.root / find).is_file() else None,
        }

    async def _put(self, tables: Tables, contest: str, rows: bytes, origins: bytes) -> None:
        known, names = tables.knows(contest), set()
        files = tables.files(contest, rows, origins)
        # The rows are entered, aside, before the first file is given.
        one = await asyncio.to_thread(next, files, None)
        while one is not None:
            file, body = one
            self._shelf.put(file, body)
            names.add(file)
            await asyncio.sleep(0)  # a stop is heard between two files
            one = next(files, None)
        if not known:  # every file was given: others are of another definition
            self._shelf.keep_only(f"{folder(contest)}/units", names)

    async def _of(self, definition: str) -> Tables:
        """The tables of a definition, which may have been amended since it was copied."""
        if self._tables is None or self._tables.sha256 != definition:
            if self._shelf.tag(DEFINITION) != definition:
                got = await self._source.whole("/v1/election?form=canonical")
                assert got.body is not None
                self._shelf.put(DEFINITION, got.body, got.tag)
            canonical = (self._shelf.root / DEFINITION).read_bytes()
            self._tables = await asyncio.to_thread(Tables, canonical)
        if self._tables.sha256 != definition:
            raise SourceAway(f"{self._source.url}: the definition was amended while it was copied")
        return self._tables

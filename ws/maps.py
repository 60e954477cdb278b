"""Which map the pages show: a shipped one the definition names, or the operator's own."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from tally.model import Election
from ws.page import served

OWN = "/static/map.json"
_FILES = sorted((Path(__file__).parent / "static").glob("map-*.json"))
SHIPPED = {path.stem.removeprefix("map-"): f"/static/{path.name}" for path in _FILES}
"""Where the maps we ship are, by the name a definition gives them."""


@dataclass(frozen=True, slots=True)
class OwnMap:
    """A TopoJSON file of the operator's. `property`: what holds ids or names of units; None: any."""

    body: bytes
    property: str | None


@dataclass(frozen=True, slots=True)
class Maps:
    """What an operator set: a shipped map, an own one, or neither, and then what the definition says."""

    own: OwnMap | None = None
    shipped: str | None = None

    def attach(self, app: web.Application) -> None:
        """Serve the operator's own map, where there is one."""
        if self.own is not None:
            app.router.add_get(OWN, served(self.own.body, "application/json"))

    def shown(self, election: Election) -> dict[str, Any] | None:
        """Where the map of an election is, and which property of its features names units; None: no map."""
        if self.own is not None:
            return {"url": OWN, "property": self.own.property}
        name = self.shipped or election.map
        return {"url": SHIPPED[name], "property": None} if isinstance(name, str) else None

    def tag(self) -> str:
        """What an entity tag adds where the operator, not the definition, has chosen the map."""
        if self.own is not None:
            return "." + hashlib.sha256(self.own.body + (self.own.property or "").encode()).hexdigest()[:12]
        return f".{self.shipped}" if self.shipped else ""

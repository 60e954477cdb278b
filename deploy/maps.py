"""The map an operator chose: a shipped one by name, or a TopoJSON file, read and checked."""

import json
from pathlib import Path
from typing import Any

from deploy.failure import ConfigurationFault, Fault
from ws.maps import SHIPPED, Maps, OwnMap

MAP_BYTES_MAX = 2_000_000


def chosen(map_: str | None, of: str | None) -> Maps:
    """What the settings `map` and `map_property` say. Raises ConfigurationFault."""
    if map_ is None:
        if of is not None:
            raise ConfigurationFault([Fault("options", 1, "map_property: there is no map it could be of")])
        return Maps()
    if map_ in SHIPPED:
        return Maps(shipped=map_)
    path = Path(map_)
    try:
        body = path.read_bytes()
    except OSError as error:
        shipped = ", ".join(SHIPPED)
        why = f"map: {error.strerror}; it is a TopoJSON file, or one of {shipped}"
        raise ConfigurationFault([Fault(map_, 1, why)]) from error
    if (wrong := fault(body, of)) is not None:
        raise ConfigurationFault([Fault(map_, 1, f"map: {wrong}")])
    return Maps(own=OwnMap(body, of))


def fault(body: bytes, of: str | None) -> str | None:
    """What is wrong with a map; None: it can be drawn."""
    if len(body) > MAP_BYTES_MAX:
        return f"{len(body):,} bytes; at most {MAP_BYTES_MAX:,}: simplify it, every reader loads it"
    try:
        topology: Any = json.loads(body)
    except ValueError as error:
        return f"no JSON: {error}"
    objects = topology.get("objects") if isinstance(topology, dict) else None
    if not isinstance(objects, dict) or topology.get("type") != "Topology" or "arcs" not in topology:
        return "no TopoJSON: a Topology has objects and arcs"
    places = [
        place
        for one in objects.values()
        if isinstance(one, dict) and isinstance(one.get("geometries"), list)
        for place in one["geometries"]
        if isinstance(place, dict)
    ]
    if not places:
        return "none of its objects is a collection of places"
    if of is not None and not any(of in properties for properties in _properties(places)):
        return f"none of its places has the property {of}"
    return None


def _properties(places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [found for place in places if isinstance(found := place.get("properties"), dict)]

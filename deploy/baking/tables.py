"""The unit tables of a copy: as a service answers, from definition, rows and origins."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import msgspec

from deploy.baking.pages import Page, find_list, pages_of
from tally import model, wire
from tally.compared import leaf_columns, swing_view
from tally.events import PROGRESS_NAMES, STANDING_NAMES
from tally.layout import compile_definition
from tally.rows import row_order
from tally.state import State
from tally.view import child_view

_PROGRESS = {name: number for number, name in enumerate(PROGRESS_NAMES)}
_STANDING = {name: number for number, name in enumerate(STANDING_NAMES)}
_NO_BATCH = b'"batch":null,"source":null,"position":null'


class RowsOfOthers(ValueError):
    """Rows that are not those of the definition's units."""


class _Row(msgspec.Struct):
    """A line of `units.ndjson`: what sums are made of."""

    unit: str
    revision: int
    progress: str
    standing: str
    counts: dict[str, int] | None
    ballots_cast: int
    invalid: int


_LINE = msgspec.json.Decoder(_Row)


class Tables:
    """The tables of every contest of one definition, from its canonical form. Cost: O(units x contests)."""

    def __init__(self, canonical: bytes) -> None:
        self.sha256 = hashlib.sha256(canonical).hexdigest()
        self._state = State(compile_definition(model.read(json.loads(canonical)), self.sha256))
        self._of: dict[str, _Table] = {}

    def knows(self, contest: str) -> bool:
        """Whether only what changed will be given."""
        return contest in self._of

    def files(self, contest: str, rows: bytes, origins: bytes) -> Iterator[tuple[str, bytes]]:
        """(name, bytes) of the files that may have changed since all were taken; at first every one.

        Raises RowsOfOthers. Who stops before the end is given every one the next time.
        """
        table = self._of.pop(contest, None) or _Table(self._state, self._state.layout.contest_index[contest])
        yield from table.files(rows, json.loads(origins))
        self._of[contest] = table


class _Table:
    """One contest: its columns, kept from look to look, and the pages they are shown on."""

    def __init__(self, state: State, index: int) -> None:
        self._state, self._contest = state, state.contests[index]
        self._layout = layout = self._contest.layout
        self._rows = [unit * layout.types + of_type for unit, of_type in row_order(layout)]
        self._lines: list[bytes] = []
        self._origins: list[bytes] = []
        self._shown: dict[int, bytes] = {}
        self._pages = list(pages_of(state.layout, layout))
        self._pages_with: dict[str, list[int]] = {}
        for number, page in enumerate(self._pages):
            for unit in page.units:
                self._pages_with.setdefault(unit, []).append(number)

    def files(self, rows: bytes, origins: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
        """What may have changed: pages, and at first what units are called."""
        first = not self._lines
        changed = self._take(rows.splitlines(), _told(origins))
        if first and (listed := find_list(self._state.layout, self._layout)) is not None:
            yield listed
        numbers = range(len(self._pages)) if first else sorted(self._with(changed))
        for number in numbers:
            yield self._pages[number].file, self._written(self._pages[number])

    def _with(self, units: set[int]) -> set[int]:
        """The pages that show these units, or sums they are in."""
        layout = self._layout
        ids = {layout.units[unit].id for unit in units}
        nodes = {node for unit in units for node in layout.lineage[unit].tolist()}
        ids |= {layout.node_ids[node] for node in nodes if 0 < node < len(layout.node_ids)}
        return {number for one in ids for number in self._pages_with.get(one, ())}

    def _take(self, lines: list[bytes], origins: list[bytes]) -> set[int]:
        """Enter what is new; the units it is about."""
        if not len(lines) == len(origins) == len(self._rows):
            raise RowsOfOthers(f"{len(lines)} rows of {len(self._rows)}")
        before = self._lines or [b""] * len(lines), self._origins or [b""] * len(lines)
        new = zip(lines, origins, *before, strict=True)
        rows = [n for n, (line, origin, old, known) in enumerate(new) if line != old or origin != known]
        by_unit: dict[int, list[int]] = {}
        for n in rows:
            by_unit.setdefault(self._rows[n] // self._layout.types, []).append(n)
        for unit, places in by_unit.items():
            self._enter(unit, {self._rows[n]: lines[n] for n in places})
        self._lines, self._origins = lines, origins
        types = self._layout.types
        for n, row in enumerate(self._rows):
            if row // types in by_unit:
                self._shown[row] = self._row(row, lines[n], origins[n])
        return set(by_unit)

    def _enter(self, unit: int, lines: dict[int, bytes]) -> None:
        """The rows of a unit, into its columns and the sums above it."""
        contest, layout = self._contest, self._layout
        told = {row: _LINE.decode(line) for row, line in lines.items()}
        if others := {said.unit for said in told.values()} - {layout.units[unit].id}:
            raise RowsOfOthers(f"{min(others)} in the place of {layout.units[unit].id}")
        before = leaf_columns(contest, unit)
        for row, said in told.items():
            contest.counts[row] = [(said.counts or {}).get(s.id, 0) for s in layout.contest.selections]
            contest.numbers[row] = said.revision, said.ballots_cast, said.invalid
            contest.progress[row] = _PROGRESS[said.progress]
            contest.standing[unit] = _STANDING[said.standing]
        now = leaf_columns(contest, unit)
        delta = [after - was for after, was in zip(now, before, strict=True)]
        contest.nodes[layout.lineage[unit]] += delta
        if contest.swing is not None:
            contest.swing.move(unit, now, delta)

    def _row(self, row: int, line: bytes, origin: bytes) -> bytes:
        """A row as readers are shown it: the line, what the definition says of its unit, where it came from."""
        unit = self._layout.units[row // self._layout.types]
        ballots, registered = int(self._contest.numbers[row, 1]), unit.voters_registered
        more = {
            "name": unit.name,
            "parent": unit.parent,
            "voters_registered": registered,
            "turnout": [ballots, registered] if registered else None,
            **swing_view(self._contest, unit.id),
        }
        return b"%s,%s,%s" % (line[:-1], wire.to_json(more)[1:-1], origin) + b"}"

    def _written(self, page: Page) -> bytes:
        """A page as `GET` would answer, without its position."""
        head = {
            "contest": self._layout.contest.id,
            "parent": page.parent,
            "path": self._path(page.parent),
            "total": page.total,
            "next": page.following,
        }
        return wire.to_json(head)[:-1] + b',"units":[' + b",".join(self._units(page)) + b"]}"

    def _units(self, page: Page) -> Iterator[bytes]:
        layout = self._layout
        for one in page.units:
            unit = layout.unit_index.get(one)
            if unit is not None:
                rows = range(unit * layout.types, (unit + 1) * layout.types)
                yield from (self._shown[row] for row in rows if layout.applies[row])
            elif one in layout.node_index:
                yield wire.to_json(child_view(self._state, self._contest, one))

    def _path(self, place: str | None) -> list[dict[str, str]]:
        """From the top down to a place, itself included."""
        path: list[dict[str, str]] = []
        while place is not None:
            unit = self._state.layout.unit_of[place]
            path.insert(0, {"unit": unit.id, "name": unit.name})
            place = unit.parent
        return path


def _told(origins: dict[str, Any]) -> list[bytes]:
    """What each row is told to have come from, as members of an object."""
    epoch = origins["position"]["epoch"]
    batches = [
        wire.to_json(
            {
                "batch": one["batch"],
                "source": one["source"],
                "position": {"epoch": epoch, "seq": one["seq"]},
            }
        )[1:-1]
        for one in origins["batches"]
    ]
    told = [_NO_BATCH if place is None else batches[place] for place in origins["rows"]]
    held = {one["row"]: one["rule"] for one in origins["under_review"]}
    flagged = set(origins["unreconciled"])
    usual = b',"unreconciled":false,"under_review":null'
    odd = held.keys() | flagged
    return [
        one + (usual if n not in odd else _oddity(held.get(n), flagged=n in flagged))
        for n, one in enumerate(told)
    ]


def _oddity(rule: str | None, *, flagged: bool) -> bytes:
    return b"," + wire.to_json({"unreconciled": flagged, "under_review": rule})[1:-1]

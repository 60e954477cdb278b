"""What unit rows add up to: votes, cells and their bounds, under the grade claimed."""

import hashlib
from typing import NamedTuple

from msgspec import UNSET

from tally.verifier.plain import canonical
from tally.verifier.shapes import Assumption, Cap, Certificate, Findings, Row

OPEN = ("expected", "in-process")
NO_CAP = Cap()


class Reading(NamedTuple):
    """How bounds are read: `certain`, or with what the assumptions add."""

    certain: bool = True
    soft_caps: bool = False
    turnout: tuple[int, int] | None = None
    sources: frozenset[str] = frozenset()

    def takes(self, source: str) -> bool:
        """Whether a cap from this source that is not hard holds all the same."""
        return self.soft_caps or source in self.sources


class Cell(NamedTuple):
    """What one cap limits: the rows of a unit that share it."""

    unit: str
    rows: tuple[Row, ...]
    cap: Cap

    @property
    def cast(self) -> int:
        """Ballots counted."""
        return sum(row.ballots_cast for row in self.rows)

    @property
    def open(self) -> bool:
        """Whether ballots may still come: some type is not done, or a report waits under quarantine."""
        if self.rows[0].standing == "annulled":
            return False
        return self.cap.held_ballots is not UNSET or any(row.progress in OPEN for row in self.rows)

    @property
    def stated_limit(self) -> int | None:
        """The hard cap, or the ballots declared to be in the boxes, as stated; None: neither."""
        limits = [self.cap.ballots] if self.cap.stated else []
        return min((one for one in [*limits, self.cap.declared] if one is not UNSET), default=None)

    @property
    def exceeded(self) -> bool:
        """Whether a report under quarantine is over the cap."""
        limit = self.stated_limit
        return self.open and limit is not None and self.held > limit

    @property
    def held(self) -> int:
        """What the cell would hold if its quarantined reports entered; -1 where none is held."""
        return -1 if self.cap.held_ballots is UNSET else self.cap.held_ballots

    @property
    def declared(self) -> int | None:
        """Ballots the boxes hold, counted ones included; None: nothing is being counted, or not all is declared."""
        still = [row for row in self.rows if row.progress in OPEN]
        if not still or any(row.declared is UNSET for row in still):
            return None
        done = sum(row.ballots_cast for row in self.rows if row.progress not in OPEN)
        return done + sum(row.declared for row in still if row.declared is not UNSET)

    def limit(self, reading: Reading) -> int | None:
        """The most ballots there can be, counted ones included; None: nothing says so under this reading."""
        cap = self.cap
        if reading.certain and cap.wrong:
            return None
        limits = [self.stated_limit]
        if cap.ballots is not UNSET and cap.source is not UNSET and reading.takes(cap.source):
            limits.append(cap.ballots)
        if reading.turnout is not None and cap.registered is not UNSET:
            limits.append(cap.registered * reading.turnout[0] // reading.turnout[1])
        limit = min((one for one in limits if one is not None), default=None)
        if limit is not None and self.held > limit:
            limit = None if reading.certain else self.held
        return limit

    def outstanding(self, reading: Reading) -> int | None:
        """Ballots that may still come; None: nothing bounds them under this reading."""
        limit = self.limit(reading)
        return limit - self.cast if limit is not None and limit >= self.cast else None

    def least(self, reading: Reading) -> int:
        """Ballots sure to come: declared by rows being counted and not counted yet, within the limit.

        Of units that stand, under caps not shown wrong, where no row holds more than it declares.
        """
        known = [
            row.declared - row.ballots_cast
            for row in self.rows
            if row.progress in OPEN and row.declared is not UNSET
        ]
        if self.rows[0].standing != "stands" or self.cap.wrong or min(known, default=0) < 0:
            return 0
        limit = self.limit(reading)
        return sum(known) if limit is None else min(sum(known), max(0, limit - self.cast))


def snapshot_sha256(rows: list[dict[str, object]]) -> str | None:
    """SHA-256 of the rows, one a line; None: they hold text that is no Unicode."""
    digest = hashlib.sha256()
    try:
        for row in rows:
            digest.update(canonical(row) + b"\n")
    except UnicodeEncodeError:
        return None
    return digest.hexdigest()


def check_rows(rows: list[Row], selections: tuple[str, ...], findings: Findings) -> list[Cell]:
    """The cells of the rows; differences where rows are out of order or contradict themselves."""
    known = set(selections)
    before: tuple[str, str] | None = None
    by_unit: dict[str, list[tuple[int, Row]]] = {}
    for index, row in enumerate(rows):
        key = (row.unit, row.type)
        if before is not None and key <= before:
            findings.add(f"/rows/{index}: sorted by unit and type, each once", f"after {before}", key)
        before = key
        _check_row(row, known, f"/rows/{index}", findings)
        by_unit.setdefault(row.unit, []).append((index, row))
    cells: list[Cell] = []
    for of_unit in by_unit.values():
        cells += _check_unit(of_unit, findings)
    _check_kinds(cells, findings)
    return cells


def _check_row(row: Row, selections: set[str], at: str, findings: Findings) -> None:
    if (row.counts is None) != (row.progress == "expected"):
        findings.add(f"{at}/counts: null exactly while a report is expected", row.progress, row.counts)
    if row.counts is not None and row.counts.keys() != selections:
        findings.add(f"{at}/counts: a number for every selection", sorted(selections), sorted(row.counts))
    nothing = row.ballots_cast == 0 == row.invalid and not any((row.counts or {}).values())
    if row.progress in {"expected", "not-installed"} and not nothing:
        findings.add(f"{at}: nothing is counted of a unit that is {row.progress}", 0, row.ballots_cast)
    if row.progress != "expected" and row.revision == 0:
        findings.add(f"{at}/revision: a report has a revision", 1, 0)
    if row.declared is not UNSET and row.progress not in OPEN:
        findings.add(f"{at}/declared: of a row that is being counted", None, row.declared)
    cap = row.cap
    if cap is not None:
        flags = (cap.stated_hard, cap.shown_wrong, cap.exceeded)
        if cap == NO_CAP or any(flag is False for flag in flags):
            findings.add(f"{at}/cap: what does not apply is left out", None, str(cap))
        if len({part is UNSET for part in (cap.ballots, cap.source, cap.hard)}) > 1:
            findings.add(f"{at}/cap: ballots, source and hard come together", None, str(cap))


def _check_unit(of_unit: list[tuple[int, Row]], findings: Findings) -> list[Cell]:
    """The cells of one unit, whose rows must agree on its standing and on the caps they share."""
    index, first = of_unit[0]
    by_types: dict[tuple[str, ...], list[Row]] = {}
    for at, row in of_unit:
        findings.equal(f"/rows/{at}/standing: one standing a unit", first.standing, row.standing)
        types = row.cap.types if row.cap is not None and row.cap.types is not UNSET else (row.type,)
        by_types.setdefault(types, []).append(row)
    cells = []
    for types, rows in by_types.items():
        cap = rows[0].cap or NO_CAP
        findings.equal(
            f"/rows/{index}/cap/types: the types that share a cap", list(types), [r.type for r in rows]
        )
        if any((row.cap or NO_CAP) != cap for row in rows) or (cap.types is not UNSET and len(types) < 2):
            findings.add(f"/rows/{index}/cap: the same for all the types that share it", str(cap), None)
        cells.append(Cell(first.unit, tuple(rows), cap))
    held = any(cell.cap.held_ballots is not UNSET for cell in cells)
    if (first.standing == "quarantined" and not held) or (first.standing == "stands" and held):
        findings.add(
            f"/rows/{index}/standing: quarantined exactly while a report is held", held, first.standing
        )
    for cell in cells:
        _check_cap(cell, f"/rows/{index}/cap of {first.unit}", findings)
    return cells


def _check_cap(cell: Cell, at: str, findings: Findings) -> None:
    """What a cap says of itself must follow from its numbers."""
    cap = cell.cap
    findings.equal(f"{at}/exceeded: a held report over the cap", cell.exceeded, cap.exceeded is True)
    spoilt = cap.wrong or cell.exceeded
    if cap.hard is True and spoilt:
        findings.add(f"{at}/hard: exceeded, so not hard", False, True)
    if cap.stated_hard is True and (cap.hard is not False or not spoilt):
        findings.add(f"{at}/stated_hard: of a cap that was hard and no longer is", None, True)
    said = None if cap.declared is UNSET else cap.declared
    findings.equal(
        f"{at}/declared: what all its open rows declare, and what the others hold", cell.declared, said
    )
    if cap.declared is not UNSET and (cap.ballots is UNSET or cap.declared < cap.ballots):
        findings.add(f"{at}/declared: the smaller number is the cap", cap.declared, cap.ballots)
    if cap.source == "declared" and (cap.declared != cap.ballots or not cap.stated):
        findings.add(f"{at}/source: ballots that were declared", cap.declared, cap.ballots)
    done = not any(row.progress in OPEN for row in cell.rows)
    if done and cap.hard is True and cap.ballots is not UNSET and cell.cast > cap.ballots:
        findings.add(
            f"{at}: a completed unit over its cap shows the cap not to be hard", cap.ballots, cell.cast
        )


def _check_kinds(cells: list[Cell], findings: Findings) -> None:
    """Caps from one source are shown wrong together."""
    wrong: dict[str, bool] = {}
    for cell in cells:
        source = cell.cap.source
        if source is not UNSET and cell.cap.declared != cell.cap.ballots:
            seen = wrong.setdefault(source, cell.cap.wrong)
            findings.equal(
                f"/rows: caps from {source!r} shown wrong together ({cell.unit})", seen, cell.cap.wrong
            )


def votes_counted(rows: list[Row], selections: tuple[str, ...]) -> list[int]:
    """Votes by selection over all units that are not annulled."""
    totals = dict.fromkeys(selections, 0)
    for row in rows:
        if row.counts is not None and row.standing != "annulled":
            for selection, votes in row.counts.items():
                if selection in totals:
                    totals[selection] += votes
    return list(totals.values())


def reading_of(body: Certificate, cells: list[Cell], findings: Findings) -> Reading:
    """How the certificate's verdict, grade and assumptions say bounds are to be read."""
    names = [one.id for one in body.assumptions]
    if body.verdict == "open" or body.grade == "certain":
        findings.equal("/assumptions: none where hard caps carry the claim", [], names)
        return Reading()
    over = any(cell.cap.wrong for cell in cells) or any(pool.wrong for pool in body.pools)
    over = over or any(cell.exceeded and cell.held >= cell.cast for cell in cells)
    named = names[:1] == ["no-other-unit-over-cap"]
    findings.equal("/assumptions: no-other-unit-over-cap exactly where a cap was exceeded", over, named)
    rest = body.assumptions[1:] if named else body.assumptions
    if len(rest) > 1 or (not rest and not named):
        findings.add("/assumptions: a conditional claim names what it rests on, and nothing else", 1, names)
    return _named(rest[0], findings) if rest else Reading(certain=False)


def _named(one: Assumption, findings: Findings) -> Reading:
    """How an assumption says bounds are to be read."""
    if one.kind == "turnout_max" and one.value is not UNSET and one.sources is UNSET:
        if 0 <= one.value[0] <= one.value[1] != 0:
            return Reading(certain=False, turnout=one.value)
    elif one.kind == "caps_hold" and one.sources is not UNSET and one.value is UNSET:
        return Reading(certain=False, sources=frozenset(one.sources))
    elif one.id == "soft-caps" and one.kind is UNSET and one.value is UNSET and one.sources is UNSET:
        return Reading(certain=False, soft_caps=True)
    findings.add("/assumptions: soft-caps, caps that hold, or a turnout with its value", "soft-caps", one.id)
    return Reading(certain=False)


def ballots_counted(
    rows: list[Row], selections: tuple[str, ...], findings: Findings
) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Counted ballots by ranking over all units that are not annulled; first preferences are the counts."""
    place = {name: j for j, name in enumerate(selections)}
    numbers: dict[tuple[int, ...], int] = {}
    for index, row in enumerate(rows):
        at = f"/rows/{index}/ballots"
        if row.ballots is UNSET or (row.ballots is None) != (row.counts is None):
            findings.add(f"{at}: of every row that is counted", None, None)
            continue
        firsts = dict.fromkeys(selections, 0)
        before: tuple[int, ...] | None = None
        for one in row.ballots or ():
            ranking = tuple(place.get(name, -1) for name in one.ranking)
            if (
                -1 in ranking
                or len(set(ranking)) < len(ranking)
                or not one.count
                or (before is not None and ranking <= before)
            ):
                findings.add(
                    f"{at}: selections, each once; rankings in order, each once", None, list(one.ranking)
                )
                return ()
            before = ranking
            if ranking:
                firsts[one.ranking[0]] += one.count
            if row.standing != "annulled":
                numbers[ranking] = numbers.get(ranking, 0) + one.count
        if row.ballots and firsts != row.counts:
            findings.add(f"{at}: first preferences are the counts", row.counts, firsts)
    return tuple(sorted(numbers.items()))

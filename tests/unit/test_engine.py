"""The fold against a naive recount: random nights of every command, checked from scratch after each."""

import random
from collections import Counter
from typing import Any

import msgspec
import pytest

from tally import decide, engine, events, freeze
from tally.coming import outstanding_ballots
from tally.model import Definition
from tally.outstanding import UNBOUNDED
from tally.pending import Pending
from tally.report import CountBatch, CountReport, DeskCommand
from tally.state import BALLOTS, CONTESTED, DONE, HELD, INVALID, VOID, State

NIGHTS = 60
COMMANDS = 45
SELECTIONS = ("a", "b", "c")


def drawn(chance: random.Random) -> dict[str, Any]:
    """A small election: a tree, caps of every kind, several types, styles, pools, one or two contests."""
    types = chance.choice([["total"], ["total"], ["early", "day"], ["early", "day", "mail"]])
    units: list[dict[str, Any]] = [{"id": "n", "type": "state"}, {"id": "s", "type": "state"}]
    for number in range(chance.randint(3, 7)):
        unit: dict[str, Any] = {"id": f"u{number}", "parent": chance.choice("ns")}
        if chance.random() < 0.8:
            unit["voters_registered"] = chance.choice([0, 5, 20, 60])
        if chance.random() < 0.25:
            unit["cap"] = {
                "ballots": chance.choice([0, 10, 40]),
                "source": "papers",
                "hard": chance.random() < 0.6,
            }
        if len(types) > 1 and chance.random() < 0.3:
            unit["type_caps"] = {types[-1]: {"ballots": 15, "source": "mailed", "hard": True}}
        if len(types) > 1 and chance.random() < 0.2:
            unit["count_types"] = types[:1]
        units.append(unit)
    contest: dict[str, Any] = {
        "id": "c1",
        "rule": {"type": "plurality", "seats": chance.choice([1, 1, 2])},
        "selections": [{"id": s} for s in SELECTIONS],
        "count_types": types,
        "votes_allowed": chance.choice([1, 1, 2]),
        "bound": chance.choice(
            [{"kind": "registered", "hard": True}, {"kind": "registered"}, {"kind": "none"}]
        ),
    }
    if chance.random() < 0.3:
        contest["selections"][2]["units"] = "n"
    if chance.random() < 0.3:
        contest["caps"] = [{"id": "pool", "units": ["s"], "ballots": 50, "source": "printed", "hard": True}]
    contests = [contest]
    if chance.random() < 0.3:
        contests.append({**contest, "id": "c2", "units": "n", "caps": []})
    found: dict[str, Any] = {
        "format": "tally-election/1",
        "election": {"id": "e"},
        "units": units,
        "contests": contests,
        "assumptions": [{"id": "half", "kind": "turnout_max", "value": [1, 2]}]
        if chance.random() < 0.4
        else [],
    }
    return found


def command(chance: random.Random, state: State, number: int) -> CountBatch | DeskCommand:
    """A batch (now and then with a reason, so that it may lower numbers) or a desk verb."""
    leaves = [unit.id for unit in state.layout.contests[0].units]
    if chance.random() < 0.2:
        action = chance.choice(["dispute", "annul", "restore", "restore"])
        return DeskCommand(action, "because", "desk", tuple(chance.sample(leaves, chance.randint(1, 2))))
    reports = []
    for _ in range(chance.randint(1, 3)):
        layout = chance.choice(state.layout.contests)
        unit = chance.choice(layout.units)
        of_type = chance.choice(layout.contest.count_types)
        status = chance.choice(["completed", "completed", "in-process", "not-processed", "not-installed"])
        votes = {s: chance.randint(0, 12) for s in SELECTIONS}
        if layout.contest.selections[2].units == "n" and unit.parent != "n":
            votes["c"] = 0
        cast = -(-sum(votes.values()) // layout.contest.votes_allowed)
        if layout.contest.votes_allowed > 1:
            cast = max(cast, *votes.values())
        silent = status in {"not-processed", "not-installed"}
        reports.append(
            CountReport(
                unit.id, layout.contest.id, chance.randint(1, number + 1), status, None if silent else votes,
                0 if silent else cast, 0, of_type, chance.choice([None, None, cast + 3]) if not silent else None,
                chance.choice(["recount", None]) if status != "not-processed" else "withdrawn",
            )
        )  # fmt: skip
    return CountBatch("e", f"b{number}", "s", tuple(reports))


class Recount:
    """What was accepted, in plain dictionaries: no line of it is shared with the core."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.held: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.standing: dict[tuple[str, str], str] = {}

    def take(self, record: events.Record, state: State) -> None:
        cause = record.cause
        if isinstance(cause, events.StandingChanged):
            for index in cause.contests:
                contest = state.layout.contests[index].contest.id
                for unit in cause.units:
                    if unit in state.layout.contests[index].unit_index:
                        self._stand(contest, unit, cause.action)
        elif isinstance(cause, events.BatchCounted):
            for row in cause.rows:
                layout = state.layout.contests[row.contest]
                key = (layout.contest.id, row.unit, layout.contest.count_types[row.type])
                said = {
                    "votes": row.counts, "cast": row.ballots_cast, "progress": row.progress, "declared": row.declared,
                }  # fmt: skip
                if row.held_by:
                    self.held[key] = said
                    if self.standing.get(key[:2], "stands") == "stands":
                        self.standing[key[:2]] = "quarantined"
                else:
                    self.rows[key] = said
                    self.held.pop(key, None)
                    if self.standing.get(key[:2]) == "quarantined" and not self._held_in(key[:2]):
                        self.standing[key[:2]] = "stands"

    def _stand(self, contest: str, unit: str, action: str) -> None:
        where = (contest, unit)
        before = self.standing.get(where, "stands")
        if action == "restore" and before == "quarantined":
            for key in self._held_in(where):
                self.rows[key] = self.held.pop(key)
        back = "quarantined" if self._held_in(where) else "stands"
        self.standing[where] = {"dispute": "disputed", "annul": "annulled", "restore": back}[action]

    def _held_in(self, where: tuple[str, str]) -> list[tuple[str, str, str]]:
        return [key for key in self.held if key[:2] == where]

    def totals(self, contest: str, under: Any) -> list[int]:
        totals = [0, 0, 0]
        for (name, unit, _), row in self.rows.items():
            if (
                name == contest
                and unit in under
                and self.standing.get((name, unit)) != "annulled"
                and row["progress"]
            ):
                totals = [t + v for t, v in zip(totals, row["votes"], strict=True)]
        return totals

    def certain(self, state: State, index: int) -> int | None:
        """Ballots that may still come under hard caps, one pool at most: the plain definition, unit by unit."""
        layout = state.layout.contests[index]
        contest = layout.contest
        over = self._exceeded(state, index)
        pooled: list[int | None] = []
        free = 0
        pool = contest.caps[0] if contest.caps else None
        in_pool = {u.id for u in layout.units if pool and {u.id, u.parent} & set(pool.units)}
        for unit in layout.units:
            applying = [t for t in contest.count_types if unit.count_types is None or t in unit.count_types]
            own = [t for t in contest.count_types if t in unit.type_caps]
            shared = [t for t in contest.count_types if t not in own]
            cells = [
                ([t], unit.type_caps[t].ballots, unit.type_caps[t].hard, unit.type_caps[t].source)
                for t in own
            ]
            if unit.cap is not None:
                cells.append((shared, unit.cap.ballots, unit.cap.hard, unit.cap.source))
            elif contest.bound.kind == "registered" and unit.voters_registered:
                cells.append((shared, unit.voters_registered, contest.bound.hard, "registered"))
            else:
                cells.append((shared, 0, False, ""))
            for types, ballots, hard, source in cells:
                left = self._left(contest.id, unit.id, [t for t in types if t in applying],
                                  ballots if hard and ballots > 0 else None,
                                  ballots > 0 and source in over)  # fmt: skip
                if unit.id in in_pool:
                    pooled.append(left)
                elif left is None:
                    return None
                else:
                    free += left
        cast = sum(
            row["cast"]
            for (name, unit, _), row in self.rows.items()
            if name == contest.id and unit in in_pool
        )
        if pool is None:
            return free
        room = pool.ballots - cast if "pool:pool" not in over and cast <= pool.ballots else None
        if room is None:
            return None if None in pooled else free + sum(p or 0 for p in pooled)
        return free + (room if None in pooled else min(room, sum(p or 0 for p in pooled)))

    def _left(
        self, contest: str, unit: str, types: list[str], cap: int | None, shown_wrong: bool
    ) -> int | None:
        if self.standing.get((contest, unit)) == "annulled" or not types:
            return 0
        blank = {"votes": (0, 0, 0), "cast": 0, "progress": 0, "declared": -1}
        rows = [self.rows.get((contest, unit, t), blank) for t in types]
        held = [self.held.get((contest, unit, t)) for t in types]
        if not any(held) and all(row["progress"] in {2, 3} for row in rows):
            return 0
        if shown_wrong:
            return None
        cast = sum(row["cast"] for row in rows)
        limits = [] if cap is None else [cap]  # a cap that is exceeded leaves the unit unbounded
        still = [row for row in rows if row["progress"] in {0, 1}]
        if still and all(row["declared"] >= 0 for row in still):
            limits.append(sum(row["declared"] if row["progress"] in {0, 1} else row["cast"] for row in rows))
        if not limits:
            return None
        if any(held) and sum((h or row)["cast"] for h, row in zip(held, rows, strict=True)) > min(limits):
            return None
        return min(limits) - cast if min(limits) >= cast else None

    def _exceeded(self, state: State, index: int) -> frozenset[str]:
        return state.contests[index].sums.tainted


def check(state: State, recount: Recount, seen: Counter[str]) -> None:
    for index, contest in enumerate(state.contests):
        layout, m = contest.layout, contest.layout.selections
        name = layout.contest.id
        everyone = {unit.id for unit in layout.units}
        assert contest.nodes[0, :m].tolist() == recount.totals(name, everyone) == contest.sums.votes
        for node, unit_id in enumerate(layout.node_ids[1:], 1):
            under = {unit.id for unit in layout.units if unit.parent == unit_id}
            assert contest.nodes[node, :m].tolist() == recount.totals(name, under)
        root = contest.nodes[0]
        standing = Counter(recount.standing.get((name, unit), "stands") for unit in everyone)
        assert (int(root[m + HELD]), int(root[m + CONTESTED]), int(root[m + VOID])) == (
            standing["quarantined"], standing["disputed"], standing["annulled"],
        )  # fmt: skip
        assert 0 <= int(root[m + DONE]) <= len(layout.units)
        assert int(root[m + INVALID]) == 0
        assert int(root[m + BALLOTS]) >= 0
        disputed = {unit for unit in everyone if recount.standing.get((name, unit)) == "disputed"}
        assert contest.sums.votes_disputed == recount.totals(name, disputed)
        certain = outstanding_ballots(layout, contest.sums, 0)
        assert certain == recount.certain(state, index), (certain, recount.certain(state, index))
        seen["outstanding unknown" if certain is None else "outstanding known"] += 1
        now = decide.irreversible(layout, contest.sums)
        standing_claims = {
            n: (c.grade, c.assumptions) for n, c in contest.claims.items() if c.status == "irreversible"
        }
        assert standing_claims == {n: (g.grade, g.assumptions) for n, g in now.items()}, "patience hid a turn"
        for claim in contest.claims.values():
            seen[f"{claim.status} {claim.grade}"] += 1


@pytest.mark.parametrize("chunk", range(4))
def test_random_nights(chunk: int, capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()
    for night in range(chunk, NIGHTS, 4):
        chance = random.Random(night)
        definition = msgspec.convert(drawn(chance), Definition)
        first = engine.define(definition, 1_000)
        state = engine.open_state(first)
        payloads = [events.encode(first)]
        recount = Recount()
        for number in range(COMMANDS):
            before = freeze.digest(state)
            wanted = command(chance, state, number)
            if chance.random() < 0.5:
                ledger: Any = Pending(state)
            else:
                ledger = state
            step = engine.step(ledger, wanted, 2_000 + number)
            assert freeze.digest(state) == before, "deciding must not mutate"
            seen["refused" if step.refusals else "accepted" if step.record else "repeat"] += 1
            if step.record is None:
                continue
            payloads.append(events.encode(step.record))
            state = engine.apply(state, events.decode(payloads[-1]), step.effects)
            recount.take(step.record, state)
            check(state, recount, seen)
        again: State | None = None
        for payload in payloads:
            again = engine.decode_and_apply(again, payload)
        assert again is not None
        assert freeze.digest(again) == freeze.digest(state)
        assert freeze.digest(freeze.thaw(freeze.freeze(state))) == freeze.digest(state)
    for verdict in ("accepted", "refused", "outstanding known", "outstanding unknown", "irreversible certain",
                    "irreversible conditional", "withdrawn None"):  # fmt: skip
        assert seen[verdict] > 5, (verdict, seen)
    with capsys.disabled():
        print(f"\nrandom nights {chunk}: {dict(seen)}")


def test_a_group_is_decided_as_if_one_by_one() -> None:
    """Records laid over one another in a pending group are the records of one at a time."""
    for night in range(40):
        chance = random.Random(900 + night)
        definition = msgspec.convert(drawn(chance), Definition)
        state = engine.open_state(engine.define(definition, 1_000))
        alone = engine.open_state(engine.define(definition, 1_000))
        commands = [command(chance, state, number) for number in range(30)]
        pending, group = Pending(state), []
        for wanted in commands:
            step = engine.step(pending, wanted, 2_000)
            if step.record is not None:
                pending.take(step.record, list(step.effects))
                group.append(step)
        records = []
        for wanted in commands:
            step = engine.step(alone, wanted, 2_000)
            if step.record is not None:
                records.append(step.record)
                alone = engine.apply(alone, step.record, step.effects)
        assert [step.record for step in group] == records
        for step in group:
            state = engine.apply(state, step.record, step.effects)
        assert freeze.digest(state) == freeze.digest(alone)


def test_unbounded_is_not_a_number_of_ballots() -> None:
    assert UNBOUNDED < 0

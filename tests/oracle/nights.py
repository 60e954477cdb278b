"""Random small nights through the real engine: every kind of cap, style, pool, report and desk verb."""

import json
import random
from collections.abc import Iterator
from typing import Any

import msgspec

from tally import certificate, engine
from tally.model import Definition, canonical
from tally.report import CountBatch, CountReport, DeskCommand
from tally.rows import canonical_lines
from tally.state import ContestState, State

Json = dict[str, Any]


def definition(chance: random.Random, profile: str) -> Json:
    """One election with one contest.

    calm: several seats and styles under hard caps. crossed: several votes a ballot, and pools across styles.
    odd: every oddity, caps that do not hold among them.
    """
    return {"calm": _calm, "crossed": _crossed, "odd": _odd}[profile](chance)


def _crossed(chance: random.Random) -> Json:
    """One unit to be counted, votes for `a` alone; the others share pools and differ in their ballots."""
    names = ["u1", "u2", "u3"]
    others = "bcde"[: chance.choice([2, 3, 4])]
    form = chance.choice(["cumulative", "cumulative", "score", "choose"])
    cut = chance.randint(2, 3)
    pools = [
        {
            "id": "p",
            "units": names[:cut],
            "ballots": chance.choice([1, 2, 3]),
            "source": "printed",
            "hard": True,
        }
    ]
    if chance.random() < 0.3:
        pools.append(
            {"id": "q", "units": names, "ballots": chance.choice([2, 3]), "source": "printed", "hard": True}
        )
    return {
        "format": "tally-election/1",
        "election": {"id": "e"},
        "units": [{"id": name, "voters_registered": chance.choice([1, 2])} for name in ["u0", *names]],
        "contests": [
            {
                "id": "c",
                "rule": {"type": "plurality", "seats": 2, "ballot": form, "votes_per_ballot": 2},
                "votes_allowed": 2,
                "bound": {"kind": "registered", "hard": True},
                "selections": [{"id": "a", "units": ["u0"]}]
                + [{"id": s, "units": chance.sample(names, chance.choice([1, 1, 2]))} for s in others],
                "caps": pools,
            }
        ],
    }


def _calm(chance: random.Random) -> Json:
    """Hard caps throughout, styles and pools, several seats: what takes an argument to prove."""
    names = [f"u{number}" for number in range(chance.choice([2, 3, 4, 6]))]
    size = chance.choice([3, 4, 4, 5, 5])
    rule: Json = {"type": "plurality", "seats": chance.choice([1, 2, 2, 2, 3])}
    votes = chance.choice([1, 1, 2])
    if votes == 2 and chance.random() < 0.7:
        rule |= {"ballot": chance.choice(["cumulative", "score"]), "votes_per_ballot": 2}
    contest: Json = {
        "id": "c",
        "rule": rule,
        "votes_allowed": votes,
        "bound": {"kind": "registered", "hard": True},
        "selections": [_selection(chance, s, names, local=0.5) for s in range(size)],
    }
    if chance.random() < 0.6:
        contest["caps"] = _caps(chance, names)
    units: list[Json] = [{"id": "n"}, {"id": "s"}, {"id": "away", "voters_registered": 2}]
    units += [
        {"id": name, "parent": chance.choice(["n", "s"]), "voters_registered": chance.choice([2, 4, 9, 20])}
        for name in names
    ]
    return {"format": "tally-election/1", "election": {"id": "e"}, "units": units, "contests": [contest]}


def _odd(chance: random.Random) -> Json:
    leaves = chance.choice([2, 3, 3, 4, 5, 7])
    types = chance.choice([["total"], ["total"], ["total"], ["early", "day"], ["early", "day", "mail"]])
    units: list[Json] = [{"id": "n"}, {"id": "s"}, {"id": "away"}]
    units += [_unit(chance, number, types) for number in range(leaves)]
    names = [f"u{number}" for number in range(leaves)]
    contest: Json = {
        "id": "c",
        "count_types": types,
        "bound": chance.choice(
            [{"kind": "registered", "hard": True}] * 8 + [{"kind": "registered"}, {"kind": "none"}]
        ),
        **_rule(chance, size := chance.choice([1, 2, 2, 3, 3, 4, 5])),
        "selections": [_selection(chance, s, names) for s in range(size)],
    }
    if chance.random() < 0.4:
        contest["caps"] = _caps(chance, names)
    if chance.random() < 0.1:
        contest["units"] = chance.choice(["n", names[: len(names) // 2 + 1]])
    assumptions = [{"id": "half", "kind": "turnout_max", "value": [1, 2], "text": "At most half vote."}]
    return {
        "format": "tally-election/1",
        "election": {
            "id": "e",
            "is_test": chance.random() < 0.2,
            "label": chance.choice([None, "reconstruction"]),
        },
        "units": units,
        "contests": [contest],
        "assumptions": assumptions if chance.random() < 0.4 else [],
    }


def _unit(chance: random.Random, number: int, types: list[str]) -> Json:
    unit: Json = {"id": f"u{number}", "parent": chance.choice(["n", "s"])}
    if chance.random() < 0.97:
        unit["voters_registered"] = chance.choice([3, 5, 9] * 8 + [0])
    if chance.random() < 0.3:
        unit["cap"] = {
            "ballots": chance.choice([4, 8] * 5 + [0]),
            "source": chance.choice(["papers", ""]),
            "hard": chance.random() < 0.8,
        }
    if len(types) > 1 and chance.random() < 0.4:
        unit["type_caps"] = {
            types[-1]: {
                "ballots": chance.choice([3] * 5 + [0]),
                "source": "mailed",
                "hard": chance.random() < 0.9,
            }
        }
    if len(types) > 1 and chance.random() < 0.3:
        unit["count_types"] = chance.choice([types[:1], types[1:]])
    return unit


def _rule(chance: random.Random, size: int) -> Json:
    kind = chance.choice(["plurality"] * 8 + ["disputed", "assertion"])
    rule: Json = {"type": kind}
    if kind == "plurality":
        rule["seats"] = chance.choice([1, 1, 2, 2, 3])
    if kind == "assertion":
        rule["assertions"] = [
            {"coef": [chance.randint(-2, 2) for _ in range(size)], "c": chance.randint(-9, 3),
             "strict": chance.random() < 0.5}
            for _ in range(3)
        ]  # fmt: skip
    if chance.random() < 0.25:
        rule |= {"ballot": chance.choice(["cumulative", "score"]), "votes_per_ballot": chance.choice([1, 2])}
    if chance.random() < 0.3:
        rule["no_blank"] = True
    return {"rule": rule, "votes_allowed": chance.choice([1, 1, 1, 2, 3])}


def _selection(chance: random.Random, s: int, names: list[str], *, local: float = 0.25) -> Json:
    found: Json = {"id": "abcde"[s]}
    if chance.random() < local:
        found["units"] = chance.choice(["n", chance.sample(names, chance.randint(1, len(names)))])
    if chance.random() < 0.08:
        found["electable"] = False
    return found


def _caps(chance: random.Random, names: list[str]) -> list[Json]:
    """One or two pools, nested or disjoint, and now and then the whole contest around them."""
    names = chance.sample(names, len(names))
    cut = chance.randint(1, len(names))
    parts = [names[:cut], names[cut:], names[: max(1, cut - 1)]]
    caps = [
        {"id": f"p{index}", "units": part, "ballots": chance.choice([0, 5, 9, 20]), "source": "printed",
         "hard": chance.random() < 0.8}
        for index, part in enumerate(parts)
        if part and chance.random() < 0.6
    ]  # fmt: skip
    if chance.random() < 0.2:
        caps.append({"id": "all", "units": ["n", "s"], "ballots": 40, "source": "", "hard": True})
    return caps


def night(chance: random.Random) -> State:
    """An election counted for a while: reports, over caps too, corrections, desk verbs, an amendment."""
    profile = chance.choice(["calm"] * 4 + ["odd"] * 4 + ["crossed"] * 2)
    first = engine.define(msgspec.convert(definition(chance, profile), Definition), 1_000)
    state = engine.open_state(first)
    for number in range(1 if profile == "crossed" else chance.choice([0, 3, 6, 10, 15, 20])):
        command = (
            _command(chance, state, number) if profile == "odd" else _batch(chance, state, number, bold=-1)
        )
        step = engine.step(state, command, 2_000 + 1_000 * number)
        if step.record is not None:
            state = engine.apply(state, step.record, step.effects)
    return state


def _command(chance: random.Random, state: State, number: int) -> CountBatch | DeskCommand:
    layout = state.layout.contests[0]
    ids = [unit.id for unit in layout.units] or ["u0"]
    dice = chance.random()
    if dice < 0.15:
        action = chance.choice(["dispute", "annul", "restore", "restore"])
        return DeskCommand(action, "because", "desk", tuple(chance.sample(ids, 1)))
    if dice < 0.18:
        raw = json.loads(canonical(state.layout.definition))
        if chance.random() < 0.5:
            chance.choice(raw["contests"][0]["selections"])["withdrawn"] = True
        else:
            chance.choice(raw["units"][3:])["cap"] = {
                "ballots": 6,
                "source": "papers",
                "hard": chance.random() < 0.5,
            }
        return DeskCommand("amend", "because", "desk", definition=raw)
    return _batch(chance, state, number, bold=chance.choice([0, 0, 0, 3]))


def _batch(chance: random.Random, state: State, number: int, bold: int) -> CountBatch:
    """Up to three reports, each of at most `bold` ballots over its cap; -1: within what may be, throughout."""
    layout = state.layout.contests[0]
    ids = [unit.id for unit in layout.units] or ["u0"]
    if layout.contest.selections[0].units == ("u0",):
        ids = ["u0"]
    chosen = chance.sample(ids, chance.randint(1, min(3, len(ids))))
    reports = tuple(_report(chance, state, unit, number, bold) for unit in chosen)
    return CountBatch("e", f"b{number}", "s", reports, is_test=state.layout.definition.election.is_test)


def _report(chance: random.Random, state: State, unit: str, number: int, bold: int) -> CountReport:
    layout = state.layout.contests[0]
    contest, at = layout.contest, layout.unit_index.get(unit, 0)
    cell = next((cell for cell, owner in enumerate(layout.cells.unit) if owner == at), 0)
    style = layout.styles[layout.groups[layout.cells.group[cell]].style] if layout.units else 0
    on_ballot = [s for s in range(layout.selections) if style >> s & 1]
    status = chance.choice(
        ["completed"] * 9 + ["in-process"] * 3 + ["not-processed", "not-installed"] * (bold >= 0)
    )
    silent = status in {"not-processed", "not-installed"}
    cap = layout.cells.cap[cell] if layout.units else 3
    ballots = 0 if silent else chance.choice([*range(cap + 1 + max(0, bold))] or [2])
    votes = dict.fromkeys((s.id for s in contest.selections), 0)
    left = ballots * contest.votes_allowed
    for s in on_ballot if chance.random() < 0.6 else on_ballot[::-1]:
        votes[contest.selections[s].id] = given = chance.randint(min(left, ballots) // 2, min(left, ballots))
        left -= given
    invalid = ballots - sum(votes.values()) if contest.votes_allowed == 1 else 0
    return CountReport(
        unit, "c", number + 1, status, None if silent else votes, ballots, invalid,
        chance.choice(contest.count_types),
        None if silent or bold < 0 or chance.random() < 0.7 else ballots + chance.choice([0, 0, 1, 3, -1]),
        "recount" if silent or chance.random() < 0.7 else None,
    )  # fmt: skip


def material(state: State, contest: ContestState) -> tuple[list[Json], Json]:
    """The rows and the definition as anybody gets them: decoded from their published bytes."""
    return [json.loads(line) for line in canonical_lines(contest)], json.loads(
        canonical(state.layout.definition)
    )


def certificates(state: State, contest: ContestState) -> Iterator[Json]:
    """The certificate of every claim, decoded from its JSON."""
    from tally import decide

    epoch = "test-1" if state.layout.definition.election.is_test else "1"
    for decision in decide.decisions(contest.layout, contest.sums):
        made = certificate.certify(state, contest, decision.id, epoch)
        assert made is not None
        yield json.loads(json.dumps(made))

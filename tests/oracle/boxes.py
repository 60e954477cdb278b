"""An instance with ballots in the box as a night of the running service: declared, corrected, in any order."""

import random
from collections.abc import Iterator
from typing import Any

import msgspec

from tally import engine
from tally.model import Definition
from tally.report import CountBatch, CountReport, DeskCommand
from tally.state import State
from tests.oracle import instances

Json = dict[str, Any]
Command = CountBatch | DeskCommand


def tellable(raw: Json) -> bool:
    """Whether a night can say all of an instance; blank ballots where the law knows none end what boxes say."""
    plain = {**raw, "units": [{**unit, "min_outstanding": 0} for unit in raw["units"]]}
    if not instances.tellable(plain):
        return False
    silent = any(instances._cast(raw, unit) > sum(unit["counted"]) for unit in raw["units"])
    return not (raw["params"].get("no_blank") and silent)


def opened(raw: Json) -> State:
    """The night before its first report: two count types a unit share its cap, and only one declares."""
    given = msgspec.to_builtins(instances.definition_of(raw))
    given["contests"][0]["count_types"] = ["day", "late"]
    return engine.open_state(engine.define(msgspec.convert(given, Definition), 1_000))


def commands(chance: random.Random, raw: Json) -> list[Command]:
    """Reports that end in exactly that instance: boxes declared, too high at times, counted, re-opened, disputed."""
    lines = [list(_of_unit(chance, raw, unit)) for unit in raw["units"]]
    nothing = {f"s{j}": 0 for j in range(len(raw["candidates"]))}
    lines += [[CountReport("nowhere", "c", 1, "completed", nothing, 0, 0, name)] for name in ("day", "late")]
    found: list[Command] = []
    while any(lines):
        line = chance.choice([one for one in lines if one])
        report = line.pop(0)
        found.append(CountBatch("e", f"b{len(found)}", "s", (report,)))
        if chance.random() < 0.08:
            found.append(DeskCommand("dispute", "because", "desk", (report.unit,)))
        if chance.random() < 0.15:
            found.append(DeskCommand("restore", "because", "desk", (report.unit,)))
    return found + [DeskCommand("restore", "because", "desk", (unit["id"],)) for unit in raw["units"]]


def _of_unit(chance: random.Random, raw: Json, unit: Json) -> Iterator[CountReport]:
    """The reports of one unit, oldest first; the last of each type says what the instance says."""
    cast, known = instances._cast(raw, unit), unit.get("min_outstanding", 0)
    counts = {f"s{j}": votes for j, votes in enumerate(unit["counted"])}
    nothing = dict.fromkeys(counts, 0)
    still = bool(unit["outstanding"])
    declared = cast + known if known else None
    reports: list[CountReport] = []

    def say(kind: str, votes: dict[str, int] | None, number: int, status: str, box: int | None) -> None:
        revision = sum(one.type == kind for one in reports) + 1
        reports.append(
            CountReport(unit["id"], "c", revision, status, votes, number, 0, kind, box, "because")  # type: ignore[arg-type]
        )

    for _ in range(chance.choice([0, 0, 1, 2])):
        part = {name: chance.randint(0, votes) for name, votes in counts.items()}
        number = min(cast, sum(part.values()))
        box = None if declared is None else declared + chance.choice([0, 0, 0, 0, 1, 2, -1])
        part, number = (part, number) if chance.random() < 0.6 else (nothing, 0)
        status = chance.choice(["in-process", "in-process", "in-process", "completed"])
        say("day", part, number, status, None if box is None or box < 0 else box)
    if still and chance.random() < 0.2:
        say("late", nothing, 0, "in-process", chance.choice([None, 0, 1, 2]))
        say("late", None, 0, "not-processed", None)
    say("day", counts, cast, "in-process" if still else "completed", declared if still else None)
    exact = known == unit["outstanding"] and chance.random() < 0.5
    if not still or exact:
        say("late", nothing, 0, "completed", None)
    yield from _mixed(chance, reports)


def _mixed(chance: random.Random, reports: list[CountReport]) -> Iterator[CountReport]:
    """Both types' reports in some order, each type's oldest first."""
    lines = [[one for one in reports if one.type == kind] for kind in ("day", "late")]
    while any(lines):
        yield chance.choice([one for one in lines if one]).pop(0)

"""Pseudo-units: what a bulletin says and the data lacks, as units whose ids say that they are none."""

from dataclasses import dataclass

from tally import engine
from tally.model import FORMAT, Bound, Cap, Contest, Definition, Election, Selection, Unit
from tally.report import CountBatch, CountReport, DeskCommand
from tally.state import State
from tally.view import contest_view

AT_MS = 1_365_984_000_000
CONTEST = "pres"


@dataclass(frozen=True)
class Pseudo:
    """A pseudo-unit: its cap, and its votes (maduro, capriles, everything else) once it is in."""

    id: str
    cap: int
    votes: tuple[int, int, int] | None = None


class Night:
    """The core over a list of pseudo-units; `views` of the claim that Maduro is elected."""

    def __init__(self, units: list[Pseudo], hard: bool = True) -> None:
        definition = Definition(
            FORMAT,
            Election("bulletins", label="pseudo-units from published bulletins"),
            tuple(Unit(u.id, cap=Cap(u.cap, "pseudo: register", hard=hard)) for u in units),
            (
                Contest(
                    CONTEST,
                    (Selection("maduro"), Selection("capriles"), Selection("rest", electable=False)),
                    {"type": "plurality", "seats": 1},
                    bound=Bound(),
                ),
            ),
        )
        self.state: State = engine.open_state(engine.define(definition, AT_MS))
        self.changes: list[tuple[str, str]] = []
        for unit in units:
            if unit.votes is not None:
                self.count(unit.id, unit.votes)

    def count(self, unit: str, votes: tuple[int, int, int], status: str = "completed") -> None:
        counts = dict(zip(("maduro", "capriles", "rest"), votes, strict=True))
        report = CountReport(unit, CONTEST, 1, status, counts, ballots_cast=sum(votes))
        self._do(CountBatch("bulletins", f"b-{unit}", "pseudo", (report,)))

    def desk(self, action: str, units: list[str]) -> None:
        self._do(DeskCommand(action, "contested by the loser", "pseudo", tuple(units)))

    def _do(self, command: CountBatch | DeskCommand) -> None:
        step = engine.step(self.state, command, AT_MS)
        assert not step.refusals, step.refusals
        self.changes += [(c.claim, c.status) for c in step.record.claims]
        engine.apply(self.state, step.record, step.effects)

    @property
    def view(self) -> dict:
        return contest_view(self.state, 0, "e")

    def claim(self, claim: str = "elected:maduro") -> dict:
        return next(c for c in self.view["claims"] if c["id"] == claim)


def split(total: int, parts: int) -> list[int]:
    """A total in whole parts as equal as can be."""
    return [total // parts + (part < total % parts) for part in range(parts)]

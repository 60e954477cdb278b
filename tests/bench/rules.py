"""`python -m tests.bench.rules [UPDATES]`: what an update costs under every rule; UPDATES of the slow ones."""

import sys
import time

from tests.bench import judging
from tests.bench.elections import MADE, Made
from tests.bench.printed import load_average, pair, table, tell

LOOP_MS = 5.0
"""What judging may hold the loop for at most, at p99."""


def rules_tables(slow_updates: int = judging.SLOW_UPDATES) -> None:
    """What an update costs under every rule, and how judging it grows."""
    costs, growth, over = [], [], []
    for made in MADE:
        cost = judging.measure(made, updates=slow_updates if made.slow else judging.UPDATES)
        sizes, wider = judging.by_units(made), judging.by_selections(made) if made.doubles else None
        tell(f"{made.name}: judged in {cost.judged.median:.2f} ms")
        costs.append([
            made.name, where(made, cost), str(cost.updates), pair(cost.judged, 2),
            pair(cost.proved[:2], 2), pair(cost.stretch, 2), pair(cost.view[:2], 2),
        ])  # fmt: skip
        growth.append([
            made.name, f"{sizes[0] / len(judging.SHARES):.3g}", *(f"{size / sizes[0]:.2f}" for size in sizes[1:]),
            f"{wider[0]:,.1f}" if wider else "–", f"{wider[1]:.0f}" if wider and wider[1] else "–",
        ])  # fmt: skip
        over += [
            f"{made.name}: {what} {found.p99:.1f} ms"
            for what, found in (("the longest stretch", cost.stretch), ("a view", cost.view))
            if found.p99 > LOOP_MS
        ]
    head = ["rule, selections", "judged", "updates", "judged, p50 / p99 / most, ms", "with proofs p50 / p99, ms",
            "longest stretch on the loop, p50 / p99 / most, ms", "contest view p50 / p99, ms"]  # fmt: skip
    table(f"Every rule, an update at {judging.UNITS:,} units", head, costs)
    first, *larger = (f"{units:,}" for units in judging.SIZES)
    head = ["rule, selections", f"judged at {first} units, ms", *(f"{size} / {first}" for size in larger),
            "twice the selections", "rankings then, times"]  # fmt: skip
    table("Every rule: growth of judging", head, growth)
    print(f"\nOver {LOOP_MS:.0f} ms on the loop at p99: {'; '.join(over) or 'nothing'}")


def where(made: Made, cost: judging.Cost) -> str:
    """Where the rule is judged; the service asks no rule about 1,000 units in doubt, `tally decide` does."""
    if made.rule["type"] == "disputed":
        return "`tally decide`"
    return "beside" if cost.beside else "on the loop"


def main(slow_updates: int = judging.SLOW_UPDATES) -> None:
    print(f"load before: {load_average()}")
    rules_tables(slow_updates)
    print(f"\nload after: {load_average()}; {time.process_time():.0f} s of processor time")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

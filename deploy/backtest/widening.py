"""`python -m deploy.backtest.widening FILE…`: the widening that past nights ask for."""

import json
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tally.projection import tuning

INSIDE = 0.925
"""The share of shares that are to lie inside 90 % intervals: a little more than promised, for a night unlike these."""
LEVEL = "90"
HELD_OUT = {
    "bolivia_2020": 0.7, "israel_knesset_25": 0.67, "mexico_2006": 0.7, "us_ga_2018_two_round": 0.63,
    "us_nc_2020_timeseries": 0.63, "venezuela_2013": 0.71,
}  # fmt: skip
"""`WIDEN` from the five others: what each past election is judged with, so that none is judged by what it taught."""
Reached = dict[tuple[str, str], list[float]]


def widen_of(election: str) -> float:
    """What the errors of an election are times when it is counted again."""
    return HELD_OUT.get(election, tuning.WIDEN)


def reached(updates: Iterable[dict[str, Any]]) -> Reached:
    """By order and election, how far each share lay from the middle, in half-widths made without widening."""
    found: Reached = {}
    for update in updates:
        election = update["election"]
        widen = widen_of(election)
        for levels in (update["shares"] or {}).values():
            final, middle, low, high = levels[LEVEL]
            half = (high - middle if final > middle else middle - low) / widen
            found.setdefault((update["order"], election), []).append(abs(final - middle) / max(half, 1e-9))
    return found


def widening(found: Reached, elections: Collection[str]) -> float:
    """The least widening with which `INSIDE` of the shares lie inside, every order and these elections alike."""
    for hundredths in range(30, 300):
        inside = [np.mean(np.array(of) <= hundredths / 100) for (_, e), of in found.items() if e in elections]
        if np.mean(inside) >= INSIDE:
            return hundredths / 100
    return 3.0


def main(files: Iterable[str]) -> None:
    """Print `WIDEN` (`tally/projection/tuning.py`) and `HELD_OUT` as updates written by `tally backtest --json` ask."""
    updates = [one for file in files for one in json.loads(Path(file).read_text("utf-8"))["updates"]]
    found = reached(updates)
    elections = sorted({election for _, election in found})
    sys.stdout.write(f"WIDEN = {widening(found, elections)}\n")
    for election in elections:
        others = [other for other in elections if other != election]
        sys.stdout.write(f"HELD_OUT[{election!r}] = {widening(found, others)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Made-up nights for projections: places that lean, units that follow them, and an order to come in."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tally.projection.frame import Bools, Facts, Floats, Ints, Places

AREAS, TOWNS, ROWS = 6, 5, 12


class Made(NamedTuple):
    """A night that is over: its places, every row's votes, and the most votes each can hold."""

    places: Places
    votes: Ints
    most: Ints


def made(
    seed: int = 1, *, selections: int = 3, previous: bool = True, sizes: bool = True, swing: float = 0.04,
    areas: int = AREAS, towns: int = TOWNS, rows: int = ROWS,
) -> Made:  # fmt: skip
    """A night of areas, towns in them and rows in those; shares lean by place and swing by area."""
    chance = np.random.default_rng(seed)
    area = np.repeat(np.arange(areas), towns * rows)
    town = np.repeat(np.arange(areas * towns), rows)
    n = len(area)
    voters = chance.integers(200, 900, n)
    base = 1.5 + chance.normal(0, 0.5, (areas, selections))[area]
    base += chance.normal(0, 0.4, (areas * towns, selections))[town] + chance.normal(0, 0.15, (n, selections))
    base[:, 2:] -= 2
    then = np.exp(base)
    then /= then.sum(axis=1, keepdims=True)
    now = then + chance.normal(0, swing, (areas, selections))[area] + chance.normal(0, 0.02, (n, selections))
    now = np.clip(now, 0.002, None)
    now /= now.sum(axis=1, keepdims=True)
    cast = (voters * np.clip(chance.normal(0.7, 0.05, n), 0.1, 1)).astype(np.int64)
    votes = np.stack([chance.multinomial(k, p) for k, p in zip(cast, now, strict=True)])
    before = np.stack([chance.multinomial(k, p) for k, p in zip(cast, then, strict=True)]).astype(np.float64)
    places = Places(
        tuple("abcdefghij"[:selections]), np.ones(selections, dtype=np.bool_),
        voters.astype(np.float64) if sizes else np.full(n, np.nan), before if previous else None, (area, town),
        tuple(f"area-{a}" for a in range(areas)), np.zeros(n, dtype=np.int64),
    )  # fmt: skip
    return Made(places, votes, voters if sizes else np.full(n, -1))


def facts(night: Made, order: Ints, rows_in: int) -> Facts:
    """What is counted when the first rows of an order are in."""
    closed = np.zeros(len(order), dtype=np.bool_)
    closed[order[:rows_in]] = True
    arrived = np.full(len(order), -1)
    arrived[order[:rows_in]] = np.arange(rows_in)
    return Facts(np.where(closed[:, None], night.votes, 0), closed, arrived, night.most)


def shuffled(night: Made, seed: int = 0) -> Ints:
    """Rows in random order."""
    return np.random.default_rng(seed).permutation(len(night.votes))


def renamed(
    places: Places, **changes: Bools | Floats | Ints | tuple[Ints, ...] | tuple[str, ...] | None
) -> Places:
    """The same places but for what is given."""
    return replace(places, **changes)  # type: ignore[arg-type]  # each name takes its own kind

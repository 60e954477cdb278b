"""The orders in which a past night is counted again."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tally.projection.frame import Floats, Ints, Places

CHANCY = ("random", "region-blocks")
"""The orders that differ by seed in more than ties."""


class Rows(NamedTuple):
    """The rows of a contest that is over. `came`: places in the true order; `blocks`: areas that may come whole."""

    places: Places
    votes: Ints
    came: Ints
    blocks: Ints


def order_of(name: str, rows: Rows, seed: int) -> Ints:
    """The rows in the order asked, first to last."""
    return ORDERS[name](rows, np.random.default_rng(seed))


def _random(rows: Rows, chance: np.random.Generator) -> Ints:
    return np.asarray(chance.permutation(len(rows.came)), dtype=np.int64)


def _small_first(rows: Rows, chance: np.random.Generator) -> Ints:
    """By size as known beforehand; where most sizes are not, the places with fewest rows first."""
    places = rows.places
    size: Floats = np.where(places.sized, places.size, 0.0)
    if not places.sizes_known:
        place = places.smallest
        size = np.bincount(place)[place] + chance.random(int(place.max()) + 1)[place]
    return np.lexsort((chance.random(len(rows.came)), size))


def _region_blocks(rows: Rows, chance: np.random.Generator) -> Ints:
    """Whole areas in random order, their rows at random."""
    first = chance.permutation(int(rows.blocks.max()) + 1)[rows.blocks]
    return np.lexsort((chance.random(len(rows.came)), first))


def _lean_sorted(rows: Rows, chance: np.random.Generator) -> Ints:
    """Where the second is strong first: by lead in the election before, else by the final one of places."""
    places, votes = rows.places, rows.votes
    first, second = np.argsort(-votes.sum(axis=0), kind="stable")[:2]
    if places.previous is not None:
        shares = places.previous_shares
        lead = shares[:, first] - shares[:, second]
    else:
        place = places.smallest
        ahead = np.bincount(place, votes[:, first] - votes[:, second])
        lead = (ahead / np.maximum(np.bincount(place, votes.sum(axis=1)), 1))[place]
    return np.lexsort((chance.random(len(rows.came)), lead))


def _file(rows: Rows, chance: np.random.Generator) -> Ints:
    """As it was, or as the file has it."""
    del chance
    return np.argsort(rows.came, kind="stable")


ORDERS: dict[str, Callable[[Rows, np.random.Generator], Ints]] = {
    "random": _random,
    "small-first": _small_first,
    "region-blocks": _region_blocks,
    "lean-sorted": _lean_sorted,
    "file": _file,
}

"""Finished counts of list seats: the oracle's law, the core's, the verifier's, and a library's where it is right."""

import random
from fractions import Fraction

import pytest
from apportionment import methods

from tally.rules._count import seats_of
from tally.rules._law import Law
from tally.verifier.rules._shares import Shares, seated
from tests.oracle.families.seats import outcomes

LIBRARY = {
    "dhondt": "dhondt",
    "sainte_lague": "saintelague",
    "modified_sainte_lague": "modified_saintelague",
    "hare": "largest_remainder",
}
COUNTS = 1_500


def _drawn(rng: random.Random) -> tuple[tuple[int, ...], int]:
    top = rng.choice([6, 60, 9_000])
    return tuple(rng.randint(0, top) for _ in range(rng.randint(2, 6))), rng.randint(1, 12)


@pytest.mark.parametrize(
    "method", ["dhondt", "sainte_lague", "modified_sainte_lague", "hare", "droop", "most"]
)
def test_three_ways_to_count_agree(method: str) -> None:
    rng = random.Random(method)
    tied = 0
    for _ in range(COUNTS):
        votes, seats = _drawn(rng)
        size = len(votes)
        pairs = ((0, 1),) if method not in {"hare", "droop", "most"} and rng.random() < 0.5 else ()
        over, under = rng.choice([(0, 1), (1, 20), (1, 5)]) if method != "most" else (0, 1)
        strict = method != "most" and rng.random() < 0.5
        every = outcomes((method, seats, Fraction(over, under), strict, pairs, tuple(range(size))), votes)
        law = Law(seats, "most_votes" if method == "most" else method, over, under, strict, pairs)  # type: ignore[arg-type]
        partners = {0: 1, 1: 0} if pairs else {}
        shares = Shares(
            "plurality" if method == "most" else method,
            seats,
            (over, under),
            strict,
            partners,
            tuple(range(size)),
        )
        tied += len(every) > 1
        members = tuple(sorted(rng.sample(range(size), rng.randint(1, size))))
        sums = [sum(one[j] for j in members) for one in every]
        assert seats_of(law, votes, tuple(range(size)), members) == (min(sums), max(sums)), (
            votes,
            seats,
            members,
        )
        assert seated(shares, votes, frozenset(members)) == (min(sums), max(sums)), (votes, seats, members)
    assert tied > COUNTS // 50


@pytest.mark.parametrize("method", ["dhondt", "sainte_lague", "modified_sainte_lague", "hare"])
def test_a_library_counts_the_same_where_nothing_is_tied(method: str) -> None:
    """It works in floats and breaks ties without a word: only counts without ties are compared."""
    rng = random.Random(f"library {method}")
    compared = 0
    for _ in range(COUNTS):
        votes, seats = _drawn(rng)
        every = outcomes((method, seats, Fraction(0), False, (), tuple(range(len(votes)))), votes)
        if len(every) > 1 or not all(votes):
            continue
        compared += 1
        found = methods.compute(LIBRARY[method], list(votes), seats, verbose=False)
        assert tuple(found) == next(iter(every)), (votes, seats)
    assert compared > COUNTS // 2

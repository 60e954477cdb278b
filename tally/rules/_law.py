"""The law of list seats: how many, by which divisors, who is let in, who stands together."""

from typing import Literal

import msgspec

Method = Literal["dhondt", "sainte_lague", "modified_sainte_lague", "hare", "droop", "most_votes"]
DIVISORS = ("dhondt", "sainte_lague", "modified_sainte_lague")
QUOTAS = ("hare", "droop")


class Law(msgspec.Struct, frozen=True):
    """How seats follow from votes.

    A list is let in when its votes are more than (`strict`) or at least `over`/`under` of the votes for all
    selections. `agreements` are pairs of lists that count as one while both are let in and then share its
    seats by the same divisors. `barred` masks selections that count among the votes and can have no seat.
    `blocs` are lists whose seats together are asked for. "most_votes": at most one seat each.
    """

    seats: int
    method: Method
    over: int = 0
    under: int = 1
    strict: bool = False
    agreements: tuple[tuple[int, int], ...] = ()
    blocs: tuple[tuple[int, ...], ...] = ()
    barred: int = 0

    def bar(self, total: int) -> int:
        """Return the fewest votes that let a list in when so many were given to all selections."""
        if self.strict:
            return self.over * total // self.under + 1  # more than a share: the next whole number
        return -(-self.over * total // self.under)

    def shut_out(self, votes: int, total: int) -> int | None:
        """Return the fewest further votes, none of them its own, that keep such a list out; None: no number."""
        if self.over == 0:
            return 0 if votes < self.bar(0) else None
        # The least total X with over·X > votes·under; when strict, with over·X >= votes·under.
        edge = votes * self.under
        least = -(-edge // self.over) if self.strict else edge // self.over + 1
        return max(0, least - total)

    def divisor(self, n: int) -> int:
        """Return the n-th divisor, n from 1; scaled by ten where the first is 1.4."""
        if self.method == "dhondt":
            return n
        if self.method == "modified_sainte_lague":
            return 14 if n == 1 else 20 * n - 10
        return 2 * n - 1

    def steps(self) -> tuple[int, int]:
        """Return (step, short) such that the n-th divisor is at least step·n - short; step 0: no divisors."""
        if self.method == "dhondt":
            return 1, 0
        if self.method == "modified_sainte_lague":
            return 20, 10
        return (2, 1) if self.method == "sainte_lague" else (0, 0)

    def held(self, votes: int, mark: tuple[int, int], most: int) -> int:
        """Return how many quotients of so many votes, up to `most`, are at least the fraction `mark`."""
        over, under = mark
        if self.method == "most_votes":
            return min(most, int(votes * under >= over))
        if over == 0:
            return most
        return self.reached(votes * under // over, most)  # divisors are whole: so is the largest at or below

    def reached(self, number: int, most: int) -> int:
        """Return how many divisors, up to `most`, are at most `number`."""
        if self.method == "dhondt":
            return max(0, min(most, number))
        if self.method == "modified_sainte_lague":
            return 0 if number < 14 else min(most, max(1, (number + 10) // 20))
        return max(0, min(most, (number + 1) // 2))

    def partner(self, who: int) -> int | None:
        """Return the list `who` has an agreement with."""
        for pair in self.agreements:
            if who in pair:
                return pair[0] + pair[1] - who
        return None

    def filled(self, lists: int) -> int:
        """Return how many seats there are to fill when so many lists stand."""
        return min(self.seats, lists) if self.method == "most_votes" else self.seats

"""Which claims imply which, by their ids: at least 30 seats says at least 28."""

from collections.abc import Iterable


def implies(one: str, other: str) -> bool:
    """Whether a claim of so many, by its id, implies another: at least 30 that at least 28."""
    stem, _, number = one.rpartition(":")
    other_stem, _, less = other.rpartition(":")
    if stem != other_stem or not (number.isdigit() and less.isdigit()):
        return False
    kind = stem.partition(":")[0].removeprefix("units-")
    return (kind == "at-least" and int(number) >= int(less)) or (
        kind == "at-most" and int(number) <= int(less)
    )


def carries(ids: Iterable[str], claim: str) -> bool:
    """Whether claims with these ids say a claim, or imply it."""
    return any(one == claim or implies(one, claim) for one in ids)


class Said:
    """Claims, by id, ready to be asked which of them imply another.

    A long night has made hundreds of claims, and only the few that differ in their last part can imply one
    another: the others are not looked at. Cost: O(ids) once, then O(ids that are alike) a question.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self._alike: dict[str, list[str]] = {}
        for claim in ids:
            self._alike.setdefault(_stem(claim), []).append(claim)

    def implying(self, claim: str) -> list[str]:
        """Those that imply a claim, in the order they were given."""
        return [one for one in self._alike.get(_stem(claim), ()) if implies(one, claim)]


def _stem(claim: str) -> str:
    return claim.rpartition(":")[0]

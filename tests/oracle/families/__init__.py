"""Families of rules by enumeration: one file a family, found by being there; none imports the core's rules.

A family offers what `Family` lists. An *end* is one finished count, in whatever form the family likes (votes
by selection, rankings, votes by district), hashable; it never comes from the core.
"""

import importlib
import pkgutil
import random
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol, cast

Json = dict[str, Any]
End = Any


class Said(NamedTuple):
    """A claim in words the law understands: names, not indices."""

    kind: str
    who: tuple[str, ...]
    number: int | None
    place: str | None


class Family(Protocol):
    """What a family of rules offers to be compared with the core."""

    RULES: tuple[str, ...]
    SHARE: int  # how many of a hundred instances are of this family
    NOT_RARE: tuple[str, ...]  # kinds that must come up in at least one of a hundred instances
    SUFFICIENT: frozenset[str]  # rules whose certain claims are only sound: perhaps late, never early
    MUTANTS: tuple[Any, ...]  # planted mistakes, each of which the comparison must notice

    def draw(self, rng: random.Random) -> Json:
        """Return one small instance of `tally decide`."""

    def ends(self, raw: Json) -> Iterable[End]:
        """Return every finished count, ballot by ballot."""

    def answer(self, raw: Json, ends: Iterable[End]) -> Json:
        """Return the verdict by definition, from all ends and all ways to break ties."""

    def true_of(self, raw: Json, said: Said, end: End) -> bool:
        """Return whether a claim is true of an end, however ties are broken."""

    def end_of(self, raw: Json, witness: Any) -> End:
        """Return the end a witness of the core (tally.witness.Witness) describes."""

    def kinds(self, raw: Json, expected: Json) -> list[str]:
        """Return what an instance is made of and what is true of it, for the printed table."""


FAMILIES: dict[str, Family] = {
    module.name: cast("Family", importlib.import_module(f"{__name__}.{module.name}"))
    for module in pkgutil.iter_modules(__path__)
    if not module.name.startswith("_")
}

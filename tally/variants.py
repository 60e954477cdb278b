"""Readings of the outstanding vote: hard caps alone, or what named assumptions add to them."""

from dataclasses import dataclass

from tally.model import Assumption


@dataclass(frozen=True, slots=True)
class Variant:
    """One reading of the outstanding vote: index 0 is certain, the others rest on the named assumption."""

    assumption: str | None
    soft_caps: bool = False
    turnout: tuple[int, int] | None = None
    sources: frozenset[str] = frozenset()

    def takes(self, source: str, *, hard: bool) -> bool:
        """Whether a cap from this source limits under this reading."""
        return hard or self.soft_caps or source in self.sources


def variants_of(soft: frozenset[str], assumptions: tuple[Assumption, ...]) -> tuple[Variant, ...]:
    """Every reading of a contest, strongest first: certain, caps assumed to hold, all of them, turnouts.

    `soft`: sources of caps that are not hard. Those for which somebody names an assumption come before all.
    """
    variants = [Variant(None), Variant("no-other-unit-over-cap")]
    named = [a for a in assumptions if a.kind == "caps_hold" and soft & set(a.sources)]
    variants += [Variant(a.id, sources=frozenset(a.sources)) for a in named]
    if soft - {source for a in named for source in a.sources}:
        variants.append(Variant("soft-caps", soft_caps=True))
    variants += [Variant(a.id, turnout=a.value) for a in assumptions if a.kind == "turnout_max"]
    return tuple(variants)

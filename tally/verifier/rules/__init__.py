"""What each rule's proofs have to show: one file a family of rules, found by being there.

A checker is a module of this package whose name does not begin with an underscore and that offers what
`Checker` lists. Checkers import nothing that decides, and not one another.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol, cast

from tally.verifier.arithmetic import Field, Final
from tally.verifier.shapes import Certificate, Findings


class Checker(Protocol):
    """What a checker offers. A question is whatever its own `question_of` returns; nobody else looks inside."""

    TYPES: frozenset[str]
    """The rule types whose claims it knows."""

    def question_of(self, body: Certificate, findings: Findings) -> Any | None:
        """Return the claim in numbers; None, and a difference, when claim, rule and lemma do not make one."""

    def check_proof(self, body: Certificate, question: Any, field: Field, findings: Findings) -> None:
        """Note every difference between the proof and one that carries an irreversible claim."""

    def holds(self, question: Any, final: Final) -> bool:
        """Return whether the claim is true of a finished count, however ties are broken."""


class RankedChecker(Checker, Protocol):
    """What a checker offers besides where ballots are ranked."""

    def points(self, question: Any, ranking: Sequence[int]) -> tuple[int, ...]:
        """Return what one ballot of this ranking adds to the totals, in selection order."""


def _found() -> dict[str, Checker]:
    checkers: dict[str, Checker] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            checker = cast("Checker", importlib.import_module(f"{__name__}.{module.name}"))
            checkers |= dict.fromkeys(checker.TYPES, checker)
    return checkers


CHECKERS: Mapping[str, Checker] = MappingProxyType(_found())
"""The checker of each rule type."""

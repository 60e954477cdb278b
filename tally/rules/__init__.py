"""How a contest is won: one file a rule; a new rule is a new file and nothing else.

A rule is a module of this package whose name does not begin with an underscore and that offers what
`Rule` lists. The package is searched once, when it is imported; importing is all the input there is,
so the judgement itself still sees nothing but its arguments. Rules do not import one another: what two
of them share is in a module that begins with an underscore, or above this package.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol, cast

from tally.claim import Claim
from tally.completions import Completions
from tally.refusal import Refusal
from tally.rules._traits import Traits
from tally.witness import Witness


class Rule(Protocol):
    """What a rule offers. `Params` is whatever its own `read` returns; nobody else looks inside."""

    NAME: str
    TRAITS: Traits

    def read(self, raw: Mapping[str, object], pointer: str, names: Sequence[str]) -> Any | list[Refusal]:
        """Return the parameters of a contest of the selections `names`, or every fault with its pointer."""

    def statuses(self, completions: Completions, params: Any) -> tuple[Claim, ...]:
        """Return the `claims` without proofs: for every batch."""

    def claims(self, completions: Completions, params: Any) -> tuple[Claim, ...]:
        """Return what is certain and what is not, each certain claim with its proof."""

    def publish(self, completions: Completions, claim: Claim, names: Sequence[str]) -> dict[str, Any]:
        """Return the proof of a certain claim as JSON values, selections by their `names`."""

    def witness(self, completions: Completions, params: Any, claim: Claim) -> Witness | None:
        """Return a completion in which an open claim is false; None when none was found."""

    def verdict(self, completions: Completions, params: Any, names: tuple[str, ...]) -> dict[str, object]:
        """Return the answer of `tally decide`: JSON values, lists in the order of `names`."""


def _found() -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            rule = cast("Rule", importlib.import_module(f"{__name__}.{module.name}"))
            rules[rule.NAME] = rule
    return rules


RULES: Mapping[str, Rule] = MappingProxyType(_found())
"""Every rule of this release by its NAME."""

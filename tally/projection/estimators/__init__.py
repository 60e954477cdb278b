"""Ways of telling the shares of open rows, one file each, found by being there."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol

from tally.projection.frame import Floats, Frame
from tally.projection.regression import Regression


class Estimator(Protocol):
    """What a file here offers. `TRUST`: what it weighs before anything was scored."""

    NAME: str
    TRUST: float

    def shares(self, frame: Frame, regression: Regression) -> Floats | None:
        """Shares of each open row (open x selections); None where it does not apply."""


ESTIMATORS: dict[str, Estimator] = {
    found.NAME: found
    for found in (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
}

"""How the program ends when it cannot go on: exit codes, and faults by file and line."""

from typing import NamedTuple

DONE, NO, USAGE, UNSOUND, AWAY, LOST, CONFIGURATION = 0, 1, 64, 65, 69, 75, 78


class Fault(NamedTuple):
    """One fault of configuration, where an editor can find it."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


class ConfigurationFault(Exception):
    """What was configured cannot be run. Exit 78; every fault is in one list."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults

"""elex-model on the very same moments, in an interpreter of its own, asked line by line."""

import json
import select
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np

from deploy.backtest.cases import Case
from deploy.backtest.metrics import Interval
from deploy.backtest.runs import Moment, Task, first_two

METHODS = ("nonparametric", "gaussian", "bootstrap")
QUANTITY = {"nonparametric": "votes", "gaussian": "votes", "bootstrap": "margin"}
"""What each method gives an interval of: the first's votes, or the two-party margin."""
DRIVER = Path(__file__).with_name("elex_driver.py")
ROWS_LEAST = 19
"""Rows it needs for intervals of 90 %."""
ROWS_LARGE = 5_000
"""Rows above which a contest is compared at fewer checkpoints."""
ANSWER_TIMEOUT_S = 600


class Away(Exception):
    """What was to be run beside us cannot be: no interpreter there, or no elex-model in it."""


class Compared(msgspec.Struct, frozen=True):
    """The interpreter, and the checkpoints at which contests are compared; `large`: those of large ones."""

    python: str
    checkpoints: tuple[int, ...]
    large: tuple[int, ...]


class Other(msgspec.Struct, frozen=True):
    """What a method said of a moment. `interval`: of its quantity; `lead`: two-party margin, truth and middle."""

    election: str
    case: str
    order: str
    seed: int
    checkpoint: int
    rows: int
    method: str
    seconds: float
    why: str = ""
    interval: Interval | None = None
    lead: tuple[float, float] | None = None


class Driver:
    """The driver's process. It is started when first asked, and again after it ended."""

    def __init__(self, python: str) -> None:
        self.python = python
        self.version = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the driver

    def begin(self) -> str:
        """Start it and let it go again: the version of elex-model. Raises Away, and says why."""
        self.start()
        self._ended()
        return self.version

    def start(self) -> None:
        """Start it. Raises Away, and says why."""
        self._errors.seek(0)
        self._errors.truncate()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the interpreter is the operator's own argument
                [self.python, str(DRIVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
            )
        except OSError as error:
            raise Away(f"{self.python}: {error.strerror}") from error
        hello = self._line()
        if hello is None:
            raise Away(f"{self.python}: {self._ended()}")
        self.version = str(hello["version"])

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer; where the process ended over it, or took too long, `error`: its last words."""
        if self._process is None:
            self.start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            answer = self._line()
        except BrokenPipeError:
            answer = None
        return {"error": self._ended()} if answer is None else answer

    def _line(self) -> dict[str, Any] | None:
        assert self._process is not None
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_TIMEOUT_S)
        line = self._process.stdout.readline() if ready else b""
        return json.loads(line) if line else None

    def _ended(self) -> str:
        """Let go of the process; the last line it wrote of why."""
        assert self._process is not None
        late = self._process.poll() is None and not self._errors.tell()
        self._process.kill()
        self._process.wait()
        self._process = None
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else f"no answer in {ANSWER_TIMEOUT_S} s" if late else "ended"


def others(case: Case, task: Task, moment: Moment, driver: Driver) -> list[Other]:
    """What each of its methods makes of a moment; nothing before it can."""
    closed = moment.closed
    if int((closed & (case.votes.sum(axis=1) > 0)).sum()) < ROWS_LEAST:
        return []
    rows = request_rows(case, moment)
    places = case.places.smallest.tolist()
    found = []
    for method in METHODS:
        answer = driver.ask({"method": method, "rows": rows, "places": places})
        where = (case.election, case.name, task.order, task.seed, moment.checkpoint, len(closed), method)
        if "error" in answer:
            found.append(Other(*where, 0.0, answer["error"]))
            continue
        one, other = (int(case.votes[:, s].sum()) for s in first_two(case))
        truth = (one - other) / max(one + other, 1)
        of = {"votes": float(one), "margin": truth}[QUANTITY[method]]
        interval = Interval(of, *answer[QUANTITY[method]])
        found.append(Other(*where, answer["seconds"], "", interval, (truth, answer["margin"][0])))
    return found


def request_rows(case: Case, moment: Moment) -> list[list[int]]:
    """Of each row the votes of the first, of the second and all in the election before; the same now, if closed."""
    two = list(first_two(case))
    before = np.nan_to_num(case.places.previous) if case.places.previous is not None else case.votes * 0
    old = np.column_stack((before[:, two], before.sum(axis=1))).astype(np.int64).tolist()
    new = np.column_stack((case.votes[:, two], case.votes.sum(axis=1))).tolist()
    return [
        was + (now if closed else [])
        for was, now, closed in zip(old, new, moment.closed.tolist(), strict=True)
    ]

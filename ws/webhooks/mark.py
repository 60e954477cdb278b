"""How far an endpoint has been told: a small file, replaced whole and durably."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

WHOLE_RECORD = 1 << 31
"""The index of a mark behind everything its record gave to tell."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything up to message `index` of record `seq` was taken. `gone`: SHA-256 of the URL that said 410."""

    epoch: str
    seq: int
    index: int = WHOLE_RECORD
    gone: str | None = None


def read(path: Path) -> Mark | None:
    """The mark in a file; None where there is no file. ValueError: it holds something else."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    try:
        return Mark(str(held["epoch"]), int(held["seq"]), int(held["index"]), held["gone"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is no mark of an endpoint") from error


def write(path: Path, mark: Mark) -> None:
    """Put a mark in the place of the one before, durably. Raises OSError, and the one before stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(asdict(mark), file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)

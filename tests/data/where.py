"""Where the real elections are, and their tables as plain rows."""

import csv
import gzip
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def published(name: str) -> Path:
    """The folder of a published election. Absent: the test is skipped, and says so; in CI it fails."""
    data = Path(os.environ.get("TALLY_DATA") or ROOT.parent / "shared" / "data")
    folder = data / name
    if not folder.is_dir():
        why = f"no published election at {folder}: set TALLY_DATA to the folder that holds {name}"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))

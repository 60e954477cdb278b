"""What the kernel says of a process, and percentiles."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system CPU a process has used, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident_bytes(pid: int) -> int:
    """Memory a process holds now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1_024
    raise AssertionError("the kernel says nothing of its memory")


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which so many per cent lie; of a short list the nearest above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def fdatasync_seconds(directory: Path, length: int, times: int) -> float:
    """Mean time to write so many bytes at the end of a file and make them durable."""
    path = directory / "floor"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    payload = os.urandom(length)
    os.posix_fallocate(descriptor, 0, length * times)
    os.fsync(descriptor)
    started = time.perf_counter()
    for number in range(times):
        os.pwrite(descriptor, payload, number * length)
        os.fdatasync(descriptor)
    taken = time.perf_counter() - started
    os.close(descriptor)
    path.unlink()
    return taken / times

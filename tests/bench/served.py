"""What the service costs as its own process: counts over HTTP into the journal, readers, restarts."""

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ingest.journal.readonly import read_only
from ingest.night.night import Night
from tally.model import canonical
from tests.bench.machine import cpu_seconds, percentile, resident_bytes
from tests.bench.nights import bodies, reports_of
from tests.bench.post import Posted, post_all
from tests.service.process import Served

SUBSCRIBERS = 1_000
PACED_S = 8
PACES = {1: 100, 50: 20}  # batches a second, by reports in each
OPTIONS = ("--snapshot-records", "0")


@dataclass
class Played:
    """One night played into one service, in batches of one size."""

    units: int
    per_batch: int
    reports_per_s: float
    cpu_us: float  # of the server, per report
    answer_ms: tuple[float, float]  # p50, p99 from sent to answered, under full load
    rss_empty: int  # bytes, with the definition alone
    rss_full: int
    journal_bytes: int
    start_s: float  # the first start, which compiles the definition and journals it
    heard_ms: tuple[float, float] = (0.0, 0.0)  # p50, p99 from answered to the frame at a subscriber
    heard: int = 0  # records times subscribers
    frame_cpu_us: float = 0.0  # of the server, per frame delivered
    restart_s: dict[str, float] = field(default_factory=dict)


def play(night: Night, per_batch: int, *, restarts: bool) -> Played:
    """Load the whole night as fast as it goes, then a paced part of it again with readers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "election.json").write_bytes(canonical(night.definition))
        served = Served(path, OPTIONS)
        return asyncio.run(_play(served, night, per_batch, restarts))


async def _play(served: Served, night: Night, per_batch: int, restarts: bool) -> Played:
    started = time.monotonic()
    await served.start()
    start_s = time.monotonic() - started
    try:
        found = await _load(served, night, per_batch, start_s)
        await _read(served, night, found)
        if restarts:
            await _restart(served, night, found)
    finally:
        if served.process is not None and served.process.returncode is None:
            await served.end()
    return found


def base_bytes(night: Night) -> int:
    """Memory of a service that has next to nothing to count."""

    async def one(served: Served) -> int:
        await served.start()
        resident = resident_bytes(served.pid)
        await served.end()
        return resident

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "election.json").write_bytes(canonical(night.definition))
        return asyncio.run(one(Served(Path(folder), OPTIONS)))


async def _load(served: Served, night: Night, per_batch: int, start_s: float) -> Played:
    reports = len(reports_of(night))
    whole = list(bodies(night, per_batch))
    empty, before = resident_bytes(served.pid), cpu_seconds(served.pid)
    posted = await asyncio.to_thread(post_all, served.ingest_listen, whole)
    spent = cpu_seconds(served.pid) - before
    return Played(
        units=reports,
        per_batch=per_batch,
        reports_per_s=reports / posted.seconds,
        cpu_us=spent / reports * 1e6,
        answer_ms=(percentile(posted.took, 50) * 1e3, percentile(posted.took, 99) * 1e3),
        rss_empty=empty,
        rss_full=resident_bytes(served.pid),
        journal_bytes=_journal_bytes(served),
        start_s=start_s,
    )


def _journal_bytes(served: Served) -> int:
    """Bytes of records so far: where the journal's end stands, not what was set aside on disk."""
    url = f"{served.ingest}/readyz"
    seq = json.loads(urllib.request.urlopen(url).read())["position"]["seq"]
    _, records = read_only(served.path / "data" / "journal")
    return sum(len(payload) for at, payload in records if 1 < at <= seq)


async def _read(served: Served, night: Night, found: Played) -> None:
    """A thousand readers of the contest while counts come at a steady pace; every frame is stamped."""
    per_second = PACES[found.per_batch]
    again = list(bodies(night, found.per_batch, 2, per_second * PACED_S * found.per_batch))
    into = served.path / "heard.npy"
    channel = f"contest:{night.definition.contests[0].id}"
    readers = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.subscribers", served.listen, str(SUBSCRIBERS), channel, str(into),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert readers.stdin is not None
    assert readers.stdout is not None
    assert await readers.stdout.readline() == b"ready\n"
    before = cpu_seconds(served.pid)
    posted = await asyncio.to_thread(post_all, served.ingest_listen, again, 8, per_second)
    await asyncio.sleep(1)
    spent = cpu_seconds(served.pid) - before
    readers.stdin.write(b"\n")
    await readers.stdin.drain()
    assert await readers.wait() == 0
    rows = np.load(into)
    delays = heard_after(posted, rows)
    found.heard, found.heard_ms = len(delays), tuple(np.percentile(delays, (50, 99)) * 1e3)
    found.frame_cpu_us = spent / len(rows) * 1e6


def heard_after(posted: Posted, rows: np.ndarray) -> np.ndarray:
    """Seconds from each answer to the first frame that holds its record, for every subscriber.

    Answered is durable: a source is answered after the record is synced. Both clocks are the machine's
    monotonic one. AssertionError: a subscriber never heard of a record.
    """
    seqs, answered = (np.array(column) for column in zip(*sorted(posted.answered), strict=True))
    delays = []
    for number in np.unique(rows[:, 0]):
        own = rows[rows[:, 0] == number]
        first = np.searchsorted(own[:, 1], seqs)
        assert first.max() < len(own), "every record was shown to every subscriber"
        delays.append(own[first, 2] - answered)
    assert len(delays) == SUBSCRIBERS
    return np.concatenate(delays)


async def _restart(served: Served, night: Night, found: Played) -> None:
    """Restart from the journal alone; take a snapshot; restart from that."""
    found.restart_s["journal"] = await _timed_restart(served)
    served.options = ("--snapshot-records", "1")
    await served.restart()
    await asyncio.to_thread(post_all, served.ingest_listen, list(bodies(night, 1, 3, 1)))
    snapshots = served.path / "data" / "snapshots"
    while not list(snapshots.glob("*.snap")):
        await asyncio.sleep(0.1)
    served.options = OPTIONS
    found.restart_s["snapshot"] = await _timed_restart(served)


async def _timed_restart(served: Served) -> float:
    await served.end()
    started = time.monotonic()
    await served.start()
    return time.monotonic() - started


@dataclass(frozen=True)
class Bare:
    """The floor under a POST: the same bodies into a server that only reads them."""

    requests_per_s: float
    cpu_us: float  # of that server, per request
    answer_ms: tuple[float, float]


def bare(night: Night, per_batch: int, most: int = 20_000) -> Bare:
    """Post a night's bodies into the bare server."""
    chosen = list(bodies(night, per_batch))[:most]
    server = subprocess.Popen([sys.executable, "-m", "tests.bench.bare"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        address = server.stdout.readline().strip()
        assert re.fullmatch(r"127\.0\.0\.1:\d+", address)
        before = cpu_seconds(server.pid)
        posted = post_all(address, chosen)
        spent = cpu_seconds(server.pid) - before
    finally:
        server.kill()
        server.wait()
    answer = (percentile(posted.took, 50) * 1e3, percentile(posted.took, 99) * 1e3)
    return Bare(len(chosen) / posted.seconds, spent / len(chosen) * 1e6, answer)

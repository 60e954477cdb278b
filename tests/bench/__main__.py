"""`python -m tests.bench`: measure a real night and print the tables of docs/performance.md."""

import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.inside import Inside, measure
from tests.bench.machine import fdatasync_seconds
from tests.bench.nights import cut, reports_of, whole
from tests.bench.printed import STARTED, load_average, pair, table, tell
from tests.bench.rules import rules_tables
from tests.bench.served import SUBSCRIBERS, Bare, Played, bare, base_bytes, play

SIZES = (10_000, 40_000, 1_000_000)  # the last: all there are
BATCHES = (1, 50)


def across(found: Sequence[object], rows: dict[str, Callable[[object], float]]) -> list[list[str]]:
    """Each figure at every size, then the largest size's over the smallest's."""
    out = []
    for name, figure in rows.items():
        values = [figure(one) for one in found]
        out.append([name, *(f"{value:,.4g}" for value in values), f"{values[-1] / values[0]:.2f}"])
    return out


def ingest_tables(played: Sequence[Played], base: int) -> None:
    head = ["units", "reports a batch", "reports/s", "server CPU a report, µs", "sent → answered p50 / p99, ms",
            f"answered → at {SUBSCRIBERS:,} subscribers p50 / p99, ms", "server CPU a frame, µs"]  # fmt: skip
    table("Counts in, views out", head, [
        [f"{p.units:,}", str(p.per_batch), f"{p.reports_per_s:,.0f}", f"{p.cpu_us:.0f}", pair(p.answer_ms),
         pair(p.heard_ms), f"{p.frame_cpu_us:.1f}"] for p in played
    ])  # fmt: skip
    head = ["units", "reports a batch", "memory with the definition, MB", "with every count, MB", "over an empty service, bytes a unit",
            "journal, bytes a report"]  # fmt: skip
    table(f"Memory and journal (an empty service: {base / 1e6:.0f} MB)", head, [
        [f"{p.units:,}", str(p.per_batch), f"{p.rss_empty / 1e6:.0f}", f"{p.rss_full / 1e6:.0f}",
         f"{(p.rss_full - base) / p.units:,.0f}", f"{p.journal_bytes / p.units:,.0f}"] for p in played
    ])  # fmt: skip
    table("Start to ready", ["units", "records", "new, s", "from the journal, s", "from a snapshot, s"], [
        [f"{p.units:,}", f"{-(-p.units // p.per_batch):,}", f"{p.start_s:.2f}", f"{p.restart_s['journal']:.2f}",
         f"{p.restart_s['snapshot']:.2f}"] for p in played
    ])  # fmt: skip


def growth_table(played: Sequence[Played], inside: Sequence[Inside], base: int) -> None:
    ones = [p for p in played if p.per_batch == 1]
    many = [p for p in played if p.per_batch == BATCHES[-1]]
    head = ["figure", *(f"{p.units:,}" for p in ones), "last / first"]
    rows = across(ones, {
        "server CPU a report, batches of 1, µs": lambda p: p.cpu_us,
        "memory over an empty service, bytes a unit": lambda p: (p.rss_full - base) / p.units,
    }) + across(many, {"server CPU a report, batches of 50, µs": lambda p: p.cpu_us}) + across(inside, {
        "step, encode, apply: a report, batches of 1, µs": lambda i: i.report * 1e6,
        "step, encode, apply: a report, batches of 50, µs": lambda i: i.report_of_50 * 1e6,
        "decide: every claim, µs": lambda i: i.decide * 1e6,
        "contest view as JSON, µs": lambda i: i.view * 1e6,
        "journal replayed: a record, µs": lambda i: i.replay * 1e6,
        "certificate at a new position, µs a unit": lambda i: i.certificate / i.units * 1e6,
        "certificate again, µs a unit": lambda i: i.certificate_again / i.units * 1e6,
        "snapshot written, µs a unit": lambda i: i.freeze / i.units * 1e6,
        "snapshot read, µs a unit": lambda i: i.thaw / i.units * 1e6,
    })  # fmt: skip
    table("Growth: nothing faster than the units", head, rows)


def floor_table(floors: dict[int, Bare], played: Sequence[Played]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for size, bared in floors.items():
            own = [p for p in played if p.per_batch == size][-1]
            length = own.journal_bytes * size // own.units
            synced = fdatasync_seconds(Path(folder), length, 1_000)
            rows.append([
                str(size), f"{bared.requests_per_s:,.0f}", f"{bared.cpu_us:.0f}", pair(bared.answer_ms),
                f"{own.reports_per_s / size:,.0f}", f"{own.cpu_us * size:.0f}", f"{length:,}", f"{1 / synced:,.0f}",
            ])  # fmt: skip
    head = ["reports a batch", "bare POST, requests/s", "bare server CPU, µs", "sent → answered p50 / p99, ms",
            "ours, requests/s", "our server CPU, µs", "record, bytes", "one fdatasync each, records/s"]  # fmt: skip
    table("Floors, in the same run", head, rows)


def main() -> None:
    night, said = whole()
    tell(said)
    print(f"{said}: {len(reports_of(night)):,} reports; CPython {platform.python_version()}, "
          f"{os.cpu_count()} cores; load before: {load_average()}")  # fmt: skip
    nights = [cut(night, size) for size in SIZES]
    floors = {}
    for size in BATCHES:
        floors[size] = bare(nights[-1], size)
        tell(f"bare POST, {size} a batch: {floors[size].requests_per_s:,.0f}/s")
    base = base_bytes(cut(night, 10))
    played = []
    for one in nights:
        for size in BATCHES:
            played.append(play(one, size, restarts=True))
            last = played[-1]
            tell(
                f"{last.units:,} units, {size} a batch: {last.reports_per_s:,.0f} reports/s, {last.cpu_us:.0f} µs each"
            )
    inside = []
    for one in nights:
        inside.append(measure(one, per_batch=1, times=3))
        tell(f"in process at {inside[-1].units:,} units: {inside[-1].report * 1e6:.0f} µs a report")
    ingest_tables(played, base)
    floor_table(floors, played)
    growth_table(played, inside, base)
    rules_tables()
    print(f"\nload after: {load_average()}; {time.monotonic() - STARTED:.0f} s in all")


if __name__ == "__main__":
    main()

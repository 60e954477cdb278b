"""A recorded or published election → its definition and its batches in order, with times."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ingest.night.journal import load_journal
from ingest.night.night import Night, NightUnreadable, TimedBatch, TimedReport, batched
from ingest.night.own import load_own, plain_definition
from ingest.night.published import load_published
from ingest.night.shipped import NAME, load_shipped
from tally.model import Definition
from tally.report import CountBatch, CountReport

__all__ = ["Due", "Night", "NightUnreadable", "TimedBatch", "load", "ordered", "paced"]

REPORTS_PER_BATCH = 50
UNTIMED_NIGHT_MS = 6 * 3_600_000
"""A night that nobody wrote the times of is spread evenly over six hours."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Due:
    """An event and when it is due, in milliseconds after the first."""

    due_ms: int
    event: TimedBatch


def load(
    source: str | Path,
    reports_per_batch: int = REPORTS_PER_BATCH,
    definition_of: Callable[[Path], Definition] = plain_definition,
    *,
    previous: bool = False,
) -> Night:
    """The night at a path, or the shipped one by its name `demo`. What it is, is found by looking.

    A folder with contest.json: published results. With election.json: our own form, whose definition
    `definition_of` reads. With journal/: the data directory of a service. `previous`: published results with
    the election before. Raises NightUnreadable, OSError.
    """
    if str(source) == NAME:
        return load_shipped(reports_per_batch)
    folder = Path(source)
    if (folder / "contest.json").is_file():
        return load_published(folder, reports_per_batch, previous=previous)
    if (folder / "election.json").is_file():
        return load_own(folder, definition_of)
    if (folder / "journal").is_dir():
        return load_journal(folder)
    raise NightUnreadable(
        folder, "no night: a folder with contest.json, election.json or journal/, or the name demo"
    )


def ordered(night: Night, order: str) -> Night:
    """The same night in another order: `file` (as it is), `time`, `random` or `random:SEED`.

    `random` shuffles reports; those of one unit, contest and count type keep their order, since a revision
    makes sense only after the one before. Batches are cut and numbered anew, times stay where they were.
    Raises ValueError: no such order, or desk commands in a night to be shuffled.
    """
    kind, _, seed = order.partition(":")
    if kind == "file" and not seed:
        return night
    if kind == "time" and not seed:
        return replace(night, events=_by_time(night.events))
    if kind != "random" or not (order == "random" or seed.isdecimal()):
        raise ValueError(f"{order} is no order; orders: file, time, random, random:SEED")
    reports = []
    for event in night.events:
        if not isinstance(event.command, CountBatch):
            raise ValueError("commands from the desk have their place in a night: it cannot be shuffled")  # noqa: TRY004
        reports += [(event.at_ms, report) for report in event.command.reports]
    shuffled = _shuffled([report for _, report in reports], random.Random(int(seed or "0")))
    timed = [TimedReport(at_ms, report) for (at_ms, _), report in zip(reports, shuffled, strict=True)]
    return replace(night, events=batched(night.definition, timed, night.reports_per_batch))


def _by_time(events: Sequence[TimedBatch]) -> tuple[TimedBatch, ...]:
    """Oldest first; an event without a time stays behind the one it followed."""
    latest = 0
    keyed = []
    for event in events:
        latest = latest if event.at_ms is None else event.at_ms
        keyed.append((latest, event))
    return tuple(event for _, event in sorted(keyed, key=lambda pair: pair[0]))


def _shuffled(reports: list[CountReport], chance: random.Random) -> list[CountReport]:
    """Reports in a random order that keeps each stream's own. Every such order is as likely."""
    streams: dict[tuple[str, str, str], list[CountReport]] = {}
    for report in reports:
        streams.setdefault((report.unit, report.contest, report.type), []).append(report)
    places = [key for key, stream in streams.items() for _ in stream]
    chance.shuffle(places)
    upcoming = {key: iter(stream) for key, stream in streams.items()}
    return [next(upcoming[key]) for key in places]


def paced(events: Sequence[TimedBatch], speed: float | None) -> Iterator[Due]:
    """When each event is due at `speed` times its own pace; None: all of them at once. No clock is read.

    An event without a time is due with the one before. A night without any is spread over six hours.
    """
    if speed is None:
        yield from (Due(0, event) for event in events)
        return
    if speed <= 0:
        raise ValueError(f"a night is played forwards, not at {speed}")
    times = _times(events)
    for at_ms, event in zip(times, events, strict=True):
        yield Due(int((at_ms - times[0]) / speed), event)


def _times(events: Sequence[TimedBatch]) -> list[int]:
    if all(event.at_ms is None for event in events):
        return [place * UNTIMED_NIGHT_MS // max(1, len(events)) for place in range(len(events))]
    return list(_filled(event.at_ms for event in events))


def _filled(times: Iterable[int | None]) -> Iterator[int]:
    """Each time, or the latest before it: a night does not run backwards."""
    latest: int | None = None
    for at_ms in times:
        latest = at_ms if latest is None else latest if at_ms is None else max(latest, at_ms)
        yield latest or 0

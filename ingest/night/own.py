"""Our own form of a night: election.json and batches.ndjson(.gz), a time and a batch a line."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from ingest.night.night import Night, NightUnreadable, TimedBatch, checked, milliseconds
from tally.model import Definition
from tally.report import FORMAT, CountBatch

BATCHES = ("batches.ndjson", "batches.ndjson.gz")


class _Batch(CountBatch, frozen=True, kw_only=True):
    """A batch as it travels: with the name of its form."""

    format: str = FORMAT


class _Line(msgspec.Struct, frozen=True):
    batch: _Batch
    at: str | None = None


def plain_definition(path: Path) -> Definition:
    """The definition in one JSON file that holds all of it. Raises NightUnreadable."""
    try:
        definition = msgspec.json.decode(path.read_bytes(), type=Definition)
    except msgspec.DecodeError as error:
        raise NightUnreadable(path, str(error)) from error
    if definition.units_file:
        raise NightUnreadable(path, "its units are in a file of their own, which only the service reads")
    return checked(path, definition)


def load_own(folder: Path, definition_of: Callable[[Path], Definition]) -> Night:
    """The night in a folder of our own form. Raises NightUnreadable with the line, OSError."""
    definition = definition_of(folder / "election.json")
    path = next((folder / name for name in BATCHES if (folder / name).is_file()), None)
    if path is None:
        raise NightUnreadable(folder, f"no {' or '.join(BATCHES)} beside election.json")
    return Night(definition.election.id, definition, tuple(_events(path)))


def _events(path: Path) -> Iterator[TimedBatch]:
    decoder = msgspec.json.Decoder(_Line)
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for number, line in enumerate(raw.splitlines(), 1):
        if not line.strip():
            continue
        try:
            read = decoder.decode(line)
            at_ms = None if read.at is None else milliseconds(read.at)
        except ValueError as error:
            raise NightUnreadable(path, f"line {number}: {error}") from error
        if read.batch.format != FORMAT:
            raise NightUnreadable(path, f"line {number}: {read.batch.format} is not {FORMAT}")
        yield TimedBatch(at_ms, _plain(read.batch))


def _plain(batch: _Batch) -> CountBatch:
    """The batch as the core knows it: one with a field more is not equal to one without."""
    return CountBatch(
        batch.election,
        batch.batch_id,
        batch.source,
        batch.reports,
        batch.is_test,
        batch.created,
        batch.definition_sha256,
    )

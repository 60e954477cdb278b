"""The same run of counts under other units: a file sent twice, not a coincidence."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from tally.events import COMPLETED, IN_PROCESS, RowCounted

CONTENT_CLONE = "content-clone"
"""The quarantine rule for counts that an earlier batch gave for other units."""
RUN = 3
"""Single equal tables are common (1,440 of 38,973 in Venezuela 2013); three different ones in a row are not."""


def runs(rows: Sequence[RowCounted]) -> Iterator[tuple[int, bytes, bytes]]:
    """Every run of RUN different, non-empty reports in a batch: where it begins, its content, its units.

    Content and units are eight-byte digests. Cost: O(reports).
    """
    if len(rows) < RUN:
        return
    said = [(row.contest, row.type, row.counts, row.ballots_cast, row.invalid) for row in rows]
    for first in range(len(rows) - RUN + 1):
        run = rows[first : first + RUN]
        if any(
            row.held_by or row.ballots_cast == 0 or row.progress not in {IN_PROCESS, COMPLETED} for row in run
        ):
            continue
        content = said[first : first + RUN]
        if len(set(content)) == RUN:
            yield first, _digest(content), _digest([row.unit for row in run])


def held(rows: Sequence[RowCounted], known: "Mapping[bytes, bytes]") -> list[RowCounted]:
    """The rows, with those held that repeat a run `known` (content → units) under other units."""
    cloned: set[int] = set()
    for first, content, units in runs(rows):
        if known.get(content, units) != units:
            cloned.update(range(first, first + RUN))
    if not cloned:
        return list(rows)
    return [
        msgspec.structs.replace(row, held_by=row.held_by or CONTENT_CLONE) if place in cloned else row
        for place, row in enumerate(rows)
    ]


def _digest(value: object) -> bytes:
    return hashlib.blake2b(msgspec.msgpack.encode(value), digest_size=8).digest()

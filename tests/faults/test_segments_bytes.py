"""Every flipped bit and every cut of a 200-record journal is named, or what reads back is identical."""

import contextlib
import hashlib
import itertools
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ingest.journal import mark
from ingest.journal.contract import Bookmark, JournalUnsound
from ingest.journal.head import SLOT_BYTES
from ingest.journal.mark import HEAD_MAGIC, MARK_BYTES, SEGMENT_MAGIC, Mark
from ingest.journal.readonly import read_only
from ingest.journal.segments import Segments
from ingest.journal.survey import survey
from tally import record
from tally.record import Position

EPOCH = "ve-2013.1"
RECORDS = 200
SEGMENT_BYTES = 6_000


class Written(NamedTuple):
    """A journal of RECORDS records: where each begins and what comes after it."""

    directory: Path
    payloads: list[bytes]
    places: list[Bookmark]  # by seq, from 0
    spans: dict[str, list[tuple[int, int, int]]]  # by segment: seq, begin and end of each record

    @property
    def end(self) -> Bookmark:
        return self.places[-1]

    def segments(self) -> list[Path]:
        return sorted(self.directory.glob("*.seg"))

    def at(self, path: Path, offset: int) -> tuple[str, int, int]:
        """What the byte belongs to: ("header" | "record" | "unused", seq, offset at which that begins)."""
        if offset < MARK_BYTES:
            return "header", int(path.stem), 0
        for seq, begin, end in self.spans[path.name]:
            if offset < end:
                return "record", seq, begin
        return "unused", 0, self.spans[path.name][-1][2]


@pytest.fixture
def written(original: Written, tmp_path: Path) -> Written:
    """A copy that a test may leave damaged."""
    return original._replace(directory=Path(shutil.copytree(original.directory, tmp_path / "journal")))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Written:
    rng = random.Random(2013)
    directory = tmp_path_factory.mktemp("bytes") / "journal"
    payloads = [
        b'{"kind":"BatchCounted","at":%d,"unit":"%012d","counts":{"maduro":%d,"capriles":%d}%s}'
        % (1365999000 + n, n, rng.randrange(500), rng.randrange(500), b',"mora":1' * rng.randrange(5))
        for n in range(RECORDS)
    ]
    journal = Segments.create(directory, EPOCH, segment_bytes=SEGMENT_BYTES)
    done = 0
    while done < RECORDS:
        group = payloads[done : done + rng.randrange(1, 8)]
        journal.append(group)
        done += len(group)
    places = [journal.bookmark_at(seq) for seq in range(RECORDS + 1)]
    journal.close()
    spans = {}
    firsts = [int(path.stem) for path in sorted(directory.glob("*.seg"))]
    for first, beyond in itertools.pairwise([*firsts, RECORDS + 1]):
        ends = list(
            itertools.accumulate(
                (len(payload) + record.OVERHEAD_BYTES for payload in payloads[first - 1 : beyond - 1]),
                initial=MARK_BYTES,
            )
        )
        spans[f"{first:020d}.seg"] = list(zip(range(first, beyond), ends, ends[1:], strict=False))
    found = Written(directory, payloads, places, spans)
    assert len(found.segments()) >= 4
    assert found.segments()[-1].stat().st_size > found.end.offset, "no unused tail to damage"
    return found


def flips(path: Path) -> Iterator[tuple[int, int]]:
    """Flip each bit of a file in turn, give its (offset, bit), and put it right again."""
    content = path.read_bytes()
    fd = os.open(path, os.O_RDWR)
    try:
        for offset, byte in enumerate(content):
            for bit in range(8):
                os.pwrite(fd, bytes([byte ^ 1 << bit]), offset)
                yield offset, bit
            os.pwrite(fd, bytes([byte]), offset)
    finally:
        os.close(fd)


def judge(written: Written, after: Bookmark | None) -> JournalUnsound | None:
    """What opening the journal says of it: named, or None where every byte that counts is the same."""
    try:
        found = survey(written.directory, after)
    except JournalUnsound as named:
        return named
    assert (found.end.position, found.end.chain) == (written.end.position, written.end.chain), (
        "lost in silence"
    )
    return None


def content(directory: Path) -> str:
    """Digest of all that a restarted service would read."""
    journal, _ = Segments.open(directory, segment_bytes=SEGMENT_BYTES)
    digest = hashlib.sha256()
    for seq, payload in journal.read():
        digest.update(b"%d %d " % (seq, len(payload)) + payload)
    journal.close()
    return digest.hexdigest()


def check_flip(written: Written, path: Path, offset: int, named: JournalUnsound | None) -> str:
    kind, seq, begin = written.at(path, offset)
    if kind == "unused":
        last = path == written.segments()[-1]
        assert last == (named is None)
        return "unused"
    assert named is not None, f"{path.name}: byte {offset} of {kind} {seq} was not missed"
    assert (named.path, named.seq, named.offset) == (path, seq, begin)
    return kind


def test_every_flipped_bit_of_every_record_is_named(written: Written) -> None:
    """Each opened after the record before it: where a whole reading comes to past the sound ones."""
    seen: Counter[str] = Counter()
    for path in written.segments():
        for offset, _ in flips(path):
            kind, seq, _ = written.at(path, offset)
            after = written.places[seq - 1] if kind == "record" else None
            if kind == "unused":
                after = (
                    written.places[-1] if path == written.segments()[-1] else written.places[int(path.stem)]
                )
            seen[check_flip(written, path, offset, judge(written, after))] += 1
    print(f"\nflipped bits of the segments: {dict(seen)}, all of records and headers named")
    assert seen["record"] == 8 * sum(len(payload) + record.OVERHEAD_BYTES for payload in written.payloads)


def test_flipped_bits_of_every_fourth_byte_are_named_by_a_whole_reading(written: Written) -> None:
    seen: Counter[str] = Counter()
    for path in written.segments():
        for offset, bit in flips(path):
            if offset % 4 == 0 and bit == offset // 4 % 8:
                seen[check_flip(written, path, offset, judge(written, None))] += 1
    print(f"\nflipped bits, the whole journal read: {dict(seen)}")
    assert sum(seen.values()) * 4 >= sum(path.stat().st_size for path in written.segments())


def test_every_flipped_bit_of_head_leaves_the_journal_identical(written: Written) -> None:
    path = mark.head_path(written.directory)
    seen: Counter[str] = Counter()
    for offset, _ in flips(path):
        used = offset % SLOT_BYTES < MARK_BYTES
        assert judge(written, written.places[-2]) is None
        seen["slot" if used else "unused"] += 1
    print(f"\nflipped bits of HEAD: {dict(seen)}, all identical")
    assert seen["slot"] == 2 * MARK_BYTES * 8


def test_damage_that_is_not_named_reads_back_identical_after_mending(
    written: Written, tmp_path: Path
) -> None:
    """Opened for writing, mended, read whole: the digest is the same, and the next record is accepted."""
    digest = content(written.directory)
    damaged = 0
    for name, offsets in (
        ("HEAD", [*range(0, MARK_BYTES, 3), *range(SLOT_BYTES, SLOT_BYTES + MARK_BYTES, 3)]),
        (written.segments()[-1].name, range(written.end.offset, SEGMENT_BYTES, 23)),
    ):
        for offset in offsets:
            copy = tmp_path / f"{name}-{offset}"
            shutil.copytree(written.directory, copy)
            data = bytearray((copy / name).read_bytes())
            data[offset] ^= 1 << offset % 8
            (copy / name).write_bytes(data)
            assert content(copy) == digest
            journal, recovery = Segments.open(copy, segment_bytes=SEGMENT_BYTES)
            assert (recovery.cut, recovery.head_fault) == (None, None), "mended once, sound ever after"
            assert journal.append([b"next"]) == Position(EPOCH, RECORDS + 1)
            journal.close()
            shutil.rmtree(copy)
            damaged += 1
    print(f"\n{damaged} damaged copies mended, all identical")


def test_every_cut_of_every_segment_is_named(written: Written) -> None:
    seen: Counter[str] = Counter()
    for path in written.segments():
        whole = path.read_bytes()
        for size in range(len(whole) - 1, -1, -1):
            os.truncate(path, size)
            kind, seq, begin = written.at(path, size)
            after = written.places[seq - 1] if kind == "record" else None
            named = judge(written, written.places[-2] if kind == "unused" else after)
            if kind == "unused":  # only bytes that were never written are gone
                assert named is None
                seen["identical"] += 1
                continue
            assert named is not None, f"{path.name} cut to {size} bytes was not missed"
            assert (named.path, named.seq, named.offset) == (path, seq, begin)
            seen["named"] += 1
        path.write_bytes(whole)
    print(f"\ncuts of the segments: {dict(seen)}")
    assert seen["named"] >= sum(len(payload) for payload in written.payloads)


def test_every_cut_of_head_is_named_or_leaves_the_journal_identical(written: Written) -> None:
    path = mark.head_path(written.directory)
    whole = path.read_bytes()
    seen: Counter[str] = Counter()
    for size in range(len(whole) - 1, -1, -1):
        os.truncate(path, size)
        named = judge(written, written.places[-2])
        assert (named is None) == (size >= MARK_BYTES)
        if named is not None:
            assert named.path == path
        seen["identical" if named is None else "named"] += 1
    path.write_bytes(whole)
    print(f"\ncuts of HEAD: {dict(seen)}")


def damage_head_missing(written: Written, copy: Path) -> tuple[str, int]:
    (copy / "HEAD").unlink()
    return "HEAD", 1


def damage_middle_segment_missing(written: Written, copy: Path) -> tuple[str, int]:
    path = written.segments()[1]
    (copy / path.name).unlink()
    return written.segments()[0].name, int(path.stem)


def damage_first_segment_missing(written: Written, copy: Path) -> tuple[str, int]:
    path = written.segments()[0]
    (copy / path.name).unlink()
    return path.name, 1


def damage_last_segment_missing(written: Written, copy: Path) -> tuple[str, int]:
    path = written.segments()[-1]
    (copy / path.name).unlink()
    return written.segments()[-2].name, int(path.stem)


def damage_all_segments_missing(written: Written, copy: Path) -> tuple[str, int]:
    for path in written.segments():
        (copy / path.name).unlink()
    return written.segments()[0].name, 1


def damage_segments_swapped(written: Written, copy: Path) -> tuple[str, int]:
    one, two = (copy / path.name for path in written.segments()[1:3])
    one_data, two_data = one.read_bytes(), two.read_bytes()
    one.write_bytes(two_data)
    two.write_bytes(one_data)
    return one.name, int(one.stem)


def damage_segment_renamed(written: Written, copy: Path) -> tuple[str, int]:
    path = written.segments()[2]
    (copy / path.name).rename(copy / f"{int(path.stem) + 1:020d}.seg")
    return written.segments()[1].name, int(path.stem)


def damage_segment_under_a_strange_name(written: Written, copy: Path) -> tuple[str, int]:
    (copy / written.segments()[2].name).rename(copy / "old.seg")
    return "old.seg", 0


def damage_segment_duplicated_at_the_end(written: Written, copy: Path) -> tuple[str, int]:
    name = f"{RECORDS + 1:020d}.seg"
    shutil.copy(copy / written.segments()[1].name, copy / name)
    return name, RECORDS + 1


def damage_segment_duplicated_in_the_middle(written: Written, copy: Path) -> tuple[str, int]:
    name = f"{int(written.segments()[1].stem) + 1:020d}.seg"
    shutil.copy(copy / written.segments()[1].name, copy / name)
    return name, int(name[:20])


def damage_record_deleted(written: Written, copy: Path) -> tuple[str, int]:
    path = copy / written.segments()[1].name
    before, gone = written.places[int(path.stem)], written.places[int(path.stem) + 1]
    data = path.read_bytes()
    path.write_bytes(data[: before.offset] + data[gone.offset :])
    return path.name, gone.position.seq


def damage_records_swapped(written: Written, copy: Path) -> tuple[str, int]:
    path = copy / written.segments()[1].name
    first = int(path.stem)
    a, b, c = (written.places[seq].offset for seq in (first, first + 1, first + 2))
    data = path.read_bytes()
    path.write_bytes(data[:a] + data[b:c] + data[a:b] + data[c:])
    return path.name, first + 1


def damage_record_forged_with_the_right_checksum(written: Written, copy: Path) -> tuple[str, int]:
    """One record rewritten by someone who knows the format: its own chain holds, the next one's does not."""
    seq = 77
    before, after = written.places[seq - 1], written.places[seq]
    payload = written.payloads[seq - 1].replace(b"maduro", b"mAduro")
    path = copy / mark.segment_path(copy, after.segment).name
    data = bytearray(path.read_bytes())
    begin = before.offset if before.segment == after.segment else MARK_BYTES
    data[begin : after.offset] = record.frame(seq, payload, before.chain).data
    path.write_bytes(data)
    return path.name, seq + 1


def damage_last_record_forged(written: Written, copy: Path) -> tuple[str, int]:
    """The last record rewritten together with its chain: only HEAD knows better."""
    before, after = written.places[-2], written.places[-1]
    path = copy / written.segments()[-1].name
    data = bytearray(path.read_bytes())
    payload = written.payloads[-1].replace(b"maduro", b"mAduro")
    data[before.offset : after.offset] = record.frame(RECORDS, payload, before.chain).data
    path.write_bytes(data)
    return path.name, RECORDS


def damage_forged_record_appended(written: Written, copy: Path) -> tuple[str, int]:
    """A record beyond HEAD with the right checksum and the wrong chain: no crash leaves such a thing."""
    path = copy / written.segments()[-1].name
    data = bytearray(path.read_bytes())
    forged = record.frame(RECORDS + 1, b'{"kind":"Called"}', bytes(32)).data
    data[written.end.offset : written.end.offset + len(forged)] = forged
    path.write_bytes(data)
    return path.name, RECORDS + 1


def damage_head_of_another_journal(written: Written, copy: Path) -> tuple[str, int]:
    other = Mark(Position("another", RECORDS), written.end.chain)
    slot = mark.encode(HEAD_MAGIC, other).ljust(SLOT_BYTES, b"\0")
    (copy / "HEAD").write_bytes(slot * 2)
    return written.segments()[0].name, 1


def damage_segment_header_forged(written: Written, copy: Path) -> tuple[str, int]:
    path = copy / written.segments()[2].name
    data = bytearray(path.read_bytes())
    forged = Mark(Position(EPOCH, int(path.stem) - 1), bytes(32))
    data[:MARK_BYTES] = mark.encode(SEGMENT_MAGIC, forged)
    path.write_bytes(data)
    return path.name, int(path.stem)


DAMAGES = [value for name, value in list(globals().items()) if name.startswith("damage_")]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__.removeprefix("damage_"))
def test_larger_damage_is_named(
    damage: Callable[[Written, Path], tuple[str, int]], written: Written, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(written.directory, copy)
    name, seq = damage(written, copy)
    with pytest.raises(JournalUnsound) as caught:
        Segments.open(copy, segment_bytes=SEGMENT_BYTES)
    assert (caught.value.path.name, caught.value.seq) == (name, seq)
    assert str(caught.value.path) in str(caught.value)
    assert f"byte {caught.value.offset}" in str(caught.value)
    with contextlib.suppress(
        JournalUnsound, FileNotFoundError
    ):  # a reader beside the writer: the same, or named
        assert [payload for _, payload in read_only(copy)[1]] == written.payloads


def beyond_head(written: Written, copy: Path, count: int) -> tuple[Path, int, list[bytes]]:
    """A copy with `count` sound records that HEAD does not name: a crash between the two syncs."""
    shutil.copytree(written.directory, copy)
    chain, frames = written.end.chain, []
    for seq in range(RECORDS + 1, RECORDS + 1 + count):
        made = record.frame(seq, b"in flight %d " % seq + b"x" * 300, chain)
        frames.append(made.data)
        chain = made.chain
    path = copy / written.segments()[-1].name
    data = bytearray(path.read_bytes().ljust(written.end.offset + sum(map(len, frames)) + 100, b"\0"))
    data[written.end.offset : written.end.offset + sum(map(len, frames))] = b"".join(frames)
    path.write_bytes(data)
    return path, written.end.offset, frames


def test_sound_records_beyond_head_are_kept(written: Written, tmp_path: Path) -> None:
    beyond_head(written, tmp_path / "copy", 5)
    journal, recovery = Segments.open(tmp_path / "copy")
    assert recovery.kept == 5
    assert recovery.cut is None
    assert journal.position.seq == RECORDS + 5
    assert len(list(journal.read(RECORDS))) == 5
    journal.close()
    os.truncate(written_last := tmp_path / "copy" / written.segments()[-1].name, written.end.offset)
    with pytest.raises(JournalUnsound) as caught:  # HEAD now answers for them
        Segments.open(tmp_path / "copy")
    assert (caught.value.path, caught.value.seq) == (written_last, RECORDS + 1)


def test_a_tail_torn_at_any_byte_is_cut_and_reported(written: Written, tmp_path: Path) -> None:
    path, begin, frames = beyond_head(written, tmp_path / "copy", 2)
    whole = path.read_bytes()
    ends = [begin, begin + len(frames[0]), begin + len(frames[0]) + len(frames[1])]
    head_whole = (tmp_path / "copy" / "HEAD").read_bytes()
    for size in range(begin, ends[-1]):
        path.write_bytes(whole[:size].ljust(len(whole), b"\0"))
        (tmp_path / "copy" / "HEAD").write_bytes(head_whole)
        journal, recovery = Segments.open(tmp_path / "copy")
        kept = sum(size >= end for end in ends[1:])
        # The last bytes written may be zeros, which look like bytes never written.
        written_bytes = len(whole[ends[kept] : size].rstrip(b"\0"))
        assert recovery.kept == kept
        assert journal.position.seq == RECORDS + kept
        if written_bytes == 0:
            assert recovery.cut is None
        else:
            assert recovery.cut is not None
            cut = recovery.cut
            assert (cut.path, cut.offset, cut.seq, cut.size) == (
                path,
                ends[kept],
                RECORDS + kept + 1,
                written_bytes,
            )
        journal.append([b"next"])
        assert [seq for seq, _ in journal.read(RECORDS)] == list(range(RECORDS + 1, RECORDS + kept + 2))
        journal.close()


def test_a_flipped_bit_beyond_head_before_a_sound_record_is_refused(written: Written, tmp_path: Path) -> None:
    path, begin, frames = beyond_head(written, tmp_path / "copy", 3)
    for offset, bit in flips(path):
        if begin <= offset < begin + len(frames[0]) and bit == offset % 8:
            with pytest.raises(JournalUnsound) as caught:
                survey(tmp_path / "copy", written.places[-1])
            assert (caught.value.path, caught.value.offset, caught.value.seq) == (path, begin, RECORDS + 1)


def test_a_sector_never_written_is_torn_even_before_a_sound_record(written: Written, tmp_path: Path) -> None:
    """A power cut may write the later sectors of a group and not the earlier; that is no damage."""
    path, begin, _ = beyond_head(written, tmp_path / "copy", 6)
    data = bytearray(path.read_bytes())
    sector = begin - begin % 512 + 512
    data[sector : sector + 512] = bytes(512)
    path.write_bytes(data)
    journal, recovery = Segments.open(tmp_path / "copy")
    assert recovery.cut is not None
    assert recovery.cut.offset >= begin
    assert journal.position.seq == RECORDS + recovery.kept
    assert journal.append([b"next"]).seq == RECORDS + recovery.kept + 1
    journal.close()


def test_a_torn_tail_and_a_torn_head_are_two_faults(written: Written, tmp_path: Path) -> None:
    """HEAD is written after its group is whole, so no single crash leaves both."""
    path, begin, _ = beyond_head(written, tmp_path / "copy", 1)
    head = tmp_path / "copy" / "HEAD"
    data = bytearray(head.read_bytes())
    data[10] ^= 1
    head.write_bytes(data)
    os.truncate(path, begin + 50)
    with pytest.raises(JournalUnsound) as caught:
        Segments.open(tmp_path / "copy")
    assert caught.value.path == path
    assert "slot 0" in caught.value.why

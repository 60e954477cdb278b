"""A snapshot shortens a restart and is believed only where the journal itself agrees."""

import errno
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest import snapshot
from ingest.journal.contract import Bookmark, JournalUnsound, Position
from ingest.journal.disk import DISK
from ingest.journal.mark import MARK_BYTES
from ingest.journal.segments import Segments
from ingest.snapshot import Skipped, Snapshot
from tests.faults.disks import FailingDisk, PowerCutDisk

EPOCH = "ve-2013.1"
SEGMENT_BYTES = 2_000
RECORDS = 60


def body(seq: int) -> bytes:
    return b"state after %d " % seq * 9


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    directory = tmp_path / "journal"
    made = Segments.create(directory, EPOCH, segment_bytes=SEGMENT_BYTES)
    for number in range(0, RECORDS, 3):
        made.append([b"record %d " % (number + each) + b"x" * 60 for each in range(3)])
    made.close()
    return directory


@pytest.fixture
def places(journal: Path) -> list[Bookmark]:
    opened, _ = Segments.open(journal, segment_bytes=SEGMENT_BYTES)
    found = [opened.bookmark_at(seq) for seq in range(RECORDS + 1)]
    opened.close()
    return found


def test_a_snapshot_reads_back_and_the_newest_two_are_kept(tmp_path: Path, places: list[Bookmark]) -> None:
    directory = tmp_path / "snapshots"
    assert snapshot.write(directory, places[10], body(10)).exists()
    for seq in (20, 30, 40):
        path = snapshot.write(directory, places[seq], body(seq))
        assert snapshot.newest(directory) == snapshot.Found(Snapshot(places[seq], body(seq), path), ())
    assert sorted(each.name for each in directory.iterdir()) == [f"{seq:020d}.snap" for seq in (30, 40)]
    assert path.stat().st_mode & 0o777 == 0o600


def test_there_may_be_none(tmp_path: Path, journal: Path) -> None:
    assert snapshot.newest(tmp_path / "nowhere") == snapshot.Found(None, ())
    resumed = snapshot.resume(journal, tmp_path / "nowhere")
    assert (resumed.snapshot, resumed.skipped, resumed.recovery.checked_after) == (None, (), 0)
    resumed.journal.close()


def test_every_flipped_bit_and_every_cut_is_skipped_with_a_reason(
    tmp_path: Path, places: list[Bookmark]
) -> None:
    directory = tmp_path / "snapshots"
    snapshot.write(directory, places[10], body(10))
    path = snapshot.write(directory, places[20], b"state")
    whole = path.read_bytes()
    older = Snapshot(places[10], body(10), directory / f"{10:020d}.snap")
    for bit in range(8 * len(whole)):
        bad = bytearray(whole)
        bad[bit >> 3] ^= 1 << (bit & 7)
        path.write_bytes(bad)
        found = snapshot.newest(directory)
        assert found.snapshot == older, f"bit {bit} was believed"
        assert [(skipped.path, bool(skipped.why)) for skipped in found.skipped] == [(path, True)]
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert snapshot.newest(directory).snapshot == older
    path.write_bytes(whole + b"x")
    assert snapshot.newest(directory).skipped == (Skipped(path, "its body is 6 bytes long, not 5"),)
    path.rename(directory / f"{25:020d}.snap")
    (directory / f"{25:020d}.snap").write_bytes(whole)
    assert "named after another position" in snapshot.newest(directory).skipped[0].why


@pytest.mark.parametrize("seq", [0, 1, 2, 31, 32, 33, RECORDS - 1, RECORDS])
def test_resuming_checks_only_what_comes_after(
    journal: Path, places: list[Bookmark], tmp_path: Path, seq: int
) -> None:
    snapshot.write(tmp_path / "snapshots", places[seq], body(seq))
    resumed = snapshot.resume(journal, tmp_path / "snapshots")
    assert resumed.snapshot is not None
    assert resumed.snapshot.body == body(seq)
    assert resumed.recovery.checked_after == seq
    assert [each for each, _ in resumed.journal.read(seq)] == list(range(seq + 1, RECORDS + 1))
    assert [each for each, _ in resumed.journal.read()] == list(range(1, RECORDS + 1))
    assert [resumed.journal.bookmark_at(each).chain for each in range(RECORDS + 1)] == [
        p.chain for p in places
    ]
    resumed.journal.close()


def test_old_segments_are_not_read_on_the_way_and_still_named_when_they_are(
    journal: Path, places: list[Bookmark], tmp_path: Path
) -> None:
    path = min(journal.glob("*.seg"))
    with path.open("r+b") as file:
        file.seek(places[5].offset + 40)
        file.write(b"?")
    snapshot.write(tmp_path / "snapshots", places[50], body(50))
    resumed = snapshot.resume(journal, tmp_path / "snapshots")
    assert resumed.recovery.checked_after == 50
    with pytest.raises(JournalUnsound) as caught:
        list(resumed.journal.read())
    assert (caught.value.path, caught.value.seq, caught.value.offset) == (path, 6, places[5].offset)
    resumed.journal.close()
    with pytest.raises(JournalUnsound):
        Segments.open(journal)


@pytest.mark.parametrize("segment_offset", [(0, 0), (1, 7), (1, 500), (9_999, MARK_BYTES), (41, 10**9)])
def test_a_wrong_hint_costs_time_and_nothing_else(
    journal: Path, places: list[Bookmark], tmp_path: Path, segment_offset: tuple[int, int]
) -> None:
    there = places[50]
    hinted = Bookmark(there.position, there.chain, *segment_offset)
    snapshot.write(tmp_path / "snapshots", hinted, body(50))
    resumed = snapshot.resume(journal, tmp_path / "snapshots")
    assert resumed.snapshot is not None
    assert [seq for seq, _ in resumed.journal.read(50)] == list(range(51, RECORDS + 1))
    assert resumed.recovery.checked_after <= 50
    resumed.journal.close()


def test_a_snapshot_of_another_journal_is_skipped(
    journal: Path, places: list[Bookmark], tmp_path: Path
) -> None:
    directory = tmp_path / "snapshots"
    snapshot.write(directory, places[40], body(40))
    snapshot.write(
        directory, Bookmark(places[50].position, bytes(32), places[50].segment, places[50].offset), b"no"
    )
    foreign = Bookmark(Position("another", 55), places[55].chain, places[55].segment, places[55].offset)
    shutil.copy(directory / f"{40:020d}.snap", tmp_path / "kept")
    snapshot.write(directory, foreign, b"no")
    shutil.copy(tmp_path / "kept", directory / f"{40:020d}.snap")
    resumed = snapshot.resume(journal, directory)
    assert resumed.snapshot is not None
    assert resumed.snapshot.position == Position(EPOCH, 40)
    assert [skipped.why for skipped in resumed.skipped] == [
        f"the journal here is {EPOCH}",
        "the hash chain of the journal is another there",
    ]
    resumed.journal.close()
    (directory / f"{40:020d}.snap").unlink()
    resumed = snapshot.resume(journal, directory)
    assert resumed.snapshot is None
    assert resumed.recovery.checked_after == 0
    resumed.journal.close()


def test_a_journal_that_ends_before_its_own_snapshot_has_lost_records(
    journal: Path, places: list[Bookmark], tmp_path: Path
) -> None:
    """An old copy of the journal put back: HEAD agrees with it, the snapshot does not."""
    old = tmp_path / "old"
    shutil.copytree(journal, old)
    opened, _ = Segments.open(journal, segment_bytes=SEGMENT_BYTES)
    opened.append([b"and one more"])
    snapshot.write(tmp_path / "snapshots", opened.bookmark_at(RECORDS + 1), body(RECORDS + 1))
    opened.close()
    with pytest.raises(JournalUnsound) as caught:
        snapshot.resume(old, tmp_path / "snapshots")
    assert caught.value.seq == RECORDS + 1
    assert f"a snapshot was taken at {RECORDS + 1}" in caught.value.why


def test_a_snapshot_survives_a_power_cut_whole_or_not_at_all(tmp_path: Path, places: list[Bookmark]) -> None:
    rng = random.Random(3)
    directory = tmp_path / "snapshots"
    images: list[Path] = []
    power = PowerCutDisk()

    def cut() -> None:
        for how in ("nothing", "all", "beginning", "sectors"):
            images.append(tmp_path / f"image-{power.calls}-{how}")
            images[-1].mkdir()
            power.cut_power(images[-1], rng, how)

    snapshot.write(directory, places[10], body(10), disk=power)
    power._after_call = cut
    for seq in (20, 30, 40):
        snapshot.write(directory, places[seq], body(seq) * 50, disk=power)
    seen = set()
    for image in images:
        found = snapshot.newest(image)
        assert found.snapshot is not None
        assert found.skipped == (), "half a snapshot has the name of a whole one"
        seq = found.snapshot.position.seq
        assert found.snapshot.body == (body(10) if seq == 10 else body(seq) * 50)
        seen.add(seq)
    assert seen == {10, 20, 30, 40}


@pytest.mark.parametrize(
    "kind", ["create", "truncate", "pwrite", "fdatasync", "rename", "fsync_dir", "unlink"]
)
@pytest.mark.parametrize("done", ["not", "half", "all"])
def test_a_snapshot_that_cannot_be_written_leaves_the_older_ones(
    tmp_path: Path, places: list[Bookmark], kind: str, done: str
) -> None:
    directory = tmp_path / "snapshots"
    snapshot.write(directory, places[10], body(10))
    snapshot.write(directory, places[20], body(20))
    for nth in range(1, 4):
        disk = FailingDisk(DISK, {kind}, nth, errno.ENOSPC, done)
        try:
            snapshot.write(directory, places[30], body(30), disk=disk)
        except OSError:
            assert disk.fired
        found = snapshot.newest(directory)
        assert found.skipped == ()
        assert found.snapshot is not None
        assert found.snapshot.position.seq in {20, 30}
        assert found.snapshot.body == body(found.snapshot.position.seq)
        if not disk.fired:
            return
    raise AssertionError("the fault never ran out")


def test_restart_from_a_snapshot_costs_a_fraction_of_a_replay(tmp_path: Path) -> None:
    made = Segments.create(tmp_path / "journal", EPOCH)
    for _ in range(60):
        made.append([b"x" * 200] * 500)
    snapshot.write(tmp_path / "snapshots", made.bookmark_at(29_900), b"state")
    made.close()

    def best(action: Callable[[], object]) -> float:
        times = []
        for _ in range(7):
            begin = time.perf_counter()
            action()
            times.append(time.perf_counter() - begin)
        return min(times)

    def replay() -> None:
        opened, _ = Segments.open(tmp_path / "journal")
        opened.close()

    def resume() -> None:
        snapshot.resume(tmp_path / "journal", tmp_path / "snapshots").journal.close()

    whole, short = best(replay), best(resume)
    print(f"\nrestart from a snapshot takes {short / whole:.2f} of a whole reading")
    assert short <= 0.2 * whole

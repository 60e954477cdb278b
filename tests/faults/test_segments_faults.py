"""On disks that fail, fill up and lose power: what was acknowledged is there, what was refused is not."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.journal.contract import JournalFull, JournalLost, JournalUnsound
from ingest.journal.disk import DISK, Disk
from ingest.journal.segments import Segments
from tests.faults.disks import SYNCS, WRITES, FailingDisk, PowerCutDisk

EPOCH = "ve-2013.1"
SEGMENT_BYTES = 2_000  # so that the groups below fill four segments
GROUPS = [
    [b"%d.%d " % (number, each) + b"x" * (number * 61 % 170) for each in range(1 + number % 4)]
    for number in range(14)
]


class Night:
    """One writer's life: sends every group in turn, and again after a refusal for want of room."""

    def __init__(self, directory: Path, disk: Disk) -> None:
        self.directory = directory
        self.disk = disk
        self.acknowledged: list[bytes] = []
        self.in_flight: list[bytes] = []  # sent, and neither acknowledged nor refused
        self.refused = 0

    def run(self) -> None:
        if (self.directory / "HEAD").exists():
            journal, _ = Segments.open(self.directory, segment_bytes=SEGMENT_BYTES, disk=self.disk)
        else:
            journal = Segments.create(self.directory, EPOCH, segment_bytes=SEGMENT_BYTES, disk=self.disk)
        try:
            for group in GROUPS:
                self.send(journal, group)
        finally:
            journal.close()

    def send(self, journal: Segments, group: list[bytes]) -> None:
        for _ in range(3):
            self.in_flight = group
            try:
                position = journal.append(group)
            except JournalFull:
                self.refused += 1
                assert position_and_content(journal) == self.acknowledged, "a refused group is in the journal"
                if isinstance(self.disk, FailingDisk):
                    self.disk.heal()
                self.in_flight = []
                self.after_refusal()
                continue
            self.acknowledged += group
            self.in_flight = []
            assert position.seq == len(self.acknowledged)
            return
        raise AssertionError("there was room and still the group was refused")

    def after_refusal(self) -> None:
        """The sender has been told that nothing was taken."""


def position_and_content(journal: Segments) -> list[bytes]:
    found = [payload for _, payload in journal.read()]
    assert journal.position.seq == len(found)
    return found


def check_restart(night: Night, directory: Path) -> None:
    """A restart finds all that was acknowledged, in order, at most what was in flight besides."""
    journal, _ = Segments.open(directory, segment_bytes=SEGMENT_BYTES)
    try:
        found = position_and_content(journal)
        count = len(night.acknowledged)
        assert found[:count] == night.acknowledged, "acknowledged and lost"
        assert found[count:] == night.in_flight[: len(found) - count], "a record that nobody sent"
        journal.append([b"after the restart"])
        assert position_and_content(journal) == [*found, b"after the restart"]
    finally:
        journal.close()
    journal, recovery = Segments.open(directory, segment_bytes=SEGMENT_BYTES)
    journal.close()
    assert (recovery.kept, recovery.cut, recovery.head_fault) == (0, None, None), (
        "mended once, sound ever after"
    )
    assert recovery.position.seq == len(found) + 1


def nth_faults(tmp_path: Path, **fault: object) -> Iterator[tuple[Night, FailingDisk]]:
    """A fresh night for N = 1, 2, … whose Nth call of the kind fails, until a run finishes without firing."""
    for nth in range(1, 1000):
        disk = FailingDisk(DISK, nth=nth, **fault)  # type: ignore[arg-type]  # keywords of the test's table
        night = Night(tmp_path / f"{nth}", disk)
        yield night, disk
        if not disk.fired:
            assert night.acknowledged == [payload for group in GROUPS for payload in group]
            assert nth > 8, "the fault was hardly tried"
            return


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "until healed"])
@pytest.mark.parametrize("done", ["not", "half", "all"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT], ids=["ENOSPC", "EDQUOT"])
def test_a_full_disk_refuses_and_recovers(tmp_path: Path, error: int, done: str, lasting: bool) -> None:
    refused = Counter[str]()
    for night, disk in nth_faults(tmp_path, kinds=WRITES, error=error, done=done, lasting=lasting):
        try:
            night.run()
        except OSError:  # the journal could not even be begun: begin again
            assert not night.acknowledged
            disk.heal()
            night.run()
        if disk.fired:
            refused[disk.fired] += night.refused
        assert night.acknowledged == [payload for group in GROUPS for payload in group]
        check_restart(night, night.directory)
    print(f"\nrefused by call: {dict(refused)}")
    assert refused["pwrite"] >= (10 if done != "all" else 5)
    assert refused["fallocate"] >= 3
    assert refused["create"] >= 3


@pytest.mark.parametrize("done", ["not", "half", "all"])
@pytest.mark.parametrize(
    "kinds", [SYNCS, {"pwrite"}, {"fallocate", "create"}], ids=["sync", "write", "allocate"]
)
def test_an_input_output_error_is_final(tmp_path: Path, kinds: frozenset[str], done: str) -> None:
    lost = 0
    said = []
    for night, disk in nth_faults(tmp_path, kinds=kinds, error=errno.EIO, done=done):
        begun = (night.directory / "HEAD").exists
        try:
            night.run()
        except JournalLost as error:
            lost += 1
            said.append((error.position.seq, len(night.acknowledged), type(error.__cause__)))
        except OSError:
            assert not night.acknowledged, "only beginning a journal may fail with a bare OSError"
        if begun():
            check_restart(night, night.directory)
        else:
            assert not night.acknowledged
            assert disk.fired
    print(f"\nfinal errors: {lost}")
    assert lost >= 4
    assert all(position == acknowledged and cause is OSError for position, acknowledged, cause in said)


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("kind", ["fdatasync", "fsync_dir"])
def test_after_a_failed_sync_nothing_is_acknowledged_ever_again(
    tmp_path: Path, kind: str, error: int
) -> None:
    """Whatever the sync says, and though the disk is well again at once."""
    said = []
    for nth in range(1, 100):
        disk = FailingDisk(DISK, {kind}, nth, error, "not")
        directory = tmp_path / f"{nth}"
        try:
            journal = Segments.create(directory, EPOCH, segment_bytes=SEGMENT_BYTES, disk=disk)
        except OSError:
            continue
        acknowledged = 0
        for group in GROUPS:
            try:
                acknowledged = journal.append(group).seq
                assert not disk.fired, "acknowledged after a failed sync"
            except JournalLost as lost:
                said.append((lost.position.seq, acknowledged))
        journal.close()
        if not disk.fired:
            break
    assert len(said) > len(GROUPS)
    assert all(position == acknowledged for position, acknowledged in said)


def test_when_the_cut_back_fails_the_journal_is_lost_not_full(tmp_path: Path) -> None:
    """Half a group on disk that cannot be taken back is in doubt, whatever the first error was."""

    class Worse(FailingDisk):
        def truncate(self, fd: int, size: int) -> None:
            if self.fired:
                raise OSError(errno.EIO, "and now this")
            super().truncate(fd, size)

    disk = Worse(DISK, {"pwrite"}, 6, errno.ENOSPC, "half")
    night = Night(tmp_path / "journal", disk)
    with pytest.raises(JournalLost):
        night.run()
    check_restart(night, night.directory)


@pytest.mark.parametrize("kind", ["fallocate", "pwrite"])
def test_a_smaller_group_still_enters_when_there_is_no_room_for_a_new_segment(
    tmp_path: Path, kind: str
) -> None:
    """What was begun of the new segment is gone: the record it was named after now stands in the old one."""
    disk = FailingDisk(DISK, (), 1, errno.ENOSPC, "half")
    journal = Segments.create(tmp_path / "journal", EPOCH, segment_bytes=SEGMENT_BYTES, disk=disk)
    journal.append([b"x" * 1_500])
    disk._kinds = {kind}
    with pytest.raises(JournalFull):
        journal.append([b"y" * 1_500])
    assert journal.append([b"small"]).seq == 2
    journal.close()
    journal, _ = Segments.open(tmp_path / "journal", segment_bytes=SEGMENT_BYTES)
    assert position_and_content(journal) == [b"x" * 1_500, b"small"]
    journal.close()


HOW = ("nothing", "all", "beginning", "sectors")


class CutNight(Night):
    """A night during which the power is cut after every single call, and each image is started again."""

    def __init__(self, tmp_path: Path, seed: int) -> None:
        self.power = PowerCutDisk(self.cut)
        super().__init__(tmp_path / "journal", self.power)
        self.images = Counter[str]()
        self._tmp_path = tmp_path
        self._rng = random.Random(seed)

    def after_refusal(self) -> None:
        self.cut()

    def cut(self) -> None:
        for how in HOW:
            image = self._tmp_path / f"image-{self.power.calls}-{how}"
            image.mkdir()
            self.power.cut_power(image, self._rng, how)
            try:
                check_restart(self, image)
                self.images[how] += 1
            except FileNotFoundError:
                assert not self.acknowledged
                assert self.power.calls < 12, "the journal was begun and is gone"
            except JournalUnsound as unsound:
                raise AssertionError(
                    f"call {self.power.calls}, {how}: a power cut was taken for damage"
                ) from unsound
            for path in image.iterdir():
                path.unlink()
            image.rmdir()


@pytest.mark.parametrize("seed", range(4))
def test_a_power_cut_after_any_call_loses_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    night = CutNight(tmp_path, seed)
    night.run()
    print(f"\npower cuts: {dict(night.images)} after {night.power.calls} calls")
    assert min(night.images[how] for how in HOW) > 60


@pytest.mark.parametrize("done", ["not", "half", "all"])
def test_a_power_cut_after_a_full_disk_brings_no_refused_record_back(tmp_path: Path, done: str) -> None:
    for nth in range(3, 40, 4):
        base = tmp_path / f"{nth}"
        base.mkdir()
        night = CutNight(base, nth)
        night.disk = FailingDisk(night.power, {"pwrite"}, nth, errno.ENOSPC, done)
        night.run()
        assert night.acknowledged == [payload for group in GROUPS for payload in group]
        check_restart(night, night.directory)


def test_a_power_cut_during_recovery_loses_nothing_either(tmp_path: Path) -> None:
    """Cut the power while writing, and again after every call of the recovery that follows."""
    rng = random.Random(7)
    recoveries = 0
    for stop in range(20, 70, 3):
        first = tmp_path / f"{stop}"
        first.mkdir()
        disk = PowerCutDisk()
        night = Night(first / "journal", disk)
        image = first / "image"

        def pull(disk: PowerCutDisk = disk, stop: int = stop, image: Path = image) -> None:
            if disk.calls == stop:
                image.mkdir()
                disk.cut_power(image, rng, HOW[stop % len(HOW)])
                raise KeyboardInterrupt

        disk._after_call = pull
        with pytest.raises(KeyboardInterrupt):
            night.run()
        second = PowerCutDisk()
        second.load(image)
        cuts: list[Path] = []

        def again(second: PowerCutDisk = second, cuts: list[Path] = cuts, first: Path = first) -> None:
            for how in HOW:
                cuts.append(first / f"again-{second.calls}-{how}")
                cuts[-1].mkdir()
                second.cut_power(cuts[-1], rng, how)

        second._after_call = again
        journal, _ = Segments.open(image, segment_bytes=SEGMENT_BYTES, disk=second)
        journal.close()
        for cut in cuts:
            check_restart(night, cut)
            recoveries += 1
    print(f"\npower cuts during recovery: {recoveries}")
    assert recoveries > 100


class LyingKernel(PowerCutDisk):
    """The `nth` fdatasync fails; what it should have written stays readable and is never written.

    So do real kernels: after the error the pages are clean, and the next fsync succeeds without them.
    """

    def __init__(self, nth: int) -> None:
        super().__init__()
        self.nth = nth

    def fdatasync(self, fd: int) -> None:
        self.nth -= 1
        if self.nth == 0:
            self._files[fd].pending = []
            raise OSError(errno.EIO, "Input/output error")
        super().fdatasync(fd)


def test_what_a_failed_sync_left_in_memory_is_written_again(tmp_path: Path) -> None:
    """A restart reads it from memory, so it may be kept; a power cut after the restart must not take it away."""
    kept = 0
    for nth in range(2, 30):
        base = tmp_path / f"{nth}"
        (base / "image").mkdir(parents=True)
        kernel = LyingKernel(nth)
        night = Night(base / "journal", kernel)
        with pytest.raises(JournalLost):
            night.run()
        journal, recovery = Segments.open(night.directory, segment_bytes=SEGMENT_BYTES, disk=kernel)
        kept += recovery.kept
        journal.append([b"after the restart"])
        found = position_and_content(journal)
        journal.close()
        kernel.cut_power(base / "image", random.Random(nth), "nothing")
        journal, _ = Segments.open(base / "image", segment_bytes=SEGMENT_BYTES)
        assert position_and_content(journal) == found
        journal.close()
    assert kept > 10


WRITER = """
import os, sys
from pathlib import Path
from ingest.journal.segments import Segments
journal, _ = Segments.open(Path(sys.argv[1]), segment_bytes=20_000)
while True:
    seq = journal.position.seq
    group = [b"record %d " % n + b"x" * (n * 31 % 200) for n in range(seq + 1, seq + 2 + seq % 5)]
    os.write(1, b"%d\\n" % journal.append(group).seq)
"""


def test_killing_the_writer_loses_nothing_acknowledged(tmp_path: Path) -> None:
    directory = tmp_path / "journal"
    Segments.create(directory, EPOCH, segment_bytes=20_000).close()
    rng = random.Random(9)
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, directory], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        said = writer.stdout.readline()
        time.sleep(rng.random() * 0.1)
        os.kill(writer.pid, signal.SIGKILL)
        said += writer.stdout.read()
        writer.stdout.close()
        assert writer.wait() == -signal.SIGKILL
        acknowledged = int(said.split()[-1])
        journal, _ = Segments.open(directory, segment_bytes=20_000)
        found = position_and_content(journal)
        journal.close()
        assert len(found) >= acknowledged > 0
        assert found == [b"record %d " % n + b"x" * (n * 31 % 200) for n in range(1, len(found) + 1)]


def test_files_are_ours_alone(tmp_path: Path) -> None:
    night = Night(tmp_path / "journal", DISK)
    night.run()
    assert night.directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in night.directory.iterdir()} == {0o600}

"""Disks that fail on demand, and one that remembers what a power cut would leave."""

import itertools
import os
import random
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TypeVar

from ingest.journal.disk import Disk

T = TypeVar("T")
SECTOR_BYTES = 512
WRITES = frozenset({"create", "pwrite", "fallocate"})  # calls that need room
SYNCS = frozenset({"fdatasync", "fsync_dir"})


class FailingDisk(Disk):
    """Fails the `nth` call among `kinds` on the disk below: before or after doing it, or half-way through.

    `lasting`: every later call among `kinds` fails as well, until `heal`.
    """

    def __init__(
        self, below: Disk, kinds: Collection[str], nth: int, error: int, done: str, *, lasting: bool = False
    ) -> None:
        assert done in {"not", "half", "all"}
        self.fired = ""  # the kind of the first call that failed
        self._below = below
        self._kinds = kinds
        self._until = nth
        self._error = error
        self._done = done
        self._lasting = lasting

    def heal(self) -> None:
        """From now on nothing fails."""
        self._kinds = ()

    def _guard(self, kind: str, act: Callable[[], T], half: Callable[[], object] | None = None) -> T:
        if kind in self._kinds:
            self._until -= 1
            if self._until == 0 or (self._lasting and self._until < 0):
                self.fired = self.fired or kind
                if self._done == "all":
                    self.undo(act())
                elif self._done == "half" and half is not None:
                    half()
                raise OSError(self._error, os.strerror(self._error))
        return act()

    @staticmethod
    def undo(result: object) -> None:
        """A descriptor that no one will hear of."""
        if isinstance(result, int):
            os.close(result)

    def create(self, path: Path) -> int:
        return self._guard("create", lambda: self._below.create(path))

    def pwrite(self, fd: int, data: bytes, offset: int) -> None:
        write = self._below.pwrite
        half = bytes(data[: len(data) >> 1])
        self._guard("pwrite", lambda: write(fd, data, offset), lambda: write(fd, half, offset))

    def fdatasync(self, fd: int) -> None:
        self._guard("fdatasync", lambda: self._below.fdatasync(fd))

    def fsync_dir(self, path: Path) -> None:
        self._guard("fsync_dir", lambda: self._below.fsync_dir(path))

    def truncate(self, fd: int, size: int) -> None:
        self._guard("truncate", lambda: self._below.truncate(fd, size))

    def fallocate(self, fd: int, offset: int, size: int) -> None:
        grow, half = self._below.fallocate, max(size >> 1, 1)
        self._guard("fallocate", lambda: grow(fd, offset, size), lambda: grow(fd, offset, half))

    def rename(self, source: Path, target: Path) -> None:
        self._guard("rename", lambda: self._below.rename(source, target))

    def unlink(self, path: Path) -> None:
        self._guard("unlink", lambda: self._below.unlink(path))


Change = tuple[str, bytes, int]  # ("write", data, offset) or ("size", b"", size), not yet synced


class _File:
    def __init__(self) -> None:
        self.durable = bytearray()
        self.pending: list[Change] = []

    def image(self, keep: Callable[[Change], Iterator[Change]]) -> bytes:
        """The file after a power cut, `keep` giving what was written of each change that was not synced."""
        data = bytearray(self.durable)
        for change in self.pending:
            for kind, new, at in keep(change):
                if kind == "size":
                    del data[at:]
                    data.extend(bytes(at - len(data)))
                else:
                    data.extend(bytes(max(0, at + len(new) - len(data))))
                    data[at : at + len(new)] = new
        return bytes(data)


class PowerCutDisk(Disk):
    """Does everything and remembers what was synced, so that after any call a power cut can be played.

    Names are made durable by fsync_dir, content and size by fdatasync. `after_call` follows each call.
    """

    def __init__(self, after_call: Callable[[], None] = lambda: None) -> None:
        self.names: dict[str, _File] = {}
        self.names_durable: dict[str, _File] = {}
        self.calls = 0
        self._files: dict[int, _File] = {}
        self._after_call = after_call

    def _changed(self) -> None:
        self.calls += 1
        self._after_call()

    def load(self, directory: Path) -> None:
        """Take what stands in `directory` as durable."""
        for path in directory.iterdir():
            file = self.names[path.name] = self.names_durable[path.name] = _File()
            file.durable = bytearray(path.read_bytes())

    def create(self, path: Path) -> int:
        fd = super().create(path)
        self._files[fd] = self.names.setdefault(path.name, _File())
        self._changed()
        return fd

    def pwrite(self, fd: int, data: bytes, offset: int) -> None:
        self._files[fd].pending.append(("write", bytes(data), offset))
        super().pwrite(fd, data, offset)
        self._changed()

    def truncate(self, fd: int, size: int) -> None:
        self._files[fd].pending.append(("size", b"", size))
        super().truncate(fd, size)
        self._changed()

    def fallocate(self, fd: int, offset: int, size: int) -> None:
        self._files[fd].pending.append(("size", b"", offset + size))
        super().fallocate(fd, offset, size)
        self._changed()

    def fdatasync(self, fd: int) -> None:
        super().fdatasync(fd)
        file = self._files[fd]
        file.durable = bytearray(file.image(lambda change: iter((change,))))
        file.pending = []
        self._changed()

    def fsync_dir(self, path: Path) -> None:
        super().fsync_dir(path)
        self.names_durable = dict(self.names)
        self._changed()

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        self.names[target.name] = self.names.pop(source.name)
        self._changed()

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        del self.names[path.name]
        self._changed()

    def cut_power(self, directory: Path, rng: random.Random, how: str) -> None:
        """Write into `directory` what the disk may hold now.

        `how`: nothing of what was not synced, all of it, a beginning of it, or any sectors of it.
        """
        names = (
            self.names if how == "all" or (how != "nothing" and rng.random() < 0.5) else self.names_durable
        )
        for name, file in names.items():
            (directory / name).write_bytes(file.image(lambda change: _kept(change, rng, how)))


def _kept(change: Change, rng: random.Random, how: str) -> Iterator[Change]:
    kind, data, at = change
    if how == "nothing" or (kind == "size" and how != "all" and rng.random() < 0.5):
        return
    if how == "all" or kind == "size":
        yield change
    elif how == "beginning":
        yield kind, data[: rng.randrange(len(data) + 1)], at
    else:
        bounds = [
            at,
            *range(at - at % SECTOR_BYTES + SECTOR_BYTES, at + len(data), SECTOR_BYTES),
            at + len(data),
        ]
        for begin, end in itertools.pairwise(bounds):
            if rng.random() < 0.5:
                yield kind, data[begin - at : end - at], begin

"""Every call by which the journal and the snapshots change a disk, and nothing else.

One object is the seam: a test hands in a subclass that fails the Nth call, or that remembers what is not
synced.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# No room now, perhaps later; every other error while writing leaves the disk in doubt.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class Disk:
    """The operating system's own calls. All block; all raise OSError."""

    def create(self, path: Path) -> int:
        """Open `path` for reading and writing, made (0600) when missing. Returns a descriptor."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def pwrite(self, fd: int, data: bytes, offset: int) -> None:
        """Write all of `data` at `offset`. After an error any part of it may be there."""
        view = memoryview(data)
        while view:
            written = os.pwrite(fd, view, offset)
            view, offset = view[written:], offset + written

    def fdatasync(self, fd: int) -> None:
        """Make the content and the size of a file survive a power cut."""
        os.fdatasync(fd)

    def fsync_dir(self, path: Path) -> None:
        """Make the names in a directory survive a power cut."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def truncate(self, fd: int, size: int) -> None:
        """Cut a file to `size` bytes; what is allocated again later reads as zeros."""
        os.ftruncate(fd, size)

    def fallocate(self, fd: int, offset: int, size: int) -> None:
        """Reserve `size` bytes from `offset` on; where there was nothing they read as zeros."""
        os.posix_fallocate(fd, offset, size)

    def rename(self, source: Path, target: Path) -> None:
        """Give `source` the name `target`, replacing what had it."""
        source.rename(target)

    def unlink(self, path: Path) -> None:
        """Take away a name."""
        path.unlink()


DISK = Disk()


@contextmanager
def in_doubt() -> Iterator[None]:
    """Inside, every OSError becomes EIO: after a failed sync "no room" is not all that is wrong."""
    try:
        yield
    except OSError as error:
        raise OSError(errno.EIO, f"in doubt after: {error.strerror}", error.filename) from error


def no_room(error: OSError) -> bool:
    """Whether the disk, or our share of it, is full."""
    return error.errno in _NO_ROOM

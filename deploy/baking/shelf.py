"""The directory of a copy: each file replaced whole, what is there already left alone."""

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from deploy.failure import ConfigurationFault, Fault

BOOK = ".tally-bake.json"
"""What is here, and which version of it: so that only what changed is fetched, also after a restart."""


class Shelf:
    """The files of one copy. Raises ConfigurationFault where other files are already, OSError where none can be."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.written = 0
        self.epoch = ""
        self._files: dict[str, tuple[str, int]] = {}
        root.mkdir(parents=True, exist_ok=True)
        book = root / BOOK
        if book.exists():
            self._open(book)
        elif any(root.iterdir()):
            why = "other files are here, and none was written by tally bake: give a directory of its own"
            raise ConfigurationFault([Fault(str(root), 1, why)])

    def _open(self, book: Path) -> None:
        try:
            held = json.loads(book.read_text(encoding="utf-8"))
            self.epoch, self._files = held["epoch"], {f: (t, s) for f, (t, s) in held["files"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            self._files = {}  # damaged: everything is fetched again

    def begin(self, epoch: str) -> None:
        """What follows is of this journal: of another one nothing may be left alone."""
        if epoch != self.epoch:
            self.epoch, self._files = epoch, {}
            self.save()  # so that a first look that was cut short is known to be ours

    def tag(self, file: str) -> str | None:
        """The version of a file that is here whole; None where it has to be fetched."""
        tag, size = self._files.get(file, ("", -1))
        path = self.root / file
        return tag if tag and path.is_file() and path.stat().st_size == size else None

    def read(self, file: str) -> Any:
        """What a JSON file here holds."""
        return json.loads((self.root / file).read_bytes())

    def put(self, file: str, body: bytes, tag: str = "") -> str:
        """Put a file in its place at once, unless it is there already; its SHA-256 in hexadecimal.

        Its time moves by a whole second at least: web servers compare no finer, and readers who ask whether it
        changed must hear that it did.
        """
        path = self.root / file
        self._files[file] = tag, len(body)
        before = path.stat() if path.is_file() else None
        if before is None or before.st_size != len(body) or path.read_bytes() != body:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f".{path.name}.new")
            beside.write_bytes(body)
            if before is not None:
                at = max(time.time(), int(before.st_mtime) + 1)
                os.utime(beside, (at, at))
            beside.replace(path)
            self.written += 1
        return hashlib.sha256(body).hexdigest()

    def keep_only(self, folder: str, files: set[str]) -> None:
        """Remove what is in a folder of ours and not named."""
        for path in (self.root / folder).glob("*"):
            name = f"{folder}/{path.name}"
            if name not in files and path.is_file():
                path.unlink()
                self._files.pop(name, None)

    def drop(self, file: str) -> None:
        """Remove a file, if it is here."""
        (self.root / file).unlink(missing_ok=True)
        self._files.pop(file, None)

    def save(self) -> None:
        """Write the book down."""
        beside = self.root / f"{BOOK}.new"
        beside.write_text(json.dumps({"epoch": self.epoch, "files": self._files}), encoding="utf-8")
        beside.replace(self.root / BOOK)

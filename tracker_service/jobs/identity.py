"""Whether a video is still the file that was submitted."""

import hashlib
import os
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Self

_HEAD_BYTES = 64 * 1024


class SourceChange(Enum):
    """What happened to a file."""

    NONE = auto()
    GROWN = auto()
    SHRUNK = auto()
    REPLACED = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """What tells a file from another one, without reading all of it.

    Attributes:
        size: bytes.
        modified: time of the last change, nanoseconds.
        inode: number in its file system.
        head: digest of the first bytes; they hold the header of most formats.
    """

    size: int
    modified: int
    inode: int
    head: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return the identity of a file.

        Raises:
            OSError: it cannot be read.
        """
        with path.open("rb") as stream:
            return cls.of_file(stream.fileno())

    @classmethod
    def of_file(cls, file: int) -> Self:
        """Return the identity of an open file, wherever it is read next; raises likewise."""
        status = os.fstat(file)
        head = hashlib.blake2b(os.pread(file, _HEAD_BYTES, 0), digest_size=16).hexdigest()
        return cls(status.st_size, status.st_mtime_ns, status.st_ino, head)

    def change(self, path: Path) -> SourceChange:
        """Tell what became of the file; a mere touch or move is no change."""
        try:
            return self.change_to(SourceIdentity.of(path))
        except OSError:
            return SourceChange.GONE

    def change_to(self, now: "SourceIdentity") -> SourceChange:
        """Tell what became of the file, given what it is now."""
        if now.head != self.head and min(now.size, self.size) >= _HEAD_BYTES:
            return SourceChange.REPLACED
        if now.inode != self.inode and (now.size, now.modified) != (self.size, self.modified):
            return SourceChange.REPLACED
        if now.size != self.size:
            return SourceChange.SHRUNK if now.size < self.size else SourceChange.GROWN
        return SourceChange.NONE if now.head == self.head else SourceChange.REPLACED

"""Length and hash of a file as it was committed, by which a damaged one is told from a whole one."""

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Self

_DIGEST_BYTES = 16
_READ_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class FileSeal:
    """What a file was when it was complete.

    Attributes:
        bytes: its length.
        digest: BLAKE2b of its content, 16 bytes in hexadecimal.
    """

    bytes: int
    digest: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return the seal of a file.

        Raises:
            OSError: it cannot be read.
        """
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            return cls(size, digest(stream, size))

    def fits(self, path: Path) -> bool:
        """Tell whether a file is still what it was; one that cannot be read is not."""
        try:
            status = path.stat()
            return status.st_size == self.bytes and self.digest == _digest_of(path, status.st_ino, status.st_mtime_ns)
        except OSError:
            return False

    def fits_part(self, path: Path, first: int) -> bool:
        """Tell whether a file holds the sealed content from byte ``first`` on."""
        try:
            with path.open("rb") as stream:
                stream.seek(first)
                return digest(stream, self.bytes) == self.digest
        except OSError:
            return False


def digest(stream: BinaryIO, size: int) -> str:
    """Return the hash of up to ``size`` bytes from where a file is being read on."""
    content = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    while size > 0 and (part := stream.read(min(size, _READ_AT_ONCE))):
        content.update(part)
        size -= len(part)
    return content.hexdigest()


@lru_cache(maxsize=1024)
def _digest_of(path: Path, inode: int, modified: int) -> str:  # noqa: ARG001 - they tell one content from the next
    with path.open("rb") as stream:
        return digest(stream, os.fstat(stream.fileno()).st_size)

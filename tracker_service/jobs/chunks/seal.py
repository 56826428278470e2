"""Length and hash of a file as it was committed, by which a damaged one is told from a whole one."""

import hashlib
import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Self

_DIGEST_BYTES = 16
_READ_AT_ONCE = 1 << 20
_REMEMBERED = 1024


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
            with path.open("rb") as stream:
                return self.fits_file(stream)
        except OSError:
            return False

    def fits_file(self, stream: BinaryIO) -> bool:
        """Tell likewise of an open file, which is read from its beginning on afterwards."""
        status = os.fstat(stream.fileno())
        return status.st_size == self.bytes and _known.digest(stream, status) == self.digest

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


class _KnownDigests:
    """The hashes of the files that were looked at last, so that those who read one piece by piece hash it once."""

    def __init__(self) -> None:
        self._digests: OrderedDict[tuple[int, int, int, int], str] = OrderedDict()
        self._lock = Lock()

    def digest(self, stream: BinaryIO, status: os.stat_result) -> str:
        """Return the hash of an open file, given what the system says of it."""
        key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        with self._lock:
            if (known := self._digests.get(key)) is not None:
                self._digests.move_to_end(key)
                return known
        stream.seek(0)
        found = digest(stream, status.st_size)
        stream.seek(0)
        with self._lock:
            self._digests[key] = found
            while len(self._digests) > _REMEMBERED:
                self._digests.popitem(last=False)
        return found


_known = _KnownDigests()

"""Result lines of the chunk that is being computed: frames are final before their chunk is committed."""

import os
from collections import OrderedDict
from pathlib import Path
from threading import Lock

_REMEMBERED = 256


class GrowingLines:
    """Reads whole lines of files that grow; remembers where it stopped, so that a follower reads each line once.

    A chunk that is computed again gives the same lines, so a follower goes on where the file is long enough again.
    """

    def __init__(self) -> None:
        self._places: OrderedDict[tuple[Path, int, int], int] = OrderedDict()
        self._lock = Lock()

    def read(self, path: Path, first: int, limit: int) -> list[bytes]:
        """Return up to ``limit`` lines from the one with index ``first`` on, without line breaks.

        Raises:
            FileNotFoundError: there is no such file.
        """
        with path.open("rb") as stream:
            inode = os.fstat(stream.fileno()).st_ino
            with self._lock:
                place = self._places.pop((path, inode, first), 0)
            if place:
                stream.seek(place - 1)
            if not place or stream.read(1) != b"\n":
                stream.seek(0)
                for _ in range(first):
                    if not stream.readline().endswith(b"\n"):
                        return []
            lines: list[bytes] = []
            place = stream.tell()
            while len(lines) < limit and (line := stream.readline()).endswith(b"\n"):
                lines.append(line[:-1])
                place += len(line)
        with self._lock:
            self._places[path, inode, first + len(lines)] = place
            while len(self._places) > _REMEMBERED:
                self._places.popitem(last=False)
        return lines

"""The chunks of a job on disk: which files each has, and what is known of it."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import orjson
from annotated_types import Ge, MinLen
from pydantic import TypeAdapter, ValidationError

from tracker_service.errors import DamagedResultsError
from tracker_service.jobs.chunks.seal import FileSeal
from tracker_service.jobs.messages import FrameCounts
from tracker_service.results.partial_file import write_whole
from tracker_service.results.result_files import OVERLAY, RESULTS, TRACKS, ResultPaths


@dataclass(frozen=True, slots=True)
class Chunk:
    """A committed chunk: the frames that became final between two borders.

    Attributes:
        number: from 0.
        first_line: frames in all chunks before it.
        first_byte: bytes of result lines in all chunks before it.
        offsets: where each of its lines begins in its file, and where the last one ends.
        overlay_from: seconds of the first frame of its piece of overlay, None where it has none.
        last: whether the video ends with it.
        counts: what is in it.
        files: seals of its files, by the name of the whole file that each goes into; a run of an earlier version has
            none.
    """

    number: int
    first_line: Annotated[int, Ge(0)]
    first_byte: Annotated[int, Ge(0)]
    offsets: Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(1)]
    overlay_from: float | None
    last: bool
    counts: FrameCounts = field(default_factory=FrameCounts)
    files: Mapping[str, FileSeal] = field(default_factory=dict)

    @property
    def lines(self) -> int:
        """Number of its frames."""
        return len(self.offsets) - 1

    @property
    def bytes(self) -> int:
        """Length of its lines."""
        return self.offsets[-1]


_CHUNK = TypeAdapter(Chunk)


class ChunkFiles:
    """Names, reads and commits the files of a job's chunks.

    A chunk counts once its manifest has its name; whatever else lies around is not there.

    Args:
        folder: of the chunks; need not exist for reading.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def results(self, number: int) -> ResultPaths:
        """Result files of a chunk: like those of a run, of these frames only."""
        return ResultPaths(self._path(number, "ndjson"), self._path(number, "pkl"), self._path(number, "mp4"))

    def border(self, number: int) -> Path:
        """State of the pipeline after the chunk."""
        return self._path(number, "border.npz")

    @property
    def end(self) -> Path:
        """What is known of the whole run once its last chunk is written."""
        return self.folder / "end.json"

    def count(self) -> int:
        """Return how many chunks are committed."""
        number = 0
        while self._manifest(number).exists():
            number += 1
        return number

    def read(self, number: int) -> Chunk:
        """Return a committed chunk.

        Raises:
            FileNotFoundError: it is not committed, or put into the final files already.
            DamagedResultsError: its manifest is damaged.
        """
        content = self._manifest(number).read_bytes()
        try:
            return _CHUNK.validate_json(content)
        except ValidationError as error:
            raise DamagedResultsError(f"chunk {number}: expected a manifest, got {content[:80]!r}") from error

    def seals(self, number: int) -> dict[str, FileSeal]:
        """Return the seals of the files of a chunk that is about to be committed."""
        paths = self.results(number)
        names = {RESULTS: paths.lines, TRACKS: paths.tracks, OVERLAY: paths.overlay}
        return {name: FileSeal.of(path) for name, path in names.items() if path.exists()}

    def commit(self, chunk: Chunk) -> None:
        """Make a chunk count; its files are complete and on disk."""
        sync_folder(self.folder)
        write_whole(self._manifest(chunk.number), orjson.dumps(asdict(chunk)))
        sync_folder(self.folder)

    def clear(self, *, keep_end: bool = False) -> None:
        """Remove everything, manifests from the last to the first, so that what counts stays whole.

        Args:
            keep_end: leave `end`, as a sign that there was something.
        """
        if not self.folder.exists():
            return
        if not keep_end:
            self.end.unlink(missing_ok=True)
        for number in reversed(range(self.count())):
            self._manifest(number).unlink()
        for file in self.folder.iterdir():
            if file != self.end:
                file.unlink()

    def _manifest(self, number: int) -> Path:
        return self._path(number, "json")

    def _path(self, number: int, suffix: str) -> Path:
        return self.folder / f"{number:06d}.{suffix}"


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    sync_file(folder)


def sync_file(path: Path) -> None:
    """Make the content of a file that is written already survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

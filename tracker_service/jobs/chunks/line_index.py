"""Result lines of a job from any frame on, while it runs, while its files are put together, and afterwards."""

import os
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np

from tracker_service.errors import DamagedResultsError
from tracker_service.jobs.chunks.chunk import Chunk, ChunkFiles
from tracker_service.jobs.chunks.growing_lines import GrowingLines
from tracker_service.jobs.chunks.seal import digest
from tracker_service.jobs.chunks.whole_files import INDEX, WholeFiles
from tracker_service.results.partial_file import PARTIAL_SUFFIX
from tracker_service.results.result_files import RESULTS

_TRIES = 3


def read_lines(folder: Path, chunk_frames: int, start: int, limit: int, growing: GrowingLines) -> list[bytes]:
    """Return up to ``limit`` written lines from the one with index ``start`` on; fewer at the end of a chunk.

    Args:
        folder: of the job.
        chunk_frames: frames between two of its borders.
        start: index of the first line.
        limit: most lines to return.
        growing: reads the chunk that is not committed yet.

    Raises:
        DamagedResultsError: the file that holds them is not what was written.
    """
    if start < 0 or limit < 1:
        return []
    # A file may move from one place to the next between two looks.
    for _ in range(_TRIES):
        for read in (_from_whole, _from_chunk):
            with suppress(FileNotFoundError):
                return read(folder, chunk_frames, start, limit)
        with suppress(FileNotFoundError):
            return _from_growing(ChunkFiles(folder / "chunks"), chunk_frames, start, limit, growing)
    return []


def _from_whole(folder: Path, _: int, start: int, limit: int) -> list[bytes]:
    files = WholeFiles(folder)
    with files.open(RESULTS) as lines, files.open(INDEX) as index:
        entries = np.frombuffer(os.pread(index.fileno(), 8 * (limit + 1), 8 * start), "<i8")
        return _cut(lines.fileno(), entries.tolist())


def _from_chunk(folder: Path, chunk_frames: int, start: int, limit: int) -> list[bytes]:
    files = ChunkFiles(folder / "chunks")
    chunk = _holding(files, chunk_frames, start)
    first = start - chunk.first_line
    offsets, seal = chunk.offsets[first : first + limit + 1], chunk.files.get(RESULTS)
    with suppress(FileNotFoundError), files.results(chunk.number).lines.open("rb") as lines:
        if seal is not None and not seal.fits_file(lines):
            raise _damaged(chunk)
        return _cut(lines.fileno(), offsets)
    with (folder / (RESULTS + PARTIAL_SUFFIX)).open("rb") as lines:
        lines.seek(chunk.first_byte)
        if seal is not None and digest(lines, seal.bytes) != seal.digest:
            raise _damaged(chunk)
        return _cut(lines.fileno(), [chunk.first_byte + offset for offset in offsets])


def _damaged(chunk: Chunk) -> DamagedResultsError:
    return DamagedResultsError(f"chunk {chunk.number}: expected its part of {RESULTS}, got a damaged file")


def _from_growing(files: ChunkFiles, chunk_frames: int, start: int, limit: int, growing: GrowingLines) -> list[bytes]:
    number, first_line = _behind_committed(files, chunk_frames, start)
    whole = files.results(number).lines
    with suppress(FileNotFoundError):
        return growing.read(whole.with_name(whole.name + PARTIAL_SUFFIX), start - first_line, limit)
    return growing.read(whole, start - first_line, limit)  # complete, and about to be committed


def _behind_committed(files: ChunkFiles, chunk_frames: int, line: int) -> tuple[int, int]:
    """Return the number and the first line of the first chunk, from the one that may hold a line on, not committed."""
    number, before = line // chunk_frames, None
    with suppress(FileNotFoundError):
        before = files.read(number - 1) if number else None
        while True:
            before = files.read(number)
            number += 1
    if number and before is None:
        raise FileNotFoundError
    return number, 0 if before is None else before.first_line + before.lines


def _holding(files: ChunkFiles, chunk_frames: int, line: int) -> Chunk:
    """Return the chunk that holds a line: frames become final late, so it is never an earlier one than expected."""
    number = line // chunk_frames
    while True:
        chunk = files.read(number)
        if line < chunk.first_line + chunk.lines:
            return chunk
        number += 1


def _cut(file: int, offsets: list[int] | tuple[int, ...]) -> list[bytes]:
    if len(offsets) < 2:
        return []
    content = os.pread(file, offsets[-1] - offsets[0], offsets[0])
    bounds = [offset - offsets[0] for offset in offsets]
    return [content[start : end - 1] for start, end in pairwise(bounds)]

"""From committed chunks to the result files of a job, in memory that does not grow with the video."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tracker_service.jobs.chunks.chunk import Chunk, ChunkFiles, sync_file, sync_folder
from tracker_service.jobs.chunks.whole_files import INDEX, WholeFiles
from tracker_service.results.partial_file import PARTIAL_SUFFIX, PartialFile
from tracker_service.results.pickle_stream import PickleStream
from tracker_service.results.result_files import OVERLAY, RESULTS, TRACKS
from tracker_service.video.joining import join_videos

_COPIED_AT_ONCE = 1 << 20


def stitch(folder: Path, files: ChunkFiles, chunks: int, alive: Callable[[], None]) -> None:
    """Write `results.ndjson`, `tracks.pkl` and `overlay.mp4`; what an interrupted call has done is not done again.

    Args:
        folder: of the job.
        files: its chunks.
        chunks: how many there are.
        alive: is called now and then.
    """
    _stitch_overlay(folder / OVERLAY, files, chunks)
    alive()
    _stitch_tracks(folder / TRACKS, files, chunks, alive)
    _index_lines(folder / INDEX, files, chunks)
    _stitch_lines(folder / RESULTS, files, chunks, alive)


def _stitch_overlay(path: Path, files: ChunkFiles, chunks: int) -> None:
    drawn = [chunk for chunk in _all(files, chunks) if chunk.overlay_from is not None]
    if not drawn:
        return
    if not path.exists():
        join_videos([(files.results(chunk.number).overlay, chunk.overlay_from or 0.0) for chunk in drawn], path)
        sync_folder(path.parent)
    WholeFiles(path.parent).seal(OVERLAY)
    for chunk in drawn:
        files.results(chunk.number).overlay.unlink(missing_ok=True)


def _stitch_tracks(path: Path, files: ChunkFiles, chunks: int, alive: Callable[[], None]) -> None:
    if not path.exists():
        with PartialFile(path) as whole:
            tracks = PickleStream(whole.write)
            for number in range(chunks):
                with files.results(number).tracks.open("rb") as part:
                    tracks.add_items_of(iter(lambda: part.read(_COPIED_AT_ONCE), b""))
                alive()
            tracks.finish()
        sync_folder(path.parent)
    WholeFiles(path.parent).seal(TRACKS)
    for number in range(chunks):
        files.results(number).tracks.unlink(missing_ok=True)


def _index_lines(path: Path, files: ChunkFiles, chunks: int) -> None:
    """Write where each line of the results will begin, and where the last one ends, as little-endian int64."""
    if not path.exists():
        with PartialFile(path) as index:
            end = 0
            for chunk in _all(files, chunks):
                starts = np.array(chunk.offsets[:-1], "<i8") + chunk.first_byte
                index.write(starts.tobytes())
                end = chunk.first_byte + chunk.bytes
            index.write(np.array([end], "<i8").tobytes())
        sync_folder(path.parent)
    WholeFiles(path.parent).seal(INDEX)


def _stitch_lines(path: Path, files: ChunkFiles, chunks: int, alive: Callable[[], None]) -> None:
    """Move the lines of one chunk after the other, so that they need their room on the disk only once.

    A chunk's file goes only when its lines are safe in the whole one; what an interruption left behind in the whole
    one is cut off at the first chunk that still has its file.
    """
    if path.exists():
        return
    partial = path.with_name(path.name + PARTIAL_SUFFIX)
    with partial.open("r+b" if partial.exists() else "w+b") as whole:
        for chunk in _all(files, chunks):
            lines = files.results(chunk.number).lines
            if lines.exists():
                whole.truncate(chunk.first_byte)
                whole.seek(chunk.first_byte)
                with lines.open("rb") as part:
                    shutil.copyfileobj(part, whole, _COPIED_AT_ONCE)
                whole.flush()
                os.fsync(whole.fileno())
                lines.unlink()
            alive()
    sync_file(partial)
    WholeFiles(path.parent).seal(RESULTS, partial)
    partial.replace(path)
    sync_folder(path.parent)


def _all(files: ChunkFiles, chunks: int) -> Iterator[Chunk]:
    return (files.read(number) for number in range(chunks))

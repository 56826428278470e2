"""Whether what a job has on the disk is still what was committed."""

from collections.abc import Iterator
from pathlib import Path

from tracker_service.errors import DamagedResultsError
from tracker_service.jobs.chunks.chunk import Chunk, ChunkFiles
from tracker_service.jobs.chunks.whole_files import WholeFiles
from tracker_service.results.partial_file import PARTIAL_SUFFIX
from tracker_service.results.result_files import OVERLAY, RESULTS, TRACKS


def check_chunks(folder: Path, files: ChunkFiles, count: int) -> None:
    """Compare the files of committed chunks, and those that they were joined into, with their seals.

    Args:
        folder: of the job.
        files: its chunks.
        count: how many are committed.

    Raises:
        DamagedResultsError: one is damaged or gone, or was written by another version.
    """
    WholeFiles(folder).check_all()
    for number in range(count):
        for name, sound in _sound_files(folder, files, files.read(number)):
            if not sound:
                raise DamagedResultsError(f"chunk {number}: expected its part of {name}, got a damaged file or none")


def _sound_files(folder: Path, files: ChunkFiles, chunk: Chunk) -> Iterator[tuple[str, bool]]:
    paths = files.results(chunk.number)
    for name, path in ((RESULTS, paths.lines), (TRACKS, paths.tracks), (OVERLAY, paths.overlay)):
        if (seal := chunk.files.get(name)) is None:
            continue  # earlier versions noted none
        if path.exists():
            yield name, seal.fits(path)
        elif name == RESULTS and not (folder / RESULTS).exists():
            yield name, seal.fits_part(folder / (RESULTS + PARTIAL_SUFFIX), chunk.first_byte)
        else:
            yield name, (folder / name).exists()

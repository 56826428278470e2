"""What the result files of a job were when they were put together."""

from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import orjson

from tracker_service.errors import DamagedResultsError
from tracker_service.jobs.chunks.seal import FileSeal
from tracker_service.media import open_regular
from tracker_service.results.partial_file import PARTIAL_SUFFIX, write_whole
from tracker_service.results.result_files import OVERLAY, REPORT, RESULTS, SUMMARY, TRACKS

SEALS = "seals.json"
INDEX = "results.index"
"""Where each line of the results begins and where the last one ends, as little-endian int64."""


class WholeFiles:
    """The seals of `results.ndjson`, `tracks.pkl` and `overlay.mp4`, or of other files, in a small file beside them.

    Args:
        folder: of the job, or of its files in another format.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def seal(self, name: str, path: Path | None = None) -> None:
        """Note what a file is, before what it was made of is removed; nothing changes where that is noted already.

        Args:
            name: of the file.
            path: where it is as long as it does not have its name.
        """
        seals = self._read()
        if name not in seals:
            seals[name] = FileSeal.of(path or self._folder / name)
            write_whole(self._folder / SEALS, orjson.dumps({name: asdict(seal) for name, seal in seals.items()}))

    def open(self, name: str) -> BinaryIO:
        """Open a file after it was compared with its seal; what is put in its place afterwards is not read.

        Raises:
            FileNotFoundError: there is none.
            DamagedResultsError: it is not what was written.
        """
        seal, stream = self._read().get(name), open_regular(self._folder / name)
        if seal is not None and not seal.fits_file(stream):
            stream.close()
            raise _damaged(name, seal)
        return stream

    def check(self, name: str) -> None:
        """Compare a file with its seal; one without a seal, from an earlier version, passes.

        Raises:
            DamagedResultsError: it is not what was written.
        """
        seal = self._read().get(name)
        if seal is not None and not seal.fits(self._folder / name):
            raise _damaged(name, seal)

    def check_all(self) -> None:
        """Compare all files that are there; raises likewise."""
        for name in (RESULTS, INDEX, TRACKS, OVERLAY):
            if name in self._read() or (self._folder / name).exists():
                self.check(name)

    def remove(self) -> None:
        """Remove the files, whatever they were made into and what is known of them."""
        for name in (SUMMARY, REPORT, RESULTS, RESULTS + PARTIAL_SUFFIX, INDEX, TRACKS, OVERLAY, SEALS):
            (self._folder / name).unlink(missing_ok=True)

    def _read(self) -> dict[str, FileSeal]:
        try:
            found = orjson.loads((self._folder / SEALS).read_bytes())
            return {name: FileSeal(**seal) for name, seal in found.items()}
        except FileNotFoundError:
            return {}
        except (orjson.JSONDecodeError, AttributeError, TypeError) as error:
            raise DamagedResultsError(f"{SEALS}: expected the seals of results, got a damaged file") from error


def _damaged(name: str, seal: FileSeal) -> DamagedResultsError:
    return DamagedResultsError(f"{name}: expected {seal.bytes} bytes as they were written, got a damaged file")

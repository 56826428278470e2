"""A live run as ordinary results: parts of bounded length, of which the newest stay on the disk."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from tracker_service.live.live_frame_result import LiveFrameResult
from tracker_service.live.live_parameters import LiveParameters
from tracker_service.results.frame_statistics import FrameStatistics
from tracker_service.results.phalp_pickle import extracted_frame_path
from tracker_service.results.result_files import ResultFiles, ResultPaths
from tracker_service.types import FrameResult

_PART = "part-{:05d}"
_PARTS = "part-*"


class LiveRecording:
    """Writes computed frames into ``part-00001``, ``part-00002`` …, each a folder of ordinary results.

    The frames of a part are numbered from 0, without the skipped ones, and have their true times. When all parts take
    more than ``record_bytes``, the oldest complete ones are removed. No overlay is drawn. A context manager.

    Args:
        folder: of the parts; made when missing. Parts that are there stay and count.
        rate: frames a second that the stream states.
        parameters: length of a part and room of all.
        on_part: called with the folder and the statistics of each complete part.

    Raises:
        ResultsError: a file cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        rate: float,
        parameters: LiveParameters,
        on_part: Callable[[Path, FrameStatistics], None] = lambda *_: None,
    ) -> None:
        self._folder, self._rate, self._parameters, self._on_part = folder, rate, parameters, on_part
        self._open = ExitStack()
        self._files: ResultFiles | None = None
        self._statistics = FrameStatistics()
        self._part, self._begin = folder, 0.0

    def write(self, frame: LiveFrameResult) -> None:
        """Append a frame."""
        if self._files is not None and frame.result.timestamp - self._begin >= self._parameters.record_seconds:
            self._complete_part()
        files = self._files or self._begin_part(frame.result.timestamp)
        result = _renumbered(frame.result, self._statistics.frames, self._begin)
        files.write(result)
        self._statistics.add(result)

    def _begin_part(self, timestamp: float) -> ResultFiles:
        taken = [int(path.name.partition("-")[2]) for path in self._parts() if path.name[5:].isdecimal()]
        self._part = self._folder / _PART.format(max(taken, default=0) + 1)
        self._begin, self._statistics = timestamp, FrameStatistics()
        frame_path = extracted_frame_path(self._part.name)
        files = ResultFiles(ResultPaths.of_run(self._part), frame_path=frame_path, overlay_rate=self._rate)
        self._files = self._open.enter_context(files)
        return files

    def _complete_part(self) -> None:
        self._files = None
        self._open.close()
        self._on_part(self._part, self._statistics)
        self._make_room()

    def _make_room(self) -> None:
        parts = self._parts()
        sizes = {part: _bytes(part) for part in parts}
        while len(parts) > 1 and sum(sizes[part] for part in parts) > self._parameters.record_bytes:
            shutil.rmtree(parts.pop(0), ignore_errors=True)

    def _parts(self) -> list[Path]:
        return sorted(path for path in self._folder.glob(_PARTS) if path.is_dir())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._files is not None:
            self._complete_part()


def _renumbered(result: FrameResult, number: int, begin: float) -> FrameResult:
    persons = tuple(replace(person, frame_number=number) for person in result.persons)
    return replace(result, frame_number=number, timestamp=result.timestamp - begin, persons=persons)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

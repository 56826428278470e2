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
from tracker_service.results.phalp_pickle import extracted_frame_path
from tracker_service.results.result_files import RESULTS, ResultFiles, ResultPaths
from tracker_service.results.statistics.frames import FrameStatistics
from tracker_service.types import FrameResult, UInt8

PART_PATTERN = r"part-\d{5,}"
"""What the folder of a part is called, as a regular expression."""
_PART = "part-{:05d}"
_PARTS = "part-*"
_PARTS_IN_THE_ROOM = 8
"""A part ends once it takes the room divided by this, so that removing parts can keep the whole within it."""
_KEPT = 0.75
"""Share of the room that complete parts may take, beside the one that grows."""
_FRAMES_BETWEEN_LOOKS = 16
"""Frames between two looks at how large the part is. Raising it asks the disk less often, and later."""


class LiveRecording:
    """Writes computed frames into ``part-00001``, ``part-00002`` …, each a folder of ordinary results.

    The frames of a part are numbered from 0, without the skipped ones, and have their true times. A part ends after
    ``record_seconds``, when it takes an eighth of ``record_bytes``, or when the frames get another size. When all parts
    take more than three quarters of ``record_bytes``, the oldest complete ones are removed. A context manager.

    Args:
        folder: of the parts; made when missing. Parts that are there stay and count.
        rate: frames a second that the stream states.
        parameters: length of a part and room of all.
        on_part: called with the folder and the statistics of each complete part.
        draw: makes the picture of a frame with its people for the overlay of each part; None for no overlay.
        room: the folder whose parts, at any depth, share ``record_bytes``; the recording's own when None.

    Raises:
        ResultsError: a file cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        rate: float,
        parameters: LiveParameters,
        on_part: Callable[[Path, FrameStatistics], None] = lambda *_: None,
        *,
        draw: Callable[[LiveFrameResult], UInt8] | None = None,
        room: Path | None = None,
    ) -> None:
        self._folder, self._rate, self._parameters, self._on_part = folder, rate, parameters, on_part
        self._draw, self._room = draw, room or folder
        self._open = ExitStack()
        self._files: ResultFiles | None = None
        self._statistics = FrameStatistics()
        self._part, self._begin = folder, 0.0
        self._size = (0, 0)

    def write(self, frame: LiveFrameResult) -> None:
        """Append a frame."""
        if self._files is not None and self._is_full(frame.result):
            self._complete_part()
        files = self._files or self._begin_part(frame.result)
        result = _renumbered(frame.result, self._statistics.frames, self._begin)
        files.write(result)
        if self._draw is not None:
            files.draw(self._draw(frame), result.timestamp)
        self._statistics.add(result)

    def _is_full(self, result: FrameResult) -> bool:
        if result.timestamp - self._begin >= self._parameters.record_seconds:
            return True
        if (result.width, result.height) != self._size:
            return True
        look = self._statistics.frames % _FRAMES_BETWEEN_LOOKS == 0
        return look and _bytes(self._part) * _PARTS_IN_THE_ROOM > self._parameters.record_bytes

    def _begin_part(self, result: FrameResult) -> ResultFiles:
        taken = [int(path.name.partition("-")[2]) for path in _parts(self._folder) if path.name[5:].isdecimal()]
        self._part = self._folder / _PART.format(max(taken, default=0) + 1)
        self._begin, self._statistics = result.timestamp, FrameStatistics()
        self._size = result.width, result.height
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
        parts = _parts(self._room, "**/")
        sizes = {part: _bytes(part) for part in parts}
        complete = sorted((part for part in parts if (part / RESULTS).exists()), key=_age)
        most = self._parameters.record_bytes * _KEPT
        while sum(sizes.values()) > most and complete and complete[0] != self._part:
            oldest = complete.pop(0)
            shutil.rmtree(oldest, ignore_errors=True)
            del sizes[oldest]

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


def _parts(folder: Path, below: str = "") -> list[Path]:
    return [path for path in folder.glob(f"{below}{_PARTS}") if path.is_dir()]


def _age(part: Path) -> tuple[float, str]:
    """Return what sorts complete parts by the time when they ended."""
    try:
        return (part / RESULTS).stat().st_mtime, part.name
    except OSError:  # another recording has just removed it
        return 0.0, part.name


def _bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # removed, or renamed to its final name, meanwhile
            continue
    return total

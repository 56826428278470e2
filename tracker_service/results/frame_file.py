"""What the result files that grow frame by frame have in common."""

from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tracker_service.errors import ResultsError
from tracker_service.results.frame_order import FrameOrder
from tracker_service.results.partial_file import PartialFile
from tracker_service.types import FrameResult


class FrameFile(ABC):
    """A result file that takes frames in order and gets its name only when the run is complete.

    As a context manager it closes as complete, or as incomplete when an exception passes through.

    Args:
        path: final path of the file; until then it is ``<name>.partial`` beside it.

    Raises:
        ResultsError: the file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self._file = PartialFile(path)
        self._order = FrameOrder()

    @property
    def frames(self) -> int:
        """Frames written so far."""
        return self._order.count

    @abstractmethod
    def write(self, result: FrameResult) -> object:
        """Append one frame.

        Raises:
            ContractError: the frame is not the next one, or it does not hold what it should; nothing is written.
            ResultsError: the file cannot be written.
        """

    def close(self, *, complete: bool, keep_partial: bool = True) -> None:
        """Rename the file when ``complete``; otherwise keep the partial file if it holds a frame and is wanted.

        Closing a closed file does nothing.
        """
        if self._file.closed:
            return
        try:
            if complete:
                self._end()
                self._file.commit()
            else:
                # The run has failed already, perhaps because nothing can be written: its error is the one to show.
                with suppress(ResultsError):
                    self._end()
        finally:
            self._file.abandon(keep=keep_partial and self.frames > 0)

    @abstractmethod
    def _end(self) -> None:
        """Write what belongs after the last frame."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(complete=kind is None)

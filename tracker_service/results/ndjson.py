"""``results.ndjson``: one frame a line, written while the video is still running."""

from collections.abc import Iterator
from pathlib import Path

from tracker_service.body.model import BodyModel
from tracker_service.errors import ResultsError
from tracker_service.results.frame_file import FrameFile
from tracker_service.results.person_json import frame_bytes
from tracker_service.results.records import FrameRecord, parse_frame
from tracker_service.types import FrameResult


class NdjsonWriter(FrameFile):
    """Writes frames to ``results.ndjson.partial`` and renames it to ``results.ndjson`` when the run is complete.

    Every frame reaches the operating system before `write` returns: when the process is killed, the partial file holds
    whole lines up to the last written frame (the very last line may be cut if the kill came inside the write).

    Args:
        path: final path of the file.
        body: adds ``mesh_vertices`` to every person; None leaves them out.

    Raises:
        ResultsError: the file cannot be created.
    """

    def __init__(self, path: Path, body: BodyModel | None = None) -> None:
        super().__init__(path)
        self._body = body

    def write(self, result: FrameResult) -> int:
        """Append one frame and return the bytes of its line; a field that is not finite is a `ContractError`."""
        line = frame_bytes(result, self._body) + b"\n"
        self._order.accept(result)
        self._file.write(line)
        return len(line)

    def _end(self) -> None:
        """A file of lines needs no end."""


def read_results(path: Path) -> Iterator[FrameRecord]:
    """Yield the frames of a results file one by one; memory does not grow with its length.

    Raises:
        ResultsError: the file cannot be read, a line is not a frame, or a frame is missing; the message starts with
            ``file:line``.
    """
    try:
        with path.open("rb") as stream:
            expected: int | None = None
            for line_number, line in enumerate(stream, start=1):
                where = f"{path}:{line_number}"
                frame = parse_frame(line, where)
                if expected is not None and frame.frame_number != expected:
                    raise ResultsError(f"{where}: expected frame {expected}, got frame {frame.frame_number}")
                expected = frame.frame_number + 1
                yield frame
    except OSError as error:
        raise ResultsError(f"{path}: expected a readable results file, got {error.strerror or error}") from error

"""A folder of results as a run to view, also while it is being written."""

from pathlib import Path

from tracker_service.errors import ResultsError
from tracker_service.results.partial_file import PARTIAL_SUFFIX
from tracker_service.results.recorded_run import RecordedRun
from tracker_service.results.result_files import OVERLAY, RESULTS
from tracker_service.types.shown_text import as_file_name
from tracker_service.viewer.viewed_run import ViewedRun, ViewedVideo, playable

_BLOCK = 1 << 20


class RunFolder:
    """Finds lines of ``results.ndjson``, or of the file it has while it is written, without reading the others.

    Args:
        path: the folder, or a results file in it.

    Raises:
        ResultsError: there are no results.
    """

    def __init__(self, path: Path) -> None:
        self._folder = path.parent if path.is_file() else path
        self._starts = [0]
        """Where every line begins, and where the next one will."""
        self._lines: Path | None = None
        self._final = False
        self._find()

    def run(self) -> ViewedRun:
        """Return the run as it is now."""
        if not self._final:
            self._find()
        return ViewedRun(self._folder.name, len(self._starts) - 1, self._final, self._read, self._videos())

    def _find(self) -> None:
        whole, partial = self._folder / RESULTS, self._folder / f"{RESULTS}{PARTIAL_SUFFIX}"
        # The partial file becomes the whole one: what is known of its lines stays true.
        self._final = whole.is_file() and not partial.is_file()
        self._lines = whole if self._final else partial
        try:
            with self._lines.open("rb") as file:
                file.seek(self._starts[-1])
                position = self._starts[-1]
                while block := file.read(_BLOCK):
                    end = -1
                    while (end := block.find(b"\n", end + 1)) >= 0:
                        self._starts.append(position + end + 1)
                    position += len(block)
        except OSError as error:
            raise ResultsError(f"view: expected {RESULTS} in {self._folder}, got {error.strerror or error}") from error

    def _read(self, start: int, limit: int) -> list[bytes]:
        end = min(start + limit, len(self._starts) - 1)
        if self._lines is None or start >= end:
            return []
        try:
            path = self._lines if self._lines.exists() else self._folder / RESULTS
            with path.open("rb") as file:
                file.seek(self._starts[start])
                return file.read(self._starts[end] - self._starts[start]).splitlines()
        except OSError as error:
            raise ResultsError(f"{self._lines}: expected a readable file, got {error.strerror or error}") from error

    def _videos(self) -> tuple[ViewedVideo, ...]:
        overlay = self._folder / OVERLAY
        found = (ViewedVideo("overlay", lambda: overlay.open("rb"), "video/mp4"),) if overlay.is_file() else ()
        try:
            recorded = RecordedRun.of(self._folder)
        except ResultsError:
            return found
        # An overlay of a constant rate does not keep the times of the frames.
        timed = recorded.settings.get("render", {}).get("fps") is None
        return (*self._source(recorded.source), *(found if timed else ()))

    @staticmethod
    def _source(source: str) -> tuple[ViewedVideo, ...]:
        path = next((found for name in (source, as_file_name(source)) if (found := Path(name)).is_file()), None)
        media_type = None if path is None else playable(path)
        if path is None or media_type is None:
            return ()
        return (ViewedVideo("video", lambda: path.open("rb"), media_type),)

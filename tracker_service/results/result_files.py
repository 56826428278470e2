"""The one writer of result files: those of a whole run, and those of one chunk of a job."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tracker_service.body.model import BodyModel
from tracker_service.errors import ResultsError
from tracker_service.results.ndjson import NdjsonWriter
from tracker_service.results.partial_file import PARTIAL_SUFFIX
from tracker_service.results.phalp_pickle import FramePath, PhalpPickleWriter
from tracker_service.types import FrameResult, UInt8
from tracker_service.video.writer import VideoWriter

RESULTS, TRACKS, OVERLAY = "results.ndjson", "tracks.pkl", "overlay.mp4"
REPORT, SUMMARY, VIEWER = "summary.html", "summary.json", "viewer.html"


def remove_leftovers(folder: Path) -> None:
    """Remove what a run that was interrupted or killed has left in the folder: files that never got their name.

    Raises:
        ResultsError: a file cannot be removed.
    """
    names = [f"{name}{PARTIAL_SUFFIX}" for name in (RESULTS, TRACKS, OVERLAY, REPORT, SUMMARY, VIEWER)]
    # Hidden files with random names: earlier versions wrote the overlay so.
    leftovers = [*(folder / name for name in names), *folder.glob(f".{OVERLAY}.*.part")]
    try:
        for path in leftovers:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(f"{folder}: expected to remove leftovers of a run, got {error.strerror or error}") from error


@dataclass(frozen=True, slots=True)
class ResultPaths:
    """Where the files of a run, or of a part of one, are.

    Attributes:
        lines: one frame a line.
        tracks: PHALP's layout.
        overlay: the video with the people drawn into it.
    """

    lines: Path
    tracks: Path
    overlay: Path

    @classmethod
    def of_run(cls, folder: Path) -> Self:
        """Return the names that the files of a whole run have."""
        return cls(folder / RESULTS, folder / TRACKS, folder / OVERLAY)


class ResultFiles:
    """Writes consecutive frames into the three files, which get their names when all frames are in them.

    As a context manager: left normally it completes the files; left by an error it keeps what is readable of the
    lines and the tracks under a ``.partial`` name.

    Args:
        paths: where they go; the folder is made when missing.
        frame_path: names frames in the tracks.
        overlay_rate: nominal frames a second of the overlay.
        constant_rate: the overlay's frames come at that rate instead of at their own times.
        mesh: adds mesh vertices to the lines and the tracks (about 100 kB a person and frame), None leaves them out.
        first: index of the first frame, where the frames before it are in other files.

    Raises:
        ResultsError: a file cannot be created.
    """

    def __init__(
        self,
        paths: ResultPaths,
        *,
        frame_path: FramePath,
        overlay_rate: float,
        constant_rate: bool = False,
        mesh: BodyModel | None = None,
        first: int = 0,
    ) -> None:
        self._paths, self._rate, self._constant_rate = paths, overlay_rate, constant_rate
        self._lines = NdjsonWriter(paths.lines, mesh)
        try:
            self._tracks = PhalpPickleWriter(paths.tracks, frame_path, first, mesh)
        except BaseException:
            self._lines.close(complete=False)
            raise
        self._overlay: VideoWriter | None = None

    def write(self, result: FrameResult) -> int:
        """Append a frame to the lines and the tracks; returns the bytes of its line."""
        written = self._lines.write(result)
        self._tracks.write(result)
        return written

    def draw(self, picture: UInt8, timestamp: float) -> None:
        """Append a frame to the overlay.

        Args:
            picture: (H, W, 3) uint8 RGB.
            timestamp: seconds, of the frame; not used at a constant rate.
        """
        if self._overlay is None:
            height, width = picture.shape[:2]
            self._overlay = VideoWriter(self._paths.overlay, width=width, height=height, fps=self._rate)
        self._overlay.write(picture, None if self._constant_rate else timestamp)

    def complete(self) -> None:
        """Give all files their names; they are on the disk then."""
        self._lines.close(complete=True)
        self._tracks.close(complete=True)
        if self._overlay is not None:
            self._overlay.close()

    def abandon(self, *, keep_partial: bool) -> None:
        """Close files that are not complete; completed ones stay as they are."""
        try:
            self._lines.close(complete=False, keep_partial=keep_partial)
            self._tracks.close(complete=False, keep_partial=keep_partial)
        finally:
            if self._overlay is not None:
                self._overlay.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.complete()
        else:
            self.abandon(keep_partial=True)

"""Writes the frames of one chunk."""

from contextlib import ExitStack, suppress

from tracker_service.jobs.chunks.chunk import Chunk, ChunkFiles, sync_file
from tracker_service.jobs.messages import FrameCounts
from tracker_service.results.frame_statistics import FrameStatistics
from tracker_service.results.partial_file import PartialFile
from tracker_service.results.person_json import frame_bytes
from tracker_service.results.phalp_pickle import FramePath, phalp_frame
from tracker_service.results.pickle_segments import PickleSegment
from tracker_service.types import FrameResult, PersonState, UInt8
from tracker_service.video.writer import VideoWriter


class ChunkWriter:
    """Files of one chunk, growing frame by frame under temporary names.

    Args:
        files: where they go.
        number: of the chunk.
        before: the chunk before it, None for the first.
        frame_path: names frames in `tracks.pkl`.
        overlay_rate: nominal frames a second of the overlay.
    """

    def __init__(
        self, files: ChunkFiles, number: int, before: Chunk | None, frame_path: FramePath, overlay_rate: float
    ) -> None:
        self._files, self._number = files, number
        self._first_line = 0 if before is None else before.first_line + before.lines
        self._first_byte = 0 if before is None else before.first_byte + before.bytes
        self._frame_path, self._rate = frame_path, overlay_rate
        self._offsets = [0]
        self._counts = FrameCounts()
        self._overlay: VideoWriter | None = None
        self._overlay_from: float | None = None
        self._lines = PartialFile(files.lines(number))
        self._tracks_file = PartialFile(files.tracks(number))
        self._tracks = PickleSegment(self._tracks_file.write)

    def write(self, result: FrameResult, statistics: FrameStatistics) -> None:
        """Append a frame.

        Args:
            result: the frame.
            statistics: of the whole run; the frame is counted in it.
        """
        line = frame_bytes(result) + b"\n"
        index = self._first_line + len(self._offsets) - 1
        self._lines.write(line)
        self._offsets.append(self._offsets[-1] + len(line))
        path = self._frame_path(index)
        self._tracks.add(path, phalp_frame(result, index, path))
        statistics.add(result)
        self._count(result, begun=statistics.seen > 0)

    def draw(self, picture: UInt8, timestamp: float) -> None:
        """Append a frame of the overlay."""
        if self._overlay is None:
            height, width = picture.shape[:2]
            path = self._files.overlay(self._number)
            self._overlay = VideoWriter(path, width=width, height=height, fps=self._rate)
            self._overlay_from = timestamp
        self._overlay.write(picture, timestamp)

    def finish(self, *, last: bool) -> Chunk:
        """Put all files on the disk, under their names; they count once the chunk is committed."""
        check = self._tracks.finish()
        self._lines.commit()
        self._tracks_file.commit()
        if self._overlay is not None:
            self._overlay.close()
            sync_file(self._overlay.path)
        return Chunk(
            self._number,
            self._first_line,
            self._first_byte,
            tuple(self._offsets),
            check,
            self._overlay_from,
            last,
            self._counts,
        )

    def abandon(self) -> None:
        """Close and forget the files."""
        with ExitStack() as stack, suppress(OSError):
            stack.callback(self._lines.abandon, keep=False)
            stack.callback(self._tracks_file.abandon, keep=False)
            if self._overlay is not None:
                stack.callback(self._overlay.abort)

    def _count(self, result: FrameResult, *, begun: bool) -> None:
        counts, persons = self._counts, result.persons
        seen = sum(person.state is PersonState.SEEN for person in persons)
        self._counts = FrameCounts(
            counts.frames + 1,
            counts.expected + begun,
            counts.covered + (begun and bool(persons)),
            counts.seen + seen,
            counts.predicted + len(persons) - seen,
        )

"""Writes a stream of tracked frames as chunks, and commits one at every border of the stream."""

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import orjson

from tracker_service.errors import DiskFullError
from tracker_service.jobs.chunks.chunk import Chunk, ChunkFiles, sync_file
from tracker_service.jobs.chunks.run_record import RunRecord
from tracker_service.jobs.disk import free_bytes
from tracker_service.jobs.messages import Committed, FrameCounts, Progressed
from tracker_service.pipeline.border_file import save_border
from tracker_service.pipeline.recorder import TrackedFrame
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.tracking import Border
from tracker_service.results.partial_file import write_whole
from tracker_service.results.phalp_pickle import FramePath
from tracker_service.results.result_files import ResultFiles
from tracker_service.types import FrameResult, PersonState, UInt8


@dataclass(frozen=True, slots=True)
class ChunkOptions:
    """How chunks are written.

    Attributes:
        frame_path: names frames in `tracks.pkl`.
        overlay_rate: nominal frames a second of the overlay.
        constant_rate: whether the overlay's frames come at that rate instead of at their own times.
        free_bytes: disk space to leave free.
    """

    frame_path: FramePath
    overlay_rate: float
    constant_rate: bool
    free_bytes: int


class ChunkTracking:
    """Turns frames and borders into committed chunks.

    Args:
        files: where they go.
        before: the last committed chunk, None at the beginning.
        record: of the run up to there.
        options: how they are written.
        guard: is called before every commit; raises where this worker may not commit.
        report: is told about commits and progress.
        times: counts busy seconds of this worker.
    """

    def __init__(
        self,
        files: ChunkFiles,
        before: Chunk | None,
        record: RunRecord,
        options: ChunkOptions,
        *,
        guard: Callable[[], None],
        report: Callable[[Committed | Progressed], None],
        times: StageTimes,
    ) -> None:
        self._files, self._before, self._record, self._options = files, before, record, options
        self._guard, self._report, self._times = guard, report, times
        self._started = time.monotonic()
        self._begin()

    def write(
        self,
        stream: Generator[tuple[TrackedFrame | Border, UInt8 | None], None, None],
        notes: Callable[[Border], dict[str, Any]],
        warnings: Callable[[], tuple[str, ...]],
    ) -> None:
        """Write everything, up to the end of the stream.

        Args:
            stream: frames with their pictures, and borders between them.
            notes: what to remember with a border.
            warnings: what is known of the source so far.

        Raises:
            DiskFullError: less room is left than there should be; all chunks up to now are committed.
        """
        try:
            with closing(stream) as items:
                for item, picture in items:
                    if isinstance(item, Border):
                        self._commit_border(item, notes(item), warnings())
                    else:
                        self._add(item.result, picture)
            self._commit_end(warnings())
        finally:
            self._results.abandon(keep_partial=False)

    def _begin(self) -> None:
        before, options = self._before, self._options
        self._number = 0 if before is None else before.number + 1
        self._first_line = 0 if before is None else before.first_line + before.lines
        self._offsets = [0]
        self._counts = FrameCounts()
        self._overlay_from: float | None = None
        self._results = ResultFiles(
            self._files.results(self._number),
            frame_path=options.frame_path,
            overlay_rate=options.overlay_rate,
            constant_rate=options.constant_rate,
            first=self._first_line,
        )

    def _add(self, result: FrameResult, picture: UInt8 | None) -> None:
        statistics = self._record.statistics
        with self._times.measure("results"):
            self._offsets.append(self._offsets[-1] + self._results.write(result))
            statistics.add(result)
            self._counts = _counted(self._counts, result, begun=statistics.seen > 0)
        if picture is not None:
            with self._times.measure("encoding"):
                options, index = self._options, statistics.frames - 1
                timestamp = index / options.overlay_rate if options.constant_rate else result.timestamp
                self._overlay_from = timestamp if self._overlay_from is None else self._overlay_from
                self._results.draw(picture, timestamp)
        self._report(Progressed(statistics.frames))

    def _commit_border(self, border: Border, notes: dict[str, Any], warnings: tuple[str, ...]) -> None:
        with self._times.measure("committing"):
            chunk = self._completed(last=False)
            self._guard()
            record = self._record_now(warnings)
            save_border(self._files.border(chunk.number), border, {**notes, "record": record.to_json()})
            self._commit(chunk)
            if chunk.number:
                self._files.border(chunk.number - 1).unlink(missing_ok=True)
        least = self._options.free_bytes
        if (room := free_bytes(self._files.folder)) < least:
            raise DiskFullError(f"results: expected {least >> 20} MiB of free disk, got {room >> 20} MiB")
        self._begin()

    def _commit_end(self, warnings: tuple[str, ...]) -> None:
        chunk = self._completed(last=True)
        self._guard()
        values = {"chunks": chunk.number + 1, "record": self._record_now(warnings).to_json()}
        write_whole(self._files.end, orjson.dumps(values))
        self._commit(chunk)

    def _completed(self, *, last: bool) -> Chunk:
        """Put the files of the chunk on the disk, under their names; they count once the chunk is committed."""
        self._results.complete()
        if self._overlay_from is not None:
            sync_file(self._files.results(self._number).overlay)
        before = self._before
        return Chunk(
            self._number,
            self._first_line,
            0 if before is None else before.first_byte + before.bytes,
            tuple(self._offsets),
            self._overlay_from,
            last,
            self._counts,
            self._files.seals(self._number),
        )

    def _commit(self, chunk: Chunk) -> None:
        self._guard()
        self._files.commit(chunk)
        self._before = chunk
        self._report(Committed(chunk.number, chunk.first_line + chunk.lines, chunk.last, chunk.counts))

    def _record_now(self, warnings: tuple[str, ...]) -> RunRecord:
        return self._record.later(time.monotonic() - self._started, self._times.seconds(), warnings)


def _counted(counts: FrameCounts, result: FrameResult, *, begun: bool) -> FrameCounts:
    states = [person.state for person in result.persons]
    return FrameCounts(
        counts.frames + 1,
        counts.expected + begun,
        counts.covered + (begun and bool(result.persons)),
        counts.seen + states.count(PersonState.SEEN),
        counts.predicted + states.count(PersonState.PREDICTED),
        counts.lost + states.count(PersonState.LOST),
    )

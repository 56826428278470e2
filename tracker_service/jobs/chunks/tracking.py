"""Writes a stream of finished frames as chunks, and commits one at every border of the stream."""

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any, Protocol

import orjson

from tracker_service.errors import DiskFullError
from tracker_service.jobs.chunks.chunk import Chunk, ChunkFiles
from tracker_service.jobs.chunks.run_record import RunRecord
from tracker_service.jobs.chunks.writer import ChunkWriter
from tracker_service.jobs.disk import free_bytes
from tracker_service.jobs.messages import Committed, Progressed
from tracker_service.pipeline.border_file import save_border
from tracker_service.pipeline.overlap import map_in_order
from tracker_service.pipeline.recorder import FinishedFrame
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.tracking import Border
from tracker_service.results.partial_file import write_whole
from tracker_service.results.phalp_pickle import FramePath
from tracker_service.types import UInt8

_DRAWN_AHEAD = 2


class CommitGuard(Protocol):
    """Says whether this worker may commit."""

    def __call__(self) -> None:
        """Raise an error of the tree where it may not."""
        ...


class ChunkTracking:
    """Turns frames and borders into committed chunks.

    Args:
        files: where they go.
        before: the last committed chunk, None at the beginning.
        record: of the run up to there.
        frame_path: names frames in `tracks.pkl`.
        overlay_rate: nominal frames a second of the overlay.
        constant_rate: whether the overlay's frames come at that rate instead of at their own times.
        free_bytes: disk space to leave free.
        guard: is asked before every commit.
        report: is told about commits and progress.
        times: counts busy seconds of this worker.
    """

    def __init__(
        self,
        files: ChunkFiles,
        before: Chunk | None,
        record: RunRecord,
        *,
        frame_path: FramePath,
        overlay_rate: float,
        constant_rate: bool,
        free_bytes: int,
        guard: CommitGuard,
        report: Callable[[Committed | Progressed], None],
        times: StageTimes,
    ) -> None:
        self._files, self._before, self._record = files, before, record
        self._frame_path, self._rate, self._constant_rate = frame_path, overlay_rate, constant_rate
        self._free_bytes, self._guard, self._report, self._times = free_bytes, guard, report, times
        self._started = time.monotonic()
        self._writer = self._next_writer()

    def write(
        self,
        stream: Iterable[FinishedFrame | Border],
        draw: Callable[[FinishedFrame], UInt8 | None],
        notes: Callable[[Border], dict[str, Any]],
        warnings: Callable[[], tuple[str, ...]],
    ) -> None:
        """Write everything, up to the end of the stream.

        Args:
            stream: frames, and borders between them.
            draw: draws a frame of the overlay, in a thread of its own; None for frames without one.
            notes: what to remember with a border.
            warnings: what is known of the source so far.

        Raises:
            DiskFullError: less room is left than there should be; all chunks up to now are committed.
        """

        def drawn(item: FinishedFrame | Border) -> tuple[FinishedFrame | Border, UInt8 | None]:
            return item, None if isinstance(item, Border) else draw(item)

        try:
            with closing(map_in_order(drawn, stream, workers=1, in_flight=_DRAWN_AHEAD)) as items:
                for item, picture in items:
                    if isinstance(item, Border):
                        self._commit_border(item, notes(item), warnings())
                    else:
                        self._add(item, picture)
            self._commit_end(warnings())
        finally:
            self._writer.abandon()

    def _add(self, frame: FinishedFrame, picture: UInt8 | None) -> None:
        statistics = self._record.statistics
        with self._times.measure("results"):
            self._writer.write(frame.result, statistics)
        if picture is not None:
            with self._times.measure("encoding"):
                timestamp = (statistics.frames - 1) / self._rate if self._constant_rate else frame.result.timestamp
                self._writer.draw(picture, timestamp)
        self._report(Progressed(statistics.frames))

    def _commit_border(self, border: Border, notes: dict[str, Any], warnings: tuple[str, ...]) -> None:
        with self._times.measure("committing"):
            chunk = self._writer.finish(last=False)
            self._guard()
            record = self._record_now(warnings)
            save_border(self._files.border(chunk.number), border, {**notes, "record": record.to_json()})
            self._commit(chunk)
            if chunk.number:
                self._files.border(chunk.number - 1).unlink(missing_ok=True)
        if (room := free_bytes(self._files.folder)) < self._free_bytes:
            raise DiskFullError(f"results: expected {self._free_bytes >> 20} MiB of free disk, got {room >> 20} MiB")
        self._writer = self._next_writer()

    def _commit_end(self, warnings: tuple[str, ...]) -> None:
        chunk = self._writer.finish(last=True)
        self._guard()
        values = {"chunks": chunk.number + 1, "record": self._record_now(warnings).to_json()}
        write_whole(self._files.end, orjson.dumps(values))
        self._commit(chunk)

    def _commit(self, chunk: Chunk) -> None:
        self._guard()
        self._files.commit(chunk)
        self._before = chunk
        self._report(Committed(chunk.number, chunk.first_line + chunk.lines, chunk.last, chunk.counts))

    def _record_now(self, warnings: tuple[str, ...]) -> RunRecord:
        return self._record.later(time.monotonic() - self._started, self._times.seconds(), warnings)

    def _next_writer(self) -> ChunkWriter:
        number = 0 if self._before is None else self._before.number + 1
        return ChunkWriter(self._files, number, self._before, self._frame_path, self._rate)

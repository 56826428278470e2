"""The work of a worker: from a task to committed chunks and complete result files."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from typing import Any

import orjson

from tracker_service.assembly import build_tracker, load_body, models_of, open_client, settings_in_use
from tracker_service.body.model import BodyModel
from tracker_service.drawing.overlay import draw_overlay
from tracker_service.drawing.style import OverlayStyle
from tracker_service.errors import JobError, TrackerStateError, VideoError
from tracker_service.inference.client import InferenceClient
from tracker_service.jobs.chunk_tracking import ChunkTracking
from tracker_service.jobs.chunks import Chunk, ChunkFiles
from tracker_service.jobs.fence import Fence
from tracker_service.jobs.frame_marks import FrameMarker, FrameMarks
from tracker_service.jobs.identity import SourceChange
from tracker_service.jobs.messages import Completed, Message, Opened, Progressed, Restored, Resumed, Waiting
from tracker_service.jobs.patience import PatientClient
from tracker_service.jobs.reopening import Reopening, SourceChangedError
from tracker_service.jobs.run_record import RunRecord
from tracker_service.jobs.stitching import stitch
from tracker_service.jobs.task import WorkerTask
from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.border_file import load_border
from tracker_service.pipeline.frames import Overlap, observe_frames
from tracker_service.pipeline.outputs import SUMMARY
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.recorder import FinishedFrame, OpenFrame, Recorder
from tracker_service.pipeline.stage_times import StageTimes, busy_shares
from tracker_service.pipeline.tracking import Border, track_between_borders
from tracker_service.results.phalp_pickle import extracted_frame_path
from tracker_service.results.summary import Summary
from tracker_service.settings import load_settings
from tracker_service.types import Frame, UInt8
from tracker_service.video.source import FrameSource, Position, open_source

_SERVER_BUDGET = 20.0
"""Seconds that a call to the inference server may be repeated before the job says that it waits."""
_READ_AGAIN = 8
"""Frames before a border that are read again: to recognise the video, and for the shot detector (it needs 6)."""
_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Start:
    """Where a worker begins.

    Attributes:
        source: the open video; None where its rest cannot be read any more.
        frames: its frames, from some before ``next_frame`` on.
        tracker, recorder: as they were before ``next_frame``.
        rate: frames a second.
        record, before: the run up to there and its last chunk.
    """

    source: FrameSource | None
    frames: Iterator[Frame]
    tracker: Tracker
    rate: float
    recorder: Recorder = field(default_factory=Recorder)
    next_frame: int = 0
    record: RunRecord = field(default_factory=RunRecord)
    before: Chunk | None = None


class VideoJob:
    """Does a job, or what earlier workers have left of it.

    Args:
        task: the job.
        report: takes messages for the service; may be called from several threads.
    """

    def __init__(self, task: WorkerTask, report: Callable[[Message], None]) -> None:
        self._task, self._report = task, report
        settings = load_settings(dict(task.settings))
        self._settings = settings
        self._files = ChunkFiles(task.folder / "chunks")
        self._times = StageTimes()
        self._end = None if task.max_frames is None else Position(frame=task.max_frames)
        drawn = task.overlay and settings.render.enable
        self._style = OverlayStyle.from_render_type(settings.render.type) if drawn else None
        self._warning: str | None = None

    def run(self) -> None:
        """Commit the remaining chunks and write the result files.

        Raises:
            PhalpTritonError: any of the tree.
        """
        with Fence(self._task.folder / "worker.lock") as fence:
            if not self._ended():
                self._track(fence)
            if not (self._task.folder / SUMMARY).exists():
                self._finish()
            self._files.clear(keep_end=True)
        self._report(Completed())

    def _ended(self) -> bool:
        """Tell whether all chunks are committed; the service is told how many are."""
        count = self._files.count()
        if self._files.end.exists():
            end = orjson.loads(self._files.end.read_bytes())
            if end["chunks"] == count or (self._task.folder / SUMMARY).exists():
                self._report(Restored(end["chunks"] - 1, end["record"]["statistics"]["frames"], last=True))
                return True
        if count:
            chunk = self._files.read(count - 1)
            self._report(Restored(chunk.number, chunk.first_line + chunk.lines, last=False))
        return False

    def _track(self, fence: Fence) -> None:
        settings, body = self._settings, load_body(self._settings)
        with closing(self._client()) as client:
            start = self._start(client, body)
            marker = FrameMarker(self._task.chunk_frames, _READ_AGAIN)
            with start.source or nullcontext():
                chunks = self._chunks(start, fence)
                perception = Perception(
                    client,
                    models_of(settings),
                    second_pass=settings.phalp.second_pass,
                    keep_images=self._style is not None,
                    times=self._times,
                )
                observations = observe_frames(
                    marker.watch(start.frames),
                    perception,
                    Overlap(settings.pipeline.window, settings.inference.workers, settings.pipeline.in_flight),
                    detect_shots=settings.detect_shots,
                    times=self._times,
                    first=start.next_frame,
                )
                stream = track_between_borders(
                    observations, start.tracker, start.recorder, self._times, every=self._task.chunk_frames
                )

                def warnings() -> tuple[str, ...]:
                    return self._warnings(start.source)

                def notes(border: Border) -> dict[str, Any]:
                    marks = marker.take(border.next_frame).to_json()
                    return {"marks": marks, "rate": start.rate, "damaged": bool(start.source and start.source.warnings)}

                chunks.write(stream, lambda frame: self._draw(frame, body), notes, warnings)

    def _client(self) -> PatientClient:
        inference = self._settings.inference
        budget = min(inference.budget_seconds, _SERVER_BUDGET)
        hasty = self._settings.model_copy(update={"inference": inference.model_copy(update={"budget_seconds": budget})})
        return PatientClient(
            open_client(hasty), lambda reason: self._report(Waiting(reason)), lambda: self._report(Resumed())
        )

    def _chunks(self, start: _Start, fence: Fence) -> ChunkTracking:
        constant = self._settings.render.fps

        def guard() -> None:
            fence.check()
            self._check_source()

        return ChunkTracking(
            self._files,
            start.before,
            start.record,
            frame_path=extracted_frame_path(self._task.shown_source),
            overlay_rate=constant or start.rate,
            constant_rate=constant is not None,
            free_bytes=self._task.free_bytes,
            guard=guard,
            report=self._report,
            times=self._times,
        )

    def _start(self, client: InferenceClient, body: BodyModel) -> _Start:
        count = self._files.count()
        if count:
            try:
                border, notes = load_border(self._files.border(count - 1))
                tracker = build_tracker(self._settings, client, body, border.tracker)
            except TrackerStateError as error:
                _logger.warning("the job starts anew: %s", error)
            else:
                return self._resume(border, notes, tracker, self._files.read(count - 1))
        self._files.clear()
        change = self._check_source()
        if change is SourceChange.GONE:
            raise JobError("video: expected the submitted file, got none: it was removed before it was read")
        source = open_source(self._task.source, end=self._end, threads=self._settings.inference.decoder_threads)
        self._report(Opened(source.info.frames_estimate))
        return _Start(source, iter(source), build_tracker(self._settings, client, body), source.info.fps)

    def _resume(self, border: Border, notes: dict[str, Any], tracker: Tracker, before: Chunk) -> _Start:
        record, marks, first = (
            RunRecord.from_json(notes["record"]),
            FrameMarks.from_json(notes["marks"]),
            border.next_frame,
        )
        change = self._check_source()
        times = dict(marks.times)
        if self._style is not None:
            times |= {frame.frame_number: frame.timestamp for frame in border.open_frames}
        reopening = Reopening(
            self._task.source,
            self._end,
            self._settings.inference.decoder_threads,
            next_frame=first,
            first_needed=min(times),
            start_time=times[min(times)],
            marks=marks,
            damaged=bool(notes["damaged"]),
        )
        images: dict[int, UInt8] = {}
        frames: Iterator[Frame] = iter(())
        source = None
        try:
            reopened = reopening.open(lambda: self._report(Progressed(record.statistics.frames)))
        except (VideoError, SourceChangedError) as error:
            if change not in (SourceChange.SHRUNK, SourceChange.GONE):
                raise
            self._warning = f"the file could not be read behind frame {first - 1} any more: {error}"
        else:
            source, frames = reopened.source, reopened.frames(first - _READ_AGAIN)
            images = {frame.number: frame.image for frame in reopened.again}
        recorder = Recorder(OpenFrame(frame, images.get(frame.frame_number)) for frame in border.open_frames)
        return _Start(source, frames, tracker, float(notes["rate"]), recorder, first, record, before)

    def _check_source(self) -> SourceChange:
        """Say what became of the video; raise `JobError` where it is another one now."""
        identity = self._task.identity
        change = SourceChange.NONE if identity is None else identity.change(self._task.source)
        if change is SourceChange.REPLACED:
            raise JobError("video: expected the submitted file, got another one: it was replaced before it was read")
        return change

    def _warnings(self, source: FrameSource | None) -> tuple[str, ...]:
        found = [] if source is None else list(source.warnings)
        change = self._check_source()
        if change in (SourceChange.SHRUNK, SourceChange.GROWN):
            found.append(f"the file has {change.name.lower()} since it was submitted")
        return (*found, *(() if self._warning is None else (self._warning,)))

    def _draw(self, frame: FinishedFrame, body: BodyModel) -> UInt8 | None:
        if self._style is None or frame.image is None:
            return None
        with self._times.measure("drawing"):
            return draw_overlay(frame.image, frame.result, body=body, style=self._style)

    def _finish(self) -> None:
        end = orjson.loads(self._files.end.read_bytes())
        record = RunRecord.from_json(end["record"])
        frames = record.statistics.frames
        stitch(self._task.folder, self._files, end["chunks"], lambda: self._report(Progressed(frames)))
        summary = Summary.of_run(
            record.statistics,
            source=self._task.shown_source,
            model_set=self._settings.model_set,
            elapsed=record.elapsed,
            stages=record.stages,
            busy=busy_shares(record.stages, record.elapsed, workers=self._settings.inference.workers),
            settings=settings_in_use(self._settings),
            warnings=record.warnings,
        )
        summary.write(self._task.folder / SUMMARY)

"""The work of a worker: from a task to committed chunks and complete result files."""

import logging
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from typing import Any

import orjson

from tracker_service.body.model import BodyModel
from tracker_service.drawing.overlay import draw_overlay
from tracker_service.drawing.style import OverlayStyle
from tracker_service.errors import TrackerStateError
from tracker_service.inference.client import InferenceClient
from tracker_service.jobs.chunks.chunk import ChunkFiles
from tracker_service.jobs.chunks.run_record import RunRecord
from tracker_service.jobs.chunks.stitching import stitch
from tracker_service.jobs.chunks.tracking import ChunkTracking
from tracker_service.jobs.folder import JobDefinition
from tracker_service.jobs.messages import Completed, Message, Opened, Progressed, Restored, Resumed, Waiting
from tracker_service.jobs.worker.fence import Fence
from tracker_service.jobs.worker.frame_marks import FrameMarker
from tracker_service.jobs.worker.source_watch import SourceWatch
from tracker_service.jobs.worker.starting import READ_AGAIN, Start, Starting
from tracker_service.jobs.worker.task import WorkerTask
from tracker_service.jobs.worker.waiting_client import WaitingClient
from tracker_service.pipeline.border_file import load_border
from tracker_service.pipeline.frames import Overlap, observe_frames
from tracker_service.pipeline.outputs import SUMMARY
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.recorder import FinishedFrame
from tracker_service.pipeline.second_reading import with_images
from tracker_service.pipeline.stage_times import StageTimes, busy_shares
from tracker_service.pipeline.tracking import Border, track_between_borders
from tracker_service.refinement.stream import refine_frames
from tracker_service.results.phalp_pickle import extracted_frame_path
from tracker_service.results.summary import Summary
from tracker_service.settings import load_settings
from tracker_service.types import UInt8
from tracker_service.wiring.assembly import (
    build_refiner,
    build_tracker,
    load_body,
    models_of,
    open_client,
    settings_in_use,
)

_SERVER_BUDGET = 20.0
"""Seconds that a call to the inference server may be repeated before the job says that it waits."""
_logger = logging.getLogger(__name__)


class VideoJob:
    """Does a job, or what earlier workers have left of it.

    Args:
        task: where the job is, and what its service decides.
        job: what was submitted.
        report: takes messages for the service; may be called from several threads.
    """

    def __init__(self, task: WorkerTask, job: JobDefinition, report: Callable[[Message], None]) -> None:
        self._task, self._job, self._report = task, job, report
        settings = load_settings({**job.settings, **task.computing})
        if job.request.refine:
            settings = settings.model_copy(
                update={"refinement": settings.refinement.model_copy(update={"enable": True})}
            )
        self._settings = settings
        self._files = ChunkFiles(task.folder / "chunks")
        self._times = StageTimes()
        drawn = job.request.overlay and settings.render.enable
        self._style = OverlayStyle.from_render_type(settings.render.type) if drawn else None
        self._keep_images = drawn and not settings.refinement.enable
        self._watch = SourceWatch(job.request.source, job.identity)

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
        body = load_body(self._settings)
        with ExitStack() as opened:
            client = opened.enter_context(closing(self._client()))
            start = opened.enter_context(closing(self._start(client, body)))
            marker = FrameMarker(self._job.chunk_frames, READ_AGAIN)
            stream = self._stream(start, client, marker)
            refiner = build_refiner(self._settings, body, start.rate, start.held)
            if refiner is not None:
                stream = refine_frames(stream, refiner)
            if refiner is not None and self._style is not None and start.source is not None:
                stream = with_images(stream, opened.enter_context(self._starting().late_images(start)))

            def notes(border: Border) -> dict[str, Any]:
                damaged = start.damaged or bool(start.source and start.source.warnings)
                return {"marks": marker.take(border.next_frame).to_json(), "rate": start.rate, "damaged": damaged}

            self._chunks(start, fence).write(
                stream,
                lambda frame: self._draw(frame, body),
                notes,
                lambda: self._watch.warnings(start.source),
            )

    def _stream(
        self, start: Start, client: InferenceClient, marker: FrameMarker
    ) -> Generator[FinishedFrame | Border, None, None]:
        settings = self._settings
        perception = Perception(
            client,
            models_of(settings),
            second_pass=settings.phalp.second_pass,
            keep_images=self._keep_images,
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
        return track_between_borders(
            observations, start.tracker, start.recorder, self._times, every=self._job.chunk_frames
        )

    def _client(self) -> WaitingClient:
        inference = self._settings.inference
        budget = min(inference.budget_seconds, _SERVER_BUDGET)
        hasty = self._settings.model_copy(update={"inference": inference.model_copy(update={"budget_seconds": budget})})
        return WaitingClient(
            open_client(hasty), lambda reason: self._report(Waiting(reason)), lambda: self._report(Resumed())
        )

    def _chunks(self, start: Start, fence: Fence) -> ChunkTracking:
        constant = self._settings.render.fps

        def guard() -> None:
            fence.check()
            self._watch.check()

        return ChunkTracking(
            self._files,
            start.before,
            start.record,
            frame_path=extracted_frame_path(self._job.request.shown_source),
            overlay_rate=constant or start.rate,
            constant_rate=constant is not None,
            free_bytes=self._task.free_bytes,
            guard=guard,
            report=self._report,
            times=self._times,
        )

    def _start(self, client: InferenceClient, body: BodyModel) -> Start:
        count = self._files.count()
        if count:
            try:
                border, notes = load_border(self._files.border(count - 1))
                tracker = build_tracker(self._settings, client, body, border.tracker)
            except TrackerStateError as error:
                _logger.warning("the job starts anew: %s", error)
            else:
                return self._starting().go_on(border, notes, tracker, self._files.read(count - 1))
        self._files.clear()
        start = self._starting().begin(build_tracker(self._settings, client, body))
        if start.source is not None:
            self._report(Opened(start.source.info.frames_estimate))
        return start

    def _starting(self) -> Starting:
        threads, done = self._settings.inference.decoder_threads, Progressed(0)
        return Starting(self._job.request, self._watch, threads, self._keep_images, lambda: self._report(done))

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
            source=self._job.request.shown_source,
            model_set=self._settings.model_set,
            elapsed=record.elapsed,
            stages=record.stages,
            busy=busy_shares(record.stages, record.elapsed, workers=self._settings.inference.workers),
            settings=settings_in_use(self._settings),
            warnings=record.warnings,
        )
        summary.write(self._task.folder / SUMMARY)

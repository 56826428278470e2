"""The work of a worker: from a task to committed chunks and complete result files."""

import logging
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import Any

import orjson

from tracker_service.errors import DamagedResultsError, SettingsError, TrackerStateError
from tracker_service.inference.client import InferenceClient
from tracker_service.jobs.chunks.chunk import ChunkFiles
from tracker_service.jobs.chunks.damage import check_chunks
from tracker_service.jobs.chunks.run_record import RunRecord
from tracker_service.jobs.chunks.stitching import stitch
from tracker_service.jobs.chunks.tracking import ChunkOptions, ChunkTracking
from tracker_service.jobs.chunks.whole_files import WholeFiles
from tracker_service.jobs.folder import JobDefinition
from tracker_service.jobs.job import JobRequest
from tracker_service.jobs.messages import Message, Progressed, Restored, Resumed, Waiting
from tracker_service.jobs.worker.fence import Fence
from tracker_service.jobs.worker.frame_marks import FrameMarker
from tracker_service.jobs.worker.open_models import OpenModels
from tracker_service.jobs.worker.source_file import opened_once
from tracker_service.jobs.worker.source_watch import SourceWatch
from tracker_service.jobs.worker.starting import READ_AGAIN, ReadingBounds, Start, Starting
from tracker_service.jobs.worker.task import WorkerTask
from tracker_service.jobs.worker.waiting_client import WaitingClient
from tracker_service.pipeline.border_file import load_border
from tracker_service.pipeline.overlay import drawn
from tracker_service.pipeline.run import TrackingRun
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.tracking import Border
from tracker_service.results.phalp_pickle import extracted_frame_path
from tracker_service.results.result_files import SUMMARY
from tracker_service.results.summary import Summary
from tracker_service.results.summary_files import write_summary
from tracker_service.settings import Settings, load_settings
from tracker_service.tracing.spans import begin
from tracker_service.tracing.traced_process import traced_process
from tracker_service.wiring.focal import focal_of
from tracker_service.wiring.models import devices_in_use, models_of, open_client
from tracker_service.wiring.run import RunOptions, open_run, run_summary

_SERVER_BUDGET = 20.0
"""Seconds that a call to the inference server may be repeated before the job says that it waits."""
_logger = logging.getLogger(__name__)


class VideoJob:
    """Does a job, or what earlier workers have left of it.

    Args:
        task: where the job is, and what its service decides.
        job: what was submitted.
        report: takes messages for the service; may be called from several threads.
        models: those that are open already, used where the job runs them as they were opened.
    """

    def __init__(
        self, task: WorkerTask, job: JobDefinition, report: Callable[[Message], None], models: OpenModels | None = None
    ) -> None:
        self._task, self._job, self._report, self._models = task, job, report, models
        self._settings = _settings_of(task, job)
        self._files = ChunkFiles(task.folder / "chunks")
        self._times = StageTimes()
        self._watch = SourceWatch(job.request.source, job.identity)

    def run(self) -> None:
        """Commit the remaining chunks and give all files of the job their names; damaged ones are made again, once.

        Raises:
            DamagedResultsError: it was damaged again.
            PhalpTritonError: any error of this project.
        """
        with Fence(self._task.folder / "worker.lock") as fence:
            try:
                self._complete(fence)
            except DamagedResultsError as error:
                self._forget(error)
                self._complete(fence)
            self._files.clear(keep_end=True)

    @contextmanager
    def traced(self) -> Generator[None, None, None]:
        """Trace the job inside the block, where this service's settings want it, as a part of its request's trace."""
        with ExitStack() as opened:
            try:
                opened.enter_context(traced_process(self._settings.telemetry, "worker"))
            except SettingsError as error:  # no reason to fail a job
                _logger.warning("the job is not traced: %s", error)
            values = {"phalp.job": self._task.folder.name}
            opened.enter_context(begin("job", self._job.traceparent, "consumer", values))
            yield

    def summary(self) -> Summary:
        """Return what is remembered of the whole run, once its last chunk is written."""
        record = RunRecord.from_json(self._end()["record"])
        return run_summary(
            self._settings,
            record.statistics,
            source=self._job.request.shown_source,
            elapsed=record.elapsed,
            stages=record.stages,
            runs_on=record.runs_on,
            warnings=record.warnings,
        )

    def _complete(self, fence: Fence) -> None:
        if not self._ended():
            self._track(fence)
        if not (self._task.folder / SUMMARY).exists():
            self._finish()

    def _forget(self, reason: Exception) -> None:
        """Remove everything that was computed."""
        _logger.warning("the job starts anew: %s", reason)
        self._files.clear()
        WholeFiles(self._task.folder).remove()

    def _ended(self) -> bool:
        """Tell whether all chunks are committed; the service is told how many are."""
        count = self._files.count()
        if (self._task.folder / SUMMARY).exists():
            WholeFiles(self._task.folder).check_all()
        else:
            check_chunks(self._task.folder, self._files, count)
        if self._files.end.exists():
            end = self._end()
            if (self._task.folder / SUMMARY).exists() or end["chunks"] == count:
                self._report(Restored(end["chunks"] - 1, end["record"]["statistics"]["frames"], last=True))
                return True
        if count:
            chunk = self._files.read(count - 1)
            self._report(Restored(chunk.number, chunk.first_line + chunk.lines, last=False))
        return False

    def _end(self) -> dict[str, Any]:
        content = self._files.end.read_bytes()
        try:
            end: dict[str, Any] = orjson.loads(content)
            RunRecord.from_json(end["record"])
            int(end["chunks"])
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise DamagedResultsError(f"chunks: expected what is known of the run, got {content[:80]!r}") from error
        return end

    def _track(self, fence: Fence) -> None:
        options, request = RunOptions.of(self._settings), self._job.request
        with ExitStack() as opened:
            source = opened.enter_context(opened_once(request.source, self._job.identity, self._task.folder / "opened"))
            starting = self._starting(options, replace(request, source=source))
            client = opened.enter_context(closing(self._client()))
            marker = FrameMarker(self._job.chunk_frames, READ_AGAIN)
            start, run = self._open(starting, options, client, marker, opened)

            def notes(border: Border) -> dict[str, Any]:
                damaged = start.damaged or bool(start.source and start.source.damaged)
                return {
                    "marks": marker.take(border.next_frame).to_json(),
                    "rate": start.rate,
                    "focal": None if start.focal_length is None else start.focal_length.to_json(),
                    "damaged": damaged,
                }

            self._chunks(start, client, fence).write(
                drawn(run, options.style, options.body, self._times),
                notes,
                lambda: self._watch.warnings(start.source),
            )

    def _open(
        self, starting: Starting, options: RunOptions, client: InferenceClient, marker: FrameMarker, opened: ExitStack
    ) -> tuple[Start, TrackingRun]:
        """Go on at the last border, or begin anew where there is none that can be used."""
        if count := self._files.count():
            try:
                border, notes = load_border(self._files.border(count - 1))
                start = opened.enter_context(closing(starting.go_on(border, notes, self._files.read(count - 1))))
                return start, self._run(starting, start, options, client, marker, opened)
            except TrackerStateError as error:
                self._forget(error)
        self._files.clear()
        start = opened.enter_context(closing(starting.begin()))
        if start.source is not None:
            start.focal_length = focal_of(self._settings, client, starting.request.source, start.source.info)
        return start, self._run(starting, start, options, client, marker, opened)

    def _run(
        self,
        starting: Starting,
        start: Start,
        options: RunOptions,
        client: InferenceClient,
        marker: FrameMarker,
        opened: ExitStack,
    ) -> TrackingRun:
        again = None
        if options.reads_again and start.source is not None:
            again = opened.enter_context(starting.late_images(start))
        return open_run(
            options,
            client,
            marker.watch(start.frames),
            start.rate,
            times=self._times,
            focal=start.focal_length,
            border=start.border,
            open_frames=start.open_frames,
            late_images=again,
            border_every=self._job.chunk_frames,
        )

    def _client(self) -> WaitingClient:
        inference = self._settings.inference
        budget = replace(inference, budget_seconds=min(inference.budget_seconds, _SERVER_BUDGET))
        if self._models is not None and self._models.inference == inference:
            client = self._models.client
        else:
            client = open_client(self._settings.model_copy(update={"inference": budget}))
        return WaitingClient(
            client, lambda reason, detail: self._report(Waiting(reason, detail)), lambda: self._report(Resumed())
        )

    def _chunks(self, start: Start, client: InferenceClient, fence: Fence) -> ChunkTracking:
        constant = self._settings.render.fps

        def guard() -> None:
            fence.check()
            self._watch.check()

        options = ChunkOptions(
            extracted_frame_path(self._job.request.shown_source),
            constant or start.rate,
            constant_rate=constant is not None,
            free_bytes=self._task.free_bytes,
        )
        record = replace(start.record, runs_on=devices_in_use(client, models_of(self._settings)))
        return ChunkTracking(
            self._files, start.before, record, options, guard=guard, report=self._report, times=self._times
        )

    def _starting(self, options: RunOptions, request: JobRequest) -> Starting:
        video, done = self._settings.video, Progressed(0)
        return Starting(
            request,
            self._watch,
            video.decoder_threads,
            video.stream,
            options.keeps_images,
            lambda: self._report(done),
            _bounds_of(self._task, self._settings),
        )

    def _finish(self) -> None:
        end = self._end()
        check_chunks(self._task.folder, self._files, end["chunks"])
        frames = RunRecord.from_json(end["record"]).statistics.frames
        stitch(self._task.folder, self._files, end["chunks"], lambda: self._report(Progressed(frames)))
        write_summary(self._task.folder, self.summary())


def _bounds_of(task: WorkerTask, settings: Settings) -> ReadingBounds:
    if "limits" not in task.computing:
        return ReadingBounds()
    return ReadingBounds(settings.limits.video_frames, settings.limits.video_seconds)


def _settings_of(task: WorkerTask, job: JobDefinition) -> Settings:
    """Return the settings of the job, with what its client asked for."""
    video = {**job.settings.get("video", {}), **task.computing.get("video", {})}
    settings, request = load_settings({**job.settings, **task.computing, "video": video}), job.request
    render, refinement = settings.render, settings.refinement
    return settings.model_copy(
        update={
            "render": replace(render, enable=render.enable and request.overlay),
            "refinement": replace(refinement, enable=refinement.enable or request.refine),
        }
    )

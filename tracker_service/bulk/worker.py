"""One worker: tracks one video at a time, and keeps the models for the next."""

import logging
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path, PurePosixPath

from tracker_service.bulk.completion import Completion, read_completion, settings_digest
from tracker_service.bulk.downloads import Downloads
from tracker_service.bulk.publishing import publish, stored_files
from tracker_service.bulk.scratch import folder_bytes, scratch_folder
from tracker_service.bulk.storage import FileIdentity, Place, remove_folder
from tracker_service.bulk.work import BulkWork, Outcome, VideoTask
from tracker_service.errors import (
    DiskFullError,
    InferenceUnavailableError,
    PhalpTritonError,
    StorageUnavailableError,
)
from tracker_service.inference.client import InferenceClient
from tracker_service.pipeline.overlap_parameters import OverlapParameters
from tracker_service.results.summary import Summary
from tracker_service.settings import Settings
from tracker_service.types.shown_text import on_one_line
from tracker_service.wiring.convert import convert_run
from tracker_service.wiring.models import open_client
from tracker_service.wiring.track import Progress, track_video

_logger = logging.getLogger(__name__)
_MAY_PASS = (InferenceUnavailableError, StorageUnavailableError, OSError, MemoryError)
_FRAMES_BETWEEN_LOOKS = 100
"""Frames between two looks at how much disk the results take. Raising it looks less often and may take more."""


class VideoWorker:
    """Tracks videos for a bulk run; holds the models and a temporary folder until it is closed.

    Args:
        work: what is the same for all videos.

    Raises:
        PhalpTritonError: the temporary folder cannot be made.
    """

    def __init__(self, work: BulkWork) -> None:
        self._work, self._settings = work, settings_of_worker(work.settings)
        self._digest = run_digest(work)
        self._client: InferenceClient | None = None
        self._stack = ExitStack()
        self._scratch = self._stack.enter_context(scratch_folder(work.settings.bulk.scratch))
        self._downloads = self._stack.enter_context(Downloads(self._scratch, work.settings.bulk.scratch_bytes))

    def run(self, task: VideoTask, upcoming: Sequence[VideoTask] = ()) -> Outcome:
        """Track a video and store its results; what goes wrong is in the outcome.

        Args:
            task: the video.
            upcoming: videos that come next, most likely; they are fetched meanwhile.
        """
        try:
            return self._run(task, upcoming)
        except PhalpTritonError as error:
            return self._failed(task, str(error), may_pass=isinstance(error, _MAY_PASS))
        except Exception as error:  # one video must not end the run of thousands
            _logger.exception("%s", on_one_line(task.address))
            return self._failed(task, f"{type(error).__name__}: {error}", may_pass=isinstance(error, _MAY_PASS))

    def close(self) -> None:
        """Give the models back and remove the temporary folder."""
        if self._client is not None:
            self._stack.enter_context(closing(self._client))
        self._stack.close()

    def _run(self, task: VideoTask, upcoming: Sequence[VideoTask]) -> Outcome:
        folder = Place(self._work.out).child(task.name)
        before = Place(task.address).identity()
        if (known := finished(self._work, self._digest, task, before)) is not None:
            return Outcome(task, "finished", frames=known.frames, people=known.people)
        self._downloads.keep_only({each.address for each in (task, *upcoming)})
        source, results = self._downloads.fetch(task.address), self._scratch / "results"
        for each in upcoming:
            self._downloads.fetch_ahead(each.address)
        try:
            summary = self._track(task, source, results)
            if Place(task.address).identity() != before:
                raise StorageUnavailableError(f"{task.address}: expected a file that stays, got one that changed")
            people = len(summary.tracks)
            files = stored_files(results)
            mark = Completion(task.address, before, self._digest, summary.frames, people, files)
            publish(results, folder, mark)
        finally:
            self._downloads.discard(task.address)
            remove_folder(results)
        return Outcome(task, "done", frames=summary.frames, people=people)

    def _track(self, task: VideoTask, source: Path, results: Path) -> Summary:
        if self._client is None:
            self._client = open_client(self._settings)
        summary = track_video(
            self._settings,
            str(source),
            results,
            mesh=self._work.mesh,
            progress=_disk_watch(results, self._settings.bulk.scratch_bytes),
            client=self._client,
            shown_source=task.address,
        )
        if self._work.formats:
            convert_run(self._settings, results, self._work.formats)
        return summary

    def _failed(self, task: VideoTask, reason: str, *, may_pass: bool) -> Outcome:
        # The path of a download says nothing to who reads this.
        copy = re.escape(f"{self._scratch}/") + r"[^/]+/" + re.escape(PurePosixPath(task.address).name)
        reason = re.sub(copy, lambda _: task.address, reason)
        return Outcome(task, "failed", reason=on_one_line(reason), may_pass=may_pass)


def run_digest(work: BulkWork) -> str:
    """Return the digest of all that decides the results of a run."""
    return settings_digest(work.settings, mesh=work.mesh, formats=work.formats)


def finished(work: BulkWork, digest: str, task: VideoTask, identity: FileIdentity) -> Completion | None:
    """Return the mark of a video's results where they are there, whole, and still those of the video.

    Raises:
        StorageError: the storage does not answer.
    """
    folder = Place(work.out).child(task.name)
    mark = read_completion(folder)
    if mark is None or not mark.is_of(task.address, identity, digest):
        return None
    return mark if mark.is_whole(folder, verify=work.check_digests) else None


def settings_of_worker(settings: Settings) -> Settings:
    """Return the settings in a worker: as many windows at the same time as it has cores, where that was left open."""
    pipeline, cpus = settings.pipeline, settings.bulk.worker_cpus
    if pipeline.workers == OverlapParameters.workers:
        pipeline = replace(pipeline, workers=cpus)
    return settings.model_copy(update={"pipeline": pipeline})


def _disk_watch(folder: Path, most_bytes: int) -> Callable[[Progress], None]:
    def look(progress: Progress) -> None:
        if progress.done % _FRAMES_BETWEEN_LOOKS == 0 and (size := folder_bytes(folder)) > most_bytes:
            raise DiskFullError(f"results: expected at most {most_bytes} bytes (bulk.scratch_bytes), got {size}")

    return look

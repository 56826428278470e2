"""A video into a folder of result files, in chunks as a job has them: an interrupted run goes on at the last one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import orjson

from tracker_service.errors import ResultsError, SettingsError
from tracker_service.jobs.chunks.chunk import ChunkFiles
from tracker_service.jobs.folder import JobDefinition, whole_windows
from tracker_service.jobs.identity import SourceIdentity
from tracker_service.jobs.job import JobRequest
from tracker_service.jobs.messages import Message, Progressed
from tracker_service.jobs.worker.task import WorkerTask
from tracker_service.jobs.worker.video_job import VideoJob
from tracker_service.results.folder_lock import locked_folder
from tracker_service.results.partial_file import write_whole
from tracker_service.results.result_files import OVERLAY, REPORT, RESULTS, SUMMARY, TRACKS, remove_leftovers
from tracker_service.results.summary import Summary
from tracker_service.settings import Settings
from tracker_service.types.shown_text import encodable
from tracker_service.video.pictures.picture_formats import is_picture
from tracker_service.wiring.job_settings import COMPUTING, TRACKING

RESUME = "resume"
"""Folder in the folder of the results: what a run needs to go on. It is removed when the run is complete."""
_DEFINITION = "run.json"


def track_resumably(
    settings: Settings, source: str, folder: Path, *, progress: Callable[[int], None] | None = None
) -> Summary:
    """Track the people of a video file, from its beginning or where an earlier call was interrupted.

    What has been computed is kept if source and settings are the same; else it is computed anew. The result files are
    those of `track_video`.

    Args:
        settings: everything that can be set; ``jobs.chunk_frames`` says how many frames an interruption costs at most.
        source: video file.
        folder: of the results; made when missing and locked for the time of the run.
        progress: called with the number of frames that are finished.

    Raises:
        SettingsError: the settings or the source do not allow to go on later.
        PhalpTritonError: any other error of this project.
    """
    if not settings.overwrite and (folder / RESULTS).exists():
        raise SettingsError(f"overwrite: expected a new folder because overwrite is false, got results in {folder}")
    job = _definition(settings, source)
    with locked_folder(folder):
        state = folder / RESUME
        _prepare(state, job)
        remove_leftovers(folder)
        computing = settings.model_dump(mode="json", include=COMPUTING)
        tracking = VideoJob(WorkerTask(state, settings.jobs.free_bytes, computing), job, _reporter(progress))
        tracking.run()
        summary = tracking.summary()
        _publish(state, folder)
    return summary


def kept_frames(folder: Path) -> int:
    """Return how many frames a run into the folder has finished that can go on; 0 where there is none."""
    files = ChunkFiles(folder / RESUME / "chunks")
    count = files.count()
    if not count:
        return 0
    last = files.read(count - 1)
    return last.first_line + last.lines


def _definition(settings: Settings, source: str) -> JobDefinition:
    video, path = settings.video, Path(source).absolute()
    if path.is_dir() or is_picture(path):
        raise SettingsError(f"--resume: expected a video file, got pictures: {source}")
    if video.start is not None or (video.end is not None and video.end.frame is None):
        raise SettingsError("--resume: expected to begin with the first frame and to end at a frame's number")
    try:
        identity = SourceIdentity.of(path)
    except OSError as error:
        raise SettingsError(f"{source}: expected a video file, got {error.strerror or error}") from error
    request = JobRequest(source=path, shown_source=source, max_frames=None if video.end is None else video.end.frame)
    tracking = settings.model_dump(mode="json", include={**TRACKING, "video": {"boxes", *TRACKING["video"]}})
    return JobDefinition(request, identity, whole_windows(settings.jobs.chunk_frames, tracking), tracking)


def _prepare(state: Path, job: JobDefinition) -> None:
    """Leave only what the same run has left in the folder of the state."""
    identity = [job.identity.size, job.identity.modified, job.identity.inode, job.identity.head]
    request = [encodable(str(job.request.source)), job.request.max_frames, job.chunk_frames]
    # As Python writes them: names of files that are not UTF-8 are no JSON.
    known = orjson.dumps([request, identity, repr(job.settings)])
    try:
        if state.exists() and (not (state / _DEFINITION).exists() or (state / _DEFINITION).read_bytes() != known):
            shutil.rmtree(state)
        (state / "chunks").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(f"{state}: expected a folder that can be written, got {error.strerror or error}") from error
    write_whole(state / _DEFINITION, known)


def _reporter(progress: Callable[[int], None] | None) -> Callable[[Message], None]:
    def report(message: Message) -> None:
        if progress is not None and isinstance(message, Progressed) and message.frames:
            progress(message.frames)

    return report


def _publish(state: Path, folder: Path) -> None:
    """Move the complete files to their place; the summary, which says that all are complete, last."""
    try:
        for name in (RESULTS, TRACKS, OVERLAY, REPORT, SUMMARY):
            if (state / name).exists():
                (state / name).replace(folder / name)
        shutil.rmtree(state)
    except OSError as error:
        raise ResultsError(f"{folder}: expected to write the results, got {error.strerror or error}") from error

"""A whole video into a folder of result files, as the command line does it."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from tracker_service.errors import ModelNotFoundError, SettingsError
from tracker_service.inference.client import InferenceClient
from tracker_service.pipeline.overlay import drawn
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.tracking import Border
from tracker_service.results.folder_lock import locked_folder
from tracker_service.results.phalp_pickle import extracted_frame_path
from tracker_service.results.result_files import RESULTS, ResultFiles, ResultPaths, remove_leftovers
from tracker_service.results.statistics.frames import FrameStatistics
from tracker_service.results.summary import Summary
from tracker_service.results.summary_files import write_summary
from tracker_service.settings import Settings
from tracker_service.types import FrameResult
from tracker_service.types.shown_text import encodable
from tracker_service.video.source import FrameSource, open_source
from tracker_service.wiring.focal import focal_of
from tracker_service.wiring.models import devices_in_use, models_of, open_client
from tracker_service.wiring.profile import sized
from tracker_service.wiring.run import RunOptions, open_run, run_summary


@dataclass(frozen=True, slots=True)
class Progress:
    """What a running job tells after each frame.

    Attributes:
        frame: the frame just finished.
        done: frames finished so far.
        total: about how many there are, None if unknown.
    """

    frame: FrameResult
    done: int
    total: int | None

    @property
    def people(self) -> int:
        """People in the frame."""
        return len(self.frame.persons)


def track_video(
    settings: Settings,
    source: str,
    folder: Path,
    *,
    mesh: bool = False,
    progress: Callable[[Progress], None] | None = None,
    client: InferenceClient | None = None,
    shown_source: str | None = None,
) -> Summary:
    """Track the people of a video and write all result files into ``folder``.

    Args:
        settings: everything that can be set.
        source: video file or folder of images.
        folder: made when missing and locked for the time of the run; files in it are replaced when the new ones are
            complete.
        mesh: add mesh vertices to `results.ndjson` and `tracks.pkl`.
        progress: called after every finished frame.
        client: runs the models, and stays open; None opens one for this video.
        shown_source: what the summary calls the source, None for ``source``.

    Raises:
        PhalpTritonError: any error of this project; nothing half-written is left under a final name.
    """
    if not settings.overwrite and (folder / RESULTS).exists():
        raise SettingsError(f"overwrite: expected a new folder because overwrite is false, got results in {folder}")
    started, times, statistics = time.perf_counter(), StageTimes(), FrameStatistics()
    options = RunOptions.of(settings)
    with (
        locked_folder(folder),
        nullcontext(client) if client is not None else closing(open_client(settings)) as client,
        open_sized_video(settings, source, client) as (video, settings),
        open_video(settings, source) if options.reads_again else nullcontext() as again,
    ):
        info, rate = video.info, settings.render.fps
        focal = focal_of(settings, client, source, info)
        run = open_run(options, client, video, info.fps, times=times, focal=focal, late_images=again)
        remove_leftovers(folder)
        with (
            ResultFiles(
                ResultPaths.of_run(folder),
                frame_path=extracted_frame_path(encodable(info.name)),
                overlay_rate=rate or info.fps,
                constant_rate=rate is not None,
                mesh=options.body if mesh else None,
            ) as files,
            closing(drawn(run, options.style, options.body, times)) as items,
        ):
            for item, picture in items:
                if isinstance(item, Border):
                    continue
                with times.measure("results"):
                    files.write(item.result)
                    statistics.add(item.result)
                if picture is not None:
                    with times.measure("encoding"):
                        files.draw(picture, item.result.timestamp)
                if progress is not None:
                    progress(Progress(item.result, statistics.frames, info.frames_estimate))
        summary = run_summary(
            settings,
            statistics,
            source=source if shown_source is None else shown_source,
            elapsed=time.perf_counter() - started,
            stages=times.seconds(),
            runs_on=devices_in_use(client, models_of(settings)),
            warnings=video.warnings,
        )
        write_summary(folder, summary)
    return summary


@contextmanager
def open_sized_video(
    settings: Settings, source: str, client: InferenceClient
) -> Iterator[tuple[FrameSource, Settings]]:
    """Open a video for models that may be on a GPU; yields it, and the settings with the sizes in use.

    It is opened before the models are asked, so that a video that cannot be read is found at once, and opened again
    where they ask for other decoder threads.

    Raises:
        VideoError: it cannot be read.
        InferenceError: the models' server does not answer.
    """
    with open_video(settings, source) as video:
        devices: dict[str, str] = {}
        with suppress(ModelNotFoundError):  # what needs the model says so, and what does without it
            devices.update(devices_in_use(client, models_of(settings)))
        in_use = sized(settings, devices.values())
        if in_use.video == settings.video:
            yield video, in_use
            return
    with open_video(in_use, source) as video:
        yield video, in_use


def open_video(settings: Settings, source: str) -> FrameSource:
    """Open the part of a video or folder of images that the settings name; raises `VideoError`."""
    video = settings.video
    return open_source(
        source,
        start=video.start,
        end=video.end,
        threads=video.decoder_threads,
        image_rate=video.fps,
        stream=video.stream,
        decoder=video.decoder,
    )

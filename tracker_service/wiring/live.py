"""From the settings to people followed live."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tracker_service.body.model import BodyModel
from tracker_service.camera.follower import CameraFollower
from tracker_service.drawing.overlay import draw_overlay
from tracker_service.errors import ContractError, SettingsError
from tracker_service.inference.client import InferenceClient
from tracker_service.live.frame_tracker import FrameTracker
from tracker_service.live.live_frame_result import LiveFrameResult
from tracker_service.live.live_run import LiveRun
from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.run import RunStages
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.quality.judge import QualityJudge
from tracker_service.results.statistics.frames import FrameStatistics
from tracker_service.results.summary_files import write_summary
from tracker_service.settings import Settings
from tracker_service.types import UInt8
from tracker_service.video.live.address import LiveAddress
from tracker_service.video.live.live_source import LiveEvent, LiveSource
from tracker_service.video.live.pages import is_page, stream_of_page
from tracker_service.wiring.models import devices_in_use, load_body, models_of, open_client
from tracker_service.wiring.run import open_live_perception, run_summary, world_of
from tracker_service.wiring.tracker import TrackerFactory


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """What a live run is made of.

    Attributes:
        run: gives the people of the frames.
        source: the camera or stream that it reads.
        runs_on: device of each model, by its name.
    """

    run: LiveRun
    source: LiveSource
    runs_on: Mapping[str, str]


def open_frame_tracker(settings: Settings, client: InferenceClient, times: StageTimes | None = None) -> FrameTracker:
    """Return what follows people through frames that come one by one.

    Args:
        settings: everything that can be set.
        client: runs the models; stays the caller's to close.
        times: counts busy seconds.

    Raises:
        SettingsError: values do not go together.
        InferenceError: a model is not there or not what it should be.
    """
    times = StageTimes() if times is None else times
    perception, second_look = open_live_perception(settings, client, times)
    tracker: Tracker = TrackerFactory(settings, client, load_body(settings), live=True, times=times).new()
    stages = RunStages(
        perception,
        tracker,
        settings.pipeline.in_use(devices_in_use(client, models_of(settings)).values()),
        detect_shots=False,
        second_look=second_look,
        camera=CameraFollower(),
        judge=QualityJudge(settings.quality),
        world=world_of(settings, {}),
    )
    return FrameTracker(stages, times)


@contextmanager
def live_run(
    settings: Settings,
    source: str,
    *,
    keep_pictures: bool = False,
    on_event: Callable[[LiveEvent], None] = lambda _: None,
    on_failure: Callable[[str], None] = lambda _: None,
) -> Iterator[OpenedRun]:
    """Open a camera or stream and what follows its people; everything is closed at the end.

    Args:
        settings: everything that can be set.
        source: an address, a device, a page, or ``-``.
        keep_pictures: leave the pictures in the results.
        on_event: called when a connection is made or lost, and when a clock jumps; in another thread.
        on_failure: called when the models stop answering.

    Raises:
        SettingsError: the source or a setting cannot be used.
        VideoError: nothing answers there.
        InferenceError: a model is not there.
    """
    address = live_address(source)
    with closing(open_client(settings)) as client:
        tracker = open_frame_tracker(settings, client)
        opened = LiveSource(address, settings.live, on_event)
        run = LiveRun(opened, tracker, settings.live, keep_pictures=keep_pictures, on_failure=on_failure)
        with closing(run):
            yield OpenedRun(run, opened, devices_in_use(client, models_of(settings)))


def live_address(source: str) -> LiveAddress:
    """Read what a user names; behind the page of a video site stands its stream."""
    return LiveAddress.parse(stream_of_page(source) if is_page(source) else source)


def part_summaries(
    settings: Settings, source: str, runs_on: Mapping[str, str], reconnections: Callable[[], int]
) -> Callable[[Path, FrameStatistics], None]:
    """Return what writes the summary of each complete part of a recording.

    Args:
        settings: of the run.
        source: as it may be shown.
        runs_on: device of each model, by its name.
        reconnections: how often the source was connected again so far.
    """
    began = time.monotonic()

    def write(folder: Path, statistics: FrameStatistics) -> None:
        nonlocal began
        elapsed, began = time.monotonic() - began, time.monotonic()
        notes = ["recorded live: the frames that were skipped are not in it"]
        if times := reconnections():
            notes.append(f"the source was connected again, times: {times}")
        summary = run_summary(
            settings, statistics, source=source, elapsed=elapsed, stages={}, runs_on=runs_on, warnings=tuple(notes)
        )
        write_summary(folder, summary)

    return write


def recorded_overlay(settings: Settings, body: BodyModel) -> Callable[[LiveFrameResult], UInt8] | None:
    """Return what draws the overlay of a recording, None where the settings want none.

    Raises:
        SettingsError: it is wanted, and nothing is to be drawn.
    """
    if not settings.live.record_overlay:
        return None
    style = settings.render.style
    if style is None:
        raise SettingsError("live.record_overlay: expected render.enable true, got false")

    def draw(frame: LiveFrameResult) -> UInt8:
        if frame.picture is None:
            raise ContractError("live.record_overlay: expected a frame with its picture, got one without")
        return draw_overlay(frame.picture.pixels(), frame.result, body=body, style=style)

    return draw

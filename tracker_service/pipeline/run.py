"""THE run: frames in, finished frames out, and borders between them where they are asked for.

The command line and the library take it as it is; the worker of a job takes it with borders and starts it from one.
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace

from tracker_service.camera.follower import CameraFollower
from tracker_service.camera.world.world_follower import WorldFollower
from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.observation import FrameObservation, SecondLook
from tracker_service.pipeline.overlap import map_in_order, read_ahead
from tracker_service.pipeline.overlap_parameters import OverlapParameters
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.recorder import Recorder, TrackedFrame
from tracker_service.pipeline.run_trace import RunTrace
from tracker_service.pipeline.second_reading import with_images
from tracker_service.pipeline.shot_marks import mark_shots
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.tracking import Border, OnUpdate, track_frames
from tracker_service.pipeline.windows import windows
from tracker_service.pipeline.world import in_the_world
from tracker_service.quality.judge import QualityJudge
from tracker_service.refinement.refiner import Refiner
from tracker_service.tracing.tracing_parameters import TracingParameters
from tracker_service.types import Frame

_QUARTERED = 2
"""Windows at the beginning of a video that are cut into four. A person is reported once the tracker has seen them in
several frames (``n_init``), which are then spread over the workers instead of filling one window after another."""
JUDGED = "judged"
"""What the judge of poses needs of the frames before a border, among `Border.held`."""


@dataclass(frozen=True, slots=True)
class RunStages:
    """What a run does with its frames.

    Attributes:
        perception: finds the people of windows of frames.
        tracker: follows them; new, or restored from a border.
        overlap: how the stages overlap.
        detect_shots: look for shot changes.
        refiner: fills gaps and smooths, None leaves the frames as they are; new, or with the state of that border.
        second_look: looks again for people who were missed, None for not.
        camera: follows the camera where the perception leaves it something to see; new, or with that state.
        judge: says how far poses can be believed; new, or with that state.
        world: places the people of finished frames in the world, None does not; new, or with that state.
    """

    perception: Perception
    tracker: Tracker
    overlap: OverlapParameters
    detect_shots: bool
    refiner: Refiner | None = None
    second_look: SecondLook | None = None
    camera: CameraFollower = field(default_factory=CameraFollower)
    judge: QualityJudge = field(default_factory=QualityJudge)
    world: WorldFollower | None = None


class TrackingRun:
    """The people of a video, followed; iterate over it once, and close it where the loop is left early.

    Args:
        frames: consecutive frames of a source, from ``first`` or from some frames before it on: those only show the
            shot detector what went before.
        stages: what is done with them.
        times: counts busy seconds.
        first: number of the first frame to track.
        open_frames: the frames that were not final at the border where the run starts, with their images where those
            are needed.
        late_images: frames of the same source, read a second time, for the images of refined frames; None for none.
        border_every: give a border before each frame whose number is a multiple of this; None for no borders.
        on_update: told of every frame when the tracker has taken it in, which is before it is final; None for nobody.
        traced_windows: see `TracingParameters`; of use where the run is in a trace.
    """

    def __init__(
        self,
        frames: Iterable[Frame],
        stages: RunStages,
        *,
        times: StageTimes | None = None,
        first: int = 0,
        open_frames: Iterable[TrackedFrame] = (),
        late_images: Iterable[Frame] | None = None,
        border_every: int | None = None,
        on_update: OnUpdate | None = None,
        traced_windows: int = TracingParameters.traced_windows,
    ) -> None:
        self.times = StageTimes() if times is None else times
        trace = RunTrace.begun(traced_windows)
        if trace is not None:
            self.times.trace = trace.stage
        observed = _observe_frames(frames, stages, self.times, first=first, trace=trace)
        stream = track_frames(
            observed,
            stages.tracker,
            stages.camera,
            Recorder(open_frames),
            self.times,
            border_every=border_every,
            second_look=stages.second_look,
            on_update=on_update,
        )
        if stages.refiner is not None:
            stream = _refined(stream, stages.refiner)
        stream = _judged(stream, stages.judge, self.times)
        if stages.world is not None:
            stream = in_the_world(stream, stages.world, self.times)
        if late_images is not None:
            stream = with_images(stream, late_images)
        self._stream = stream

    def __iter__(self) -> Generator[TrackedFrame | Border, None, None]:
        """Yield every frame of the source, in order, and the borders between them."""
        return self._stream

    def frames(self) -> Iterator[TrackedFrame]:
        """Yield the frames alone."""
        return (item for item in self._stream if isinstance(item, TrackedFrame))

    def close(self) -> None:
        """End the threads of a run that is not read to its end."""
        self._stream.close()


def _observe_frames(
    frames: Iterable[Frame], stages: RunStages, times: StageTimes, *, first: int = 0, trace: RunTrace | None = None
) -> Generator[FrameObservation, None, None]:
    """Yield the people of every frame from number ``first`` on, in order, while the next windows are computed."""
    decoded = times.measure_each("decoding", frames)
    marked = mark_shots(decoded) if stages.detect_shots else decoded
    wanted = (frame for frame in marked if frame.number >= first)
    overlap = stages.overlap
    # Behind a border as in a run from the beginning: other windows are other batches, which move a network's last bits.
    cut = windows(wanted, overlap.window, quartered=max(0, _QUARTERED - first // overlap.window))
    ahead = read_ahead(cut if trace is None else trace.read(cut), depth=1)
    observe = stages.perception.observe if trace is None else trace.observing(stages.perception.observe)
    observed = map_in_order(observe, ahead, workers=overlap.workers, in_flight=overlap.in_flight)
    if trace is not None:
        yield from trace.follow(observed)
        return
    with closing(observed):
        for window in observed:
            yield from window


def _refined(
    stream: Generator[TrackedFrame | Border, None, None], refiner: Refiner
) -> Generator[TrackedFrame | Border, None, None]:
    """Yield refined frames, without images: they come too late for them. Borders pass with the refiner's state."""
    with closing(stream):
        for item in stream:
            if isinstance(item, Border):
                yield replace(item, held=refiner.state)
            else:
                yield from map(TrackedFrame, refiner.push(item.result))
    yield from map(TrackedFrame, refiner.finish())


def _judged(
    stream: Generator[TrackedFrame | Border, None, None], judge: QualityJudge, times: StageTimes
) -> Generator[TrackedFrame | Border, None, None]:
    """Say of every pose how far it can be believed. Borders pass with the judge's state."""
    with closing(stream):
        for item in stream:
            if isinstance(item, Border):
                yield replace(item, held={**item.held, JUDGED: judge.state})
                continue
            with times.measure("quality"):
                result = judge.judge(item.result)
            yield replace(item, result=result)

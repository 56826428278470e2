"""The sequential part: the tracker, frame by frame, the frames it has finished with, and borders between them."""

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from numpy.typing import NDArray

from tracker_service.camera.follower import CameraFollower
from tracker_service.phalp.state.snapshot import TrackerSnapshot
from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.camera_motion import with_camera_motion
from tracker_service.pipeline.observation import FrameObservation, SecondLook
from tracker_service.pipeline.recorder import Recorder, TrackedFrame
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.types import FrameResult, TrackedPerson

OnUpdate: TypeAlias = Callable[[FrameObservation, Tracker], None]
"""Told of a frame: what was seen in it, and the tracker, whose last decision is about it."""


@dataclass(frozen=True, slots=True, eq=False)
class Border:
    """The moment between two frames at which a stream of frames can be taken up again.

    Attributes:
        next_frame: number of the first frame that has not been tracked.
        tracker: state of the tracker.
        open_frames: tracked frames that are not final yet, oldest first.
        camera: state of the camera follower; nothing where the camera is not followed.
        world: state of what places people in the world; nothing where nobody does.
        held: frames that the refinement or the judge of poses holds back or still needs, oldest first, by what they
            are for.
    """

    next_frame: int
    tracker: TrackerSnapshot
    open_frames: tuple[FrameResult, ...]
    camera: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    world: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    held: Mapping[str, tuple[FrameResult, ...]] = field(default_factory=dict)


def track_frames(
    observations: Generator[FrameObservation, None, None],
    tracker: Tracker,
    camera: CameraFollower,
    recorder: Recorder,
    times: StageTimes,
    *,
    border_every: int | None = None,
    second_look: SecondLook | None = None,
    on_update: OnUpdate | None = None,
) -> Generator[TrackedFrame | Border, None, None]:
    """Associate the people of consecutive frames and yield every frame, in order, once it is final.

    After the last frame the tracker says whom else to report (`Tracker.finish`).

    Args:
        observations: what is seen, frame by frame.
        tracker: new, or restored from a border.
        camera: new, or with the state of that border.
        recorder: new, or with the open frames of that border.
        times: counts busy seconds.
        border_every: yield a border before each frame whose number is a multiple of this, None for no borders. Nothing
            waits at a border: while its consumer writes it down, the next windows are computed.
        second_look: gives what looks again for missed people; None for none.
        on_update: told of every frame when the tracker has taken it in; None for nobody.
    """
    with closing(observations):
        for observation in observations:
            seen = with_camera_motion(observation, camera, times)
            with times.measure("association"):
                frame, persons = associate_observed(tracker, seen, second_look)
            if on_update is not None:
                on_update(seen, tracker)
            recorder.add(TrackedFrame(frame, seen.picture if seen.keep_picture else None), persons)
            yield from recorder.final(tracker.pending_since)
            if border_every is not None and (frame.frame_number + 1) % border_every == 0:
                yield Border(frame.frame_number + 1, tracker.snapshot(), recorder.open_frames, camera.state)
    recorder.enter(tracker.finish())
    yield from recorder.final(None)


def associate_observed(
    tracker: Tracker, seen: FrameObservation, second_look: SecondLook | None = None
) -> tuple[FrameResult, tuple[TrackedPerson, ...]]:
    """Let a tracker take in everything that is known about the next frame; see `Tracker.update`.

    Returns:
        The frame, with the boxes that lacked the evidence to start a track among its dropped ones, and the records.
    """
    persons = tracker.update(
        seen.people,
        seen.frame_number,
        (seen.result.width, seen.result.height),
        shot=seen.result.shot,
        low_score=seen.low_score,
        motion=seen.result.camera_motion,
        look_again=None if second_look is None else second_look(seen),
        look_round=None if second_look is None else second_look.look_round(seen),
    )
    dropped, decision = seen.result.dropped, tracker.decision
    refused = 0 if decision is None else len(decision.refused)
    return replace(seen.result, dropped=replace(dropped, absent=dropped.absent + refused)), persons

"""The camera as a stage: followed frame after frame, in order, before the people are associated."""

from dataclasses import replace

from tracker_service.camera.follower import CameraFollower
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.stage_times import StageTimes


def with_camera_motion(seen: FrameObservation, camera: CameraFollower, times: StageTimes) -> FrameObservation:
    """Return the observation of the next frame with the motion of its camera; as it is where that is switched off."""
    if seen.background is None:
        return seen
    with times.measure("camera"):
        motion = camera.follow(seen.background, shot=seen.result.shot)
    return replace(seen, result=replace(seen.result, camera_motion=motion), background=None)

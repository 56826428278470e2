"""A second look at one frame, and who is looked for in it."""

from typing import Any

import numpy as np

from tracker_service.inference.client import InferenceClient
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.second_look.second_look import SecondLook
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import load_settings
from tracker_service.types import ExpectedPeople, Float32, FoundPeople, Frame
from tracker_service.wiring.run import open_perception
from tracker_service.wiring.second_look import open_second_look

BLIND = {"low_th_c": 0.99, "second_pass_th": 0.99}
"""A detector to which nobody is good enough."""


def opened(
    client: InferenceClient, frame: Frame, times: StageTimes | None = None, **changes: Any
) -> tuple[SecondLook, FrameObservation]:
    """Return a second look, and the frame as the detector left it to it."""
    times = times or StageTimes()
    settings = load_settings({"phalp": BLIND, **changes})
    perception = open_perception(settings, client, times=times, second_look=True)
    (seen,) = perception.observe([frame])
    return open_second_look(settings, client, perception, times), seen


def expected(boxes: Float32, shift: float = 0.1, roll: float = 0.0) -> ExpectedPeople:
    """People who are expected a part of their width beside the boxes, with ids from 7 on."""
    n = len(boxes)
    beside = boxes + shift * (boxes[:, 2:3] - boxes[:, :1]) * np.array([1, 0, 1, 0], np.float32)
    return ExpectedPeople(np.arange(7, 7 + n), beside, np.ones(n, np.int64), np.full(n, roll, np.float32))


def look(second_look: SecondLook, seen: FrameObservation, wanted: ExpectedPeople) -> FoundPeople | None:
    """Look for people while everybody whom the detector saw is somebody else."""
    looks = second_look(seen)
    assert looks is not None
    return looks(wanted, seen.people.detections.boxes)


def places(found: FoundPeople | None) -> dict[int, Float32]:
    return {} if found is None else dict(zip(found.track_id.tolist(), found.people.detections.boxes, strict=True))

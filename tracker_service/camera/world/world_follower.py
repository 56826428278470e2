"""Follows people through the world, frame after frame."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker_service.camera.world.depth_certainty import each_frame, lasting
from tracker_service.camera.world.ground import GroundState, stood_on
from tracker_service.camera.world.levelled import LookingCamera, ResultAxes, levelled
from tracker_service.camera.world.motion_filter import MotionState, begun, moved_on, noise, seen_again
from tracker_service.camera.world.placing import PlacedBody, place_body
from tracker_service.camera.world.turning import growth, turn_of
from tracker_service.camera.world.upright import Upright
from tracker_service.types import Float64, FrameResult, PersonState, TrackedPerson
from tracker_service.types.calibration import FocalSource
from tracker_service.types.world import PersonWorld

ASSUMED_FOCAL = 1.0
"""Focal length over the longer side of the frame where nobody gives it: between the main camera of a phone (.8) and its
twofold zoom (1.6)."""
_FOCAL = 0.25
"""Standard deviation of an assumed focal length, as a share of it: all depths of a clip are wrong by the same share."""
_FOCAL_OF = {FocalSource.GIVEN: 0.0, FocalSource.METADATA: 0.05, FocalSource.ESTIMATED: 0.15}
"""The same of a known one: a file states whole millimetres of the lens, and stabilised videos are cut; how far the
estimate of a model is off was not measured here, it is taken to be better than none."""
_LOST_TURN = np.radians(2.0)
"""Standard deviation of the turn of a camera in a frame in which it could not be followed."""
_DRIFT = 0.0003
"""Radians by which one frame's turn is wrong: a tenth of a pixel of a frame of 320."""
_FORGOTTEN = 3.0
"""Seconds after which somebody who is not reported any more is forgotten."""


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What is known of one person, in the axes of the first camera."""

    motion: MotionState
    ground: GroundState
    time: float


class WorldFollower:
    """Says of every person of every frame where in the world they are, where the camera can be followed.

    The world begins anew with every shot. A camera that walks is taken for one that turns: what it moves is then added
    to the people's way.

    Args:
        focal: focal length over the longer side of frames without a calibration.
        assumed: whether it is assumed, not known.
        state: `state` of another one, to continue where it was.
    """

    def __init__(self, focal: float, *, assumed: bool = True, state: Mapping[str, NDArray[Any]] | None = None) -> None:
        self._focal = focal
        self._focal_deviation = _FOCAL if assumed else 0.0
        self._camera: LookingCamera | None = None
        self._time = 0.0
        self._known: dict[int, _Known] = {}
        if state:
            self._restore(state)

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """Everything needed to continue from here, as arrays; nothing before the first frame."""
        camera, known = self._camera, list(self._known.values())
        if camera is None:
            return {}
        upright = np.append(camera.upright.total, camera.upright.count)
        return {
            "axes": camera.axes,
            "scalars": np.array([camera.variance, camera.zoomed, self._time]),
            "upright": upright,
            "ids": np.array(list(self._known), np.int64),
            "means": np.array([one.motion.mean for one in known]).reshape(-1, 6),
            "covariances": np.array([one.motion.covariance for one in known]).reshape(-1, 6, 6),
            "points": np.array([one.ground.point for one in known]).reshape(-1, 3),
            "travels": np.array([one.ground.travel for one in known]).reshape(-1, 3),
            "feet": np.array([one.ground.feet for one in known]).reshape(-1, 2, 4, 3),
            "times": np.array([(one.ground.above, one.time) for one in known]).reshape(-1, 2),
        }

    def follow(self, frame: FrameResult) -> FrameResult:
        """Return the next frame with ``world`` for its people; as it is where the camera is not followed."""
        if frame.camera_motion is None:
            return frame
        size, seconds = (frame.width, frame.height), frame.timestamp - self._time
        if frame.calibration is not None:
            self._focal = frame.calibration.focal_length / max(size)
            self._focal_deviation = _FOCAL_OF[frame.calibration.source]
        camera = self._turned(frame, size)
        focal = self._focal * max(size)
        bodies = {person.track_id: place_body(person, size, focal, camera.axes) for person in frame.persons}
        upright = camera.upright
        for person in frame.persons:
            if person.state is PersonState.SEEN:
                body = bodies[person.track_id]
                upright = upright.with_standing(body.trunk, body.stands)
        self._camera, self._time = replace(camera, upright=upright), frame.timestamp
        up, axes = upright.up, ResultAxes.of(self._camera, self._focal_deviation)
        persons = tuple(
            person.with_world(self._world(person, bodies[person.track_id], up, axes, seconds))
            for person in frame.persons
        )
        now = frame.timestamp
        self._known = {number: one for number, one in self._known.items() if now - one.time < _FORGOTTEN}
        return replace(frame, persons=persons)

    def _turned(self, frame: FrameResult, size: tuple[int, int]) -> LookingCamera:
        """Return the camera after its motion; a new one at the beginning and with a new shot."""
        before, motion = self._camera, frame.camera_motion
        if before is None or frame.shot or motion is None:
            self._known = {}
            return LookingCamera.first()
        if not motion.known:
            return replace(before, variance=before.variance + _LOST_TURN**2)
        if motion.still:
            return before
        turn = turn_of(motion, size, self._focal * max(size))
        zoomed = before.zoomed + math.log(growth(motion, size))
        return replace(before, axes=before.axes @ turn.T, variance=before.variance + _DRIFT**2, zoomed=zoomed)

    def _world(
        self, person: TrackedPerson, body: PlacedBody, up: Float64, axes: ResultAxes, seconds: float
    ) -> PersonWorld:
        """Return a person in the axes of results, who was placed in those of the first camera."""
        before = self._known.get(person.track_id)
        seen = person.state is PersonState.SEEN
        if before is None:
            motion = begun(body.root, each_frame(person))
        else:
            motion = moved_on(before.motion, self._time - before.time)
            motion = seen_again(motion, body.root, each_frame(person)) if seen else motion
        ground = None if before is None else before.ground
        elapsed = seconds if before is None else self._time - before.time
        place, velocity = motion.mean[:3], motion.mean[3:]
        unsure = noise(place, each_frame(person))
        ground, contacts = stood_on(ground, place, body.feet - body.root, velocity, up, elapsed, unsure)
        if not seen and before is not None:
            ground, contacts = before.ground, np.full(2, 0.5)
        self._known[person.track_id] = _Known(motion, ground, self._time)
        pixels = float((person.box[2:] - person.box[:2]).max())
        return levelled(motion, body, contacts, axes, lasting(body.stands, pixels))

    def _restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        *total, count = state["upright"].tolist()
        variance, zoomed, self._time = state["scalars"].tolist()
        self._camera = LookingCamera(state["axes"], variance, zoomed, Upright(np.array(total), count))
        for row, number in enumerate(state["ids"].tolist()):
            above, time = state["times"][row].tolist()
            motion = MotionState(state["means"][row], state["covariances"][row])
            ground = GroundState(state["points"][row], state["travels"][row], above, state["feet"][row])
            self._known[number] = _Known(motion, ground, time)

"""Sightings whose body is not believed: the box says where the person is, the track says what the person is like.

A body model that hardly sees a person in a crop still gives a body, in any pose and at any depth. A track that took it
in would expect nonsense of the next frames. So of such a sighting only the place counts: the body is the one that the
track expected, at the depth that it expected, moved as the box is off the expected one, and the appearance stays.
"""

from dataclasses import replace

import numpy as np

from tracker_service.phalp.state.sightings import Sightings
from tracker_service.types import Bool, Float32
from tracker_service.types.phalp_vectors import (
    FOCAL_OVER_SIZE,
    POSE_CAMERA,
    location_vectors,
    pose_cameras,
)

_BELIEVED = 0.1
"""Presence from which a body enters its track. Raising it holds on to expected poses for longer."""


def doubted(seen: Sightings) -> Bool:
    """Return (n,) whether the body of each sighting is not believed."""
    return np.asarray(seen.presence < np.float32(_BELIEVED))


def with_expected_bodies(
    seen: Sightings, expected: Sightings, boxes: Float32, frame_size: tuple[int, int]
) -> Sightings:
    """Return the sightings of n people with the bodies that their tracks expected, where they were seen.

    Args:
        seen: the new sightings.
        expected: the same people as predicted for this frame.
        boxes: (n, 4) where they were expected: their last boxes, moved. Those of the predicted bodies depend on poses.
        frame_size: width and height of the frame, pixels.
    """
    longer = max(frame_size)
    middles = [(one[:, :2] + one[:, 2:]) / 2 for one in (seen.box, boxes)]
    moved: Float32 = np.asarray(middles[0] - middles[1], np.float32)
    camera = expected.camera.copy()
    camera[:, :2] += moved * (camera[:, 2:] / np.float32(FOCAL_OVER_SIZE * longer))
    joints = (expected.joints_3d + camera[:, None]).astype(np.float64)
    across = FOCAL_OVER_SIZE * joints[..., :2] / joints[..., 2:]
    pose = expected.pose.copy()
    pose[:, POSE_CAMERA] = pose_cameras(camera)
    return replace(
        seen,
        center=np.asarray(expected.center + moved, np.float32),
        side=expected.side,
        roll=expected.roll,
        crop_camera=expected.crop_camera,
        camera=camera,
        joints_3d=expected.joints_3d,
        joints_2d=(across * longer + np.array(frame_size) / 2).astype(np.float32),
        pose=pose,
        location=location_vectors((across + 0.5).astype(np.float32), camera),
        appearance=expected.appearance,
    )

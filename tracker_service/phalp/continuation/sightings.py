"""A new sighting held against what its track knows of the person: sides and depth, before they are believed."""

from dataclasses import replace

import numpy as np

from tracker_service.phalp.continuation.depth import steadied_depth
from tracker_service.phalp.continuation.sides import believed_sides, with_sides_exchanged
from tracker_service.phalp.missed_tracks import JointModel
from tracker_service.phalp.state.continuity import Continuity
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Float32, Float64, Int64
from tracker_service.types.phalp_vectors import (
    FOCAL_OVER_SIZE,
    LOCATION_DEPTH,
    POSE_CAMERA,
    TRUNK_JOINTS,
    location_vectors,
    pose_cameras,
    pose_vectors,
    smpl_of,
)


def continued(
    last: Sightings,
    known: Continuity,
    seen: Sightings,
    steps: Int64,
    frame_size: tuple[int, int],
    body: JointModel | None,
    parameters: TrackerParameters,
) -> tuple[Sightings, Continuity]:
    """Return new sightings of n people as their tracks make them believed, and what the tracks know then.

    Args:
        last: their last sightings, as they were believed.
        known: what the tracks know beside them.
        seen: what was seen of them in this frame.
        steps: (n,) frames from the last sighting to this one, at least 1.
        frame_size: width and height of the frame, pixels.
        body: gives the joints of bodies whose sides are exchanged; without it sides are believed as they are seen.
        parameters: how much is believed of one frame.
    """
    belief = known.side_belief
    if body is not None:
        seen, belief = _with_sides(last, belief, seen, steps, body, parameters.side_vote)
    if parameters.depth_gain == 1:
        return seen, Continuity(belief, known.depth_rate)
    depth, rate = steadied_depth(
        seen.location[:, LOCATION_DEPTH],
        last.location[:, LOCATION_DEPTH],
        known.depth_rate,
        steps,
        parameters.depth_gain,
    )
    return _at_depth(seen, depth, frame_size), Continuity(belief, rate)


def _with_sides(
    last: Sightings, belief: Float32, seen: Sightings, steps: Int64, body: JointModel, vote: float
) -> tuple[Sightings, Float32]:
    smpl = with_sides_exchanged(smpl_of(seen.pose))
    before, now = last.joints_3d[:, TRUNK_JOINTS], seen.joints_3d[:, TRUNK_JOINTS]
    sides = believed_sides(belief, before, now, body.trunk(smpl), steps, vote)
    if not sides.exchanged.any():
        return seen, sides.belief
    other = seen.joints_3d.copy()
    other[:, :-1] = body.joints(smpl)
    exchanged = sides.exchanged[:, None]
    pose = np.where(exchanged, pose_vectors(smpl, seen.camera), seen.pose)
    joints = np.where(exchanged[..., None], other, seen.joints_3d)
    return replace(seen, pose=pose, joints_3d=joints), sides.belief


def _at_depth(seen: Sightings, depth: Float64, frame_size: tuple[int, int]) -> Sightings:
    """Return the sightings at other depths, on the same line of sight; what follows from them is computed anew."""
    longer = max(frame_size)
    camera = (seen.camera * (depth / seen.camera[:, 2])[:, None]).astype(np.float32)
    placed = seen.joints_3d.astype(np.float64) + camera[:, None]
    across = FOCAL_OVER_SIZE * placed[..., :2] / placed[..., 2:]
    pose = seen.pose.copy()
    pose[:, POSE_CAMERA] = pose_cameras(camera)
    spread = 2 * FOCAL_OVER_SIZE * longer / camera[:, 2].astype(np.float64)
    shift = camera[:, :2] - 2 * (seen.center - np.array(frame_size) / 2) / spread[:, None]
    return replace(
        seen,
        camera=camera,
        crop_camera=np.column_stack([spread / seen.side, shift]).astype(np.float32),
        joints_2d=(across * longer + np.array(frame_size) / 2).astype(np.float32),
        pose=pose,
        location=location_vectors((across + 0.5).astype(np.float32), camera),
    )

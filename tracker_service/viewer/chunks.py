"""Some frames of a run in the page's binary layout, in two parts.

The *timeline* says who is where, in which state and with which joint angles: the page holds it of the whole run. The
*bodies* are what is drawn: the page loads them where it is, and forgets them. Everything is little endian; F frames, T
tracks, R people of frames.

Timeline: four uint32 (`TIMELINE_MAGIC`, F, R, T), then by column float64 seconds (F); uint32 track ids (T), colours
0xRRGGBB (T), first row of each frame and R (F + 1); float32 focal length of each frame's camera in pixels, 0 where it
is not known (F), hips in the scene (R, 3), height of the ground under them (R), box x y width height in pixels (R, 4);
uint16 rows of the tracks (R), frames since they were seen (R), reasons, one bit each as in `QualityReason` (R), joint
angles in hundredths of a degree as in `ANGLE_NAMES` (R, 7); uint8 state, found_by, usability (3 where it is not known),
1 in the world (R each), contacts in 255ths (R, 2), 1 at a new shot (F).

Bodies: four uint32 (`BODIES_MAGIC`, F, R, 0), then float32 translations in the full frame (R, 3); int16 rotation
vectors of the 24 joints in 32767ths of pi (R, 24, 3), the same of the turn from model space to the scene (R, 3), betas
in thousandths (R, 10).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from tracker_service.body.joint_angles import JOINT_ANGLE_NAMES, joint_angle_rows, spine_angles
from tracker_service.body.model import BodyModel
from tracker_service.drawing.palette import track_color
from tracker_service.results.records import FrameRecord, PersonRecord
from tracker_service.types import FoundBy, PersonState, Smpl
from tracker_service.types.quality import QualityReason, Usability
from tracker_service.viewer.placing import ScenePlace, scene_place

TIMELINE_MAGIC, BODIES_MAGIC = 0x32545650, 0x31505650
ANGLE_NAMES = ("left_knee", "right_knee", "left_hip", "right_hip", "spine", "left_elbow", "right_elbow")
"""The joint angles of which the page draws curves."""
STATES, FOUND_BY, USABILITIES, REASONS = map(tuple, (PersonState, FoundBy, Usability, QualityReason))
"""What the codes of a timeline mean, by their number."""
_UNKNOWN_USABILITY = len(USABILITIES)
_BETA_STEP = 0.001
_LARGEST = 32767


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some frames in both parts."""

    timeline: bytes
    bodies: bytes


def pack(frames: Sequence[FrameRecord], body: BodyModel) -> Chunk:
    """Return consecutive frames in the layout above."""
    return Chunk(pack_timeline(frames, body), pack_bodies(frames))


def pack_timeline(frames: Sequence[FrameRecord], body: BodyModel) -> bytes:
    """Return the timeline of consecutive frames."""
    rows = _placed(frames)
    persons, places = [person for person, _ in rows], [place for _, place in rows]
    tracks = sorted({person.track_id for person in persons})
    row_of_track = {track: row for row, track in enumerate(tracks)}
    starts = np.cumsum([0, *(len(frame.persons) for frame in frames)])
    return _joined(
        np.array([TIMELINE_MAGIC, len(frames), len(rows), len(tracks)], np.uint32),
        np.array([frame.timestamp for frame in frames], np.float64),
        np.array(tracks, np.uint32),
        np.array([_color(track) for track in tracks], np.uint32),
        starts.astype(np.uint32),
        np.array([_focal(frame) for frame in frames], np.float32),
        np.array([place.position for place in places], np.float32),
        np.array([place.ground for place in places], np.float32),
        np.array([person.bbox for person in persons], np.float32),
        np.array([row_of_track[person.track_id] for person in persons], np.uint16),
        np.array([min(person.age, 0xFFFF) for person in persons], np.uint16),
        np.array([_reasons(person) for person in persons], np.uint16),
        np.round(_angles(persons, body) * 100).astype(np.uint16),
        np.array([STATES.index(person.state) for person in persons], np.uint8),
        np.array([FOUND_BY.index(person.found_by) for person in persons], np.uint8),
        np.array([_usability(person) for person in persons], np.uint8),
        np.array([place.in_world for place in places], np.uint8),
        np.array([_contacts(person) for person in persons], np.uint8),
        np.array([frame.shot for frame in frames], np.uint8),
    )


def pack_bodies(frames: Sequence[FrameRecord]) -> bytes:
    """Return the bodies of consecutive frames."""
    rows = _placed(frames)
    rotations = [np.concatenate([person.global_orient, person.body_pose]) for person, _ in rows]
    betas = np.array([person.betas for person, _ in rows]) / _BETA_STEP
    return _joined(
        np.array([BODIES_MAGIC, len(frames), len(rows), 0], np.uint32),
        np.array([person.camera for person, _ in rows], np.float32),
        _rotation_vectors(np.array(rotations)),
        _rotation_vectors(np.array([place.orientation for _, place in rows])),
        np.clip(np.round(betas), -_LARGEST, _LARGEST).astype(np.int16),
    )


def _placed(frames: Sequence[FrameRecord]) -> list[tuple[PersonRecord, ScenePlace]]:
    return [(person, scene_place(person, frame)) for frame in frames for person in frame.persons]


def _joined(*columns: NDArray[np.generic]) -> bytes:
    return b"".join(np.ascontiguousarray(column).tobytes() for column in columns)


def _rotation_vectors(rotations: NDArray[np.floating]) -> NDArray[np.int16]:
    if not rotations.size:
        return np.zeros(0, np.int16)
    vectors = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_rotvec()
    return np.round(vectors / np.pi * _LARGEST).astype(np.int16)


def _angles(persons: Sequence[PersonRecord], body: BodyModel) -> NDArray[np.float64]:
    if not persons:
        return np.zeros((0, len(ANGLE_NAMES)))
    smpl = Smpl(
        np.stack([person.global_orient for person in persons]),
        np.stack([person.body_pose for person in persons]),
        np.stack([person.betas for person in persons]),
    )
    angles = joint_angle_rows(np.stack([person.keypoints_3d for person in persons]), smpl.body_pose)
    columns = dict(zip(JOINT_ANGLE_NAMES, angles.T, strict=True)) | {"spine": spine_angles(body.smpl_joints(smpl))}
    return np.stack([columns[name] for name in ANGLE_NAMES], axis=1)


def _focal(frame: FrameRecord) -> float:
    return 0.0 if frame.calibration is None else frame.calibration.focal_length


def _color(track: int) -> int:
    red, green, blue = track_color(track)
    return red << 16 | green << 8 | blue


def _usability(person: PersonRecord) -> int:
    return _UNKNOWN_USABILITY if person.quality is None else USABILITIES.index(person.quality.usability)


def _reasons(person: PersonRecord) -> int:
    return 0 if person.quality is None else sum(1 << REASONS.index(reason) for reason in person.quality.reasons)


def _contacts(person: PersonRecord) -> tuple[int, int]:
    if person.world is None:
        return 0, 0
    left, right = np.round(person.world.contacts * 255).astype(int).tolist()
    return left, right

"""The fields of the single-frame responses: how each is made of an answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from tracker_service.api.answer_parameters import KeypointSet
from tracker_service.api.frames.keypoints import Keypoints, keypoints_of
from tracker_service.body.joint_angles import joint_angles, spine_angle
from tracker_service.body.model import BodyModel
from tracker_service.people.cameras import focal_length
from tracker_service.results.person_json import (
    Record,
    calibration_record,
    finite,
    finite_array,
    motion_record,
    person_record,
    stacked_smpl,
)
from tracker_service.sessions.frame import FrameAnswer
from tracker_service.types import Float32, Int64, PersonState, TrackedPerson

_ANGLE_DIGITS = 2


@dataclass(frozen=True)
class PoseFrame:
    """What the fields are made of; see `hybrid_record`."""

    answer: FrameAnswer
    body: BodyModel
    model_version: str
    processing_time_ms: float
    mesh: bool
    keypoint_set: KeypointSet

    @property
    def main(self) -> TrackedPerson | None:
        """The person of the single-person fields."""
        return self.answer.main

    @cached_property
    def smpl_joints(self) -> Float32 | None:
        """SMPL's own 24 joints of the main person, (24, 3) metres."""
        return None if self.main is None else self.body.smpl_joints(stacked_smpl((self.main,)))[0]

    @cached_property
    def keypoints(self) -> Keypoints | None:
        """The named points of the main person."""
        if self.main is None or self.smpl_joints is None:
            return None
        main, wanted = self.main, self.keypoint_set
        return keypoints_of(main.joints_2d, main.joints_3d, main.camera, self.smpl_joints, self.size, wanted)

    @property
    def joint_confidence(self) -> list[float] | None:
        """How far each of the main person's 45 joints is in sight, 0 to 1; None where that was not judged."""
        quality = None if self.main is None else self.main.quality
        return None if quality is None else quality.joint_confidence.tolist()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.answer.result.width, self.answer.result.height

    def array(self, name: str, value: Float32) -> Float32:
        """Return ``value`` for a field; raises `ContractError` if a number in it is not finite."""
        return finite_array(f"frame {self.answer.result.frame_number}, {name}", value)


def _keypoints_3d(frame: PoseFrame) -> list[Record]:
    if frame.main is None or frame.keypoints is None:
        return []
    frame.array("keypoints", frame.keypoints.pixels)
    frame.array("keypoints", frame.keypoints.positions)
    return frame.keypoints.in_space(frame.main.tracking_confidence, frame.joint_confidence)


def _keypoints_2d(frame: PoseFrame) -> list[Record]:
    if frame.main is None or frame.keypoints is None:
        return []
    frame.array("keypoints", frame.keypoints.pixels)
    return frame.keypoints.in_image(frame.main.tracking_confidence, frame.joint_confidence)


def _keypoint_count(frame: PoseFrame) -> int:
    return 0 if frame.keypoints is None else len(frame.keypoints.names)


def _joints(frame: PoseFrame) -> Float32 | None:
    return None if frame.main is None else frame.array("joints_3d_raw", frame.main.joints_3d)


def _angles(frame: PoseFrame) -> Record:
    if frame.main is None or frame.smpl_joints is None:
        return {}
    angles = joint_angles(frame.array("joints_3d", frame.main.joints_3d), frame.main.body_pose)
    angles["spine"] = spine_angle(frame.array("smpl_joints", frame.smpl_joints))
    return {name: round(angle, _ANGLE_DIGITS) for name, angle in angles.items()}


def _vertex_count(frame: PoseFrame) -> int:
    return 0 if frame.main is None else frame.body.number_of_vertices


def _vertices(frame: PoseFrame) -> Float32 | None:
    if frame.main is None or not frame.mesh:
        return None
    return frame.array("mesh_vertices_data", frame.body.vertices(stacked_smpl((frame.main,)))[0])


def _faces(frame: PoseFrame) -> Int64 | None:
    if frame.main is None or not frame.mesh:
        return None
    return np.ascontiguousarray(frame.body.faces)


def _camera_translation(frame: PoseFrame) -> Float32 | None:
    return None if frame.main is None else frame.array("camera_translation", frame.main.camera)


def _camera_params(frame: PoseFrame) -> Record:
    crop = np.zeros(3, np.float32) if frame.main is None else frame.array("camera_params", frame.main.crop_camera)
    return {"scale": crop[0], "tx": crop[1], "ty": crop[2], "type": "weak_perspective"}


def _camera_full(frame: PoseFrame) -> Record:
    camera = np.zeros(3, np.float32) if frame.main is None else frame.array("camera_full", frame.main.camera)
    return {
        "tx": camera[0],
        "ty": camera[1],
        "tz": camera[2],
        "focal_length": focal_length(frame.size),
        "img_width": frame.size[0],
        "img_height": frame.size[1],
        "type": "perspective",
    }


def _detection(frame: PoseFrame) -> Record:
    person = frame.main
    return {
        "box_center": None if person is None else frame.array("detection.box_center", person.center),
        "box_size": 0.0 if person is None else finite("detection.box_size", person.side),
        "vitdet_used": person is not None and person.state is PersonState.SEEN,
        "num_persons_detected": frame.answer.detected,
    }


def _error(frame: PoseFrame) -> str | None:
    number = frame.answer.result.frame_number
    if frame.main is not None:
        return None
    if frame.answer.expected:
        return f"nobody is seen in frame {number} and nobody was seen recently enough to predict a pose from"
    return f"nobody has been seen up to frame {number}"


def _session(frame: PoseFrame) -> Record:
    answer = frame.answer
    return {"id": answer.session, "video": answer.video, "late": answer.late, "expected": answer.expected}


Field: TypeAlias = Callable[[PoseFrame], Any]
"""Makes the value of one field."""

_HEAD: dict[str, Field] = {
    "frame_number": lambda frame: frame.answer.result.frame_number,
    "frame_width": lambda frame: frame.size[0],
    "frame_height": lambda frame: frame.size[1],
}
_TAIL: dict[str, Field] = {
    "tracking_confidence": lambda frame: 0.0 if frame.main is None else frame.main.tracking_confidence,
    "phalp_available": lambda _: True,
    "processing_time_ms": lambda frame: round(frame.processing_time_ms, 3),
    "model_version": lambda frame: frame.model_version,
    "error": _error,
    "track_id": lambda frame: None if frame.main is None else frame.main.track_id,
    "state": lambda frame: None if frame.main is None else str(frame.main.state),
    "session": _session,
}
HYBRID: Mapping[str, Field] = MappingProxyType(
    {
        **_HEAD,
        "keypoints": _keypoints_3d,
        "keypoint_count": _keypoint_count,
        "has_3d": lambda frame: frame.main is not None,
        "joints_3d_raw": _joints,
        "joint_angles_3d": _angles,
        "mesh_vertices": _vertex_count,
        "mesh_vertices_data": _vertices,
        "mesh_faces_data": _faces,
        "camera_translation": _camera_translation,
        "camera_params": _camera_params,
        "camera_full": _camera_full,
        "detection": _detection,
        **_TAIL,
        "calibration": lambda frame: calibration_record(frame.answer.result),
        "camera_motion": lambda frame: motion_record(frame.answer.result),
        "persons": lambda frame: [
            person_record(person, calibration=frame.answer.result.calibration) for person in frame.answer.result.persons
        ],
    }
)
"""Fields of ``POST /pose/hybrid``, in their order."""
KEYPOINTS: Mapping[str, Field] = MappingProxyType(
    {**_HEAD, "keypoints": _keypoints_2d, "keypoint_count": _keypoint_count, **_TAIL}
)
"""Fields of ``POST /pose``, in their order."""

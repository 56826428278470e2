"""One frame in the JSON shape that existing clients read: `Frame` and `Person` of the HTTP contract.

Numbers are written as the shortest decimals that give back the same float32; a NaN or an infinity, which JSON cannot
carry, is refused here instead of becoming a silent ``null`` in front of a client.
"""

from typing import Any, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from tracker_service.body.camera_space import in_camera
from tracker_service.body.model import BodyModel
from tracker_service.errors import ContractError
from tracker_service.types import Float32, Float64, FrameResult, PersonWorld, Smpl, TrackedPerson
from tracker_service.types.arrays import Scalar
from tracker_service.types.calibration import Calibration
from tracker_service.types.quality import PoseQuality

Record: TypeAlias = dict[str, Any]
"""A JSON object whose leaves may be numpy arrays; only `frame_bytes` turns it into text."""


def frame_bytes(result: FrameResult, body: BodyModel | None = None) -> bytes:
    """Return the frame as one line of JSON, without a line break; see `frame_record`."""
    return orjson.dumps(frame_record(result, body), option=orjson.OPT_SERIALIZE_NUMPY)


def frame_record(result: FrameResult, body: BodyModel | None = None) -> Record:
    """Return the ``Frame`` object of the HTTP contract for ``result``.

    Additive to the contract: ``frame_width``, ``frame_height``, ``shot``, ``dropped`` (boxes removed per gate) and
    ``camera_motion`` and ``calibration`` of the frame; ``state``, ``age``, ``found_by``, ``camera_crop``, ``in_camera``
    (where the camera is calibrated) and ``world`` (where it is known) of each person.

    Args:
        result: the frame.
        body: computes ``mesh_vertices``; None leaves them out.

    Raises:
        ContractError: a field is not finite; the message names frame, track and field.
    """
    vertices = None if body is None or not result.persons else body.vertices(stacked_smpl(result.persons))
    persons = [
        person_record(person, None if vertices is None else vertices[row], result.calibration)
        for row, person in enumerate(result.persons)
    ]
    return {
        "frame_number": result.frame_number,
        "timestamp": round(finite(f"frame {result.frame_number}, timestamp", result.timestamp), 6),
        "frame_width": result.width,
        "frame_height": result.height,
        "shot": result.shot,
        "dropped": {
            "low_score": result.dropped.low_score,
            "small": result.dropped.small,
            "absent": result.dropped.absent,
            "duplicate": result.dropped.duplicate,
        },
        "camera_motion": motion_record(result),
        "calibration": calibration_record(result),
        "persons": persons,
    }


def motion_record(result: FrameResult) -> Record | None:
    """Return how the frame's camera moved, None where it is not followed."""
    motion = result.camera_motion
    return None if motion is None else {"matrix": motion.matrix, "confidence": motion.confidence}


def calibration_record(result: FrameResult) -> Record | None:
    """Return the focal length of the frame's camera and where it is known from, None where it is not."""
    camera = result.calibration
    return None if camera is None else {"focal_length": camera.focal_length, "source": str(camera.source)}


def stacked_smpl(persons: tuple[TrackedPerson, ...]) -> Smpl:
    """Return the bodies of at least one person as one batch, in the same order."""
    return Smpl(
        global_orient=np.stack([person.global_orient for person in persons]),
        body_pose=np.stack([person.body_pose for person in persons]),
        betas=np.stack([person.betas for person in persons]),
    )


def box_xywh(person: TrackedPerson) -> Float32:
    """Return the (4,) box as x, y of the upper left corner, width and height, source pixels."""
    return np.concatenate([person.box[:2], person.box[2:] - person.box[:2]])


def person_record(
    person: TrackedPerson, vertices: Float32 | None = None, calibration: Calibration | None = None
) -> Record:
    """Return the ``Person`` object of the HTTP contract.

    Args:
        person: the person.
        vertices: (V, 3) of its mesh, None leaves them out.
        calibration: of the camera, None leaves out where the person stands before it.

    Raises:
        ContractError: a field is not finite; the message names frame, track and field.
    """
    where = f"frame {person.frame_number}, track {person.track_id}"

    def array(name: str, value: Float32) -> Float32:
        return finite_array(f"{where}, {name}", value)

    camera = array("camera", person.camera)
    crop_camera = array("camera_crop", person.crop_camera)
    record: Record = {
        "track_id": person.track_id,
        "state": str(person.state),
        "age": person.age,
        "found_by": str(person.found_by),
        "confidence": np.float32(finite(f"{where}, confidence", person.score)),
        # Not narrowed to float32: a prediction's confidence must stay strictly below 1.
        "tracking_confidence": finite(f"{where}, tracking_confidence", person.tracking_confidence),
        "bbox": array("bbox", box_xywh(person)),
        "smpl": {
            "betas": array("smpl.betas", person.betas),
            "body_pose": array("smpl.body_pose", person.body_pose),
            "global_orient": array("smpl.global_orient", person.global_orient),
        },
        "keypoints_3d": array("keypoints_3d", person.joints_3d),
        "keypoints_2d": array("keypoints_2d", person.joints_2d),
        "camera": {"tx": camera[0], "ty": camera[1], "tz": camera[2]},
        "camera_crop": {"scale": crop_camera[0], "tx": crop_camera[1], "ty": crop_camera[2]},
    }
    if calibration is not None:
        placed = in_camera(person, calibration)
        record["in_camera"] = {"global_orient": placed.global_orient, "translation": placed.translation}
    if person.quality is not None:
        record["quality"] = _quality_record(person.quality)
        record["joint_confidence"] = array("joint_confidence", person.quality.joint_confidence)
    if person.world is not None:
        record["world"] = _world_record(where, person.world)
    if vertices is not None:
        record["mesh_vertices"] = array("mesh_vertices", vertices)
    return record


def _quality_record(quality: PoseQuality) -> Record:
    return {
        "usability": str(quality.usability),
        "reasons": [str(reason) for reason in quality.reasons],
        "error": quality.error,
    }


def _world_record(where: str, world: PersonWorld) -> Record:
    def array(name: str) -> Float64:
        return finite_array(f"{where}, world.{name}", getattr(world, name))

    arrays = ("position", "position_deviation", "velocity", "velocity_deviation", "contacts")
    orientation = {} if world.orientation is None else {"orientation": array("orientation")}
    doubts = {} if world.doubts is None else {"reliable": world.reliable, "doubts": list(map(str, world.doubts))}
    return {
        **{name: array(name) for name in arrays},
        **orientation,
        "heading": finite(f"{where}, world.heading", world.heading),
        "heading_deviation": finite(f"{where}, world.heading_deviation", world.heading_deviation),
        **doubts,
    }


def finite_array(name: str, value: NDArray[Scalar]) -> NDArray[Scalar]:
    """Return ``value`` as orjson can write it, or raise `ContractError` if a number in it is not finite."""
    finite = np.isfinite(value)
    if not finite.all():
        raise ContractError(f"{name}: expected finite numbers, got {float(value[~finite].flat[0])}")
    # orjson writes only C-contiguous arrays.
    return np.ascontiguousarray(value)


def finite(name: str, value: float) -> float:
    """Return ``value``, or raise `ContractError` if it is not finite."""
    if not np.isfinite(value):
        raise ContractError(f"{name}: expected a finite number, got {value}")
    return float(value)

"""A frame as it is read back from its JSON line."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
import orjson

from tracker_service.body.camera_space import PersonInCamera
from tracker_service.errors import ContractError, ResultsError
from tracker_service.types import (
    NUMBER_OF_JOINTS,
    CameraMotion,
    DroppedDetections,
    Float32,
    FoundBy,
    PersonState,
    PersonWorld,
    WorldDoubt,
)
from tracker_service.types.arrays import checked
from tracker_service.types.calibration import Calibration, FocalSource
from tracker_service.types.quality import PoseQuality, QualityReason, Usability
from tracker_service.types.shown_html import ShownInNotebooks
from tracker_service.types.smpl import BETAS_SHAPE, BODY_POSE_SHAPE, GLOBAL_ORIENT_SHAPE

JsonObject: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """One person of one line; shapes and units as in the HTTP contract.

    Attributes:
        track_id: identity, from 1.
        state: seen, predicted or lost.
        age: frames since the person was last seen.
        confidence: detection score when last seen, [0, 1].
        tracking_confidence: 1.0 when seen, below 1 when predicted.
        bbox: (4,) float32, x y width height, source pixels.
        betas: (10,) float32.
        body_pose: (23, 3, 3) float32.
        global_orient: (1, 3, 3) float32.
        keypoints_3d: (45, 3) float32, metres, model space.
        keypoints_2d: (45, 2) float32, source pixels.
        camera: (3,) float32, full-frame translation.
        mesh_vertices: (V, 3) float32, metres, model space, or None.
        found_by: how the person was found when last seen.
        quality: how far the pose can be believed; None where the producer did not say.
        in_camera: the body before the picture's camera, None where its focal length is not known.
        world: where the person is in the world, None where that is not known.
    """

    track_id: int
    state: PersonState
    age: int
    confidence: float
    tracking_confidence: float
    bbox: Float32
    betas: Float32
    body_pose: Float32
    global_orient: Float32
    keypoints_3d: Float32
    keypoints_2d: Float32
    camera: Float32
    mesh_vertices: Float32 | None = None
    found_by: FoundBy = FoundBy.DETECTION
    quality: PoseQuality | None = None
    world: PersonWorld | None = None
    in_camera: PersonInCamera | None = None


@dataclass(frozen=True, slots=True)
class FrameRecord(ShownInNotebooks):
    """One line of ``results.ndjson``.

    Attributes:
        frame_number: index of the frame in the source, from 0.
        timestamp: seconds since the first frame of the source.
        width, height: source frame size in pixels; 0 where the producer did not say.
        persons: people of the frame.
        shot: True on the first frame of a new shot.
        dropped: boxes that the gates removed.
        camera_motion: how the camera moved since the frame before; None where it was not followed.
        calibration: the camera, None where its focal length is not known.
    """

    frame_number: int
    timestamp: float
    width: int
    height: int
    persons: tuple[PersonRecord, ...]
    shot: bool
    dropped: DroppedDetections
    camera_motion: CameraMotion | None = None
    calibration: Calibration | None = None


def parse_frame(line: bytes, where: str) -> FrameRecord:
    """Read one line; fields beyond the HTTP contract may be missing.

    Args:
        line: one JSON object.
        where: ``file:line``, the start of every error message.

    Raises:
        ResultsError: not JSON, a field missing, or a value of another type, shape or range.
    """
    try:
        frame = _object(orjson.loads(line), "the line")
        return FrameRecord(
            frame_number=_integer(frame, "frame_number", minimum=0),
            timestamp=_number(frame, "timestamp"),
            width=_integer(frame, "frame_width", default=0),
            height=_integer(frame, "frame_height", default=0),
            persons=_persons(_list(frame, "persons")),
            shot=bool(frame.get("shot", False)),
            dropped=_dropped(_object(frame.get("dropped", {}), "dropped")),
            camera_motion=_camera_motion(frame.get("camera_motion")),
            calibration=_calibration(frame),
        )
    except orjson.JSONDecodeError as error:
        raise ResultsError(f"{where}: expected one JSON object, got text that is not JSON ({error})") from error
    except (ContractError, _FieldError) as error:
        raise ResultsError(f"{where}: {error}") from error


def parse_persons(values: object, where: str) -> tuple[PersonRecord, ...]:
    """Read the people of a frame.

    Args:
        values: the list ``persons`` of a line or of an answer.
        where: the start of every error message.

    Raises:
        ResultsError: as `parse_frame`.
    """
    try:
        return _persons(_list({"persons": values}, "persons"))
    except (ContractError, _FieldError) as error:
        raise ResultsError(f"{where}: {error}") from error


_WORLD_ROWS = ("position", "position_deviation", "velocity", "velocity_deviation")
_GATES = tuple(gate.name for gate in fields(DroppedDetections))


class _FieldError(Exception):
    """A field of a line does not hold what it should."""


def _persons(values: list[object]) -> tuple[PersonRecord, ...]:
    persons = tuple(_person(value) for value in values)
    ids = [person.track_id for person in persons]
    if len(set(ids)) < len(ids):
        raise _FieldError(f"track_id: expected each track once in a frame, got {sorted(ids)}")
    return persons


def _person(value: object) -> PersonRecord:
    person = _object(value, "persons[]")
    smpl = _object(person.get("smpl"), "smpl")
    camera = _object(person.get("camera"), "camera")
    vertices = person.get("mesh_vertices")
    age = _integer(person, "age", default=0)
    return PersonRecord(
        track_id=_integer(person, "track_id", minimum=1),
        state=_state(person.get("state"), age),
        age=age,
        confidence=_number(person, "confidence"),
        tracking_confidence=_number(person, "tracking_confidence"),
        bbox=_array(person, "bbox", (4,)),
        betas=_array(smpl, "betas", BETAS_SHAPE),
        body_pose=_array(smpl, "body_pose", BODY_POSE_SHAPE),
        global_orient=_array(smpl, "global_orient", GLOBAL_ORIENT_SHAPE),
        keypoints_3d=_array(person, "keypoints_3d", (NUMBER_OF_JOINTS, 3)),
        keypoints_2d=_array(person, "keypoints_2d", (NUMBER_OF_JOINTS, 2)),
        camera=np.array([_number(camera, axis) for axis in ("tx", "ty", "tz")], np.float32),
        mesh_vertices=None if vertices is None else _array(person, "mesh_vertices", (None, 3)),
        found_by=_found_by(person.get("found_by", FoundBy.DETECTION)),
        quality=_quality(person),
        world=_world(person.get("world")),
        in_camera=_in_camera(person.get("in_camera")),
    )


def _state(value: object, age: int) -> PersonState:
    if value is None:
        return PersonState.SEEN if age == 0 else PersonState.PREDICTED
    try:
        return PersonState(str(value))
    except ValueError:
        raise _FieldError(f"state: expected {_one_of(PersonState)}, got {value!r}") from None


def _found_by(value: object) -> FoundBy:
    try:
        return FoundBy(str(value))
    except ValueError:
        raise _FieldError(f"found_by: expected {_one_of(FoundBy)}, got {value!r}") from None


def _quality(person: JsonObject) -> PoseQuality | None:
    if person.get("quality") is None:
        return None
    quality = _object(person["quality"], "quality")
    try:
        usability = Usability(str(quality.get("usability")))
        reasons = tuple(QualityReason(str(reason)) for reason in _list(quality, "reasons"))
    except ValueError as error:
        raise _FieldError(f"quality: expected a usability and reasons, got {error}") from None
    stated = None if quality.get("error") is None else _number(quality, "error")
    return PoseQuality(usability, reasons, stated, _array(person, "joint_confidence", (NUMBER_OF_JOINTS,)))


def _one_of(choices: type[StrEnum]) -> str:
    *first, last = choices
    return f"{', '.join(first)} or {last}"


def _dropped(value: JsonObject) -> DroppedDetections:
    gates = [gate.name for gate in fields(DroppedDetections)]
    return DroppedDetections(**{gate: _integer(value, gate, default=0) for gate in gates})


def _world(value: object) -> PersonWorld | None:
    if value is None:
        return None
    world = _object(value, "world")
    arrays = {name: _array(world, name, (3,)) for name in _WORLD_ROWS}
    known = world.get("orientation") is not None
    try:
        doubts = tuple(WorldDoubt(str(doubt)) for doubt in _list(world, "doubts")) if "doubts" in world else None
    except ValueError as error:
        raise _FieldError(f"world.doubts: expected some of {_one_of(WorldDoubt)}, got {error}") from None
    return PersonWorld(
        heading=_number(world, "heading"),
        heading_deviation=_number(world, "heading_deviation"),
        contacts=_array(world, "contacts", (2,)).astype(np.float64),
        orientation=_array(world, "orientation", (3, 3)).astype(np.float64) if known else None,
        doubts=doubts,
        **{name: values.astype(np.float64) for name, values in arrays.items()},
    )


def _in_camera(value: object) -> PersonInCamera | None:
    if value is None:
        return None
    placed = _object(value, "in_camera")
    return PersonInCamera(_array(placed, "global_orient", GLOBAL_ORIENT_SHAPE), _array(placed, "translation", (3,)))


def _calibration(frame: JsonObject) -> Calibration | None:
    if frame.get("calibration") is None:
        return None
    camera = _object(frame["calibration"], "calibration")
    said = camera.get("source")
    try:
        source = FocalSource(str(said))
    except ValueError:
        raise _FieldError(f"calibration.source: expected {_one_of(FocalSource)}, got {said!r}") from None
    size = (_integer(frame, "frame_width", default=0), _integer(frame, "frame_height", default=0))
    return Calibration(_number(camera, "focal_length"), source, *size)


def _camera_motion(value: object) -> CameraMotion | None:
    if value is None:
        return None
    motion = _object(value, "camera_motion")
    try:
        matrix = np.array(motion.get("matrix"), np.float64)
    except (TypeError, ValueError):
        raise _FieldError(f"camera_motion.matrix: expected 3 x 3 numbers, got {_shown(motion.get('matrix'))}") from None
    return CameraMotion(matrix, _number(motion, "confidence"))


def _object(value: object, name: str) -> JsonObject:
    if not isinstance(value, dict):
        raise _FieldError(f"{name}: expected a JSON object, got {_shown(value)}")
    return value


def _list(record: JsonObject, name: str) -> list[object]:
    value = record.get(name)
    if not isinstance(value, list):
        raise _FieldError(f"{name}: expected a list, got {_shown(value)}")
    return value


def _integer(record: JsonObject, name: str, *, default: int | None = None, minimum: int = 0) -> int:
    value = record.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        raise _FieldError(f"{name}: expected a whole number from {minimum}, got {_shown(value)}")
    return value


def _number(record: JsonObject, name: str) -> float:
    value = record.get(name)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _FieldError(f"{name}: expected a number, got {_shown(value)}")
    return float(value)


def _array(record: JsonObject, name: str, shape: tuple[int | None, ...]) -> Float32:
    value = record.get(name)
    try:
        array = checked(name, value, np.float32, shape)
    except (TypeError, ValueError):
        raise _FieldError(f"{name}: expected numbers in equally long rows, got {_shown(value)}") from None
    if not np.isfinite(array).all():
        raise _FieldError(f"{name}: expected finite numbers, got null or NaN")
    return array


def _shown(value: object) -> str:
    text = repr(value)
    return "nothing" if value is None else text if len(text) <= 40 else f"{text[:40]}…"

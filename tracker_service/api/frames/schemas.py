"""The documentation of the frame routes: bodies and answers."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tracker_service.api.frames.request_body import FrameForm, FrameJson
from tracker_service.api.http.error_schemas import Responses, errors
from tracker_service.api.http.person_schemas import CalibrationFields, CameraMotionFields, Person
from tracker_service.types.smpl import NUMBER_OF_VERTICES


def _any_selection(schema: dict[str, Any]) -> None:
    """Make every field optional: the query's `fields` may leave each of them out."""
    schema.pop("required", None)
    schema["examples"] = [{name: value for name, value in _EXAMPLE.items() if name in schema["properties"]}]


_ADDITIVE = ConfigDict(extra="allow", json_schema_extra=_any_selection)
_EXAMPLE: dict[str, Any] = {
    "frame_number": 12,
    "frame_width": 1280,
    "frame_height": 720,
    "keypoints": [
        {
            "name": "pelvis",
            "x": 606.1,
            "y": 381.4,
            "z": 0.0,
            "x_3d": 0.01,
            "y_3d": -0.22,
            "z_3d": 0.03,
            "confidence": 1.0,
        }
    ],
    "keypoint_count": 56,
    "has_3d": True,
    "joints_3d_raw": [[-0.02, -0.68, -0.09]],
    "joint_angles_3d": {"left_knee": 168.2, "right_knee": 142.7, "left_elbow": 121.5, "spine": 171.9},
    "mesh_vertices": NUMBER_OF_VERTICES,
    "mesh_vertices_data": [[0.04, -0.71, -0.06]],
    "mesh_faces_data": [[0, 1, 2]],
    "camera_translation": [-0.11, 0.24, 31.6],
    "camera_params": {"scale": 0.89, "tx": 0.05, "ty": -0.13, "type": "weak_perspective"},
    "camera_full": {
        "tx": -0.11,
        "ty": 0.24,
        "tz": 31.6,
        "focal_length": 25000.0,
        "img_width": 1280,
        "img_height": 720,
        "type": "perspective",
    },
    "detection": {
        "box_center": [601.4, 377.0],
        "box_size": 402.5,
        "vitdet_used": True,
        "num_persons_detected": 2,
    },
    "tracking_confidence": 1.0,
    "phalp_available": True,
    "processing_time_ms": 48.3,
    "model_version": "4D-Humans-PHALP",
    "error": None,
    "track_id": 1,
    "state": "seen",
    "session": {"id": "clip-7", "video": 1, "late": False, "expected": True},
    "calibration": {"focal_length": 1040.0, "source": "given"},
    "camera_motion": {"matrix": [[1.0, 0.0, -6.5], [0.0, 1.0, 1.25], [0.0, 0.0, 1.0]], "confidence": 0.93},
    "persons": [
        {"track_id": 1, "state": "seen", "age": 0, "tracking_confidence": 1.0, "bbox": [500.1, 190.4, 203.0, 371.2]}
    ],
}
Vector = tuple[float, float, float]


class Keypoint(BaseModel):
    """A joint of the main person."""

    name: str
    x: float = Field(description="pixels of the sent image")
    y: float = Field(description="pixels of the sent image")
    confidence: float


class Keypoint3d(Keypoint):
    """A joint of the main person, with depth."""

    z: float = Field(description="metres behind the pelvis, seen from the camera")
    x_3d: float = Field(description="metres, model space")
    y_3d: float = Field(description="metres, model space")
    z_3d: float = Field(description="metres, model space")


class CropCamera(BaseModel):
    """Camera of the person's crop."""

    scale: float
    tx: float
    ty: float
    type: Literal["weak_perspective"]


class FullCamera(BaseModel):
    """Camera of the whole image."""

    tx: float
    ty: float
    tz: float
    focal_length: float = Field(description="pixels")
    img_width: int
    img_height: int
    type: Literal["perspective"]


class Detection(BaseModel):
    """Where the main person is."""

    model_config = _ADDITIVE

    box_center: tuple[float, float] | None = Field(description="pixels")
    box_size: float = Field(description="pixels")
    vitdet_used: bool = Field(description="false where the person is predicted")
    num_persons_detected: int = Field(description="people found in this very frame")


class Session(BaseModel):
    """The session in which the frame was answered, and how."""

    id: str = Field(description="as it was sent, or the client's address or key")
    video: int = Field(description="which of the session's videos, from 1; each begins at frame 0")
    late: bool = Field(description="later frames had been answered before, so it was answered from its neighbours")
    expected: bool = Field(description="a person had been seen before, so a pose is expected")


class _FrameAnswer(BaseModel):
    """What both routes answer."""

    model_config = _ADDITIVE

    frame_number: int
    frame_width: int
    frame_height: int
    keypoint_count: int
    tracking_confidence: float = Field(description="1 when seen in this frame, below 1 when predicted, 0 for nobody")
    phalp_available: bool
    processing_time_ms: float
    model_version: str
    error: str | None = Field(description="set when there is no person in the frame")
    track_id: int | None
    state: Literal["seen", "predicted", "lost"] | None
    session: Session
    visualization: str | None = Field(default=None, description="data URL of a JPEG with the overlay, when asked for")


class KeypointAnswer(_FrameAnswer):
    """``POST /pose``."""

    keypoints: list[Keypoint]


class HybridAnswer(_FrameAnswer):
    """``POST /pose/hybrid``; what is null belongs to a frame without anybody, or was not asked for."""

    keypoints: list[Keypoint3d]
    has_3d: bool = Field(description="a pose is returned, seen or predicted")
    joints_3d_raw: list[Vector] | None = Field(description="metres, model space")
    joint_angles_3d: dict[str, float] = Field(description="degrees")
    mesh_vertices: int = Field(description="number of vertices")
    mesh_vertices_data: list[Vector] | None = Field(description="metres, model space")
    mesh_faces_data: list[tuple[int, int, int]] | None
    camera_translation: Vector | None
    camera_params: CropCamera
    camera_full: FullCamera
    detection: Detection
    calibration: CalibrationFields | None = Field(description="null where the focal length is not known")
    camera_motion: CameraMotionFields | None = Field(
        description="how the camera moved since the frame before; null where it was not followed, as in late frames"
    )
    persons: list[Person] = Field(description="everybody in the frame, seen and predicted, without meshes")


_ERRORS = errors(400, 401, 408, 413, 415, 422, 429, 500, 503)
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_IMAGE = {"schema": {"type": "string", "format": "binary"}}
_FORM = FrameForm.model_json_schema()
_FORM["properties"]["image"] = {"type": "string", "format": "binary", "description": "JPEG or PNG"}
_FORM["required"] = ["image"]

FRAME_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": FrameJson.model_json_schema(),
                "example": {"image_base64": _PIXEL, "frame_number": 0, "visualize": False},
            },
            "image/jpeg": _IMAGE,
            "image/png": _IMAGE,
            "multipart/form-data": {"schema": _FORM},
        },
    }
}
HYBRID_RESPONSES: Responses = {200: {"model": HybridAnswer, "description": "The pose, seen or predicted"}, **_ERRORS}
KEYPOINT_RESPONSES: Responses = {200: {"model": KeypointAnswer, "description": "The keypoints"}, **_ERRORS}

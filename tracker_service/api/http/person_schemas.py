"""The documented shapes of a person and of the camera, as `tracker_service.results.person_json` writes them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from tracker_service.types.phalp_vectors import NUMBER_OF_JOINTS
from tracker_service.types.smpl import NUMBER_OF_BETAS, NUMBER_OF_BODY_JOINTS

Row3 = Annotated[list[float], Field(min_length=3, max_length=3)]
Row2 = Annotated[list[float], Field(min_length=2, max_length=2)]
Matrix = Annotated[list[Row3], Field(min_length=3, max_length=3)]


def _of_joints(description: str) -> Any:
    return Field(min_length=NUMBER_OF_JOINTS, max_length=NUMBER_OF_JOINTS, description=description)


class SmplParameters(BaseModel):
    """SMPL as rotation matrices."""

    betas: Annotated[list[float], Field(min_length=NUMBER_OF_BETAS, max_length=NUMBER_OF_BETAS)]
    body_pose: Annotated[list[Matrix], Field(min_length=NUMBER_OF_BODY_JOINTS, max_length=NUMBER_OF_BODY_JOINTS)]
    global_orient: Annotated[list[Matrix], Field(min_length=1, max_length=1)]


class Translation(BaseModel):
    """The person in front of the camera of the full frame, for focal length 5000/256 * max(width, height)."""

    tx: float
    ty: float
    tz: float


class PersonCropCamera(BaseModel):
    """Weak-perspective camera of the person's crop."""

    scale: float
    tx: float
    ty: float


class PersonQuality(BaseModel):
    """How far the pose can be believed."""

    usability: str = Field(description="usable, doubtful or unusable")
    reasons: list[str] = Field(description="why it is no better, the gravest first")
    error: float | None = Field(description="nine in ten such poses have a smaller mean joint error, in heights")


def _all_optional(schema: dict[str, Any]) -> None:
    schema.pop("required")


class PersonInCamera(BaseModel):
    """The body before the picture's camera, whose focal length is known: x right, y down, z ahead; metres."""

    global_orient: Annotated[list[Matrix], Field(min_length=1, max_length=1, description="in place of smpl's")]
    translation: Row3 = Field(description="of the model origin")


class World(BaseModel):
    """A person in the world, metres: x right, y up, z to the viewer as the first camera looked; from the camera."""

    position: Row3 = Field(description="middle of the hips")
    position_deviation: Row3 = Field(description="standard deviation, with what is assumed in it")
    velocity: Row3 = Field(description="metres per second")
    velocity_deviation: Row3
    heading: float = Field(description="front of the pelvis: radians from towards the viewer to the right")
    heading_deviation: float
    contacts: Row2 = Field(description="how likely the left and the right foot are on the ground, 0 to 1")
    orientation: Matrix | None = Field(
        default=None, description="rotation of model space into the world; absent in results of earlier versions"
    )
    reliable: bool | None = Field(
        default=None, description="whether the place can be relied on; absent in results of earlier versions"
    )
    doubts: list[str] | None = Field(
        default=None, description="why not, the gravest first: crouched, small, unseen, camera, vertical"
    )


class Person(BaseModel):
    """A person of a frame; with `fields` only those."""

    model_config = ConfigDict(json_schema_extra=_all_optional)

    track_id: int = Field(ge=1)
    state: str = Field(description="seen, predicted or lost")
    age: int = Field(ge=0, description="frames since the person was last seen")
    found_by: str = Field(description="how the person was last found: detection, low_score or second_look")
    confidence: float = Field(description="detection score when last seen")
    tracking_confidence: float = Field(description="1.0 when seen, below 1 and falling when predicted")
    bbox: Annotated[list[float], Field(min_length=4, max_length=4, description="x, y, width, height; pixels")]
    smpl: SmplParameters
    keypoints_3d: Annotated[list[Row3], _of_joints("metres, model space")]
    keypoints_2d: Annotated[list[Row2], _of_joints("pixels")]
    camera: Translation
    camera_crop: PersonCropCamera
    in_camera: PersonInCamera | None = Field(default=None, description="only where the focal length is known")
    quality: PersonQuality | None = Field(default=None, description="absent in results of earlier versions")
    joint_confidence: (
        Annotated[
            list[float],
            _of_joints("0 to 1: 1 in sight, less where covered or cut off"),
        ]
        | None
    ) = None
    world: World | None = Field(default=None, description="where the camera is followed; not of late frames")
    mesh_vertices: list[Row3] | None = Field(default=None, description="metres, model space; not with mesh=false")


class CameraMotionFields(BaseModel):
    """How the picture of the background moved."""

    matrix: Matrix = Field(description="maps pixels (x, y, 1) of the frame before into this one; exact when still")
    confidence: float = Field(ge=0, le=1, description="0 where it is not known, and the matrix says nothing")


class CalibrationFields(BaseModel):
    """The camera; its principal point is the middle of the frame."""

    focal_length: float = Field(gt=0, description="pixels")
    source: Annotated[str, Field(description="who says so: given, metadata or estimated")]

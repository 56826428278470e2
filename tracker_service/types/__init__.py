"""What passes between the rooms: frozen dataclasses of numpy arrays, checked when they are built.

Conventions, everywhere:

* boxes are ``x1, y1, x2, y2`` in pixels of the source frame;
* model space is metres, x right, y down, z into the scene (an upright person's head has negative y);
* ``n`` is the number of people in a frame; arrays of one object share it;
* arrays are stored read-only: copy one to change it.
"""

from tracker_service.types.arrays import Bool, Float32, Float64, Int64, UInt8
from tracker_service.types.camera import CameraMotion
from tracker_service.types.expected import ExpectedPeople, FoundPeople, LookAgain, LookRound
from tracker_service.types.frames import DroppedDetections, FoundBy, Frame, FrameResult, PersonState, TrackedPerson
from tracker_service.types.people import Detections, OtherTurns, People, Squares
from tracker_service.types.phalp_vectors import LOCATION_SIZE, NUMBER_OF_JOINTS, POSE_SIZE
from tracker_service.types.picture import ArrayPicture, ImageLike, Picture, picture_of
from tracker_service.types.quality import PoseQuality, QualityReason, Usability
from tracker_service.types.smpl import Smpl
from tracker_service.types.world import PersonWorld, WorldDoubt

__all__ = [
    "LOCATION_SIZE",
    "NUMBER_OF_JOINTS",
    "POSE_SIZE",
    "ArrayPicture",
    "Bool",
    "CameraMotion",
    "Detections",
    "DroppedDetections",
    "ExpectedPeople",
    "Float32",
    "Float64",
    "FoundBy",
    "FoundPeople",
    "Frame",
    "FrameResult",
    "ImageLike",
    "Int64",
    "LookAgain",
    "LookRound",
    "OtherTurns",
    "People",
    "PersonState",
    "PersonWorld",
    "Picture",
    "PoseQuality",
    "QualityReason",
    "Smpl",
    "Squares",
    "TrackedPerson",
    "UInt8",
    "Usability",
    "WorldDoubt",
    "picture_of",
]

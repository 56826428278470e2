"""Settings of the answers of the HTTP service."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from annotated_types import Ge

from tracker_service.types.bounds import check_bounds

KeypointSet: TypeAlias = Literal["smpl24", "openpose45", "both"]

FinalStatus: TypeAlias = Literal["complete", "completed"]


@dataclass(frozen=True)
class AnswerParameters:
    """What answers contain.

    Attributes:
        keypoints: which points the answers to frames list. smpl24: SMPL's 24 joints, as the older service did.
            openpose45: OpenPose's BODY_25, 19 more, and the model origin. both: SMPL's first, then the others of the
            45. Older clients draw their skeleton from SMPL's names, newer ones look for nose, eyes and heels.
        video_status: how ``GET /pose/video/status/{job_id}`` names the end of a job. complete: complete or error, as
            the older service did. completed: completed or failed, as another version of its client expects.
        result_frames: frames of a finished job that its status lists. Of a longer video it lists none, and names the
            route that streams them. Raising it makes answers that clients may be unable to hold.
    """

    keypoints: KeypointSet = "both"
    video_status: FinalStatus = "complete"
    result_frames: Annotated[int, Ge(0)] = 10_000

    def __post_init__(self) -> None:
        check_bounds(self)

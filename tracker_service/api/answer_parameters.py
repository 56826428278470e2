"""Settings of the answers of the HTTP service."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

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
    """

    keypoints: KeypointSet = "both"
    video_status: FinalStatus = "complete"

"""The documented shapes of the frame routes."""

from typing import Any

from tracker_service.api.frame_post import FrameJson
from tracker_service.api.schemas import Responses, errors

_ERRORS = errors(400, 401, 408, 413, 415, 422, 429, 500, 503)
HYBRID_RESPONSES: Responses = {200: {"description": "The pose, seen or predicted"}, **_ERRORS}
KEYPOINT_RESPONSES: Responses = {200: {"description": "The keypoints"}, **_ERRORS}
FRAME_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": FrameJson.model_json_schema()}}}
}

"""Which settings a job keeps, and which those who compute it decide."""

from typing import Any

_WHOLE_GROUPS = (
    "model_set",
    "detect_shots",
    "phalp",
    "camera",
    "second_look",
    "quality",
    "render",
    "refinement",
    "pipeline",
)
TRACKING: dict[str, Any] = {**dict.fromkeys(_WHOLE_GROUPS, True), "video": {"stream", "focal", "fov"}}
"""Settings that decide the results of a video: they are kept with a job."""
COMPUTING: dict[str, Any] = {"inference": True, "telemetry": True, "video": {"decoder_threads"}}
"""Settings that say how they are computed, wherever that is."""
READING: dict[str, Any] = {"limits": {"video_seconds", "video_frames"}}
"""Settings of a service that bound what is read of a client's video, whatever its header says."""

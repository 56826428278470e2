"""Talks to a running service: frames, videos, jobs; needs the extra ``client``.

    from tracker_service.client import ServiceClient

    with ServiceClient("http://localhost:8000") as service:
        job = service.submit("clip.mp4")
        for frame in service.frames(job.job_id):
            print(frame.frame_number, [person.track_id for person in frame.persons])

`AsyncServiceClient` has the same methods for asyncio. Both give the records
that the library reads from results: `FrameRecord` and `PersonRecord`.
"""

from tracker_service.client.answers import JobInfo, PoseAnswer
from tracker_service.client.async_client import AsyncServiceClient
from tracker_service.client.requests import FrameOptions, VideoOptions
from tracker_service.client.sync_client import ServiceClient

__all__ = ["AsyncServiceClient", "FrameOptions", "JobInfo", "PoseAnswer", "ServiceClient", "VideoOptions"]

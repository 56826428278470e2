"""What is asked of the service: the same requests for the synchronous and the asynchronous client."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import httpx
from httpx_retries import Retry

from tracker_service.errors import VideoNotFoundError

_JPEG = b"\xff\xd8"
_RETRIED_METHODS = ("GET", "HEAD", "POST", "DELETE")

TIMEOUT, PATIENCE, AT_ONCE = 130.0, 60.0, 4
"""Of both clients where nothing else is given; explained at `AsyncServiceClient`."""

Request: TypeAlias = dict[str, Any]
"""Arguments of `httpx.Client.build_request`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameOptions:
    """What a frame is answered with; a client asks for neither unless it is told to, whatever a route does by itself.

    Attributes:
        mesh: also send the 6,890 vertices of each person, about 500 kB.
        visualize: also send the frame with its people drawn on it, as ``document["visualization"]``.
    """

    mesh: bool = False
    visualize: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOptions:
    """How a video is computed; what is None is not sent, and the service's own default holds (``POST /jobs``).

    Attributes:
        max_frames: stop after so many.
        overlay: also draw ``overlay.mp4``.
        refine: smooth and fill gaps in a second pass.
        priority: lower goes first among the client's own jobs.
        others: further options that a newer service knows.
    """

    max_frames: int | None = None
    overlay: bool | None = None
    refine: bool | None = None
    priority: int | None = None
    others: Mapping[str, Any] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """Return the fields of the body."""
        own = asdict(self)
        others = own.pop("others")
        return {name: value for name, value in {**own, **others}.items() if value is not None}


def retry_policy(patience: float) -> Retry:
    """Return when a request is repeated: after ``Retry-After`` or a growing pause where the service is away or busy.

    Every request of the clients may be repeated: a frame that was answered gets the same answer, and a job is named by
    its ``Idempotency-Key``.

    Args:
        patience: seconds spent on waiting before the error is raised.
    """
    return Retry(
        total=1000, allowed_methods=_RETRIED_METHODS, backoff_factor=0.2, max_backoff_wait=10.0, total_timeout=patience
    )


def frame_request(image: bytes, frame_number: int, session: str | None, options: FrameOptions) -> Request:
    """Return the request for one JPEG or PNG image."""
    kind = "image/jpeg" if image.startswith(_JPEG) else "image/png"
    headers = {"Content-Type": kind, **({} if session is None else {"X-Session-Id": session})}
    params = {"frame_number": frame_number, "mesh": options.mesh, "visualize": options.visualize}
    return {"method": "POST", "url": "/pose/hybrid", "params": params, "headers": headers, "content": image}


@contextmanager
def video_request(video: Path | str, options: VideoOptions, key: str | None) -> Iterator[Request]:
    """Give the request for a job: a `Path` is uploaded, a string names a file that the service can see.

    Raises:
        VideoNotFoundError: there is no such file here.
    """
    request: Request = {"method": "POST", "url": "/jobs", "headers": {"Idempotency-Key": key or uuid4().hex}}
    if isinstance(video, str):
        yield {**request, "json": {"video_path": video, **options.fields()}}
        return
    try:
        stream = video.open("rb")
    except OSError as error:
        raise VideoNotFoundError(f"{video}: expected a video file, got {error.strerror or error}") from error
    with stream:
        yield {**request, "files": {"video": (video.name, stream)}, "data": _form(options.fields())}


def lines_request(job_id: str, start: int, *, mesh: bool) -> Request:
    """Return the request for a job's frames from ``start`` on, one a line."""
    params = {"from": start, "mesh": mesh}
    headers = {"Accept": "application/x-ndjson"}
    return {"method": "GET", "url": f"/jobs/{job_id}/results", "params": params, "headers": headers}


def events_request(job_id: str, last_id: str) -> Request:
    """Return the request for a job's progress after the event ``last_id``."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    return {"method": "GET", "url": f"/jobs/{job_id}/events", "headers": headers}


def file_request(job_id: str, name: str, headers: Mapping[str, str]) -> Request:
    """Return the request for a result file; ``headers`` say from where on."""
    return {"method": "GET", "url": f"/jobs/{job_id}/{name}", "headers": headers}


def client_options(url: str, api_key: str | None, timeout: float) -> dict[str, Any]:
    """Return the options of the underlying HTTP client."""
    headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
    return {"base_url": url, "headers": headers, "timeout": httpx.Timeout(timeout)}


def _form(fields: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in fields.items()}

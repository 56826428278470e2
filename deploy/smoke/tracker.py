"""A well-behaved client of the tracker: repeats what is answered with 503, and notices when readiness changes."""

import base64
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import httpx

from deploy.smoke.poses import check_frame
from deploy.smoke.stack import SmokeError, wait_until

_AGAIN = frozenset({429, 502, 503, 504})


class Tracker:
    """Talks to the published port; a context manager that closes its connections.

    Args:
        port: on this machine.
    """

    def __init__(self, port: int) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=httpx.Timeout(180, connect=5))
        self.repetitions = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ready(self) -> str:
        """Return what /readyz says: ready, another phase, or `no answer`."""
        try:
            return str(self._client.get("/readyz", timeout=5).json()["status"])
        except (httpx.HTTPError, ValueError, KeyError):
            return "no answer"

    def status(self, path: str) -> int:
        """Return the status of a GET."""
        return self._client.get(path).status_code

    def wait_ready(self, seconds: float = 120.0) -> float:
        """Wait until frames are answered; returns the seconds it took."""
        return wait_until("/readyz says ready", lambda: self.ready() == "ready", seconds, every=0.1)

    def post_frame(self, session: str, number: int, jpeg: bytes, *, seconds: float = 400.0) -> dict[str, Any]:
        """Post one frame until it is answered; raises `SmokeError` after ``seconds`` or for another error."""
        body = {"image_base64": base64.b64encode(jpeg).decode(), "frame_number": number}
        response = self._post("/pose/hybrid?mesh=false", seconds, json=body, headers={"X-Session-Id": session})
        answer: dict[str, Any] = response.json()
        return answer

    def upload(self, path: Path) -> dict[str, Any]:
        """Post a video as a form and return the whole answer."""
        with path.open("rb") as video:
            response = self._client.post("/pose/video?mesh=false", files={"video": (path.name, video, "video/mp4")})
        if response.status_code != httpx.codes.OK:
            raise SmokeError(f"POST /pose/video: expected 200, got {response.status_code} {response.text[:200]}")
        document: dict[str, Any] = response.json()
        return document

    def submit(self, path: str) -> str:
        """Queue a video by path and return the job's id."""
        response = self._post("/jobs", 60, json={"video_path": path, "overlay": False})
        return str(response.json()["job_id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """Return a job as it stands; empty while nobody answers."""
        try:
            response = self._client.get(f"/jobs/{job_id}", timeout=5)
        except httpx.HTTPError:
            return {}
        job: dict[str, Any] = response.json() if response.status_code == httpx.codes.OK else {}
        return job

    def finish(self, job_id: str, seconds: float = 300.0) -> dict[str, Any]:
        """Wait for a job's end and return its document with all frames; raises `SmokeError` unless it completed."""
        final = ("completed", "failed", "cancelled")
        wait_until(f"job {job_id} ends", lambda: self.job(job_id).get("state") in final, seconds)
        job = self.job(job_id)
        if job["state"] != "completed":
            raise SmokeError(f"expected a completed job, got {job['state']}: {job['reason']}")
        document: dict[str, Any] = self._client.get(f"/pose/video/status/{job_id}?mesh=false").json()["result"]
        return document

    def _post(self, path: str, seconds: float, **content: Any) -> httpx.Response:
        deadline = time.monotonic() + seconds
        while True:
            try:
                response = self._client.post(path, **content)
                problem = f"{response.status_code} {response.text[:200]}"
                if response.is_success:
                    return response
                if response.status_code not in _AGAIN:
                    raise SmokeError(f"POST {path}: expected success, got {problem}")
                pause = min(float(response.headers.get("Retry-After", "0.5")), 2.0)
            except httpx.TransportError as error:
                problem, pause = repr(error), 0.5
            if time.monotonic() > deadline:
                raise SmokeError(f"POST {path}: expected an answer within {seconds:.0f} s, got {problem}")
            self.repetitions += 1
            time.sleep(pause)


class FrameStream(threading.Thread):
    """Posts the frames of a session one after another, in the background.

    Args:
        port: of the tracker.
        session: id of the session.
        frames: JPEG pictures.
    """

    def __init__(self, port: int, session: str, frames: Sequence[bytes]) -> None:
        super().__init__(name=f"frames-{session}", daemon=True)
        self._port = port
        self._session = session
        self._frames = frames
        self._error: Exception | None = None
        self._repetitions = 0
        self.poses: list[bool] = []

    def run(self) -> None:
        """Post every frame until it is answered."""
        with Tracker(self._port) as tracker:
            try:
                for number, jpeg in enumerate(self._frames):
                    self.poses.append(check_frame(tracker.post_frame(self._session, number, jpeg), number))
            except Exception as error:
                self._error = error
            self._repetitions = tracker.repetitions

    def result(self) -> int:
        """Wait for the end; returns how often frames were sent again.

        Raises:
            SmokeError: a frame was not answered, or one at or after the first pose has none.
        """
        self.join()
        if self._error is not None:
            raise self._error
        first = self.poses.index(True) if True in self.poses else len(self.poses)
        lost = [number for number in range(first, len(self._frames)) if not self.poses[number]]
        if lost or first == len(self.poses):
            raise SmokeError(f"session {self._session}: expected a pose from the first sighting on, none in {lost[:5]}")
        return self._repetitions


class ReadinessWatch(threading.Thread):
    """Notes every change of readiness, ten times a second.

    Args:
        port: of the tracker.
    """

    def __init__(self, port: int) -> None:
        super().__init__(name="readiness", daemon=True)
        self._port = port
        self._ended = threading.Event()
        self.seen: list[str] = []

    def run(self) -> None:
        """Look until told to end."""
        with Tracker(self._port) as tracker:
            while not self._ended.wait(0.1):
                status = tracker.ready()
                if not self.seen or self.seen[-1] != status:
                    self.seen.append(status)

    def end(self) -> str:
        """Stop looking and return the changes in one line."""
        self._ended.set()
        self.join()
        return " → ".join(self.seen)

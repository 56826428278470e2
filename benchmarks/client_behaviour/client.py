"""The Node backend, played: its pool of workers, its pauses, its timeouts, and what it makes of an answer."""

import base64
import http.client
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

WORKERS = 4
PAUSE_SECONDS = 0.05
HYBRID_TIMEOUT, POSE_TIMEOUT = 120.0, 10.0
POSE_RETRIES = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a frame.

    Attributes:
        number: the frame.
        video: the service's number of the video it was answered in; None where it was lost.
        pose: whether it was answered with a pose.
        track_id: the main person.
        seconds: from the first try to the answer.
    """

    number: int
    video: int | None
    pose: bool
    track_id: int | None
    seconds: float


class NodeClient:
    """One video of one user of the backend.

    Args:
        url: the service.
        address: the loopback address that it comes from; users of one backend have the same.
        route: ``/pose/hybrid`` or ``/pose``.
        timeout: seconds until the backend gives up a request.
        retries: how often it tries again then, or after an error; the backend does so for ``/pose`` only.
        retry_pause: seconds between two tries.
    """

    def __init__(
        self,
        url: str,
        address: str,
        *,
        route: str = "/pose/hybrid",
        timeout: float = HYBRID_TIMEOUT,
        retries: int = 0,
        retry_pause: float = 0.0,
    ) -> None:
        self.url = url
        self._address = address
        self._path = f"{route}?mesh=false" if route == "/pose/hybrid" else route
        self._timeout = timeout
        self._retries = retries
        self._retry_pause = retry_pause
        self._local = threading.local()

    def by_workers(self, frames: Sequence[bytes], workers: int = WORKERS) -> list[Outcome]:
        """Let workers take the next frame each, 50 ms after their last answer; return the outcomes in order."""
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(len(frames)):
            waiting.put(number)

        def work() -> list[Outcome]:
            done = []
            while not waiting.empty():
                try:
                    number = waiting.get_nowait()
                except queue.Empty:
                    break
                done.append(self.post(number, frames[number]))
                time.sleep(PAUSE_SECONDS)
            return done

        with ThreadPoolExecutor(workers) as pool:
            parts = [pool.submit(work) for _ in range(workers)]
            return sorted((one for part in parts for one in part.result()), key=lambda one: one.number)

    def at_once(self, frames: Sequence[bytes]) -> list[Outcome]:
        """Post all frames at the same time, as `Promise.all` does."""
        with ThreadPoolExecutor(len(frames)) as pool:
            return list(pool.map(self.post, range(len(frames)), frames))

    def post(self, number: int, jpeg: bytes) -> Outcome:
        """Post a frame; whatever is not answered with status 200 in time is lost to the backend."""
        body = orjson.dumps(
            {"image_base64": base64.b64encode(jpeg).decode(), "frame_number": number, "visualize": False}
        )
        started = time.perf_counter()
        for tried in range(self._retries + 1):
            if tried:
                time.sleep(self._retry_pause)
            answer = self._answer(body)
            if answer is not None:
                told = orjson.loads(answer)
                seconds = time.perf_counter() - started
                pose = told["keypoint_count"] > 0
                return Outcome(number, told["session"]["video"], pose, told["track_id"], seconds)
        return Outcome(number, None, False, None, time.perf_counter() - started)

    def _answer(self, body: bytes) -> bytes | None:
        """Return the body of an answer with status 200, None for anything else."""
        connection = self._connection()
        try:
            connection.request("POST", self._path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None
        return answer if response.status == 200 else None

    def _connection(self) -> http.client.HTTPConnection:
        address = urlsplit(self.url)
        if getattr(self._local, "url", None) != self.url:
            self._local.url = self.url
            self._local.connection = http.client.HTTPConnection(
                address.hostname or "", address.port, timeout=self._timeout, source_address=(self._address, 0)
            )
        connection: http.client.HTTPConnection = self._local.connection
        return connection

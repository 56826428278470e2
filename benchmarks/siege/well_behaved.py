"""A client that asks for little: frames of one video, now and then a job, and health."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from benchmarks.hostile.attacked_service import QUIET
from benchmarks.http.frames import jpegs, there_and_back
from harness.running_service import RunningService

_FRAME_SECONDS, _JOB_SECONDS, _HEALTH_SECONDS = 0.5, 5.0, 0.5
_IMAGES = 24
_FINAL = {"completed", "failed", "cancelled"}


@dataclass
class Answers:
    """What came of one kind of request.

    Attributes:
        seconds: how long each took.
        losses: what was wrong with those that were not answered as they should be.
    """

    seconds: list[float] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    def ask(self, ask: Callable[[], str | None]) -> None:
        """Ask once; what is returned is a loss."""
        started = time.perf_counter()
        try:
            wrong = ask()
        except httpx.HTTPError as error:
            wrong = f"{type(error).__name__}: {error}"
        self.seconds.append(time.perf_counter() - started)
        if wrong is not None:
            self.losses.append(wrong)


class WellBehavedClient:
    """Asks in threads of its own.

    Args:
        service: is asked.
        video: what it has computed, a few frames.
    """

    def __init__(self, service: RunningService, video: bytes) -> None:
        self._client = service.client(headers=QUIET)
        self._video = video
        self._images = jpegs(_IMAGES, (1280, 720))
        self._frame_number = 0
        self._expected = b""
        self.answers: dict[str, Answers] = {}

    @contextmanager
    def asking(self) -> Iterator[dict[str, Answers]]:
        """Ask until the context ends; yields the answers, new ones each time, by kind of request."""
        self.answers, end = {"frame": Answers(), "job": Answers(), "/livez": Answers()}, threading.Event()
        kinds = (
            ("frame", self._frame, _FRAME_SECONDS),
            ("job", self._job, _JOB_SECONDS),
            ("/livez", self._health, _HEALTH_SECONDS),
        )

        def keep_asking(answers: Answers, ask: Callable[[], str | None], pause: float) -> None:
            while not end.is_set():
                answers.ask(ask)
                end.wait(pause)

        threads = [threading.Thread(target=keep_asking, args=(self.answers[kind], *how)) for kind, *how in kinds]
        for thread in threads:
            thread.start()
        try:
            yield self.answers
        finally:
            end.set()
            for thread in threads:
                thread.join()

    def _frame(self) -> str | None:
        image, number = self._images[there_and_back(self._frame_number, _IMAGES)], self._frame_number
        self._frame_number += 1
        path = f"/pose/hybrid?frame_number={number}&session_id=walk&mesh=false&fields=persons"
        answer = self._client.post(path, content=image, headers={"Content-Type": "image/jpeg"})
        if answer.status_code != 200:
            return f"frame {number}: {answer.status_code} {answer.text[:80]}"
        return None if answer.json()["persons"] else f"frame {number}: nobody"

    def _job(self) -> str | None:
        sent = self._client.post("/jobs", files={"video": ("walk.mp4", self._video)}, data={"overlay": "false"})
        if sent.status_code != 202:
            return f"job: {sent.status_code} {sent.text[:80]}"
        path = f"/jobs/{sent.json()['job_id']}"
        while (state := self._client.get(path).raise_for_status().json()["state"]) not in _FINAL:
            time.sleep(0.25)
        lines = self._client.get(f"{path}/results", headers={"Accept": "application/x-ndjson"}).content
        self._client.delete(path)
        self._expected = self._expected or lines
        if state != "completed":
            return f"job: {state}"
        return None if lines == self._expected else "job: other results than before"

    def _health(self) -> str | None:
        status = self._client.get("/livez").status_code
        return None if status == 200 else f"/livez: {status}"

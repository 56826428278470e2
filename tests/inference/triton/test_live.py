"""A live run whose models are on a real server that is killed and started again."""

from threading import Event

from harness.streams.live_stream import LiveStream
from harness.triton.server import TritonServer
from tests.live.conftest import people_walking
from tracker_service.live.live_frame_result import LiveFrameResult
from tracker_service.settings import load_settings
from tracker_service.types import UInt8
from tracker_service.wiring.live import live_run

__all__ = ["people_walking"]


def people(frame: LiveFrameResult) -> set[int]:
    return {person.track_id for person in frame.result.persons}


def test_people_keep_their_ids_when_the_server_is_killed_and_started_again(
    server: TritonServer, people_walking: list[UInt8]
) -> None:
    told: list[str] = []
    killed = Event()

    def start_again(message: str) -> None:
        told.append(message)
        if killed.is_set():  # and not only late, on a busy machine
            killed.clear()
            server.start()

    inference = {"kind": "triton", "triton_url": server.url, "budget_seconds": 0.5}
    # However long the server takes to start, nobody is forgotten meanwhile.
    settings = load_settings({"inference": inference, "phalp": {"max_age_track": 1_000_000}})
    with (
        LiveStream(lambda _: people_walking[0], 10, "mpjpeg") as camera,
        live_run(settings, camera.url, on_failure=start_again) as followed,
    ):
        results = iter(followed.run)
        before = next(frame for frame in results if people(frame))
        told.clear()
        server.kill()
        killed.set()
        after = next(results)
        counts = followed.run.counts
    assert told
    assert counts.failed >= 1
    assert people(before) <= people(after)

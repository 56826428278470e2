"""How the service ends."""

import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from harness.running_service import RunningService
from harness.waiting import until
from tests.api import pictures
from tests.api.conftest import StartService
from tests.api.wire import Wire

FAULTY_SERVICE = ("-m", "tests.api.faulty_service")
JPEG = pictures.sample_jpegs(1)[0]
IMAGE = {"Content-Type": "image/jpeg"}


@pytest.fixture
def hold(tmp_path: Path) -> Path:
    """As long as this file exists, no model answers."""
    return tmp_path / "hold"


def with_a_frame_under_way(service: RunningService, hold: Path) -> Wire:
    hold.touch()
    wire = Wire(service.url)
    wire.head("/pose/hybrid", "Content-Type: image/jpeg", f"Content-Length: {len(JPEG)}").send(JPEG)
    until(lambda: service.metric("phalp_frames_waiting") == 1)
    return wire


def test_a_stop_lets_a_frame_finish_and_refuses_new_ones(start_service: StartService, hold: Path) -> None:
    service = start_service(command=FAULTY_SERVICE, environment={"FAULT_HOLD": str(hold)})
    with with_a_frame_under_way(service, hold) as wire:
        service.signal(signal.SIGTERM)
        until(lambda: service.get("/readyz").json()["status"] == "stopping")
        refused = service.post("/pose/hybrid", content=JPEG, headers=IMAGE)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert "stopping" in refused.json()["error"]
        assert service.get("/health").status_code == 503
        assert service.get("/livez").status_code == 200
        hold.unlink()
        answer = wire.answer()
    assert answer.status == 200
    assert answer.json()["has_3d"] is True
    assert service.wait() == 0
    assert [entry for entry in service.log_entries() if entry["level"] == "error"] == []


def test_frames_that_do_not_finish_in_time_get_503(start_service: StartService, hold: Path) -> None:
    service = start_service("service.drain_seconds=0.5", command=FAULTY_SERVICE, environment={"FAULT_HOLD": str(hold)})
    with with_a_frame_under_way(service, hold) as wire:
        service.signal(signal.SIGTERM)
        answer = wire.answer()
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) >= 1
        hold.unlink()
    assert service.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(start_service: StartService, hold: Path, number: signal.Signals) -> None:
    service = start_service("service.drain_seconds=300", command=FAULTY_SERVICE, environment={"FAULT_HOLD": str(hold)})
    with with_a_frame_under_way(service, hold):
        service.signal(number)
        until(lambda: service.get("/readyz").json()["status"] == "stopping")
        service.signal(number)
        assert service.wait(10) == -number


def test_signals_that_come_until_the_end_never_abort_it(start_service: StartService) -> None:
    service = start_service(ready=False)
    while service.process.poll() is None:
        service.signal(signal.SIGINT)
    assert service.wait() in (0, -signal.SIGINT)


def test_it_stops_while_it_waits_for_models(start_service: StartService, tmp_path: Path) -> None:
    service = start_service(
        ready=False, command=FAULTY_SERVICE, environment={"FAULT_AWAY_UNTIL": str(tmp_path / "never")}
    )
    service.signal(signal.SIGTERM)
    assert service.wait() == 0


def test_an_idle_service_stops_and_frees_its_port(start_service: StartService) -> None:
    service = start_service()
    port = int(service.url.rpartition(":")[2])
    assert service.stop() == 0
    with pytest.raises(httpx.ConnectError):
        service.get("/livez")
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


def test_idle_connections_do_not_delay_a_stop(start_service: StartService) -> None:
    service = start_service()
    with service.client() as client:
        assert client.get("/livez").status_code == 200
        started = time.monotonic()
        service.signal()
        assert service.wait() == 0
    assert time.monotonic() - started < 20

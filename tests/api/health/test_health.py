"""The health routes of the contract, field by field; starting, going away, coming back."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.running_service import RunningService
from harness.waiting import until
from tests.api import pictures
from tests.api.conftest import StartService
from tests.api.wire import Wire

FAULTY_SERVICE = ("-m", "tests.api.faulty_service")
JPEG = pictures.sample_jpegs(1)[0]
IMAGE = {"Content-Type": "image/jpeg"}


def test_health_has_the_contracts_fields(service: RunningService) -> None:
    answer = service.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "ready": True,
        "models": {"hmr2": "loaded", "vitdet": "loaded", "phalp": "loaded"},
        "device": "cpu",
        "runs_on": {"detector_lite": "cpu", "hmr_lite": "cpu", "person_finder": "cpu"},
        "profile": "cpu",
        "sizes": {
            "pipeline.window": 4,
            "pipeline.workers": 2,
            "pipeline.in_flight": 3,
            "inference.max_in_flight": 4,
            "jobs.concurrency": 1,
        },
        "results": {"detector_lite": "verified", "hmr_lite": "verified", "person_finder": "verified"},
        "vitdet_available": True,
        "error": None,
    }


def test_pose_health_has_the_contracts_fields(service: RunningService) -> None:
    answer = service.get("/api/pose/health")
    told = answer.json()
    assert answer.status_code == 200
    assert abs(told.pop("timestamp") - time.time()) < 60
    assert told == {
        "status": "healthy",
        "models_loaded": True,
        "gpu_available": False,
        "device": "cpu",
        "models": {"hmr2": True, "vitdet": True, "phalp": True},
        "pool": {"gpu_busy": False, "queue_length": 0, "active_jobs": 0},
    }


def test_pool_status_has_the_contracts_fields(service: RunningService) -> None:
    told = service.get("/api/pose/pool-status").json()
    assert abs(told["timestamp"] - time.time()) < 60
    pool, queue, jobs, system = told["pool"], told["queue"], told["jobs"], told["system"]
    assert set(told) == {"timestamp", "pool", "queue", "jobs", "system"}
    assert pool["max_workers"] == pool["active_workers"] + pool["available_workers"] > 0
    assert pool["gpu_busy"] is False
    assert queue == {"length": 0, "estimated_wait_time_seconds": 0}
    assert set(jobs) == {"total", "queued", "processing", "completed"}
    assert jobs["total"] == jobs["queued"] + jobs["processing"] + jobs["completed"]
    assert system == {"device": "cpu", "gpu_available": False, "models_loaded": True}


def test_warmup_answers_once_the_models_have(service: RunningService) -> None:
    answer = service.get("/warmup")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True


def test_a_reload_says_that_nothing_was_reloaded(service: RunningService) -> None:
    answer = service.post("/reload")
    assert answer.status_code == 200
    assert set(answer.json()) == {"status", "message", "models"}
    assert answer.json()["status"] == "reloaded"
    assert "nothing" in answer.json()["message"]
    assert answer.json()["models"] == service.get("/health").json()["models"]


def test_the_probes_say_alive_and_ready(service: RunningService) -> None:
    assert (service.get("/livez").status_code, service.get("/livez").json()) == (200, {"status": "alive"})
    assert (service.get("/readyz").status_code, service.get("/readyz").json()) == (
        200,
        {"status": "ready", "error": None, "jobs": None},
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_service_listens_while_models_load_and_answers_frames_afterwards(
    start_service: StartService, tmp_path: Path, method: str
) -> None:
    models = tmp_path / "models"
    service = start_service(ready=False, command=FAULTY_SERVICE, environment={"FAULT_AWAY_UNTIL": str(models)})
    health = service.get("/health")
    assert health.status_code == 200
    assert health.json()["status"] == "warming_up"
    assert health.json()["ready"] is False
    assert health.json()["models"] == {"hmr2": "not_loaded", "vitdet": "not_loaded", "phalp": "not_loaded"}
    assert service.get("/readyz").status_code == 503
    assert service.get("/livez").status_code == 200
    assert service.get("/api/pose/health").json()["models_loaded"] is False
    assert service.metric("phalp_ready") == 0
    until(lambda: service.get("/health").json()["error"] is not None)
    assert "injected" not in service.get("/health").json()["error"]
    with Wire(service.url) as wire:
        wire.head("/warmup", "Content-Length: 0", method=method)
        models.touch()
        assert wire.answer().status == 200
    assert service.get("/health").json()["status"] == "ready"
    assert service.get("/health").json()["error"] is None
    assert service.metric("phalp_ready") == 1
    assert service.post("/pose/hybrid", content=JPEG, headers=IMAGE).status_code == 200


def test_a_service_that_loads_is_initializing_and_healthy_afterwards(
    start_service: StartService, tmp_path: Path
) -> None:
    opening = tmp_path / "opening"
    opening.touch()
    service = start_service(ready=False, command=FAULTY_SERVICE, environment={"FAULT_OPENING": str(opening)})
    assert service.get("/api/pose/health").json()["status"] == "initializing"
    opening.unlink()
    service.wait_ready()
    assert service.get("/api/pose/health").json()["status"] == "healthy"


def test_a_long_queue_is_degraded(start_service: StartService, tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    service = start_service(command=FAULTY_SERVICE, environment={"FAULT_HOLD": str(hold)})
    workers = service.get("/api/pose/pool-status").json()["pool"]["max_workers"] - 1  # one is for jobs
    hold.touch()
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(service.url)) for _ in range(workers + 11)]
        for number, wire in enumerate(wires):
            path = f"/pose/hybrid?mesh=false&frame_number={number}"
            wire.head(path, "Content-Type: image/jpeg", f"Content-Length: {len(JPEG)}").send(JPEG)
            until(lambda: service.metric("phalp_frames_waiting") == number + 1)  # noqa: B023
            told = service.get("/api/pose/health").json()
            assert told["pool"]["queue_length"] == max(0, number + 1 - workers)
            assert told["status"] == ("degraded" if number + 1 - workers > 10 else "healthy")
        hold.unlink()
        assert [wire.answer().status for wire in wires] == [200] * len(wires)


def test_an_unreachable_triton_is_counted_and_retried(start_service: StartService) -> None:
    triton = ("inference.kind=triton", "inference.triton_url=127.0.0.1:9", "inference.budget_seconds=0.5")
    service = start_service(*triton, ready=False)
    until(lambda: service.get("/api/pose/health").json()["status"] == "error")
    assert service.metric("phalp_triton_errors_total", kind="unavailable") >= 1
    assert service.metric("phalp_triton_retries_total", model="detector_lite") >= 1
    assert service.get("/readyz").status_code == 503
    told = service.get("/api/pose/health").json()
    assert told["models"] == {"hmr2": False, "vitdet": False, "phalp": False}


def test_it_is_not_ready_while_the_models_are_away(start_service: StartService, tmp_path: Path) -> None:
    away = tmp_path / "away"
    service = start_service(command=FAULTY_SERVICE, environment={"FAULT_AWAY": str(away)})
    assert service.post("/pose/hybrid", content=JPEG, headers=IMAGE).status_code == 200
    away.touch()
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(service.post, "/pose/hybrid?frame_number=1", content=JPEG, headers=IMAGE)
        until(lambda: service.get("/readyz").status_code == 503)
        assert service.get("/readyz").json()["status"] == "away"
        assert service.get("/health").json()["models"]["hmr2"] == "loaded"
        away.unlink()
        assert waiting.result().status_code == 200
    assert service.log_lines("injected: the server is away")


@pytest.mark.parametrize("path", ["/health", "/livez", "/readyz", "/metrics"])
def test_health_answers_while_every_thread_is_busy(service: RunningService, path: str) -> None:
    with service.client() as client:
        wires = [Wire(service.url) for _ in range(12)]
        for number, wire in enumerate(wires):
            wire.head(
                f"/pose/hybrid?frame_number={number}&visualize=true&session_id=busy",
                "Content-Type: image/jpeg",
                f"Content-Length: {len(JPEG)}",
            ).send(JPEG)
        asked = 0
        while service.metric("phalp_frames_waiting") > 0 or asked == 0:
            assert client.get(path).status_code == 200
            asked += 1
        for wire in wires:
            assert wire.answer().status == 200
            wire.close()


def test_metrics_have_the_fixed_names(service: RunningService) -> None:
    service.post("/pose/hybrid", content=JPEG, headers={**IMAGE, "X-Session-Id": "metrics"})
    answer = service.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert service.metric("phalp_requests_total", route="/pose/hybrid", method="POST", status="200") >= 1
    assert service.metric("phalp_request_seconds_count", route="/pose/hybrid") >= 1
    for stage in ("parsing", "decoding", "detection", "crops", "bodies", "features", "association", "encoding"):
        assert service.metric("phalp_stage_seconds_count", stage=stage) >= 1, stage
    frames = service.metric("phalp_frames_total", source="session")
    assert frames >= service.metric("phalp_frames_expected_total", source="session") >= 1
    assert service.metric("phalp_frames_covered_total", source="session") >= 1
    assert service.metric("phalp_persons_total", state="seen") >= 1
    assert service.metric("phalp_tracks_live") >= 1
    assert service.metric("phalp_sessions") >= 1
    assert service.metric("phalp_window_frames_count") >= 1
    assert service.metric("phalp_disk_free_bytes", volume="jobs") > 0
    assert service.metric("phalp_ready") == 1
    assert service.metric("phalp_build_info", model_set="lite") == 1
    assert service.metric("phalp_model_verified", model="hmr_lite") == 1
    assert service.metric("phalp_model_deviation_ratio", model="hmr_lite", output="vertices") < 1
    for name in (
        'phalp_frames_total{source="job"} 0.0',
        'phalp_persons_total{state="predicted"}',
        "phalp_frames_waiting 0.0",
        'phalp_jobs{state="queued"} 0.0',
        "phalp_job_last_progress_timestamp_seconds 0.0",
        "phalp_job_failures_total 0.0",
    ):
        assert name in answer.text

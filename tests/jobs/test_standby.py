"""The worker that waits for the next job: used once, replaced, and never a reason for a job to fail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.job_stores import request, running_store, wait_complete, worker, workers
from harness.waiting import LONGEST, until
from tracker_service.jobs.worker.open_models import OpenModels
from tracker_service.jobs.worker.task import WorkerTask
from tracker_service.jobs.worker_processes.standby import StandbyWorker
from tracker_service.settings import load_settings


@pytest.fixture
def standby() -> Iterator[StandbyWorker]:
    standby = StandbyWorker({}, keep=True)
    yield standby
    standby.close()
    assert not workers()


def test_a_job_gets_the_worker_that_waits_and_the_next_one_another(standby: StandbyWorker, tmp_path: Path) -> None:
    standby.prepare()
    waiting, task = worker().pid, WorkerTask(tmp_path, 0, {})
    first, second = standby.take(task), standby.take(task)
    assert first.pid == waiting != second.pid
    for taken in (first, second):
        taken.kill()


def test_a_worker_that_died_while_it_waited_is_replaced(standby: StandbyWorker, tmp_path: Path) -> None:
    standby.prepare()
    dead = worker()
    dead.kill()
    dead.wait(LONGEST)
    taken = standby.take(WorkerTask(tmp_path, 0, {}))
    assert taken.pid != dead.pid
    assert taken.alive
    taken.kill()


def test_a_video_is_computed_by_the_worker_that_waits(short: Path, tmp_path: Path) -> None:
    with running_store(tmp_path, standby_worker=True) as store:
        waiting = worker()
        job = store.submit(request(short))
        assert wait_complete(store, job.id).attempts == 1
        until(lambda: not waiting.is_running())
    assert not workers()


def test_models_are_opened_before_there_is_a_job() -> None:
    models = OpenModels.of({})
    assert models is not None
    assert models.inference == load_settings({}).inference
    assert models.client.signature("detector_lite").device == "cpu"


@pytest.mark.parametrize("inference", [{"repository": "/nowhere"}, {"kind": "triton"}])
def test_models_that_cannot_be_opened_are_left_to_the_job(inference: dict[str, str]) -> None:
    assert OpenModels.of({"inference": inference}) is None

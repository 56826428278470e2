"""Workers are forked from a process that has their imports; they are, start and end like any others."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.job_stores import workers
from harness.waiting import until
from tracker_service.jobs.worker_processes.fork_server import ForkServer
from tracker_service.jobs.worker_processes.worker_process import WorkerDied, WorkerProcess


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATABASE_URL", "postgresql://user:secret@host/jobs")
        server = ForkServer()
        yield server
        server.close()


def parent(pid: int) -> psutil.Process:
    return psutil.Process(psutil.Process(pid).ppid())


def test_all_workers_come_from_one_process_that_has_no_secrets_and_one_thread(server: ForkServer) -> None:
    forked = [server.fork(), server.fork()]
    first, second = (parent(process.pid) for process in forked)
    assert first == second != psutil.Process()
    assert "DATABASE_URL" not in first.environ()
    assert first.num_threads() == 1
    for process in forked:
        process.kill()
        assert process.wait(60) == process.poll() == -signal.SIGKILL
        with process.stdin, process.stdout, process.stderr:
            assert process.stdout.read() == b""


def test_the_status_of_a_worker_and_what_it_says_are_those_of_the_worker(server: ForkServer) -> None:
    process = server.fork()
    assert process.poll() is None
    with process.stdin as pipe:
        pipe.write(b"no JSON\n")
    with process.stdout, process.stderr:
        assert b"Invalid JSON" in process.stderr.read()
    assert process.wait(60) == 1
    process.kill()
    assert process.poll() == 1


def test_workers_end_with_the_process_that_has_forked_them_and_the_next_one_comes_from_another(
    server: ForkServer,
) -> None:
    lost = server.fork()
    parent(lost.pid).kill()
    assert lost.wait(60) == -signal.SIGKILL
    process = server.fork()
    process.kill()
    process.wait(60)
    for pipe in (lost.stdin, lost.stdout, lost.stderr, process.stdin, process.stdout, process.stderr):
        pipe.close()


def test_its_end_ends_its_workers() -> None:
    before = psutil.Process().children(recursive=True)
    server = ForkServer()
    process = server.fork()
    server.close()
    assert process.wait(60) == -signal.SIGKILL
    for pipe in (process.stdin, process.stdout, process.stderr):
        pipe.close()
    assert psutil.Process().children(recursive=True) == before


def test_a_worker_is_where_its_service_is_now(server: ForkServer, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as place:
        place.chdir(tmp_path)
        process = server.fork()
    assert until(lambda: psutil.Process(process.pid).cwd() == str(tmp_path))
    process.kill()
    process.wait(60)
    for pipe in (process.stdin, process.stdout, process.stderr):
        pipe.close()


def test_where_none_can_be_forked_a_worker_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: ForkServer) -> None:
        raise OSError("no")

    monkeypatch.setattr(ForkServer, "fork", refuse)
    process = WorkerProcess({})
    assert [found.ppid() for found in workers()] == [psutil.Process().pid]
    assert process.alive
    process.kill()
    assert isinstance(until(lambda: process.receive(1)), WorkerDied)

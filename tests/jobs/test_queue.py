"""Who is computed when: concurrency, priorities, turns of clients, cancelling."""

import time
from pathlib import Path

import pytest

from harness.clips import repeat
from harness.job_stores import contents, request, running_store, wait_complete, wait_final, wait_for, workers
from harness.waiting import until
from tests.jobs.conftest import FRAMES
from tracker_service.errors import JobQuotaError, QueueFullError
from tracker_service.jobs.job import JobState
from tracker_service.jobs.queue.store_parameters import QueueLimits, RunLimits
from tracker_service.results.result_files import SUMMARY
from tracker_service.video.probe import VideoProperties


@pytest.fixture(scope="module")
def long(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video whose job runs until it is cancelled."""
    target = tmp_path_factory.mktemp("clips") / "long.mp4"
    repeat(clip, target, 20 * FRAMES)
    return target


def test_at_most_so_many_jobs_run_at_once_and_clients_take_turns(short: Path, long: Path, tmp_path: Path) -> None:
    with running_store(tmp_path, queue=QueueLimits(concurrency=2)) as store:
        first = [store.submit(request(long, client="a")), store.submit(request(long, client="a"))]
        for job in first:
            wait_for(store, job.id, JobState.RUNNING)
        waiting = [store.submit(request(short, client="a")) for _ in range(3)]
        other = store.submit(request(short, client="b"))
        urgent = store.submit(request(short, client="a", priority=10))
        late = store.submit(request(short, client="c", priority=150))
        expected = [other, late, urgent, *waiting]  # two of the first client are being computed
        positions = sorted(expected, key=lambda job: store.get(job.id).queue_position)
        assert [job.id for job in positions] == [job.id for job in expected]
        assert store.counts().running == 2
        for job in first:
            store.cancel(job.id)
        most = 0

        def all_final() -> bool:
            nonlocal most
            most = max(most, len(workers()))
            return store.counts().active == 0

        until(all_final)
        started = [wait_complete(store, job.id).started_at or 0.0 for job in expected]
    assert most == 2
    # Two that begin in the same moment may change places.
    by_start = sorted(range(len(expected)), key=started.__getitem__)
    assert all(abs(place - number) <= 1 for place, number in enumerate(by_start)), by_start


def test_cancel_in_each_state(short: Path, long: Path, tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        done = store.submit(request(short))
        wait_complete(store, done.id)
        running = store.submit(request(long))
        queued, behind = store.submit(request(short)), store.submit(request(short))
        wait_for(store, running.id, JobState.RUNNING)
        assert store.get(behind.id).queue_position == 1

        cancelled = store.cancel(queued.id)
        assert (cancelled.state, cancelled.reason, cancelled.attempts) == (JobState.CANCELLED, "cancelled", 0)
        assert store.get(behind.id).queue_position == 0
        assert store.cancel(running.id).state is JobState.CANCELLED
        wait_complete(store, behind.id)
        assert not workers()
        assert store.cancel(done.id).state is JobState.COMPLETED
        assert store.cancel(queued.id).state is JobState.CANCELLED
        assert store.get(running.id).state is JobState.CANCELLED
        assert {job.id for job in store.jobs(state=JobState.CANCELLED)} == {queued.id, running.id}
        assert [job.id for job in store.jobs()] == [behind.id, queued.id, running.id, done.id]
        store.resume(queued.id)
        wait_complete(store, queued.id)


def test_a_short_job_ends_after_it_began_and_after_its_results_were_written(short: Path, tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        job = wait_complete(store, store.submit(request(short)).id)
    written = (job.folder / SUMMARY).stat().st_mtime
    assert job.started_at is not None
    assert job.completed_at is not None
    assert job.queued_at <= job.started_at < written <= job.completed_at <= time.time()


def test_resumed_jobs_take_their_turns_and_count_like_new_ones(short: Path, tmp_path: Path) -> None:
    with running_store(tmp_path, queue=QueueLimits(client_jobs=2), run=RunLimits(poll_seconds=60.0)) as store:
        store.submit(request(short, client="c"))  # may be computed: the queue has been looked at for the first time
        resumed = []
        for _ in range(3):
            resumed.append(store.submit(request(short, client="a")))
            store.cancel(resumed[-1].id)
        others = [store.submit(request(short, client="b")) for _ in range(2)]
        for job in resumed[:2]:
            assert store.resume(job.id).state is JobState.QUEUED
        with pytest.raises(JobQuotaError):
            store.resume(resumed[2].id)
        order = [others[0], resumed[0], others[1], resumed[1]]
        positions = sorted(order, key=lambda job: store.get(job.id).queue_position)
        assert [job.id for job in positions] == [job.id for job in order]


def test_one_client_never_has_more_waiting_jobs_than_there_is_room_for(short: Path, tmp_path: Path) -> None:
    limits = QueueLimits(queue_length=4)
    with running_store(tmp_path, queue=limits, run=RunLimits(poll_seconds=60.0)) as store:
        # Two wait, beside one that may be computed already.
        with pytest.raises(JobQuotaError):
            list(map(store.submit, [request(short, client="a")] * 4))
        with pytest.raises(JobQuotaError):
            store.check_share("a")
        store.check_share("b")
        for client in ("b", "c"):
            store.submit(request(short, client=client))


@pytest.mark.parametrize(
    ("limits", "clients", "error"),
    [
        (QueueLimits(queue_length=0), ["a"], QueueFullError),
        (QueueLimits(client_jobs=1), ["a", "a"], JobQuotaError),
        (QueueLimits(client_jobs=1), ["a", "b"], None),
        (QueueLimits(client_bytes=1), ["a", "a"], JobQuotaError),
        (QueueLimits(client_bytes=1), ["a", "b"], None),
    ],
)
def test_quotas(
    short: Path, tmp_path: Path, limits: QueueLimits, clients: list[str], error: type[Exception] | None
) -> None:
    with running_store(tmp_path, queue=limits) as store:
        for client in clients[:-1]:
            store.submit(request(short, client=client))
        if error is None:
            store.submit(request(short, client=clients[-1]))
        else:
            with pytest.raises(error):
                store.submit(request(short, client=clients[-1]))
        known = {job.id for job in store.jobs()}
        assert {folder.name for folder in (tmp_path / "jobs").iterdir()} == known
        assert len(known) == len(clients) - (error is not None)


def test_an_upload_belongs_to_the_job_that_takes_it(short: Path, tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        upload = store.uploads / "upload.mp4"
        upload.write_bytes(short.read_bytes())
        job = store.submit(request(upload, delete_source=True))
        assert not upload.exists()
        done = wait_complete(store, job.id)
        until(lambda: not done.request.source.exists())
        assert contents(done)["results.ndjson"]
        refused = store.uploads / "refused.mp4"
        refused.write_bytes(b"no video")
        with pytest.raises(Exception, match="video"):
            store.submit(request(refused, delete_source=True))
        assert refused.exists()
        store.delete(job.id)
        assert not job.folder.exists()


@pytest.mark.parametrize(("max_frames", "total"), [(None, FRAMES), (5, 5), (100, FRAMES)])
def test_a_queued_job_tells_how_many_frames_it_will_have(
    clip: Path, tmp_path: Path, max_frames: int | None, total: int
) -> None:
    with running_store(tmp_path, run=RunLimits(poll_seconds=60.0)) as store:
        assert store.submit(request(clip, max_frames=max_frames)).frames_total == total


def test_a_video_that_its_client_has_looked_at_is_not_opened_again(short: Path, tmp_path: Path) -> None:
    seen = VideoProperties(320, 180, 25.0, None, 1234, "h264")
    with running_store(tmp_path) as store:
        assert store.submit(request(short), seen).frames_total == 1234


def test_jobs_can_be_listed_by_client(short: Path, tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        ids = {client: store.submit(request(short, client=client)).id for client in ("a", "b")}
        assert [job.id for job in store.jobs(client="a")] == [ids["a"]]
        for job_id in ids.values():
            wait_final(store, job_id)
        assert len(store.jobs(state=JobState.COMPLETED, limit=1)) == 1

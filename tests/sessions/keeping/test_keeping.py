"""Live videos that go on after a restart: stopped in order, or killed."""

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.sessions.content.panning_video import Video, post
from tests.sessions.running_sessions import PATIENT, RunningSessions, run_sessions
from tests.sessions.synthetic_sessions import TRACKING, Models, ids, image, open_sessions, states, walkers
from tracker_service.sessions.frame import FrameAnswer

SOON = 0.05
"""A gap time that a test waits for: frames before the one it sends never come."""
Body = Callable[[RunningSessions], Coroutine[Any, Any, None]]


@pytest.fixture
def keep(tmp_path: Path) -> Path:
    return tmp_path / "keep"


def run(body: Body, keep: Path, **changes: Any) -> None:
    options = {"gap_seconds": PATIENT, "keep_seconds": 0.01, **changes}
    run_sessions(body, Models(people_of_frame=walkers), keep=keep, **options)


def kept_of(client: str, keep: Path) -> Path:
    """Return the file of a client's only video."""
    (found,) = (path for path in keep.glob("*.npz") if f'"session":"{client}"'.encode() in path.read_bytes())
    return found


def told(answer: FrameAnswer) -> tuple[object, ...]:
    main = None if answer.main is None else answer.main.track_id
    return answer.video, answer.late, main, states(answer), answer.expected


def test_a_video_goes_on_after_a_restart_as_if_there_had_been_none(keep: Path) -> None:
    uninterrupted: list[FrameAnswer] = []

    async def whole(running: RunningSessions) -> None:
        uninterrupted.extend(await running.answers(range(20)))

    async def first(running: RunningSessions) -> None:
        await running.answers(range(10))

    async def second(running: RunningSessions) -> None:
        assert running.sessions.statistics().sessions == 1
        assert list(map(told, await running.answers(range(10, 20)))) == list(map(told, uninterrupted[10:]))

    run_sessions(whole, Models(people_of_frame=walkers), gap_seconds=PATIENT)
    run(first, keep)
    run(second, keep)


def test_a_frame_answered_before_the_restart_gets_the_same_answer_after_it(keep: Path) -> None:
    answers: list[FrameAnswer] = []

    async def first(running: RunningSessions) -> None:
        answers.extend(await running.answers(range(4)))

    async def second(running: RunningSessions) -> None:
        again = await running.answer(2)
        assert told(again) == told(answers[2])
        assert (again.result.persons[0].joints_3d == answers[2].result.persons[0].joints_3d).all()
        assert running.models.batches == []
        assert (await running.answer(2, content=1)).video == 2

    run(first, keep)
    run(second, keep, gap_seconds=SOON)


def test_what_was_saved_before_a_kill_goes_on_and_no_identity_is_given_twice(keep: Path, tmp_path: Path) -> None:
    killed = tmp_path / "killed"

    async def first(running: RunningSessions) -> None:
        await running.answers(range(10))
        while not list(keep.glob("*.npz")) or list(keep.glob("*.unsaved")):
            await asyncio.sleep(0.01)
        shutil.copytree(keep, killed)

    async def unsaved(running: RunningSessions) -> None:
        await running.answer(10)
        shutil.copytree(keep, tmp_path / "killed later")

    async def second(running: RunningSessions) -> None:
        assert ids(await running.answer(11)) == [1, 2]

    async def third(running: RunningSessions) -> None:
        running.models.people_of_frame = lambda number: [*walkers(number), *walkers(number + 200)[:1]]
        assert ids(await running.answer(12)) == [1, 2, 101]

    run(first, keep)
    run(second, killed, gap_seconds=SOON)
    run(unsaved, keep, keep_seconds=PATIENT)
    run(third, tmp_path / "killed later", gap_seconds=SOON)


def test_videos_without_session_id_are_told_apart_after_a_restart(keep: Path) -> None:
    videos = Video(1), Video(2)

    async def first(running: RunningSessions) -> None:
        for number in range(5):
            assert [(await post(running, video, number)).video for video in videos] == [1, 2]

    async def second(running: RunningSessions) -> None:
        for number in range(5, 10):
            assert [(await post(running, video, number)).video for video in videos[::-1]] == [2, 1]
        assert (await running.sessions.answer(Video(3).request(0), image())).video == 3

    run(first, keep)
    run(second, keep)


def test_a_damaged_file_one_of_other_models_and_an_old_one_are_left_out(
    keep: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def first(running: RunningSessions) -> None:
        for client in ("damaged", "other", "old", "good"):
            await running.answer(0, session=client)

    async def second(running: RunningSessions) -> None:
        assert running.sessions.statistics().sessions == 1
        assert (await running.answer(1, session="good")).late is False

    run(first, keep)
    damaged, other, old = (kept_of(client, keep) for client in ("damaged", "other", "old"))
    damaged.write_bytes(damaged.read_bytes()[:1000])
    other.write_bytes(other.read_bytes().replace(b'"made_with":"synthetic"', b'"made_with":"Synthetic"'))
    os.utime(old, (time.time() - 1000, time.time() - 1000))
    run(second, keep)
    assert caplog.text.count("this live video is not continued") == 2


def test_a_video_of_other_tracker_settings_is_left_out(keep: Path) -> None:
    async def main() -> None:
        sessions = open_sessions(Models(), keep=keep)
        await RunningSessions(Models(), sessions).answer(0)
        await sessions.close(5)
        changed = open_sessions(Models(), tracking=type(TRACKING)(live=True, n_init=9), keep=keep)
        assert changed.statistics().sessions == 0
        await changed.close(5)

    asyncio.run(main())


def test_a_folder_that_cannot_be_written_is_logged_once_and_frames_are_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()

    async def body(running: RunningSessions) -> None:
        for number in range(3):
            await running.answer(number)
            await asyncio.sleep(0.05)

    run(body, tmp_path / "file" / "keep")
    assert caplog.text.count("live sessions are not kept") == 1


def test_expired_videos_are_removed_from_the_folder(keep: Path) -> None:
    async def body(running: RunningSessions) -> None:
        await running.answer(0)
        while not list(keep.glob("*.npz")):
            await asyncio.sleep(0.01)
        while list(keep.iterdir()):
            await asyncio.sleep(0.01)

    run(body, keep, expiry_seconds=0.3)

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.phalp.people import FRAME_SIZE, Person
from tests.sessions.running_sessions import PATIENT, RunningSessions, run_sessions
from tests.sessions.synthetic_sessions import TRACKING, Models, ids, image, request, states, walker
from tracker_service.errors import (
    InferenceFailedError,
    InferenceUnavailableError,
    ModelContractError,
    SessionError,
)
from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.sessions.frame import LARGEST_FRAME_NUMBER, FrameAnswer
from tracker_service.sessions.session_parameters import SessionParameters
from tracker_service.sessions.sessions import FrameSessions
from tracker_service.sessions.video_tracker import VideoTracker
from tracker_service.types import Frame
from tracker_service.types.calibration import FocalLength, FocalSource


def test_frames_in_order_are_answered_by_the_tracker() -> None:
    async def body(running: RunningSessions) -> None:
        answers = await running.answers(range(10))
        assert [states(answer) for answer in answers] == [{1: "s"}] * 10
        assert not any(answer.late for answer in answers)
        assert {(answer.session, answer.video) for answer in answers} == {("client", 1)}

    run_sessions(body, gap_seconds=PATIENT)


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (1, 0, 3, 2), (2, 3, 0, 1)])
def test_early_frames_are_answered_after_their_predecessors(order: Sequence[int]) -> None:
    async def body(running: RunningSessions) -> None:
        done: list[int] = []

        async def post(number: int) -> None:
            assert not (await running.answer(number)).late
            done.append(number)

        await asyncio.gather(*map(post, order))
        assert done == [0, 1, 2, 3]

    run_sessions(body, gap_seconds=PATIENT)


def test_a_gap_is_skipped_and_its_frames_still_get_answers() -> None:
    async def body(running: RunningSessions) -> None:
        first, early = await asyncio.gather(running.answer(0), running.answer(5))
        late = await running.answer(3)
        assert [(ids(answer), answer.late) for answer in (first, early, late)] == [
            ([1], False),
            ([1], False),
            ([1], True),
        ]

    run_sessions(body)


def test_a_frame_that_cannot_be_computed_delays_no_other() -> None:
    async def body(running: RunningSessions) -> None:
        results = await asyncio.gather(*(running.answer(number) for number in range(4)), return_exceptions=True)
        assert isinstance(results[1], ModelContractError)
        assert [result.late for result in results if isinstance(result, FrameAnswer)] == [False] * 3

    run_sessions(body, Models(failures={1: ModelContractError("broken")}))


def test_a_frame_that_failed_can_be_sent_again() -> None:
    models = Models(failures={1: InferenceUnavailableError("away")})

    async def body(running: RunningSessions) -> None:
        await running.answer(0)
        with pytest.raises(InferenceUnavailableError):
            await running.answer(1)
        models.failures.clear()
        answer = await running.answer(1)
        assert (ids(answer), answer.late) == ([1], False)

    run_sessions(body, models, gap_seconds=PATIENT)


def test_every_error_is_a_project_error() -> None:
    async def body(running: RunningSessions) -> None:
        with pytest.raises(InferenceFailedError, match="got ValueError"):
            await running.answer(0)

    run_sessions(body, Models(failures={0: ValueError("anything")}))


def test_sessions_are_independent() -> None:
    async def body(running: RunningSessions) -> None:
        answers = await asyncio.gather(
            *(
                running.answer(number, session=f"client {client}", content=client)
                for number in range(6)
                for client in range(5)
            )
        )
        assert {answer.session for answer in answers} == {f"client {client}" for client in range(5)}
        assert {(answer.video, tuple(ids(answer)), answer.late) for answer in answers} == {(1, (1,), False)}
        assert running.sessions.statistics().sessions == 5
        assert running.sessions.statistics().tracks_live == 5

    run_sessions(body, gap_seconds=PATIENT)


@pytest.mark.parametrize("number", [-1, LARGEST_FRAME_NUMBER + 1])
def test_an_invalid_frame_number_is_refused(number: int) -> None:
    async def body(running: RunningSessions) -> None:
        with pytest.raises(SessionError, match=f"frame number: expected 0 to {LARGEST_FRAME_NUMBER}, got {number}"):
            await running.answer(number)
        assert running.sessions.statistics().sessions == 0

    run_sessions(body)


def test_huge_numbers_far_apart_cost_no_more_than_others() -> None:
    async def body(running: RunningSessions) -> None:
        answers = await running.answers([10**9, LARGEST_FRAME_NUMBER, 10**9 + 1, 10**12])
        assert [answer.late for answer in answers] == [False, False, True, True]

    run_sessions(body)


class SeeingModels(Models):
    """Also sees the field of view of frames whose focal length is not known, a degree wider in each."""

    def observe(self, window: Sequence[Frame]) -> tuple[FrameObservation, ...]:
        focals = [
            frame.focal or FocalLength(FocalSource.ESTIMATED, field_of_view=40.0 + frame.number) for frame in window
        ]
        return tuple(
            replace(seen, result=replace(seen.result, calibration=focal.in_frame(FRAME_SIZE)))
            for seen, focal in zip(super().observe(window), focals, strict=True)
        )


def test_a_session_s_camera_is_that_of_its_first_frames_and_a_file_s_own_goes_before() -> None:
    async def body(running: RunningSessions) -> None:
        answers = await running.answers(range(12))
        views = [answer.result.calibration.field_of_view for answer in answers if answer.result.calibration]
        assert views == pytest.approx([40 + min(number, 7) / 2 for number in range(12)])
        written = FocalLength(FocalSource.METADATA, 900.0)
        told = await running.sessions.answer(replace(request(12), focal=written), image())
        assert told.result.calibration == written.in_frame(FRAME_SIZE)

    run_sessions(body, SeeingModels(), gap_seconds=PATIENT)


def test_the_sizes_of_batches_are_reported() -> None:
    async def main() -> None:
        sizes: list[int] = []
        sessions = FrameSessions(
            Models().observe,
            lambda name: VideoTracker(name, Tracker(TRACKING), None, 10),
            SessionParameters(),
            window=4,
            on_batch=sizes.append,
        )
        await asyncio.gather(*(sessions.answer(request(number), image()) for number in range(6)))
        await sessions.close(1)
        assert sum(sizes) == 6
        assert max(sizes) == 4

    asyncio.run(main())


def missing(number: int) -> list[Person]:
    """The walker, undetected in a run of ten frames and in every third."""
    return [] if 20 <= number < 30 or (number % 3 == 2) else walker(number)


def test_missed_detections_are_filled_for_four_workers() -> None:
    async def body(running: RunningSessions) -> None:
        async def worker(first: int) -> list[FrameAnswer]:
            return await running.answers(range(first, 60, 4))

        parts = await asyncio.gather(*map(worker, range(4)))
        answers = sorted((answer for part in parts for answer in part), key=lambda answer: answer.result.frame_number)
        assert [states(answer) for answer in answers] == [{1: "s" if missing(number) else "p"} for number in range(60)]

    run_sessions(body, Models(people_of_frame=missing), gap_seconds=PATIENT)

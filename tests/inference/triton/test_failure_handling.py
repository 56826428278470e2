"""Deadlines, retries and the circuit breaker, without a server."""

import asyncio
import math
from collections.abc import Awaitable, Callable

import pytest
from tritonclient.utils import InferenceServerException

from tracker_service.errors import (
    InferenceError,
    InferenceFailedError,
    InferenceOverloadedError,
    InferenceTimeoutError,
    InferenceUnavailableError,
    ModelContractError,
    ModelNotFoundError,
    SettingsError,
)
from tracker_service.inference.triton.attempts import Attempts
from tracker_service.inference.triton.breaker import CircuitBreaker
from tracker_service.inference.triton.failures import Remedy, classify
from tracker_service.inference.triton.policy import FailurePolicy

REFUSED = (
    "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:9: Failed to connect to remote host: "
    "Connection refused"
)


STUB_DIED = "Stub process 'm_0_0' is not healthy."
UNKNOWN = "Request for unknown model: 'm' is not found"
UNLOADED = "Request for unknown model: 'm' has no available versions"
NO_REGION = "Unable to find shared memory region: 'x'"
QUEUE_FULL = "[request id: <id_unknown>] Exceeds maximum queue size"
EXPIRED = "Request timeout expired"
LOST_INPUT = "[request id: <id_unknown>] input 'crops' does not exist in request"


def failure(code: str, text: str = "text") -> InferenceServerException:
    return InferenceServerException(text, f"StatusCode.{code}", None)


@pytest.mark.parametrize(
    ("code", "text", "known", "kind", "remedy", "answered"),
    [
        ("UNAVAILABLE", REFUSED, False, InferenceUnavailableError, Remedy.RETRY, False),
        ("UNAVAILABLE", "Socket closed", True, InferenceUnavailableError, Remedy.RETRY, False),
        ("UNAVAILABLE", QUEUE_FULL, True, InferenceOverloadedError, Remedy.RETRY, True),
        ("UNAVAILABLE", EXPIRED, True, InferenceOverloadedError, Remedy.RETRY, True),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", True, InferenceTimeoutError, Remedy.RETRY, False),
        ("CANCELLED", "", True, InferenceUnavailableError, Remedy.RETRY, False),
        ("NOT_FOUND", UNKNOWN, False, ModelNotFoundError, Remedy.NONE, True),
        ("NOT_FOUND", UNKNOWN, True, ModelNotFoundError, Remedy.RELOAD, True),
        ("NOT_FOUND", UNLOADED, False, ModelNotFoundError, Remedy.RELOAD, True),
        ("NOT_FOUND", NO_REGION, True, InferenceUnavailableError, Remedy.REGISTER, True),
        ("INVALID_ARGUMENT", "shape", True, ModelContractError, Remedy.NONE, True),
        ("INVALID_ARGUMENT", LOST_INPUT, True, InferenceFailedError, Remedy.RELOAD, False),
        ("INTERNAL", STUB_DIED, True, InferenceFailedError, Remedy.RELOAD, True),
        ("INTERNAL", "onnx runtime error 1", True, InferenceFailedError, Remedy.NONE, True),
        ("RESOURCE_EXHAUSTED", "message larger than max", True, InferenceFailedError, Remedy.NONE, False),
        ("UNIMPLEMENTED", "", False, InferenceFailedError, Remedy.NONE, False),
    ],
)
def test_meaning_of_an_error(
    code: str, text: str, known: bool, kind: type[InferenceError], remedy: Remedy, answered: bool
) -> None:
    meaning = classify(failure(code, text), "m", "host:1", known=known)
    assert type(meaning.error) is kind
    assert str(meaning.error).startswith("model m on Triton host:1: ")
    assert "\n" not in str(meaning.error)
    assert (meaning.remedy, meaning.answered) == (remedy, answered)


def test_connection_errors_are_short() -> None:
    error = classify(failure("UNAVAILABLE", REFUSED), "m", "host:1", known=False).error
    assert str(error) == "model m on Triton host:1: no connection: Connection refused"


@pytest.mark.parametrize("name", ["attempt_seconds", "budget_seconds", "first_delay", "breaker_failures"])
@pytest.mark.parametrize("value", [0, -1, math.nan])
def test_policy_refuses_what_is_not_positive(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: expected a number >.*, got {value}$"):
        FailurePolicy(**{name: value})  # type: ignore[arg-type]


def test_only_the_budget_may_be_infinite() -> None:
    assert FailurePolicy(budget_seconds=math.inf).budget_seconds == math.inf
    with pytest.raises(SettingsError, match="attempt_seconds"):
        FailurePolicy(attempt_seconds=math.inf)


def test_pauses_double_up_to_the_longest_and_vary() -> None:
    policy = FailurePolicy(first_delay=0.1, longest_delay=5.0)
    for repetition, limit in ((0, 0.1), (1, 0.2), (5, 3.2), (6, 5.0), (1000, 5.0)):
        pauses = {policy.delay(repetition) for _ in range(50)}
        assert all(limit / 2 <= pause <= limit for pause in pauses)
        assert len(pauses) > 10


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(FailurePolicy(breaker_failures=2, first_delay=1.0, longest_delay=8.0), "server", clock)


def open_breaker(clock: Clock) -> CircuitBreaker:
    opened = breaker(clock)
    opened.report_no_answer("refused")
    opened.report_no_answer("refused")
    return opened


def test_breaker_opens_after_failures_in_a_row_only() -> None:
    tested = breaker(Clock())
    for _ in range(5):
        tested.report_no_answer("refused")
        tested.report_answer()
    assert not tested.open
    tested.report_no_answer("refused")
    tested.report_no_answer("refused")
    assert tested.open


def test_open_breaker_fails_at_once_when_the_pause_outlasts_the_budget() -> None:
    tested = open_breaker(Clock())
    with pytest.raises(InferenceUnavailableError, match=r"server: not asked, no answer .*\(refused\)") as raised:
        asyncio.run(tested.admit(deadline=0.5))
    assert 2 <= raised.value.retry_after <= 8


def test_open_breaker_lets_one_probe_through_and_closes_when_it_succeeds() -> None:
    async def scenario() -> None:
        clock = Clock()
        tested = open_breaker(clock)
        clock.now = 10.0
        await tested.admit(math.inf)
        others = [asyncio.create_task(tested.admit(math.inf)) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in others)
        tested.report_answer()
        await asyncio.gather(*others)
        assert not tested.open

    asyncio.run(scenario())


@pytest.mark.parametrize("ending", ["silence", "nothing"])
def test_next_caller_probes_when_the_probe_did_not_succeed(ending: str) -> None:
    async def scenario() -> None:
        clock = Clock()
        tested = open_breaker(clock)
        clock.now = 10.0
        await tested.admit(math.inf)
        other = asyncio.create_task(tested.admit(math.inf))
        await asyncio.sleep(0)
        if ending == "silence":
            tested.report_no_answer("refused")
            clock.now = 30.0
        else:
            tested.report_cancelled()
        await asyncio.sleep(0)
        await asyncio.wait_for(other, 10)

    asyncio.run(scenario())


def ignore(_: Remedy) -> None:
    pass


def run_attempts(policy: FailurePolicy, attempt: Callable[[float], Awaitable[str]], slots: int = 1) -> str:
    async def scenario() -> str:
        clock = asyncio.get_running_loop().time
        attempts = Attempts(policy, "host:1", slots, clock, ignore)
        return await attempts.run("m", attempt, known=lambda: True)

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("code", "text", "tries"),
    [
        ("UNAVAILABLE", REFUSED, 3),
        ("UNAVAILABLE", QUEUE_FULL, 3),
        ("DEADLINE_EXCEEDED", "", 3),
        ("NOT_FOUND", UNKNOWN, 3),
        ("INTERNAL", STUB_DIED, 3),
        ("NOT_FOUND", NO_REGION, 3),
        ("INVALID_ARGUMENT", LOST_INPUT, 3),
        ("INVALID_ARGUMENT", "", 1),
        ("INTERNAL", "division by zero", 1),
        ("UNIMPLEMENTED", "", 1),
    ],
)
def test_only_what_can_heal_is_repeated(code: str, text: str, tries: int) -> None:
    calls = 0

    async def attempt(_: float) -> str:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise failure(code, text)
        return "answer"

    policy = FailurePolicy(first_delay=0.001)
    if tries == 3:
        assert run_attempts(policy, attempt) == "answer"
    else:
        with pytest.raises(InferenceError):
            run_attempts(policy, attempt)
    assert calls == tries


def test_attempts_never_get_more_time_than_the_budget_has_left() -> None:
    given: list[float] = []

    async def attempt(seconds: float) -> str:
        given.append(seconds)
        raise failure("UNAVAILABLE", QUEUE_FULL)

    with pytest.raises(InferenceOverloadedError, match=r"gave up after 0\.\d s and \d+ attempts"):
        run_attempts(FailurePolicy(attempt_seconds=60, budget_seconds=0.2, first_delay=0.01), attempt)
    assert len(given) > 2
    assert all(seconds <= 0.2 for seconds in given)
    assert given == sorted(given, reverse=True)


def test_a_model_that_stays_away_is_reported_after_the_reload_time() -> None:
    async def attempt(_: float) -> str:
        raise failure("NOT_FOUND", UNKNOWN)

    policy = FailurePolicy(budget_seconds=math.inf, reload_seconds=0.1, first_delay=0.01)
    with pytest.raises(ModelNotFoundError, match="gave up after"):
        run_attempts(policy, attempt)


@pytest.mark.parametrize(("allowed", "most"), [(None, 2), (4, 4), (1, 2)], ids=["as opened", "more", "not fewer"])
def test_requests_under_way_are_bounded_and_the_bound_can_rise(allowed: int | None, most: int) -> None:
    async def scenario() -> int:
        attempts = Attempts(FailurePolicy(), "host:1", 2, asyncio.get_running_loop().time, ignore)
        if allowed is not None:
            attempts.allow(allowed)
        running = seen = 0

        async def counted(_: float) -> str:
            nonlocal running, seen
            running += 1
            seen = max(seen, running)
            for _ in range(10):  # turns of all the others
                await asyncio.sleep(0)
            running -= 1
            return "done"

        await asyncio.gather(*(attempts.run("m", counted, known=lambda: True) for _ in range(12)))
        return seen

    assert asyncio.run(scenario()) == most


def test_a_call_that_finds_no_free_slot_in_its_budget_is_told_so() -> None:
    async def scenario() -> None:
        clock = asyncio.get_running_loop().time
        attempts = Attempts(FailurePolicy(budget_seconds=0.05), "host:1", 1, clock, ignore)

        async def stuck(_: float) -> str:
            await asyncio.sleep(0.3)
            return "late"

        first = asyncio.create_task(attempts.run("m", stuck, known=lambda: True))
        await asyncio.sleep(0)
        with pytest.raises(InferenceOverloadedError, match="all of this client's requests"):
            await attempts.run("m", stuck, known=lambda: True)
        assert await first == "late"

    asyncio.run(scenario())

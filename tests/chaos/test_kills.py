"""The short form of the chaos: whatever is killed at whatever moment, nothing is lost, doubled or changed."""

import pytest

from harness.chaos.rounds import Round

SEED = 7


@pytest.mark.parametrize(
    ("fault", "moments"),
    [("kill -9 of the worker", 2), ("kill -9 of the service", 2), ("SIGTERM of the service", 1)],
)
def test_embedded(embedded: Round, fault: str, moments: int) -> None:
    outcomes = list(embedded.trials(fault, moments, SEED))
    assert len(outcomes) == moments
    assert [outcome for outcome in outcomes if not outcome.good] == []


@pytest.mark.registry
@pytest.mark.parametrize(("fault", "moments"), [("kill -9 of Triton", 2), ("kill -9 of the service", 1)])
def test_behind_tritonserver(triton: Round, fault: str, moments: int) -> None:
    outcomes = list(triton.trials(fault, moments, SEED))
    assert len(outcomes) == moments
    assert [outcome for outcome in outcomes if not outcome.good] == []

"""The profile: what the devices of the models make of settings that were left as they are."""

import pytest

from tracker_service.pipeline.overlap_parameters import OverlapParameters


def sizes(parameters: OverlapParameters) -> tuple[int, int, int, str]:
    return parameters.window, parameters.workers, parameters.in_flight, parameters.sized_for


@pytest.mark.parametrize(
    ("given", "devices", "in_use"),
    [
        (OverlapParameters(), ["cpu", "cpu"], (4, 2, 3, "cpu")),
        (OverlapParameters(), [], (4, 2, 3, "cpu")),
        (OverlapParameters(), ["cpu", "cuda"], (16, 3, 4, "gpu")),
        (OverlapParameters(), ["tensorrt"], (16, 3, 4, "gpu")),
        (OverlapParameters(window=8), ["cuda"], (8, 3, 4, "gpu")),
        (OverlapParameters(sized_for="cpu"), ["cuda"], (4, 2, 3, "cpu")),
        (OverlapParameters(sized_for="gpu", workers=5), ["cpu"], (16, 5, 4, "gpu")),
    ],
    ids=["on a CPU", "not known", "on a GPU", "TensorRT", "a window of one's own", "not wanted", "wanted"],
)
def test_the_profile_follows_the_devices(
    given: OverlapParameters, devices: list[str], in_use: tuple[int, int, int, str]
) -> None:
    assert sizes(given.in_use(devices)) == in_use


def test_values_in_use_stay_the_same_when_they_are_used_again() -> None:
    once = OverlapParameters(window=8).in_use(["cuda"])
    assert once.in_use(["cuda"]) == once

"""The simulated card: one thing at a time, as long as its table says, and the recorded answers come back."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.feed.recordings import Recordings, sampled
from benchmarks.simulated_gpu.card import Card, busy_seconds, busy_share
from benchmarks.simulated_gpu.serving import CARDS, serving
from benchmarks.simulated_gpu.stand_ins import MODELS, SPECS
from tracker_service.inference.triton.client import TritonClient

PEOPLE = 3
TIMES = {"detector": {"base_ms": 2.0, "row_ms": 1.0}}


def pictures(side: int, count: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(1).integers(0, 256, (count, side, side, 3), np.uint8)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers of every model for three pictures each; every number of row n is n."""
    arrays: dict[str, Any] = {}
    for model in MODELS:
        spec = SPECS[model]
        side = next(iter(spec.inputs.values())).shape[0]
        assert side is not None
        arrays[f"{model}/seen"] = sampled(pictures(side, PEOPLE))
        for name, output in spec.outputs.items():
            shape = [length or 0 for length in output.shape]
            rows = np.arange(PEOPLE, dtype=output.dtype).reshape(-1, *[1] * len(shape))
            arrays[f"{model}/{name}"] = np.broadcast_to(rows, (PEOPLE, *shape))
    path = tmp_path_factory.mktemp("recorded") / "answers.npz"
    np.savez(path, **arrays)
    return path


def test_the_answer_of_the_nearest_picture_is_given(recorded: Path) -> None:
    asked = pictures(256, PEOPLE)[[2, 0]].astype(np.int16) + 3
    answer = Recordings.load(recorded).answer("hmr2", np.clip(asked, 0, 255).astype(np.uint8), ["betas"])
    assert answer["betas"][:, 0].tolist() == [2, 0]


def test_nobody_asked_gives_no_rows(recorded: Path) -> None:
    answer = Recordings.load(recorded).answer("hmr2", np.zeros((0, 256, 256, 3), np.uint8), ["betas"])
    assert answer["betas"].shape == (0, 10)


def test_a_card_does_one_thing_at_a_time(tmp_path: Path) -> None:
    start = time.monotonic()
    card = Card(tmp_path, TIMES)
    threads = [threading.Thread(target=card.run, args=("detector", 3)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end = time.monotonic()
    busy = busy_seconds(tmp_path, start, end)
    assert 4 * 0.005 <= busy <= end - start
    assert busy_seconds(tmp_path, end, end + 1) == 0
    assert busy / (end - start) <= busy_share(tmp_path, start, end) <= 1
    assert busy_share(tmp_path, end, end + 1) == 0


def test_every_card_has_the_times_of_every_model() -> None:
    for times in json.loads(CARDS.read_text())["cards"].values():
        assert set(times) == set(MODELS)


@pytest.mark.registry
@pytest.mark.usefixtures("environment")
def test_a_real_server_answers_what_was_recorded_and_keeps_the_card_busy(recorded: Path) -> None:
    with serving("H100", recorded) as served:
        start = time.monotonic()
        client = TritonClient(served.server.url)
        try:
            for model in MODELS:
                spec = client.signature(model)
                inputs = {
                    name: np.zeros((2, *(side or 0 for side in tensor.shape)), tensor.dtype)
                    for name, tensor in spec.inputs.items()
                }
                first = next(iter(inputs))
                inputs[first] = pictures(inputs[first].shape[1], PEOPLE)[[1, 2]]
                answer = client.infer(model, inputs, list(SPECS[model].outputs))
                for value in answer.values():
                    assert value.reshape(2, -1).min(axis=1).tolist() == [1, 2]
        finally:
            client.close()
        assert busy_seconds(served.card_folder, start, time.monotonic()) > 0

"""What predicting the poses of a frame costs: ``python -m benchmarks.pose_predictor [--json FILE]``.

PHALP's transformer at its usual size with random weights, which time does not depend on, against constant velocity. The
ways take turns on the same tracks, so that a busy machine slows all of them: the transformer with a row for every frame
(keys and values of all 125, masked, as upstream has it), with the seen frames only, and these in one request for every
track or in one for all.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

from export.graphs.onnx_graph import write_onnx
from export.graphs.served_graph import Arrays
from export.pose_predictor.graph import NAME, served
from export.pose_predictor.model import PoseNormalisation, PoseTransformer
from export.pose_predictor.sizes import PUBLISHED, PoseTransformerSizes
from harness.tables import Report, add_json_option
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.phalp.pose.pose_prediction import ConstantVelocityPose
from tracker_service.types import POSE_SIZE, Float32

TRACKS = (1, 3, 8)
_HISTORY = 7
_VELOCITY, _MASKED, _SEEN, _SEPARATE = "velocity", "masked", "seen", "separate"
Way: TypeAlias = Callable[[], Float32]


def network(sizes: PoseTransformerSizes) -> PoseTransformer:
    """Return the transformer with random weights."""
    torch.manual_seed(0)
    module = PoseTransformer(sizes, PoseNormalisation(np.zeros(POSE_SIZE), np.ones(POSE_SIZE)))
    for values in (module.mask_token, module.position1, module.position2, module.body.initial):
        nn.init.normal_(values, std=0.5)
    return module.eval().requires_grad_(requires_grad=False)


def sightings(count: int, generator: np.random.Generator) -> Arrays:
    """Return tracks that were seen in each of the last frames, and are wanted in the next one."""
    poses = generator.normal(size=(count, _HISTORY, POSE_SIZE)).astype(np.float32)
    frames = np.tile(np.arange(_HISTORY), (count, 1))
    return {"poses": poses, "frames": frames, "target": np.full((count, 1), _HISTORY)}


def with_all_frames(tracks: Arrays, length: int) -> Arrays:
    """Return the same tracks with a row for every frame of the network; those of unseen frames do not count."""
    unseen = (0, length - _HISTORY)
    return {
        "poses": np.pad(tracks["poses"], ((0, 0), unseen, (0, 0))),
        "frames": np.pad(tracks["frames"], ((0, 0), unseen), constant_values=-1),
        "target": tracks["target"],
    }


def ways(client: EmbeddedClient, tracks: Arrays, length: int) -> dict[str, Way]:
    """Return what is compared."""

    def ask(inputs: Arrays) -> Float32:
        return client.infer(NAME, inputs, ["pose"])["pose"]

    rows = [{name: values[[row]] for name, values in tracks.items()} for row in range(len(tracks["poses"]))]
    one_step = np.ones(len(rows), np.int64)
    return {
        _VELOCITY: partial(ConstantVelocityPose().predict, tracks["poses"], tracks["frames"], one_step),
        _MASKED: partial(ask, with_all_frames(tracks, length)),
        _SEEN: partial(ask, tracks),
        _SEPARATE: lambda: np.concatenate([ask(row) for row in rows]),
    }


def turns(compared: Mapping[str, Way], rounds: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return seconds and CPU seconds of each way in each round, by its name; a first round is not counted."""
    walls: dict[str, list[float]] = {name: [] for name in compared}
    busy: dict[str, list[float]] = {name: [] for name in compared}
    for count in range(rounds + 1):
        for name, way in compared.items():
            started, spent = perf_counter(), process_time()
            way()
            if count:
                walls[name].append(perf_counter() - started)
                busy[name].append(process_time() - spent)
    return walls, busy


def row(client: EmbeddedClient, count: int, length: int, rounds: int) -> dict[str, Any]:
    """Return the figures of so many tracks a frame."""
    compared = ways(client, sightings(count, np.random.default_rng(count)), length)
    walls, busy = turns(compared, rounds)

    def ratio(one: str, other: str) -> float:
        return median(a / b for a, b in zip(busy[one], busy[other], strict=True))

    return {
        "tracks": count,
        **{f"{name}_milliseconds": 1000 * median(walls[name]) for name in compared},
        **{f"{name}_cpu_milliseconds": 1000 * median(busy[name]) for name in compared},
        "seen_to_masked": ratio(_SEEN, _MASKED),
        "together_to_separate": ratio(_SEEN, _SEPARATE),
        "difference": float(np.abs(compared[_SEEN]() - compared[_MASKED]()).max()),
    }


def main(arguments: list[str] | None = None, sizes: PoseTransformerSizes = PUBLISHED) -> None:
    """Measure, print, and write JSON if asked."""
    parser = argparse.ArgumentParser(description="Cost of predicting poses")
    add_json_option(parser)
    parser.add_argument("--rounds", type=int, default=15, help="turns of each way; more give a steadier median")
    options = parser.parse_args(arguments)
    report = Report("benchmarks.pose_predictor", options.json, arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME / "1" / "model.onnx"
        path.parent.mkdir(parents=True)
        write_onnx(served(network(sizes)), path)
        client = EmbeddedClient(Path(folder), threads=1, max_batch=max(TRACKS))
        rows = [row(client, count, sizes.frame_length, options.rounds) for count in TRACKS]
        client.close()
    report.add(
        "cost",
        "Poses of a frame's tracks on one core, ONNX Runtime FP32, the ways taking turns; ratios of CPU time",
        {
            "tracks": "tracks",
            "velocity_cpu_milliseconds": "velocity, CPU ms",
            "seen_cpu_milliseconds": "transformer, CPU ms",
            "seen_to_masked": "to masked attention over all frames",
            "together_to_separate": "to one request a track",
            "difference": "difference from masked",
        },
        rows,
    )


if __name__ == "__main__":
    main()

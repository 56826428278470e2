"""The whole pipeline on the sample clip: decoding, crops, HMR2 on the device, features, association.

The sample's true boxes stand in for a detector, because a detector with random weights finds nobody. OpenCV decodes:
the product's own decoder is missing on many machines.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from threading import Lock
from time import perf_counter

import cv2
import numpy as np
import torch

from benchmarks.gpu_check.comparison import on_device, outputs_of
from benchmarks.gpu_check.findings import Findings
from benchmarks.gpu_check.networks import Workshop
from benchmarks.gpu_check.timing import device
from benchmarks.gpu_check.torch_runs import served_precision
from export.graphs.served_graph import ServedGraph
from tracker_service.errors import ModelNotFoundError
from tracker_service.inference.client import ModelSpec, Tensor, TensorSpec
from tracker_service.model_sets import COLOUR_SCALE, FULL, ModelChoices
from tracker_service.people.gates import Gates
from tracker_service.people.given_boxes import GivenBoxes
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.pipeline.overlap_parameters import OverlapParameters
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.run import RunStages, TrackingRun
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.types import Detections, Frame
from tracker_service.types.picture import ArrayPicture

_SAMPLES = Path(__file__).resolve().parents[2] / "samples"
_CLIP, _TRUTH = _SAMPLES / "snow_promenade.mp4", _SAMPLES / "ground_truth.npz"
_WINDOW = 16
_FRAMES_ON_CPU, _FRAMES_TO_WARM_UP = 6, 32


class TorchClient:
    """Runs one network in this process, for as many threads as like.

    Args:
        graph: the network, on the device.
    """

    def __init__(self, graph: ServedGraph) -> None:
        self._graph = graph
        self._lock = Lock()

    def signature(self, model: str) -> ModelSpec:
        """Return the network's signature; raises `ModelNotFoundError` for another."""
        if model != self._graph.name:
            raise ModelNotFoundError(f"expected the model {self._graph.name}, got {model}")
        inputs = {spec.name: spec for spec in self._graph.inputs}
        rows = self._graph.sample(1, np.random.default_rng(0))
        with torch.inference_mode():
            given = outputs_of(self._graph, self._graph.module(*on_device(rows, self._graph, device())))
        outputs = {name: TensorSpec(name, value.dtype, value.shape[1:]) for name, value in given.items()}
        return ModelSpec(model, inputs, outputs)

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Run the network; an empty batch runs as one row that is thrown away."""
        if model != self._graph.name:
            raise ModelNotFoundError(f"expected the model {self._graph.name}, got {model}")
        rows = len(next(iter(inputs.values())))
        filled = inputs if rows else self._graph.sample(1, np.random.default_rng(0))
        with self._lock, torch.inference_mode():
            given = outputs_of(self._graph, self._graph.module(*on_device(filled, self._graph, device())))
        return {name: given[name][:rows] for name in outputs}

    def close(self) -> None:
        """Release nothing: the network goes with this object."""


def end_to_end(workshop: Workshop, findings: Findings) -> None:
    """Measure frames a second."""
    precision = served_precision()
    graph = workshop.hmr2(precision)
    graph.module.to(device())
    client = TorchClient(graph)
    given = sample_boxes()
    most = _FRAMES_ON_CPU if device().type == "cpu" else None
    _follow(client, given, min(_FRAMES_TO_WARM_UP, most or _FRAMES_TO_WARM_UP))
    started = perf_counter()
    frames, people = _follow(client, given, most)
    seconds = perf_counter() - started
    findings.add(
        "end_to_end",
        {
            "video": f"{_CLIP.name}, {frames} frames",
            "people": people / frames,
            "networks": f"HMR2 eager {precision}; given boxes, colours for appearance, velocity for poses",
            "fps": frames / seconds,
        },
    )


def _follow(client: TorchClient, given: GivenBoxes, most: int | None) -> tuple[int, int]:
    """Track the first ``most`` frames and return how many there were, and how many people in all of them."""
    models = FULL.chosen(ModelChoices(appearance="color"))
    times = StageTimes()
    parameters = TrackerParameters(appearance_scale=COLOUR_SCALE)
    perception = Perception(client, models, Gates(), times=times, given=given)
    stages = RunStages(perception, Tracker(parameters), OverlapParameters(window=_WINDOW), detect_shots=True)
    run = TrackingRun(islice(decoded(_CLIP), most), stages, times=times)
    counts = [len(frame.result.persons) for frame in run.frames()]
    return len(counts), sum(counts)


def decoded(path: Path) -> Iterator[Frame]:
    """Yield the frames of a video, RGB."""
    capture = cv2.VideoCapture(str(path))
    rate = capture.get(cv2.CAP_PROP_FPS)
    number = 0
    while True:
        there, image = capture.read()
        if not there:
            break
        yield Frame(number, number / rate, ArrayPicture(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)))
        number += 1
    capture.release()
    if not number:
        raise RuntimeError(f"{path.name}: expected a video that this OpenCV decodes, got no frame")


def sample_boxes() -> GivenBoxes:
    """Return the true boxes of those who can be seen in the sample."""
    with np.load(_TRUTH) as truth:
        boxes, visibility = truth["boxes"], truth["visibility"]
    seen = (visibility > 0.3) & (boxes[..., 2] > boxes[..., 0]) & (boxes[..., 3] > boxes[..., 1])
    return GivenBoxes(
        {
            number: Detections(boxes[number][rows].astype(np.float32), np.ones(int(rows.sum()), np.float32))
            for number, rows in enumerate(seen)
        }
    )

"""Answers of the full models, made with the lite ones where those can be had; only their sizes and people count."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.feed.clients import RecordingClient
from harness.triton.graphs import HMR_OUTPUTS
from tracker_service.errors import ModelNotFoundError
from tracker_service.inference.client import InferenceClient, ModelSpec, Tensor, TensorSpec
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import Settings, load_settings
from tracker_service.video.source import open_source
from tracker_service.wiring.models import open_client
from tracker_service.wiring.run import RunOptions, open_run

MODELS = ("detector", "hmr2", "appearance")
_EMBEDDING = 4096
_LITE_SIDE, _FULL_SIDE = 416, 640


def _spec(name: str, dtype: type[np.generic], *shape: int) -> tuple[str, TensorSpec]:
    return name, TensorSpec(name, np.dtype(dtype), shape)


_CROPS = _spec("crops", np.uint8, 256, 256, 3)
SPECS = {
    "detector": ModelSpec(
        "detector",
        dict([_spec("images", np.uint8, _FULL_SIDE, _FULL_SIDE, 3)]),
        dict([_spec("boxes", np.float32, 100, 4), _spec("scores", np.float32, 100)]),
    ),
    "hmr2": ModelSpec(
        "hmr2", dict([_CROPS]), dict(_spec(name, np.float32, *shape) for name, shape in HMR_OUTPUTS.items())
    ),
    "appearance": ModelSpec(
        "appearance",
        dict(
            [
                _CROPS,
                _spec("masks", np.uint8, 256, 256),
                _spec("vertices", np.float32, *HMR_OUTPUTS["vertices"]),
                _spec("pred_cam", np.float32, 3),
            ]
        ),
        dict([_spec("embedding", np.float32, _EMBEDDING)]),
    ),
}


def signature(model: str) -> ModelSpec:
    """Return the signature of a full model; raises `ModelNotFoundError` for others, such as the finder."""
    if model not in SPECS:
        raise ModelNotFoundError(f"expected one of {', '.join(SPECS)}, got {model}")
    return SPECS[model]


class FullStandIn:
    """Answers as the full models would, as far as tracking needs it.

    Args:
        lite: has the lite models.
    """

    def __init__(self, lite: InferenceClient) -> None:
        self._lite = lite

    def signature(self, model: str) -> ModelSpec:
        """Return the signature of a full model."""
        return signature(model)

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Return boxes and bodies of the lite models, and colours as an embedding."""
        if model == "detector":
            answer = self._boxes(inputs["images"])
        elif model == "hmr2":
            answer = self._bodies(inputs["crops"])
        else:
            means = inputs["crops"].mean(axis=(1, 2), dtype=np.float32)
            answer = {"embedding": np.repeat(means, _EMBEDDING // 3 + 1, axis=1)[:, :_EMBEDDING] / np.float32(255)}
        return {name: answer[name] for name in outputs}

    def close(self) -> None:
        """Close the lite client."""
        self._lite.close()

    def _boxes(self, images: Tensor) -> dict[str, Tensor]:
        size = (_LITE_SIDE, _LITE_SIDE)
        small = np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images])
        found = self._lite.infer("detector_lite", {"images": small}, ["boxes", "scores"])
        boxes = np.zeros((len(images), 100, 4), np.float32)
        scores = np.zeros((len(images), 100), np.float32)
        kept = min(found["scores"].shape[1], 100)
        boxes[:, :kept] = found["boxes"][:, :kept] * np.float32(_FULL_SIDE / _LITE_SIDE)
        # The lite detector's scores of people are lower than those that the full set's gate expects.
        scores[:, :kept] = np.where(found["scores"][:, :kept] > 0.3, np.float32(0.95), 0)
        return {"boxes": boxes, "scores": scores}

    def _bodies(self, crops: Tensor) -> dict[str, Tensor]:
        names = [name for name in HMR_OUTPUTS if name != "vertices"]
        answer = self._lite.infer("hmr_lite", {"crops": crops}, names)
        return {**answer, "vertices": np.zeros((len(crops), *HMR_OUTPUTS["vertices"]), np.float32)}


def full_settings(repository: Path, triton: str | None = None) -> Settings:
    """Return the settings of a run with the full models in the sizes for a GPU, on a server if its address is given."""
    inference = {"repository": str(repository), "kind": "embedded" if triton is None else "triton"}
    if triton is not None:
        inference["triton_url"] = triton
    # The server of the simulated card says that it is a CPU.
    pipeline = {"sized_for": "gpu"}
    return load_settings(
        {"model_set": "full", "render": {"enable": False}, "inference": inference, "pipeline": pipeline}
    )


def record_full(video: Path, repository: Path, target: Path) -> Path:
    """Track a video with the stand-ins and keep their answers; returns the file."""
    client = RecordingClient(FullStandIn(open_client(load_settings())))
    options = RunOptions.of(full_settings(repository))
    with open_source(video, threads=1) as source:
        run = open_run(options, client, source, source.info.fps, times=StageTimes())
        for _ in run.frames():
            pass
    client.save(target)
    client.close()
    return target

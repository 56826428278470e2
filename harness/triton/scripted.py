"""TorchScript stand-ins: `forward`'s arguments and the order of its outputs are those of the torchscript configs."""

import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from harness.triton.graphs import HMR_OUTPUTS
from tracker_service.types import POSE_SIZE


class Detector(torch.nn.Module):
    """Answers 100 ordered boxes and descending scores that depend on the brightness."""

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return boxes (N, 100, 4) and scores (N, 100)."""
        brightness = images.float().mean(dim=(1, 2, 3))
        scores = torch.sort(torch.sigmoid(brightness[:, None] - torch.arange(100)), descending=True).values
        corners = torch.arange(400).reshape(100, 4) + brightness[:, None, None]
        return torch.sort(corners, dim=2).values, scores


class Hmr(torch.nn.Module):
    """Answers all outputs of HMR2, each filled with the brightness."""

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs in the order of `HMR_OUTPUTS`."""
        brightness = crops.float().mean(dim=(1, 2, 3))
        outputs = []
        for shape in HMR_OUTPUTS.values():
            ones = torch.ones(shape)
            outputs.append(brightness.reshape(-1, *([1] * len(shape))) * ones)
        return tuple(outputs)


class CameraHmr(torch.nn.Module):
    """Answers all outputs of CameraHMR, each filled with the brightness, the last with the place of the crop."""

    def forward(self, crops: Tensor, bbox_info: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs in the order of `HMR_OUTPUTS`, and ``cam_t``."""
        brightness = crops.float().mean(dim=(1, 2, 3))
        outputs = []
        for shape in HMR_OUTPUTS.values():
            outputs.append(brightness.reshape(-1, *([1] * len(shape))) * torch.ones(shape))
        return (*outputs, bbox_info + 0)


class Appearance(torch.nn.Module):
    """Answers an embedding that depends on body and camera, and the crop with its mask as the texture map."""

    def forward(self, crops: Tensor, masks: Tensor, vertices: Tensor, pred_cam: Tensor) -> tuple[Tensor, Tensor]:
        """Return embedding (N, 4096) and texture map (N, 4, 256, 256)."""
        body = vertices.mean(dim=(1, 2)) + pred_cam.sum(dim=1)
        channels = torch.cat([crops.permute(0, 3, 1, 2), masks[:, None]], dim=1)
        return body[:, None] * torch.ones(4096), channels.half() / 255


class AppearanceEncoder(torch.nn.Module):
    """Answers the means of a texture map."""

    def forward(self, uv_map: Tensor) -> Tensor:
        """Return embeddings (N, 4096)."""
        return uv_map.float().mean(dim=3).flatten(1).repeat(1, 4)


class PosePredictor(torch.nn.Module):
    """Answers the last pose of a track, moved by its frames and the target."""

    def forward(self, poses: Tensor, frames: Tensor, target: Tensor) -> Tensor:
        """Return poses (N, 229)."""
        return poses[:, -1] + frames.sum(dim=1, keepdim=True) + target


_MASK = (256, 256)
_DTYPES = {"pose_predictor": (torch.float32, torch.int64, torch.int64)}
SCRIPTS: dict[str, tuple[Callable[[], torch.nn.Module], tuple[tuple[int, ...], ...]]] = {
    "detector": (Detector, ((640, 640, 3),)),
    "hmr2": (Hmr, ((256, 256, 3),)),
    "tokenhmr": (Hmr, ((256, 256, 3),)),
    "camerahmr": (CameraHmr, ((256, 256, 3), (3,))),
    "appearance": (Appearance, ((256, 256, 3), _MASK, HMR_OUTPUTS["vertices"], (3,))),
    "appearance_encoder": (AppearanceEncoder, ((4, 256, 256),)),
    "pose_predictor": (PosePredictor, ((7, POSE_SIZE), (7,), (1,))),
}


def write_script(name: str, path: Path) -> None:
    """Trace the stand-in of the model ``name`` and save it to ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    module, shapes = SCRIPTS[name]
    usual = tuple(torch.uint8 if place == 0 or shape == _MASK else torch.float32 for place, shape in enumerate(shapes))
    types = _DTYPES.get(name, usual)
    examples = tuple(torch.zeros(2, *shape, dtype=dtype) for shape, dtype in zip(shapes, types, strict=True))
    with warnings.catch_warnings():
        # torch announces the end of TorchScript; NVIDIA's backend still serves it.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.trace(module().eval(), examples), str(path))  # type: ignore[no-untyped-call]

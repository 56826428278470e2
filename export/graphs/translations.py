"""Operators that the exporter would write so that ONNX Runtime has no CUDA kernel for them."""

from collections.abc import Callable
from typing import Any

import torch
from onnxscript import FLOAT, opset18

op: Any = opset18
"""Untyped: its own types do not know that a tensor of FP32 is one of its tensors."""
_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


def translations() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Return what to write for operators of torch, in the form that `torch.onnx.export` takes."""
    return {torch.ops.aten.grid_sampler.default: _grid_sampler}


def _grid_sampler(
    image: Any,
    grid: Any,
    interpolation_mode: int,
    padding_mode: int,
    align_corners: bool,
) -> Any:
    """Sample in FP32: there is no kernel for FP16, and places in a picture need more than its eleven bits anyway."""
    sampled = op.GridSample(
        op.Cast(image, to=FLOAT.dtype),
        op.Cast(grid, to=FLOAT.dtype),
        mode=_MODES[interpolation_mode],
        padding_mode=_PADDINGS[padding_mode],
        align_corners=int(align_corners),
    )
    return op.Cast(sampled, to=image.dtype)

"""Sizes of the pose transformer: read off the tensors, the rest from the published yaml."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import Tensor

from export.errors import MissingFileError, MissingTensorError, TensorShapeError, UnreadableFileError
from tracker_service.errors import ExportError
from tracker_service.types import POSE_SIZE

PREFIX = "encoder."


@dataclass(frozen=True, slots=True)
class ChosenSizes:
    """What the shapes of the tensors leave open.

    Attributes:
        heads: attention heads.
        stride: frames that the middle convolution takes together.
        padding: frames added at both ends before it.
    """

    heads: int
    stride: int
    padding: int


@dataclass(frozen=True, slots=True)
class PoseTransformerSizes:
    """All sizes.

    Attributes:
        frame_length: slots, one per frame.
        dim: channels of a token.
        depth: layers before the convolutions.
        inner: channels of all attention heads together.
        mlp_dim: hidden channels of the feed-forward parts.
        encoder_dim: hidden channels of the pose encoder.
        kernel: frames under the middle convolution's kernel.
        head_dim: hidden channels of the body readout.
        chosen: what the tensors do not tell.
    """

    frame_length: int
    dim: int
    depth: int
    inner: int
    mlp_dim: int
    encoder_dim: int
    kernel: int
    head_dim: int
    chosen: ChosenSizes


PUBLISHED = PoseTransformerSizes(
    frame_length=125,
    dim=256,
    depth=16,
    inner=1024,
    mlp_dim=512,
    encoder_dim=POSE_SIZE,
    kernel=7,
    head_dim=1024,
    chosen=ChosenSizes(heads=16, stride=5, padding=1),
)
"""Those of the published code's configurations; the yaml of the published weights could not be had."""


def sizes_of(state: Mapping[str, Tensor], chosen: ChosenSizes) -> PoseTransformerSizes:
    """Return the sizes of a checkpoint's transformer.

    Raises:
        MissingTensorError: a tensor that tells a size is missing.
        TensorShapeError: the chosen sizes do not go with the tensors.
    """

    def side(name: str, axis: int) -> int:
        tensor = state.get(PREFIX + name)
        if not isinstance(tensor, Tensor) or tensor.ndim <= axis:
            raise MissingTensorError(
                f"pose predictor: expected {PREFIX}{name} with {axis + 1} sides, got {type(tensor)}"
            )
        return tensor.shape[axis]

    layers = f"{PREFIX}transformer1.layers."
    sizes = PoseTransformerSizes(
        frame_length=side("pos_embedding_learned1", 1),
        dim=side("pos_embedding_learned1", 2),
        depth=len({name.removeprefix(layers).partition(".")[0] for name in state if name.startswith(layers)}),
        inner=side("transformer1.layers.0.0.fn.to_qkv.weight", 0) // 3,
        mlp_dim=side("transformer1.layers.0.1.fn.net.0.weight", 0),
        encoder_dim=side("pose_shape_encoder.0.weight", 0),
        kernel=side("conv_en.weight", 2),
        head_dim=side("smpl_head.0.fc1.weight", 0),
        chosen=chosen,
    )
    if sizes.inner % chosen.heads:
        raise TensorShapeError(f"pose predictor: expected heads that divide {sizes.inner} channels, got {chosen.heads}")
    if sizes.kernel != chosen.stride + 2 * chosen.padding or sizes.frame_length % chosen.stride:
        raise TensorShapeError(
            f"pose predictor: expected stride + 2 padding = {sizes.kernel} and a stride that divides "
            f"{sizes.frame_length} frames, got stride {chosen.stride}, padding {chosen.padding}"
        )
    return sizes


def read_chosen_sizes(path: Path) -> ChosenSizes:
    """Return heads, stride and padding from the published yaml (`config_40006.yaml`).

    Raises:
        MissingFileError: no such file.
        UnreadableFileError: it lacks one of the numbers; the message names it.
    """
    try:
        yaml: Any = import_module("yaml")
    except ImportError as error:
        raise ExportError("the pose predictor's yaml needs PyYAML: pip install 'phalp-triton[export]'") from error
    if not path.is_file():
        raise MissingFileError(f"expected the pose predictor's yaml, got {path}, which is not there")
    try:
        content = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"{path}: expected YAML, got text that cannot be read: {error}") from error
    return ChosenSizes(
        heads=_number(content, path, "transformer", "heads"),
        stride=_number(content, path, "transformer", "conv", "stride"),
        padding=_number(content, path, "transformer", "conv", "pad"),
    )


def _number(content: Any, path: Path, *keys: str) -> int:
    place = content.get("configs", content) if isinstance(content, dict) else None
    for key in keys:
        place = place.get(key) if isinstance(place, dict) else None
    if not isinstance(place, int):
        raise UnreadableFileError(f"{path}: expected a whole number configs.{'.'.join(keys)}, got {place!r}")
    return place

"""BlazePose's landmark network (MediaPipe, "full") as part of a graph."""

from dataclasses import dataclass

import numpy as np

from export.lite.converters.tensorflow_lite.convert import add_network
from export.lite.converters.tensorflow_lite.model import LiteModel
from export.lite.onnx.graph_builder import GraphBuilder, Value

_POINTS = 39
"""BlazePose gives 33 landmarks and 6 auxiliary points that only serve MediaPipe's own tracking."""
_LANDMARKS = list(range(33))


@dataclass(frozen=True, slots=True)
class Observation:
    """What BlazePose sees in a crop.

    Attributes:
        world: [N, 33, 3] metres from the middle of the hips; x right, y down, z away.
        pixels: [N, 33, 2] crop pixels.
        visibility: [N, 33, 1] logits.
        presence: [N, 1] probability that the crop shows a person.
    """

    world: Value
    pixels: Value
    visibility: Value
    presence: Value


def add_blazepose(graph: GraphBuilder, model: LiteModel, crops: Value) -> Observation:
    """Append the network; ``crops`` is [N, 256, 256, 3] uint8 RGB. Its segmentation and heat maps are left out."""
    raw = add_network(graph, model, [crops.cast(np.float32) * np.float32(1 / 255)])
    landmarks, presence, world = raw["Identity"], raw["Identity_1"], raw["Identity_4"]
    points = landmarks.reshape(0, _POINTS, 5).take(_LANDMARKS, 1)
    return Observation(
        world=world.reshape(0, _POINTS, 3).take(_LANDMARKS, 1),
        pixels=points.take([0, 1], 2),
        visibility=points.take([3], 2),
        presence=presence,
    )

"""Small graphs with random weights and the tensors of the design, in place of models that cannot be shipped.

They answer instantly, differ by input, and are valid: boxes are ordered, scores descend, rotations are rotations.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tracker_service.types.phalp_vectors import NUMBER_OF_HMR_JOINTS, POSE_SIZE
from tracker_service.types.smpl import BETAS_SHAPE, BODY_POSE_SHAPE, GLOBAL_ORIENT_SHAPE, NUMBER_OF_VERTICES

OPSET = 18
GRID = 4
"""The models see GRID x GRID pixels of each image."""
FEATURES = GRID * GRID * 3

UINT8, FLOAT, HALF, INT64 = TensorProto.UINT8, TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT64
Tensors: TypeAlias = Mapping[str, tuple[int, Sequence[int | str]]]
HMR_OUTPUTS: dict[str, tuple[int, ...]] = {
    "global_orient": GLOBAL_ORIENT_SHAPE,
    "body_pose": BODY_POSE_SHAPE,
    "betas": BETAS_SHAPE,
    "pred_cam": (3,),
    "joints_3d": (NUMBER_OF_HMR_JOINTS, 3),
    "vertices": (NUMBER_OF_VERTICES, 3),
    "presence": (1,),
}


class _Graph:
    """Collects nodes and weights; each method adds one operation and returns the name of its output."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def op(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        name = output or f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: NDArray[Any]) -> str:
        name = f"constant_{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(value, name))
        return name

    def pixels(self, image: str, height: int, width: int) -> str:
        """Sample the image sparsely: [N, FEATURES] in [0, 1]."""
        steps = np.array([height // GRID, width // GRID])
        bounds = (steps // 2, np.array([height, width]), np.array([1, 2]), steps)
        sampled = self.op("Slice", image, *(self.constant(bound.astype(np.int64)) for bound in bounds))
        scaled = self.op("Div", self.op("Cast", sampled, to=FLOAT), self.constant(np.array(255, np.float32)))
        return self.op("Flatten", scaled)

    def linear(self, value: str, inputs: int, shape: Sequence[int], output: str = "") -> str:
        weight = self._random.normal(0, inputs**-0.5, (inputs, int(np.prod(shape)))).astype(np.float32)
        product = self.op("MatMul", value, self.constant(weight))
        return self.op("Reshape", product, self.constant(np.array([-1, *shape], np.int64)), output=output)

    def descending(self, scores: str, count: int, output: str) -> None:
        """Sort ``scores`` [N, count]."""
        inputs = [scores, self.constant(np.array([count]))]
        self._nodes.append(helper.make_node("TopK", inputs, [output, f"{output}_rows"]))

    def model(self, inputs: Tensors, outputs: Tensors) -> onnx.ModelProto:
        def values(tensors: Tensors) -> list[onnx.ValueInfoProto]:
            return [helper.make_tensor_value_info(name, kind, ["N", *shape]) for name, (kind, shape) in tensors.items()]

        graph = helper.make_graph(self._nodes, "random", values(inputs), values(outputs), self._weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
        onnx.checker.check_model(model)
        return model


def detector(width: int = 640, height: int = 640, seed: int = 0, people: int = 100) -> onnx.ModelProto:
    """`images` to ordered `boxes` and descending `scores` of so many people."""
    graph = _Graph(seed)
    features = graph.pixels("images", height, width)
    logits = graph.linear(features, FEATURES, (people,))
    graph.descending(graph.op("Sigmoid", logits), people, "scores")
    corners = graph.op("Sigmoid", graph.linear(features, FEATURES, (people, 2)))
    sizes = graph.op("Sigmoid", graph.linear(features, FEATURES, (people, 2)))
    boxes = graph.op("Concat", corners, graph.op("Add", corners, sizes), axis=2)
    half = graph.constant(np.array([width, height, width, height], np.float32) / 2)
    graph.op("Mul", boxes, half, output="boxes")
    outputs = {"boxes": (FLOAT, (people, 4)), "scores": (FLOAT, (people,))}
    return graph.model({"images": (UINT8, (height, width, 3))}, outputs)


def hmr(seed: int = 1) -> onnx.ModelProto:
    """`crops` to the outputs of HMR2."""
    graph = _Graph(seed)
    features = graph.pixels("crops", 256, 256)
    for name, shape in HMR_OUTPUTS.items():
        if name in ("global_orient", "body_pose"):
            _rotations(graph, graph.linear(features, FEATURES, (shape[0], 3, 2)), name)
        elif name == "presence":
            graph.op("Sigmoid", graph.linear(features, FEATURES, shape), output=name)
        else:
            graph.linear(features, FEATURES, shape, output=name)
    return graph.model({"crops": (UINT8, (256, 256, 3))}, {name: (FLOAT, shape) for name, shape in HMR_OUTPUTS.items()})


def camerahmr(seed: int = 6) -> onnx.ModelProto:
    """`crops` and `bbox_info` to the outputs of HMR2 and `cam_t`, which depends on both."""
    model = hmr(seed)
    camera = helper.make_node("Add", ["pred_cam", "bbox_info"], ["cam_t"])
    model.graph.node.append(camera)
    model.graph.input.append(helper.make_tensor_value_info("bbox_info", FLOAT, ["N", 3]))
    model.graph.output.append(helper.make_tensor_value_info("cam_t", FLOAT, ["N", 3]))
    onnx.checker.check_model(model)
    return model


def vfov(seed: int = 7) -> onnx.ModelProto:
    """`image` to an angle between 0 and 1 radian."""
    graph = _Graph(seed)
    graph.op("Sigmoid", graph.linear(graph.pixels("image", 256, 256), FEATURES, (1,)), output="vfov")
    return graph.model({"image": (UINT8, (256, 256, 3))}, {"vfov": (FLOAT, (1,))})


def appearance(seed: int = 2) -> onnx.ModelProto:
    """Crop, mask, mesh and camera to `embedding` and `uv_map`."""
    graph = _Graph(seed)
    features = [
        graph.pixels("crops", 256, 256),
        graph.op("ReduceMean", "vertices", graph.constant(np.array([1])), keepdims=0),
        "pred_cam",
    ]
    graph.linear(graph.op("Concat", *features, axis=1), FEATURES + 6, (4096,), output="embedding")
    mask = graph.op("Unsqueeze", "masks", graph.constant(np.array([3])))
    channels = graph.op("Cast", graph.op("Concat", "crops", mask, axis=3), to=HALF)
    scaled = graph.op("Div", channels, graph.constant(np.array(255, np.float16)))
    graph.op("Transpose", scaled, perm=[0, 3, 1, 2], output="uv_map")
    return graph.model(
        {
            "crops": (UINT8, (256, 256, 3)),
            "masks": (UINT8, (256, 256)),
            "vertices": (FLOAT, (NUMBER_OF_VERTICES, 3)),
            "pred_cam": (FLOAT, (3,)),
        },
        {"embedding": (FLOAT, (4096,)), "uv_map": (HALF, (4, 256, 256))},
    )


def appearance_encoder(seed: int = 3) -> onnx.ModelProto:
    """`uv_map` to `embedding`."""
    graph = _Graph(seed)
    means = graph.op("ReduceMean", graph.op("Cast", "uv_map", to=FLOAT), graph.constant(np.array([3])), keepdims=0)
    graph.linear(graph.op("Flatten", means), 4 * 256, (4096,), output="embedding")
    return graph.model({"uv_map": (HALF, (4, 256, 256))}, {"embedding": (FLOAT, (4096,))})


def pose_predictor(seed: int = 8) -> onnx.ModelProto:
    """Sightings, their frames and the wanted one to a `pose` that depends on all of them."""
    graph = _Graph(seed)
    first = graph.constant(np.array([1]))
    features = [
        graph.op("ReduceMean", "poses", first, keepdims=0),
        graph.op("ReduceMean", graph.op("Cast", "frames", to=FLOAT), first, keepdims=1),
        graph.op("Cast", "target", to=FLOAT),
    ]
    graph.linear(graph.op("Concat", *features, axis=1), POSE_SIZE + 2, (POSE_SIZE,), output="pose")
    sightings = {"poses": (FLOAT, ("H", POSE_SIZE)), "frames": (INT64, ("H",)), "target": (INT64, (1,))}
    return graph.model(sightings, {"pose": (FLOAT, (POSE_SIZE,))})


GRAPHS: dict[str, Callable[[], onnx.ModelProto]] = {
    "detector": detector,
    "hmr2": hmr,
    "appearance": appearance,
    "appearance_encoder": appearance_encoder,
    "detector_lite": lambda: detector(416, 416),
    "hmr_lite": hmr,
    "hmr_lite_heavy": hmr,
    "person_finder": lambda: detector(256, 256, people=6),
    "tokenhmr": hmr,
    "camerahmr": camerahmr,
    "vfov": vfov,
    "pose_predictor": pose_predictor,
}


def write(name: str, path: Path) -> None:
    """Write the stand-in graph of the model ``name`` to ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(GRAPHS[name](), path)


def _rotations(graph: _Graph, columns: str, output: str) -> None:
    """Gram-Schmidt of two columns, [N, J, 3, 2], to rotation matrices [N, J, 3, 3]."""
    first, second = (graph.op("Gather", columns, graph.constant(np.array([i])), axis=3) for i in (0, 1))
    x = graph.op("LpNormalization", first, axis=2)
    along = graph.op("Mul", graph.op("ReduceSum", graph.op("Mul", x, second), graph.constant(np.array([2]))), x)
    y = graph.op("LpNormalization", graph.op("Sub", second, along), axis=2)
    turn = [graph.constant(np.array(order)) for order in ((1, 2, 0), (2, 0, 1))]
    x1, x2, y1, y2 = (graph.op("Gather", vector, order, axis=2) for vector in (x, y) for order in turn)
    z = graph.op("Sub", graph.op("Mul", x1, y2), graph.op("Mul", x2, y1))
    graph.op("Concat", x, y, z, axis=3, output=output)

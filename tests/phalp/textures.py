"""Synthetic texture maps and the golden appearance encoder, from the recipe of the golden data."""

from functools import lru_cache

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from tracker_service.phalp.appearance import TextureEncoder
from tracker_service.types import Float32

_LAYERS = (("conv1x", 4, 16), ("conv2", 16, 64), ("conv3", 64, 128), ("conv4", 128, 256), ("conv5", 256, 256))
_LAST = ("conv5_1", 256, 16)


def texture_map(person: int, noise: int) -> Float32:
    """Return the map (4, 256, 256) of two seeds."""
    rs = np.random.RandomState(person)
    colour = (2 * rs.random_sample((3, 16, 16)) - 1) * 0.45
    visible = rs.random_sample((16, 16)) < 0.55
    rn = np.random.RandomState(noise)
    grain = (2 * rn.random_sample((3, 32, 32)) - 1) * 0.05
    visible &= ~(rn.random_sample((16, 16)) < 0.1)
    image = np.kron(colour, np.ones((1, 16, 16))) + np.kron(grain, np.ones((1, 8, 8)))
    mask = np.kron(visible, np.ones((16, 16), np.bool_))
    return np.concatenate([np.where(mask, image, 0), np.where(mask, 1, -1)[None]]).astype(np.float32)


@lru_cache
def encoder_weights(seed: int) -> dict[str, tuple[Float32, Float32]]:
    """Return weight and bias of every layer."""
    rs = np.random.RandomState(seed)
    weights = {}
    for name, inputs, outputs in (*_LAYERS, _LAST):
        gain = np.sqrt(6 / (9 * inputs)) * (6 if name == "conv5_1" else 1)
        weight = ((2 * rs.random_sample((outputs, inputs, 3, 3)) - 1) * gain).astype(np.float32)
        weights[name] = weight, ((2 * rs.random_sample(outputs) - 1) * 0.1).astype(np.float32)
    return weights


@lru_cache
def encoder(seed: int) -> TextureEncoder:
    """Return the encoder with the recipe's weights: 3x3 convolutions, ReLU, and pooling after the first four."""
    nodes, tensors, last = [], [], "maps"
    for layer, (name, (weight, bias)) in enumerate(encoder_weights(seed).items()):
        tensors += [numpy_helper.from_array(weight, f"{name}_weight"), numpy_helper.from_array(bias, f"{name}_bias")]
        inputs = [last, f"{name}_weight", f"{name}_bias"]
        nodes.append(helper.make_node("Conv", inputs, [name], kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [name], [f"{name}_relu"]))
        last = f"{name}_relu"
        if layer < 4:
            nodes.append(helper.make_node("MaxPool", [last], [f"{name}_pool"], kernel_shape=[2, 2], strides=[2, 2]))
            last = f"{name}_pool"
    nodes.append(helper.make_node("Flatten", [last], ["embedding"]))
    given = helper.make_tensor_value_info("maps", TensorProto.FLOAT, ["n", 4, 256, 256])
    wanted = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 4096])
    graph = helper.make_graph(nodes, "encoder", [given], [wanted], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])

    def encode(maps: Float32) -> Float32:
        embedding: Float32 = session.run(["embedding"], {"maps": maps})[0]
        return embedding

    return encode

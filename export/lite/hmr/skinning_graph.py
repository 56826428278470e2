"""Bone transforms, output joints and vertices from rotations: linear blend skinning as matrix products."""

import numpy as np

from export.lite.body.skeleton import PARENTS
from export.lite.hmr.tables import BodyTables
from export.lite.onnx_graph import Value


def bone_transforms(rotations: Value, tables: BodyTables) -> Value:
    """Return [N, 24, 4, 3]: a resting point (x, y, z, 1) times a block is where that bone carries it."""
    graph = rotations.graph
    bones = rotations.take(PARENTS[1:].tolist(), 1) @ tables.bones[:, :, None]
    joints = graph.op("MatMul", tables.chains, bones.reshape(0, 23, 3)) + tables.joints[0]
    turned = (rotations @ tables.joints[:, :, None]).reshape(0, 24, 3)
    offsets = graph.op("Unsqueeze", joints - turned, np.array([2], np.int64))
    return graph.op("Concat", rotations.transpose(0, 1, 3, 2), offsets, axis=2)


def output_joints(transforms: Value, tables: BodyTables) -> Value:
    """Return [N, 44, 3] without going through the vertices."""
    return transforms.graph.op("MatMul", tables.joint_transforms, transforms.reshape(0, 96, 3))


def posed_vertices(transforms: Value, tables: BodyTables) -> Value:
    """Return [N, V, 3]."""
    graph = transforms.graph
    blended = graph.op("MatMul", tables.weights, transforms.reshape(0, 24, 12))
    resting = np.concatenate([tables.vertices, np.ones_like(tables.vertices[:, :1])], axis=1)[:, :, None]
    products = graph.op("Reshape", blended, np.array([0, 0, 4, 3], np.int64)) * resting
    return products.sum(2, keepdims=False)

"""Bone transforms, output joints and vertices from rotations: linear blend skinning as matrix products.

Skinning is linear in the bone transforms: a vertex, or any weighted mean of vertices, is one row of 96 numbers (24
bones, 4 coordinates) times the transforms. Joints are therefore had without the vertices, and vertices as one product.
"""

import numpy as np

from export.body.skeleton import PARENTS
from export.lite.hmr.tables import BodyTables
from export.lite.onnx.graph_builder import Value
from tracker_service.types import Float32
from tracker_service.types.smpl import NUMBER_OF_BODY_JOINTS, NUMBER_OF_ROTATIONS


def bone_transforms(rotations: Value, tables: BodyTables) -> Value:
    """Return [N, 3, 96]: for x, y and z, what each bone's (x, y, z, 1) of a resting point is multiplied by.

    Args:
        rotations: [N, 24, 3, 3] global rotations.
        tables: the resting body.
    """
    graph = rotations.graph
    bones = rotations.take(PARENTS[1:].tolist(), 1) @ tables.bones[:, :, None]
    joints = graph.op("MatMul", tables.chains, bones.reshape(0, NUMBER_OF_BODY_JOINTS, 3)) + tables.joints[0]
    turned = (rotations @ tables.joints[:, :, None]).reshape(0, NUMBER_OF_ROTATIONS, 3)
    offsets = graph.op("Unsqueeze", joints - turned, np.array([3], np.int64))
    blocks = graph.op("Concat", rotations, offsets, axis=3)
    return blocks.transpose(0, 2, 1, 3).reshape(0, 3, 96)


def moved_points(transforms: Value, table: Value | Float32) -> Value:
    """Return [N, k, 3] points from the (96, k) ``table`` that says how they hang on the bones."""
    return (transforms @ table).transpose(0, 2, 1)


def posed_vertices(transforms: Value, tables: BodyTables) -> Value:
    """Return [N, V, 3].

    The table is left to be multiplied out when the model is loaded: it is four times as large as what it comes from.
    """
    graph = transforms.graph
    ones = np.ones((1, len(tables.vertices)), np.float32)
    resting = graph.constant(np.concatenate([tables.vertices.T, ones])[None])
    weights = graph.constant(np.ascontiguousarray(tables.weights.T)[:, None])
    return moved_points(transforms, (weights * resting).reshape(96, -1))

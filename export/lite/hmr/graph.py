"""The served model: BlazePose, inverse kinematics, body and camera in one graph."""

import numpy as np
import onnx

from export.lite.hmr.camera_graph import fitted_camera
from export.lite.hmr.kinematics_graph import global_rotations, local_rotations
from export.lite.hmr.skinning_graph import bone_transforms, output_joints, posed_vertices
from export.lite.hmr.tables import BodyTables
from export.lite.onnx_graph import GraphBuilder

CROP = 256


def build_hmr(network: onnx.ModelProto, tables: BodyTables) -> onnx.ModelProto:
    """Wrap BlazePose (image in 0..1, landmarks, world landmarks, presence out) into the served model."""
    graph = GraphBuilder("hmr_lite")
    crops = graph.input("crops", np.uint8, ["N", CROP, CROP, 3])
    raw = graph.embed(network, {"image": crops.cast(np.float32) * np.float32(1 / 255)})
    world = raw["world_landmarks"].reshape(0, 39, 3).take(list(range(33)), 1)
    image = raw["landmarks"].reshape(0, 39, 5).take(list(range(33)), 1)
    rotations = global_rotations(world, tables)
    transforms = bone_transforms(rotations, tables)
    joints = output_joints(transforms, tables)
    visibility = graph.op("Sigmoid", image.take([3], 2)) + np.float32(0.05)
    graph.output("global_orient", rotations.take([0], 1), ["N", 1, 3, 3])
    graph.output("body_pose", local_rotations(rotations), ["N", 23, 3, 3])
    graph.output("betas", (raw["presence"] * np.float32(0)) @ np.zeros((1, 10), np.float32), ["N", 10])
    graph.output("pred_cam", fitted_camera(joints, image.take([0, 1], 2), visibility), ["N", 3])
    graph.output("joints_3d", joints, ["N", 44, 3])
    graph.output("vertices", posed_vertices(transforms, tables), ["N", len(tables.vertices), 3])
    graph.output("presence", raw["presence"], ["N", 1])
    return graph.model()

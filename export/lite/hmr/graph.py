"""The served model: BlazePose, inverse kinematics, body and camera in one graph."""

import numpy as np
import onnx

from export.lite.converters.tensorflow_lite.model import LiteModel
from export.lite.hmr.camera_graph import aligned, half_crop_units, shares, similarity
from export.lite.hmr.kinematics_graph import global_rotations, local_rotations
from export.lite.hmr.network import Observation, add_blazepose
from export.lite.hmr.skinning_graph import bone_transforms, moved_points, posed_vertices
from export.lite.hmr.tables import BodyTables
from export.lite.onnx.graph_builder import GraphBuilder
from tracker_service.types.smpl import NUMBER_OF_BETAS

CROP = 256
IMAGE_TRUST = 0.75
"""How far the x and y of the landmarks are drawn from BlazePose's world coordinates to what it marks in the image."""
OBSERVED = ("world_landmarks", "landmark_pixels", "landmark_visibility")
"""Names of the network's landmarks inside the graph (see `Observation`)."""


def build_hmr(network: LiteModel, tables: BodyTables, *, half_weights: bool = True) -> onnx.ModelProto:
    """Wrap BlazePose into the served model: `crops` in, HMR2's outputs out."""
    graph = GraphBuilder("hmr_lite", half_weights=half_weights)
    crops = graph.input("crops", np.uint8, ["N", CROP, CROP, 3])
    observation = add_blazepose(graph, network, crops)
    _add_bodies(graph, observation, tables)
    return graph.model()


def build_fitting(tables: BodyTables) -> onnx.ModelProto:
    """Build the part of the served model that follows the network, to be tested without it.

    Inputs: `world` [N, 33, 3], `pixels` [N, 33, 2], `visibility` [N, 33, 1], `presence_in` [N, 1] (see `Observation`).
    """
    graph = GraphBuilder("fitting")
    observation = Observation(
        world=graph.input("world", np.float32, ["N", 33, 3]),
        pixels=graph.input("pixels", np.float32, ["N", 33, 2]),
        visibility=graph.input("visibility", np.float32, ["N", 33, 1]),
        presence=graph.input("presence_in", np.float32, ["N", 1]),
    )
    _add_bodies(graph, observation, tables)
    return graph.model()


def _add_bodies(graph: GraphBuilder, seen: Observation, tables: BodyTables) -> None:
    """Add everything from landmarks to the outputs.

    The shape stays the mean: lengths between landmarks vary more from frame to frame than from person to person, so a
    fitted shape would follow noise (docs/lite_models.md).
    """
    seen = Observation(
        world=graph.label(seen.world, OBSERVED[0]),
        pixels=graph.label(seen.pixels, OBSERVED[1]),
        visibility=graph.label(seen.visibility, OBSERVED[2]),
        presence=seen.presence,
    )
    image = half_crop_units(seen.pixels)
    share = shares(seen.visibility)
    rotations = global_rotations(aligned(seen.world, image, share, IMAGE_TRUST), tables)
    transforms = bone_transforms(rotations, tables)
    landmarks = moved_points(transforms, tables.landmark_transforms)
    scale, shift = similarity(landmarks.take([0, 1], 2), image, share)
    no_shape = seen.presence @ np.zeros((1, NUMBER_OF_BETAS), np.float32)
    graph.output("global_orient", rotations.take([0], 1), ["N", 1, 3, 3])
    graph.output("body_pose", local_rotations(rotations), ["N", 23, 3, 3])
    graph.output("betas", no_shape, ["N", NUMBER_OF_BETAS])
    graph.output("pred_cam", graph.op("Concat", scale, shift, axis=2).reshape(0, 3), ["N", 3])
    graph.output("joints_3d", moved_points(transforms, tables.joint_transforms), ["N", 44, 3])
    graph.output("vertices", posed_vertices(transforms, tables), ["N", len(tables.vertices), 3])
    graph.output("presence", seen.presence, ["N", 1])

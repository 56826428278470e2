"""Golden batches of the lite models: a drawn person, and what ONNX Runtime gave for it when the model was exported.

No PyTorch has run these networks, so the reference is the runtime of the export, whose arithmetic after the network is
compared with numpy there. A person is drawn because a detector must find somebody; a drawing, because it compresses.
"""

from pathlib import Path

import numpy as np

from export.graphs.golden import write_golden
from export.graphs.limits import LIMITS
from tracker_service.body.model import BodyModel
from tracker_service.drawing.camera import PinholeCamera
from tracker_service.drawing.mesh import Mesh, draw_meshes
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.model_repository import default_repository
from tracker_service.types import Float64, UInt8

_TURN = 0.4
"""Radians by which the person looks aside."""
_HEIGHT = 0.75
"""Of the person, in sides of the picture."""
_WALL, _SHADE = (90, 120, 150), (60, 50, 30)
_SHIRT, _TROUSERS, _SKIN = (170, 60, 50), (50, 60, 110), (215, 170, 140)
_HEAD, _WAIST = 0.25, 0.1
"""Metres: the head's height, and how far above the middle the shirt begins."""


def write_lite_golden(repository: Path, model: str) -> Path:
    """Run a model of the repository on a drawn person and write its golden batch; returns the file's folder."""
    client = EmbeddedClient(repository)
    spec = client.signature(model)
    ((name, tensor),) = spec.inputs.items()
    inputs = {name: drawn_person(int(tensor.shape[0] or 0))[None]}
    outputs = client.infer(model, inputs, list(spec.outputs))
    client.close()
    folder = repository / model / "1"
    write_golden(folder, inputs, outputs, LIMITS[model], {"model.onnx": "fp32"})
    return folder


def drawn_person(side: int) -> UInt8:
    """Return (side, side, 3) uint8 RGB: the stand-in body in clothes before a wall."""
    body = BodyModel.load(default_repository() / "hmr_lite" / "body_model.npz")
    vertices = _before_the_camera(np.asarray(body.v_template, np.float64))
    colors = np.where((vertices[:, 1] < -_WAIST)[:, None], _SHIRT, _TROUSERS)
    colors = np.where((vertices[:, 1] < vertices[:, 1].min() + _HEAD)[:, None], _SKIN, colors)
    picture = np.asarray(_WALL + np.asarray(_SHADE) * np.linspace(0, 1, side)[:, None, None], np.uint8)
    picture = np.ascontiguousarray(np.broadcast_to(picture, (side, side, 3)))
    draw_meshes(picture, [Mesh(vertices, body.faces, colors)], PinholeCamera(side, side / 2, side / 2))
    return picture


def _before_the_camera(template: Float64) -> Float64:
    """Return the vertices (y down, z away) of the turned body, as far away as its height asks for."""
    centred = template - (template.max(axis=0) + template.min(axis=0)) / 2
    cosine, sine = np.cos(_TURN), np.sin(_TURN)
    turn = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]]) @ np.diag([1, -1, -1])
    return np.asarray(centred @ turn.T + [0, 0, np.ptp(centred[:, 1]) / _HEIGHT])

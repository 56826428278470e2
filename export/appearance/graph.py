"""Appearance and its encoder as graphs for the model repository."""

from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from export.appearance.checkpoint import load_atlas, load_encoder
from export.appearance.encoder import ATLAS_SIZE, AppearanceEncoder
from export.appearance.encoder import INPUT_NAMES as ENCODER_INPUT_NAMES
from export.appearance.encoder import OUTPUT_NAMES as ENCODER_OUTPUT_NAMES
from export.appearance.model import INPUT_NAMES, OUTPUT_NAMES, Appearance, EncoderOfMaps
from export.appearance.texture import TextureSampler
from export.body.body_model import BodyModel
from export.body.build import need_body_model
from export.graphs.limits import LIMITS
from export.graphs.samples import pictures
from export.graphs.served_graph import Arrays, ServedGraph, cast_products
from export.hmr2.camera import CROP_SIZE
from export.settings import ExportSettings
from export.weights.published import APPEARANCE, TEXEL_BARYCENTRICS, TEXEL_FACES, locate
from tracker_service.inference.client import TensorSpec
from tracker_service.types import Float32

NAME = "appearance"
ENCODER_NAME = "appearance_encoder"


def lower(module: nn.Module, dtype: torch.dtype) -> None:
    """Cast the encoder's convolutions in place; texture sampling stays FP32."""
    if not isinstance(module, Appearance | EncoderOfMaps):
        raise TypeError(f"expected an appearance module, got {type(module).__name__}")
    cast_products(module.encoder, dtype)


def served(module: Appearance, body: BodyModel, sources: tuple[Path, ...] = ()) -> ServedGraph:
    """Return the graph of crop, mask, mesh and camera to embedding and texture map."""
    inputs = (
        TensorSpec(INPUT_NAMES[0], np.dtype(np.uint8), (CROP_SIZE, CROP_SIZE, 3)),
        TensorSpec(INPUT_NAMES[1], np.dtype(np.uint8), (CROP_SIZE, CROP_SIZE)),
        TensorSpec(INPUT_NAMES[2], np.dtype(np.float32), body.v_template.shape),
        TensorSpec(INPUT_NAMES[3], np.dtype(np.float32), (3,)),
    )
    sample = partial(_people, body.v_template)
    return ServedGraph(NAME, module, inputs, OUTPUT_NAMES, sample, LIMITS[NAME], lower, sources)


def served_encoder(encoder: AppearanceEncoder, sources: tuple[Path, ...] = ()) -> ServedGraph:
    """Return the graph of texture maps to embeddings."""
    uv_map = TensorSpec(ENCODER_INPUT_NAMES[0], np.dtype(np.float16), (4, ATLAS_SIZE, ATLAS_SIZE))
    module = EncoderOfMaps(encoder).eval()
    limits = LIMITS[ENCODER_NAME]
    return ServedGraph(ENCODER_NAME, module, (uv_map,), ENCODER_OUTPUT_NAMES, _maps, limits, lower, sources)


def load(weights: Path, faces: Path, barycentrics: Path, body: Path) -> ServedGraph:
    """Return the appearance graph of the published files."""
    model = BodyModel.read(body)
    sampler = TextureSampler(model.faces.astype(np.int64), load_atlas(faces, barycentrics))
    module = Appearance(sampler, load_encoder(weights)).eval()
    return served(module, model, (weights, faces, barycentrics, body))


def from_weights(settings: ExportSettings) -> ServedGraph:
    """Return the appearance graph from the files in the weights folder."""
    files = (APPEARANCE, TEXEL_FACES, TEXEL_BARYCENTRICS)
    encoder, faces, barycentrics = (locate(file, settings.weights) for file in files)
    return load(encoder, faces, barycentrics, need_body_model(settings))


def encoder_from_weights(settings: ExportSettings) -> ServedGraph:
    """Return the encoder's graph from the files in the weights folder."""
    path = locate(APPEARANCE, settings.weights)
    return served_encoder(load_encoder(path), (path,))


def _people(template: Float32, count: int, generator: np.random.Generator) -> Arrays:
    """Return pictures with the resting body turned about its axis, nearer and farther, under half-open masks."""
    angle = generator.uniform(-np.pi, np.pi, count)
    zero, one = np.zeros(count), np.ones(count)
    turn = np.array([[np.cos(angle), zero, np.sin(angle)], [zero, one, zero], [-np.sin(angle), zero, np.cos(angle)]])
    vertices = np.einsum("ijn,vj->nvi", turn, template).astype(np.float32)
    camera = np.stack([generator.uniform(0.5, 1.5, count), *generator.uniform(-0.2, 0.2, (2, count))], axis=1)
    masks = np.full((count, CROP_SIZE, CROP_SIZE), 255, np.uint8)
    masks[:, : CROP_SIZE // 8] = 0
    crops = pictures(count, CROP_SIZE, CROP_SIZE, generator)
    return dict(zip(INPUT_NAMES, (crops, masks, vertices, camera.astype(np.float32)), strict=True))


def _maps(count: int, generator: np.random.Generator) -> Arrays:
    """Return maps of smooth colours, seen in patches."""
    coarse = generator.uniform(-0.45, 0.45, (count, 3, 16, 16)).repeat(16, axis=2).repeat(16, axis=3)
    seen = (generator.random((count, 1, 16, 16)) < 0.6).repeat(16, axis=2).repeat(16, axis=3)
    colour = np.where(seen, coarse, 0)
    return {"uv_map": np.concatenate([colour, np.where(seen, 1, -1)], axis=1).astype(np.float16)}

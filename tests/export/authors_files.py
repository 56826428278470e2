"""The authors' files with their names, containers and key names, but reduced sizes, random numbers and no SMPL data."""

import pickle
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
import torch

import export.appearance.texture
from export.appearance.depth_map import DepthMap, Tier
from export.appearance.encoder import CHANNELS
from export.appearance.texture import Atlas
from export.body.body_model import BodyModel
from export.body.stand_in import stand_in_body as body_with_pose_blends
from export.hmr2.random_checkpoint import write_random_checkpoint
from export.hmr2.sizes import Hmr2Sizes
from tests.export.golden import golden, golden_weights
from tests.export.tiny_detector import tiny_detector

HMR2_SIZES = Hmr2Sizes(64, 2, 4, 64, 2, 4, 16, 64)
POSE_YAML = """\
configs:
  frame_length: 125
  transformer: {heads: 3, dim_head: 16, conv: {pad: 1, stride: 5}}
"""
TIERS = (Tier(512, 32), Tier(9728, 8))
_STAND_IN = Path(__file__).parents[2] / "model_repository" / "hmr_lite" / "body_model.npz"


@cache
def stand_in_body() -> BodyModel:
    """A freely licensed body in SMPL's place, without pose blend shapes."""
    return BodyModel.read(_STAND_IN)


def stand_in_atlas() -> Atlas:
    """Four texels a face, in cells of two by two: as dense as SMPL's own atlas, and every face has some."""
    rows, columns = np.mgrid[0:256, 0:256]
    cells = (rows // 2) * 128 + columns // 2
    points = np.array([[1, 1, 1], [3, 1, 1], [1, 3, 1], [1, 1, 3]]) / np.array([[3], [5], [5], [5]])
    return Atlas(np.where(cells < len(stand_in_body().faces), cells, -1), points[(rows % 2) * 2 + columns % 2])


def published_encoder() -> dict[str, torch.Tensor]:
    """The encoder of the golden recipe under published names, with neighbours that are not used."""
    random = np.random.RandomState(int(golden("appearance")["encoder_seed"]))
    state = {"hmar.backbone.conv1.weight": torch.zeros(1), "hmar.encoding_head.t_conv5.bias": torch.zeros(256)}
    for name, (columns, rows) in CHANNELS.items():
        gain = np.sqrt(6 / (9 * columns)) * (6 if name == "conv5_1" else 1)
        weight = (2 * random.random_sample((rows, columns, 3, 3)) - 1) * gain
        bias = (2 * random.random_sample(rows) - 1) * 0.1
        state[f"hmar.encoding_head.{name}.weight"] = torch.from_numpy(weight.astype(np.float32))
        state[f"hmar.encoding_head.{name}.bias"] = torch.from_numpy(bias.astype(np.float32))
    return state


def smpl_content(body: BodyModel) -> dict[str, object]:
    """The dictionary in `SMPL_NEUTRAL.pkl`, as plain arrays."""
    return {
        "v_template": body.v_template,
        "shapedirs": body.shapedirs,
        "posedirs": body.posedirs.T.reshape(-1, 3, 207),
        "J_regressor": body.J_regressor,
        "weights": body.lbs_weights,
        "f": body.faces,
        "kintree_table": np.stack([body.parents, np.arange(24)]),
    }


def draw_depths_in_fewer_tiers(patch: pytest.MonkeyPatch) -> None:
    """Let depth maps of textures have two tiers, not five: half of the appearance graph would be the same once more."""
    patch.setattr(export.appearance.texture, "DepthMap", partial(DepthMap, tiers=TIERS))


def write_downloads(folder: Path) -> None:
    """Write every file that the authors let anybody download, under its name in `export.weights.published`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_random_checkpoint(folder / "hmr2.ckpt", HMR2_SIZES)
    extra = stand_in_body().joint_regressor_extra.astype(np.float64)
    (folder / "SMPL_to_J19.pkl").write_bytes(pickle.dumps(extra))
    np.save(folder / "fmap_256.npy", stand_in_atlas().face.astype(np.float64))
    np.save(folder / "bmap_256.npy", stand_in_atlas().weights.astype(np.float64))
    torch.save({"model": published_encoder()}, folder / "hmar_v2_weights.pth")
    torch.save({"state_dict": golden_weights("pose_predictor")}, folder / "pose_predictor.pth")
    (folder / "pose_predictor.yaml").write_text(POSE_YAML)
    np.save(folder / "mean_std.npy", golden("pose_predictor")["mean_std"])
    tiny_detector("d_fine", folder / "detector")


def write_by_hand(folder: Path) -> None:
    """Write what has to be fetched by hand, under the name it has in its authors' archive."""
    folder.mkdir(parents=True, exist_ok=True)
    content = pickle.dumps(smpl_content(body_with_pose_blends(_STAND_IN)), protocol=2)
    (folder / "basicModel_neutral_lbs_10_207_0_v1.0.0.pkl").write_bytes(content)

"""The authors' own HMR2 modules, where their package is installed (extra `upstream`), as one more thing to compare.

Only their backbone and head are used: their whole model would open a renderer and needs the SMPL pickle with chumpy.
"""

import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from export.graphs.parity import Comparison, Reference, compare_module
from export.graphs.served_graph import ServedGraph
from export.hmr2.backbone import IMAGE_WIDTH
from export.hmr2.camera import CROP_SIZE
from export.hmr2.model import Hmr2
from export.hmr2.sizes import Hmr2Sizes
from export.weights.checkpoint import read_checkpoint, state_dict
from tracker_service.types.smpl import NUMBER_OF_BODY_JOINTS

_CUT = (CROP_SIZE - IMAGE_WIDTH) // 2


def installed() -> bool:
    """Return whether the authors' package can be imported."""
    return find_spec("hmr2") is not None


class UpstreamHmr2(nn.Module):
    """Upstream's backbone and head; crops are prepared and bodies posed by our module, so that outputs correspond.

    Args:
        checkpoint: the published checkpoint.
        ours: our network from the same file.
    """

    def __init__(self, checkpoint: Path, ours: Hmr2) -> None:
        super().__init__()
        backbones: Any = import_module("hmr2.models.backbones")
        heads: Any = import_module("hmr2.models.heads")
        with tempfile.TemporaryDirectory() as folder:
            config = _config(Path(folder) / "mean_params.npz", ours.sizes)
            self.backbone = backbones.create_backbone(config)
            self.smpl_head = heads.build_smpl_head(config)
        state = state_dict(read_checkpoint(checkpoint), "state_dict", checkpoint)
        self.load_state_dict(
            {name: value for name, value in state.items() if name.startswith(("backbone.", "smpl_head."))}, strict=True
        )
        self.normalisation = ours.normalisation
        self.body = ours.body

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs of `Hmr2.forward`."""
        image = self.normalisation(crops[:, :, _CUT:-_CUT])
        parameters, camera, _ = self.smpl_head(self.backbone(image))
        rotations = torch.cat((parameters["global_orient"], parameters["body_pose"]), dim=1)
        joints, vertices = self.body(rotations, parameters["betas"])
        presence = torch.ones_like(camera[:, :1])
        return rotations[:, :1], rotations[:, 1:], parameters["betas"], camera, joints, vertices, presence


def compare_with_upstream(
    graph: ServedGraph, checkpoint: Path, expected: tuple[Reference, ...]
) -> tuple[Comparison, ...]:
    """Return how far our PyTorch module is from the authors' own on the references' inputs."""
    if not isinstance(graph.module, Hmr2):
        raise TypeError(f"expected Hmr2, got {type(graph.module).__name__}")
    module = UpstreamHmr2(checkpoint, graph.module).eval()
    return compare_module(graph, module, "upstream", expected)


def _config(mean_params: Path, sizes: Hmr2Sizes) -> Any:
    """Return the published configuration as far as these modules read it; mean parameters come from the checkpoint."""
    np.savez(mean_params, pose=np.zeros(144, np.float32), shape=np.zeros(10, np.float32), cam=np.zeros(3, np.float32))
    node: Any = import_module("yacs.config").CfgNode
    decoder: dict[str, object] = {
        "depth": sizes.decoder_depth,
        "heads": sizes.decoder_heads,
        "mlp_dim": sizes.decoder_mlp_dim,
        "dim_head": sizes.decoder_head_dim,
        "dim": sizes.decoder_dim,
        "context_dim": sizes.embed_dim,
        "dropout": 0.0,
        "emb_dropout": 0.0,
        "norm": "layer",
    }
    return node(
        {
            "MODEL": {
                "IMAGE_SIZE": CROP_SIZE,
                "BACKBONE": {"TYPE": "vit"},
                "SMPL_HEAD": {"TYPE": "transformer_decoder", "TRANSFORMER_DECODER": decoder},
            },
            "SMPL": {"NUM_BODY_JOINTS": NUMBER_OF_BODY_JOINTS, "MEAN_PARAMS": str(mean_params)},
        }
    )

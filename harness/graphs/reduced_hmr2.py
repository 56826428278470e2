"""A small HMR2 with random weights and one channel of large activations, as trained transformers have them."""

from pathlib import Path

from export.body.stand_in import stand_in_body
from export.graphs.served_graph import ServedGraph
from export.hmr2.checkpoint import build, expected_shapes
from export.hmr2.graph import served
from export.hmr2.random_checkpoint import random_tensors
from export.hmr2.sizes import Hmr2Sizes
from export.settings import ExportSettings

_LARGE_CHANNEL, _LARGE = 5, 400.0
"""A channel of the residual stream, and its size: its square is beyond FP16's 65,504."""
_BODY = ExportSettings().repository / "hmr_lite" / "body_model.npz"


def reduced_hmr2(sizes: Hmr2Sizes, body_file: Path) -> ServedGraph:
    """Return the network and write its body to ``body_file``."""
    body = stand_in_body(_BODY)
    body.write(body_file)
    module = build(dict(random_tensors(expected_shapes(sizes))), body, sizes)
    module.backbone.position.data[:, _LARGE_CHANNEL] = _LARGE
    return served(module)

"""The networks at their published sizes with random weights, made on the spot and the same everywhere.

Neither speed nor rounding needs others; accuracy does.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from export.body.body_model import BodyModel
from export.body.stand_in import stand_in_body
from export.graphs.served_graph import Arrays, ServedGraph
from export.hmr2.checkpoint import load_hmr2
from export.hmr2.graph import served
from export.hmr2.random_checkpoint import write_random_checkpoint
from export.hmr2.sizes import PUBLISHED, Hmr2Sizes

SMALL = Hmr2Sizes(32, 1, 2, 32, 1, 2, 16, 32)
"""A network that takes no time, to try everything else."""
SIZES = {"published": PUBLISHED, "small": SMALL}
DTYPES = {"FP16": torch.float16, "BF16": torch.bfloat16}
_BODY = Path(__file__).resolve().parents[2] / "model_repository" / "hmr_lite" / "body_model.npz"
_ROWS = 3


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where the networks are made and kept between phases.

    Attributes:
        folder: for weights, exported files and references.
        size: name of the sizes, one of `SIZES`.
    """

    folder: Path
    size: str

    def hmr2(self, precision: str = "FP32") -> ServedGraph:
        """Return HMR2 on the CPU, its matrix products in ``precision``."""
        body, weights = self.folder / "body_model.npz", self.folder / "hmr2.ckpt"
        if not weights.is_file():
            stand_in_body(_BODY).write(body)
            draft = weights.with_suffix(".draft")
            write_random_checkpoint(draft, SIZES[self.size]).replace(weights)
        graph = served(load_hmr2(weights, BodyModel.read(body), SIZES[self.size]))
        if precision != "FP32" and graph.lower is not None:
            graph.lower(graph.module, DTYPES[precision])
        return graph

    def reference(self) -> tuple[Arrays, Arrays]:
        """Return inputs of three rows and PyTorch's FP32 outputs for them, computed once on the CPU."""
        path = self.folder / "hmr2_reference.npz"
        graph = self.hmr2()
        inputs = graph.sample(_ROWS, np.random.default_rng(0))
        if not path.is_file():
            np.savez(path, **cast("dict[str, Any]", graph.run(inputs)))
        with np.load(path) as archive:
            return inputs, dict(archive)

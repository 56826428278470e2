"""TokenHMR as a graph for the model repository."""

from pathlib import Path

from export.graphs.limits import LIMITS
from export.graphs.served_graph import GELU_OPSET, ServedGraph
from export.hmr2.graph import CROPS, lower, sample
from export.hmr2.model import OUTPUT_NAMES
from export.tokenhmr.model import TokenHmr

NAME = "tokenhmr"


def served(module: TokenHmr, sources: tuple[Path, ...] = ()) -> ServedGraph:
    """Return the graph of a loaded network; FP16 as for HMR2: the classifier and the tokenizer stay FP32."""
    return ServedGraph(NAME, module, (CROPS,), OUTPUT_NAMES, sample, LIMITS[NAME], lower, sources, GELU_OPSET)

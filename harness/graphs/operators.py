"""The operators of an ONNX file, and whether ONNX Runtime has CUDA kernels for them."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import onnx

from harness.tables import Rows

KERNELS = Path(__file__).resolve().parents[3] / "shared" / "data" / "cuda_kernels.json"
"""The CUDA kernels of some versions of ONNX Runtime, where they are at hand."""
_CONTROL = ("Constant", "Identity")


def operator_rows(path: Path, kernels: Path = KERNELS) -> Rows:
    """Return the operators of a file, how often each is used, and the ONNX Runtimes that lack a CUDA kernel for it."""
    model = onnx.load(path, load_external_data=False)
    counts = Counter(node.op_type for node in model.graph.node if node.op_type not in _CONTROL)
    known = json.loads(kernels.read_text())["onnxruntime"] if kernels.exists() else {}
    missing = {
        name: [version for version, found in known.items() if not _has_kernel(found.get(name, ()), name)]
        for name in counts
    }
    return [
        {"operator": name, "count": count, "without": ", ".join(missing[name]) if known else None}
        for name, count in counts.most_common()
    ]


def _has_kernel(found: Any, name: str) -> bool:
    version = onnx.defs.get_schema(name, 18).since_version
    return any(one["since"] == version or one["since"] < version <= (one["until"] or 0) for one in found)

"""What there is: card, driver, versions; and what is not."""

import platform
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import numpy as np
import torch

from benchmarks.gpu_check.findings import Findings
from benchmarks.gpu_check.timing import device_name, median_seconds
from harness.machine import cpu_name

_PACKAGES = ("torch", "triton", "onnx", "onnxscript", "onnxruntime", "onnxruntime-gpu", "tensorrt", "transformers")
_QUERY = ("nvidia-smi", "--query-gpu=name,driver_version,memory.total,power.limit", "--format=csv,noheader")
_SECONDS = 20.0
_PRODUCTS = {"TF32": torch.float32, "FP16": torch.float16, "BF16": torch.bfloat16}
_SIDE, _SIDE_ON_CPU = 8192, 512


def machine(findings: Findings) -> None:
    """Say what was found, and what is not here."""
    findings.add("machine", {"what": "processor", "found": cpu_name()})
    findings.add("machine", {"what": "Python", "found": f"{platform.python_version()}, {sys.platform}"})
    if shutil.which(_QUERY[0]) is None:
        findings.missing("card and driver", "nvidia-smi is not here")
    else:
        with findings.unless_it_fails("card and driver"):
            done = subprocess.run(_QUERY, capture_output=True, text=True, timeout=_SECONDS, check=True)
            findings.add("machine", {"what": "card, driver, memory, power limit", "found": done.stdout.strip()})
    if torch.cuda.is_available():
        major, minor = torch.cuda.get_device_capability()
        found = f"{device_name()}, compute capability {major}.{minor}, CUDA {torch.version.cuda}"
        findings.add("machine", {"what": "card, as PyTorch sees it", "found": found})
    else:
        findings.missing("everything about a GPU", "PyTorch sees none: all figures here are the CPU's")
    for package in _PACKAGES:
        try:
            findings.add("machine", {"what": package, "found": version(package)})
        except PackageNotFoundError:
            findings.missing(f"whatever needs {package}", "it is not installed")
    if find_spec("onnxruntime") is not None:
        import onnxruntime  # may be absent, and takes a second

        providers = ", ".join(onnxruntime.get_available_providers())
        findings.add("machine", {"what": "ONNX Runtime's providers", "found": providers})


def ceiling(findings: Findings) -> None:
    """Measure the product of two large random matrices in each type: no network on this card is faster."""
    where = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    side = _SIDE if where.type == "cuda" else _SIDE_ON_CPU
    for name, dtype in _PRODUCTS.items():
        if name == "TF32" and where.type == "cpu":
            findings.missing("TF32 products", "a CPU has no TF32")
            continue
        with findings.unless_it_fails(f"{name} products"):
            torch.backends.cuda.matmul.allow_tf32 = name == "TF32"
            generator = torch.Generator(where).manual_seed(0)
            a, b = (torch.randn(side, side, device=where, generator=generator).to(dtype) for _ in range(2))
            seconds = median_seconds(lambda a=a, b=b: a @ b)  # type: ignore[misc]
            findings.add(
                "ceiling", {"type": name, "side": side, "teraflops": float(np.round(2 * side**3 / seconds / 1e12, 4))}
            )

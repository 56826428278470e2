"""Python-based backend "pytorch": serves the TorchScript file `model.pt` the way NVIDIA's LibTorch backend does.

Inputs are matched to `forward`'s arguments by name, or else by position, as are outputs (the strict ordering that
NVIDIA's backend falls back to when names do not end in `__<index>`). A part for tests, on the CPU only.
"""

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils  # type: ignore[import-not-found, unused-ignore]


class TritonPythonModel:
    """One instance of a served model."""

    @staticmethod
    def auto_complete_config(config: Any) -> Any:
        """Complete nothing: our configs are explicit."""
        return config

    def initialize(self, args: dict[str, str]) -> None:
        """Load the scripted module; an exception makes the model unavailable."""
        sys.path.append(os.environ["PHALP_TRITON_TORCH"])
        import torch

        torch.set_num_threads(1)
        config = json.loads(args["model_config"])
        filename = config.get("default_model_filename") or "model.pt"
        path = Path(args["model_repository"]) / args["model_version"] / filename
        self.torch = torch
        self.delay = float(config.get("parameters", {}).get("test_delay_ms", {}).get("string_value", "0")) / 1e3
        self.module = torch.jit.load(str(path), map_location="cpu").eval()  # type: ignore[no-untyped-call]
        arguments = [argument.name for argument in self.module.forward.schema.arguments[1:]]
        self.inputs = _ordered([entry["name"] for entry in config["input"]], arguments)
        self.outputs = _ordered([entry["name"] for entry in config["output"]], [])

    def execute(self, requests: list[Any]) -> list[Any]:
        """Run all requests as one batch; returns one response a request, in order."""
        if self.delay:
            time.sleep(self.delay)
        try:
            return self._run(requests)
        except Exception as error:
            # One error object each: the server crashes when responses share one.
            return [pb_utils.InferenceResponse([], pb_utils.TritonError(str(error))) for _ in requests]

    def _run(self, requests: list[Any]) -> list[Any]:
        rows = [
            [pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in self.inputs]
            for request in requests
        ]
        with self.torch.inference_mode():
            batch = [self.torch.from_numpy(np.concatenate(parts)) for parts in zip(*rows, strict=True)]
            outputs = self.module(*batch)
        outputs = outputs if isinstance(outputs, tuple | list) else (outputs,)
        results = dict(zip(self.outputs, (output.numpy() for output in outputs), strict=True))
        responses, start = [], 0
        for request, tensors in zip(requests, rows, strict=True):
            part = slice(start, start + len(tensors[0]))
            asked = [name for name in self.outputs if name in request.requested_output_names()]
            responses.append(
                pb_utils.InferenceResponse(
                    [pb_utils.Tensor(name, np.ascontiguousarray(results[name][part])) for name in asked]
                )
            )
            start = part.stop
        return responses


def _ordered(names: list[str], arguments: list[str]) -> list[str]:
    if arguments and set(names) == set(arguments):
        return arguments
    if all(re.search(r"__\d+$", name) for name in names):
        return sorted(names, key=lambda name: int(name.rsplit("__", 1)[1]))
    return names

"""A model of Triton's python backend that answers what was recorded, after the time that a card would take.

It is copied into a model's folder as `model.py`, `card.py` and `recordings.py` beside it.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils  # type: ignore[import-not-found, unused-ignore]


class TritonPythonModel:
    """The only instance of a served model."""

    def initialize(self, args: dict[str, str]) -> None:
        """Open recordings and card, which the config's parameters name."""
        config = json.loads(args["model_config"])
        values = {key: entry["string_value"] for key, entry in config["parameters"].items()}
        sys.path.insert(0, str(Path(args["model_repository"]) / args["model_version"]))
        self.name, self.pictures = args["model_name"], config["input"][0]["name"]
        self.recordings = importlib.import_module("recordings").Recordings.load(Path(values["recordings"]), self.name)
        card = importlib.import_module("card").Card
        self.card = card.named(Path(values["cards"]), values["card"], Path(values["card_folder"]))

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer all requests as one batch."""
        parts = [pb_utils.get_input_tensor_by_name(request, self.pictures).as_numpy() for request in requests]
        self.card.run(self.name, sum(map(len, parts)))
        return [self._answer(request, pictures) for request, pictures in zip(requests, parts, strict=True)]

    def _answer(self, request: Any, pictures: Any) -> Any:
        answer = self.recordings.answer(self.name, pictures, list(request.requested_output_names()))
        tensors = [pb_utils.Tensor(name, np.ascontiguousarray(value)) for name, value in answer.items()]
        return pb_utils.InferenceResponse(tensors)

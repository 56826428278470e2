"""The numbers that other benchmarks and the served configs give, and where each comes from."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tritonclient.grpc.model_config_pb2 import DataType

from benchmarks.scale.assumptions import BATCH, PEOPLE
from harness.tables import Table, read_tables
from harness.triton.repository import read_config
from tracker_service.inference.triton.signatures import DATA_TYPES

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "docs" / "results" / "data"
CARDS = ROOT / "benchmarks" / "simulated_gpu" / "cards.json"
_NEVER_ASKED = {"vertices", "uv_map"}
"""Outputs that stay on the server: the ensemble hands vertices on by itself, and maps are for a term that is off."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a frame costs.

    Attributes:
        cpu_ms: CPU time of tracker and server beside the networks, milliseconds.
        sequential_ms: the part of it that is frame by frame, which bounds the speed of one video.
        networks_ms: CPU time of the lite networks where there is no card.
        tensor_bytes: between tracker and server.
        result_bytes: results.ndjson, tracks.pkl and the rest, without the overlay.
        overlay_bytes: overlay.mp4.
        job_rows, job_bytes: of a finished job in PostgreSQL.
        connections: of a tracker to PostgreSQL.
        count_seconds: for counting 10,000 jobs of the queue.
        card_fps: frames a second of each card, estimated.
    """

    cpu_ms: float
    sequential_ms: float
    networks_ms: float
    tensor_bytes: float
    result_bytes: float
    overlay_bytes: float
    job_rows: float
    job_bytes: float
    connections: float
    count_seconds: float
    card_fps: Mapping[str, float]

    @classmethod
    def read(cls, data: Path = DATA) -> "Figures":
        """Read them from the JSON files of the benchmarks; raises `SystemExit` where one is missing."""
        simulated = _rows(data, "simulated_gpu", "speed")
        served = [row for row in simulated if row["card"] != "instant"]
        stages = {row["stage"]: row["after"] for row in _rows(data, "feed", "stages")}
        lite = next(row for row in _rows(data, "pipeline", "stages") if row["video"].startswith("sample"))
        costs = {row["what"]: row["value"] for row in _rows(data, "scale_costs", "costs")}
        return cls(
            cpu_ms=sum(row["cpu_ms"] for row in served) / len(served),
            sequential_ms=sum(stages[name] for name in ("camera", "second look", "association", "quality", "world")),
            networks_ms=lite["detection"] + lite["bodies"],
            tensor_bytes=_tensor_bytes(),
            result_bytes=costs["result bytes a frame"],
            overlay_bytes=costs["overlay bytes a frame"],
            job_rows=costs["rows a job"],
            job_bytes=costs["database bytes a job"],
            connections=costs["connections a tracker"],
            count_seconds=costs["seconds to count 10,000 jobs"],
            card_fps={name: _card_fps(times) for name, times in _cards().items()},
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return a row a figure, with its source."""
        simulated = "measured, behind a simulated card: simulated_gpu.json"
        costs = "measured: scale_costs.json"
        return [
            {"what": "CPU ms a frame, tracker and server", "value": self.cpu_ms, "source": simulated},
            {"what": "of it frame by frame, ms", "value": self.sequential_ms, "source": "measured: feed.json"},
            {"what": "CPU ms a frame, lite networks", "value": self.networks_ms, "source": "measured: pipeline.json"},
            {
                "what": "kB a frame, tracker to server and back",
                "value": self.tensor_bytes / 1e3,
                "source": "the configs",
            },
            {"what": "kB a frame, results", "value": self.result_bytes / 1e3, "source": costs},
            {"what": "kB a frame, overlay", "value": self.overlay_bytes / 1e3, "source": costs},
            {"what": "rows a job", "value": self.job_rows, "source": costs},
            {"what": "kB a job in PostgreSQL", "value": self.job_bytes / 1e3, "source": costs},
            {"what": "connections a tracker", "value": self.connections, "source": costs},
            {"what": "ms to count 10,000 jobs", "value": self.count_seconds * 1e3, "source": costs},
            *(
                {"what": f"frames/s of an {name}", "value": fps, "source": "estimated, not measured: cards.json"}
                for name, fps in self.card_fps.items()
            ),
        ]


def _rows(data: Path, file: str, table: str) -> list[dict[str, Any]]:
    path = data / f"{file}.json"
    tables: dict[str, Table] = read_tables(path) if path.is_file() else {}
    if table not in tables:
        raise SystemExit(f"{path}: expected the table {table}, got {', '.join(tables) or 'no file'}")
    return [dict(row) for row in tables[table].rows]


def _cards() -> dict[str, dict[str, dict[str, float]]]:
    cards: dict[str, dict[str, dict[str, float]]] = json.loads(CARDS.read_text())["cards"]
    return {name: times for name, times in cards.items() if name != "instant"}


def _card_fps(times: Mapping[str, Mapping[str, float]]) -> float:
    rows = {"detector": 1.0, "hmr2": PEOPLE.value, "appearance": PEOPLE.value}
    ms = sum(count * (times[name]["row_ms"] + times[name]["base_ms"] / BATCH.value) for name, count in rows.items())
    return 1000 / ms


def _tensor_bytes() -> float:
    rows = {"detector": 1.0, "hmr2_appearance": PEOPLE.value}
    return sum(count * _row_bytes(model) for model, count in rows.items())


def _row_bytes(model: str) -> int:
    config = read_config(ROOT / "model_repository" / model / "config.pbtxt")
    total = 0
    for tensor in (*config.input, *(each for each in config.output if each.name not in _NEVER_ASKED)):
        total += math.prod(tensor.dims) * DATA_TYPES[DataType.Name(tensor.data_type).removeprefix("TYPE_")].itemsize
    return total

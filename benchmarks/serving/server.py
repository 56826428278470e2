"""The server that the serving benchmarks measure: the lite models on this machine's CPU, and its own counters."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import text_format  # type: ignore[import-untyped, unused-ignore]

from harness.triton.environment import server_environment
from harness.triton.repository import build_repository, choose_variant, read_config, set_parameters
from harness.triton.server import TritonServer

MODELS = ("detector_lite", "hmr_lite")


@dataclass(frozen=True, slots=True)
class Counters:
    """What a server has done for one model.

    Attributes:
        rows: rows inferred.
        executions: batches run.
        compute_seconds: time inside the model.
    """

    rows: int
    executions: int
    compute_seconds: float

    def since(self, before: "Counters") -> "Counters":
        """Return what was done after ``before``."""
        return Counters(
            self.rows - before.rows,
            self.executions - before.executions,
            self.compute_seconds - before.compute_seconds,
        )


def counters(server: TritonServer, model: str) -> Counters:
    """Ask ``server`` for its counters of ``model``; they are exact, unlike the metrics, which lag."""
    entry = json.loads(server.get(f"/v2/models/{model}/stats")[1])["model_stats"][0]
    # Every batch is listed once with the size that was run; the per-request sums would count shared work repeatedly.
    compute = sum(int(batch["compute_infer"]["ns"]) for batch in entry["batch_stats"]) / 1e9
    return Counters(int(entry["inference_count"]), int(entry["execution_count"]), compute)


def instances(server: TritonServer, model: str) -> int:
    """Return how many instances of ``model`` the server runs."""
    groups = json.loads(server.get(f"/v2/models/{model}/config")[1])["instance_group"]
    return sum(int(group["count"]) for group in groups)


@contextmanager
def serving(
    *,
    variant: str = "cpu",
    dynamic_batching: bool = True,
    parameters: Mapping[str, Mapping[str, str]] | None = None,
    queue_size: int | None = None,
    bounded_queue: bool = True,
    instance_counts: Mapping[str, int] | None = None,
    trace: Path | None = None,
    start: bool = True,
) -> Iterator[TritonServer]:
    """Serve the lite models from a copy of the repository.

    Args:
        variant: which of the models' ``configs/`` they are served with, empty for the default ones, made for GPUs.
        dynamic_batching: False takes that section out of the configs.
        parameters: additional ``parameters`` of the test backend by model.
        queue_size: another `max_queue_size` for all models.
        bounded_queue: False takes the queue policy out of the configs.
        instance_counts: another number of instances, by model.
        trace: file for the times of every request; complete once the server is stopped.
        start: False leaves starting to the caller.
    """
    with tempfile.TemporaryDirectory(prefix="phalp-serving-") as folder:
        repository = build_repository(Path(folder) / "models", MODELS)
        for model in MODELS:
            if variant:
                choose_variant(repository, model, variant)
            path = repository / model / "config.pbtxt"
            config = read_config(path)
            if queue_size is not None:
                config.dynamic_batching.default_queue_policy.max_queue_size = queue_size
            if not bounded_queue:
                config.dynamic_batching.ClearField("default_queue_policy")
            if instance_counts is not None and model in instance_counts:
                config.instance_group[0].count = instance_counts[model]
            if not dynamic_batching:
                config.ClearField("dynamic_batching")
            path.write_text(text_format.MessageToString(config))
            set_parameters(repository, model, (parameters or {}).get(model, {}))
        options = () if trace is None else _tracing(trace)
        server = TritonServer(server_environment(), repository, Path(folder) / "log", options=options)
        try:
            if start:
                server.start()
            yield server
        finally:
            server.kill()


def _tracing(trace: Path) -> tuple[str, ...]:
    settings = (f"triton,file={trace}", "mode=triton", "level=TIMESTAMPS", "rate=1", "count=-1")
    return tuple(f"--trace-config={setting}" for setting in settings)

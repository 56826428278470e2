"""Compares the models of a running server with the golden batches of a repository."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from export.graphs.text_table import aligned
from tracker_service.body.model import BodyModel
from tracker_service.errors import ExportError, ModelNotFoundError
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.inference.triton.client import TritonClient
from tracker_service.inference.verification.check import ModelCheck, OutputCheck, Surface, check_model, read_golden
from tracker_service.inference.verification.golden import FILE

_PATIENCE = InferenceParameters(budget_seconds=60)
_BODY = "body_model.npz"


def models_with_golden(repository: Path) -> list[str]:
    """Return the names of the models of a repository that have a golden batch."""
    return sorted({path.parents[1].name for path in repository.glob(f"*/*/{FILE}")})


def verify_server(address: str, repository: Path, models: Sequence[str]) -> tuple[ModelCheck, ...]:
    """Compare those of the models that a server serves.

    Args:
        address: ``host:port`` of its gRPC service.
        repository: what it serves, or a copy; the golden batches are read from here.
        models: names.

    Raises:
        ExportError: it serves none of them, or a version without a golden batch.
        InferenceError: it does not answer.
    """
    client = TritonClient(address, _PATIENCE)
    try:
        checks = [_verify(client, repository, model) for model in models]
    finally:
        client.close()
    found = tuple(check for check in checks if check is not None)
    if not found:
        raise ExportError(f"verify: expected {address} to serve one of {', '.join(models)}, got none of them")
    return found


def _verify(client: TritonClient, repository: Path, model: str) -> ModelCheck | None:
    try:
        client.signature(model)
    except ModelNotFoundError:
        return None
    loaded = client.loaded(model)
    golden = read_golden(repository, model, loaded.version)
    if golden is None:
        raise ExportError(f"{model}: expected {FILE} of version {loaded.version} in {repository / model}, got none")
    return check_model(client, model, golden, loaded.file, _surface(repository, model))


def _surface(repository: Path, model: str) -> Surface | None:
    """Return what computes vertices, for the body models: theirs is HMR2's body."""
    path = repository / "hmr2" / _BODY
    return BodyModel.load(path).vertices_of if path.is_file() and model in ("hmr2", "tokenhmr", "camerahmr") else None


def server_table(checks: Sequence[ModelCheck]) -> str:
    """Return the comparisons as an aligned text table."""
    lines: list[tuple[str, ...]] = [("model", "precision", "output", "mean", "max", "limits", "unit", "")]
    lines += [_line(check, output) for check in checks for output in check.outputs]
    return aligned(lines)


def server_rows(checks: Sequence[ModelCheck]) -> list[dict[str, Any]]:
    """Return the comparisons as JSON values."""
    return [
        {
            "model": check.model,
            "precision": check.precision,
            "output": output.output,
            "unit": output.unit,
            "mean": output.mean,
            "maximum": output.maximum,
            "mean_limit": output.limit.mean,
            "maximum_limit": output.limit.maximum,
            "passed": output.passed,
        }
        for check in checks
        for output in check.outputs
    ]


def _line(check: ModelCheck, output: OutputCheck) -> tuple[str, ...]:
    limits = f"{output.limit.mean:g}/{output.limit.maximum:g}"
    verdict = "ok" if output.passed else "FAIL"
    errors = f"{output.mean:.3g}", f"{output.maximum:.3g}"
    return check.model, check.precision, output.output, *errors, limits, output.unit, verdict

"""Whether an exported model is there, whole, and made from the weights that are there now."""

from pathlib import Path
from typing import Any

from export.body.build import FILE, FOLDER
from export.families import tensor_names
from export.files import sha256_of
from export.graphs.choices import Precision
from export.graphs.model_version import read_record
from export.graphs.parity import ONNX_FILE
from export.settings import ExportSettings
from export.weights.published import FILES
from tracker_service.inference.verification.golden import FILE as GOLDEN_FILE


def why_stale(name: str, settings: ExportSettings, precision: Precision) -> str | None:
    """Return why the ONNX graph of a model has to be exported, None if it is as its record says.

    Every file of the graph and every source that is still there is hashed (about 2 s a GB).
    """
    folder = settings.repository / name / "1"
    record = read_record(folder).get(ONNX_FILE)
    if record is None:
        return "not exported yet"
    if record["precision"] != precision:
        return f"exported as {record['precision']}, wanted {precision}"
    if (changed := _changed_tensors(name, record)) is not None:
        return changed
    for file, digest in record["files"].items():
        path = folder / file
        if not path.is_file() or sha256_of(path) != digest:
            return f"{file} is missing or damaged"
    for path in (settings.repository / FOLDER / FILE, folder / GOLDEN_FILE):
        if not path.is_file():
            return f"{path.name} is missing"
    return _changed_source(record, settings)


def _changed_tensors(name: str, record: dict[str, Any]) -> str | None:
    for kind, names in zip(("inputs", "outputs"), tensor_names(name), strict=True):
        had = record.get(kind)  # earlier versions did not note the outputs
        if had is not None and set(had) != set(names):
            return f"exported with the {kind} {', '.join(had)}, wanted {', '.join(names)}"
    return None


def _changed_source(record: dict[str, Any], settings: ExportSettings) -> str | None:
    for source, digest in record["sources"].items():
        path = _place_of(source, settings)
        if path.is_file() and sha256_of(path) != digest:
            return f"made from another {source}"
    return None


def _place_of(source: str, settings: ExportSettings) -> Path:
    """Return where a source lies today, by the name that the record gives it."""
    if source == FILE:
        return settings.repository / FOLDER / FILE
    names = {Path(file.name).name: file.name for file in FILES}
    return settings.weights / names.get(source, source)

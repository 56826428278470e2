"""Where the model files are."""

from pathlib import Path

from tracker_service.errors import ModelNotFoundError

_PACKAGE = Path(__file__).resolve().parents[1]


def default_repository() -> Path:
    """Return the model repository that is used when none is named.

    An installed wheel carries the lite models inside the package; a clone has them in its own ``model_repository/``.
    """
    packaged = _PACKAGE / "model_repository"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "model_repository"


def built_by(error: ModelNotFoundError, command: str) -> ModelNotFoundError:
    """Return the error that a model is missing with the command that builds it."""
    return ModelNotFoundError(f"{error}; `{command}` builds it")


def model_file(repository: Path, model: str) -> Path:
    """Return the newest version's file of ``model``; raises `ModelNotFoundError` with what there is."""
    if not repository.is_dir():
        raise ModelNotFoundError(f"model repository: no folder {repository}")
    folder = repository / model
    versions = [entry for entry in folder.glob("*") if entry.name.isdecimal() and (entry / "model.onnx").is_file()]
    if not versions:
        known = sorted(entry.parents[1].name for entry in repository.glob("*/*/model.onnx"))
        raise ModelNotFoundError(
            f"model {model}: expected {folder}/<version>/model.onnx; found models: {', '.join(known) or 'none'}"
        )
    return max(versions, key=lambda entry: int(entry.name)) / "model.onnx"

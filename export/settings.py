"""Where exports read from and write to; from the environment (``PHALP_TRITON_EXPORT_WEIGHTS=...``) or options."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

_CLONE = Path(__file__).resolve().parents[1]
_PLACE = _CLONE if (_CLONE / "pyproject.toml").is_file() else Path.cwd()


class ExportSettings(BaseSettings):
    """Folders of the export: those of the clone, or where the package is installed those of the current folder.

    Attributes:
        weights: the authors' files, under the names of `export.weights.published`.
        repository: the model repository that is written.
        checkpoint: a checkpoint of the HMR family in place of the weights folder's, such as HMR2.0a.
        tokenizer: TokenHMR's tokenizer, where it lies neither beside its checkpoint nor in the weights folder.
        detector: folder or hub name of a detector in place of the weights folder's.
    """

    model_config = SettingsConfigDict(env_prefix="PHALP_TRITON_EXPORT_", frozen=True)

    weights: Path = _PLACE / "weights"
    repository: Path = _PLACE / "model_repository"
    checkpoint: Path | None = None
    tokenizer: Path | None = None
    detector: str | None = None

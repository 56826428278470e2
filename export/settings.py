"""Where exports read from and write to; from the environment (``PHALP_TRITON_EXPORT_WEIGHTS=...``) or options."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

_PROJECT = Path(__file__).resolve().parents[1]


class ExportSettings(BaseSettings):
    """Folders of the export.

    Attributes:
        weights: the authors' files, under the names of `export.weights.published`.
        repository: the model repository that is written.
        checkpoint: an HMR2 checkpoint in place of the weights folder's, such as HMR2.0a.
        detector: folder or hub name of a detector in place of the weights folder's.
    """

    model_config = SettingsConfigDict(env_prefix="PHALP_TRITON_EXPORT_", frozen=True)

    weights: Path = _PROJECT / "weights"
    repository: Path = _PROJECT / "model_repository"
    checkpoint: Path | None = None
    detector: str | None = None

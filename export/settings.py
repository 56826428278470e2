"""Where exports read from and write to; from the environment (``PHALP_TRITON_EXPORT_WEIGHTS=...``) or options."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

_PROJECT = Path(__file__).resolve().parents[1]


class ExportSettings(BaseSettings):
    """Folders of the export.

    Attributes:
        weights: the authors' files, under the names of `export.weights`.
        repository: the model repository that is written.
    """

    model_config = SettingsConfigDict(env_prefix="PHALP_TRITON_EXPORT_", frozen=True)

    weights: Path = _PROJECT / "weights"
    repository: Path = _PROJECT / "model_repository"

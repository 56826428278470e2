"""Where exports read from and write to; from the environment (``PHALP_TRITON_EXPORT_WEIGHTS=...``) or options.

Without pydantic, which some machines that check the networks on a card do not have.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

_PREFIX = "PHALP_TRITON_EXPORT_"
_CLONE = Path(__file__).resolve().parents[1]
_PLACE = _CLONE if (_CLONE / "pyproject.toml").is_file() else Path.cwd()


def _from_environment(name: str) -> str | None:
    return os.environ.get(_PREFIX + name)


def _path(name: str) -> Path | None:
    value = _from_environment(name)
    return None if value is None else Path(value)


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """Folders of the export: those of the clone, or where the package is installed those of the current folder.

    Attributes:
        weights: the authors' files, under the names of `export.weights.published`.
        repository: the model repository that is written.
        checkpoint: a checkpoint of the HMR family in place of the weights folder's, such as HMR2.0a.
        tokenizer: TokenHMR's tokenizer, where it lies neither beside its checkpoint nor in the weights folder.
        detector: folder or hub name of a detector in place of the weights folder's.
    """

    weights: Path = field(default_factory=lambda: _path("WEIGHTS") or _PLACE / "weights")
    repository: Path = field(default_factory=lambda: _path("REPOSITORY") or _PLACE / "model_repository")
    checkpoint: Path | None = field(default_factory=lambda: _path("CHECKPOINT"))
    tokenizer: Path | None = field(default_factory=lambda: _path("TOKENIZER"))
    detector: str | None = field(default_factory=lambda: _from_environment("DETECTOR"))

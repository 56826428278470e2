"""Builds `body_model.npz` from the authors' files."""

from pathlib import Path

from export.body.smpl_file import read_smpl
from export.settings import ExportSettings
from export.weights.published import EXTRA_JOINTS, SMPL, locate

FOLDER = "hmr2"
"""The model that the body belongs to."""
FILE = "body_model.npz"


def write_body_model(weights: Path, repository: Path) -> Path:
    """Read the authors' files in ``weights`` and write ``<repository>/hmr2/body_model.npz``."""
    body = read_smpl(locate(SMPL, weights), locate(EXTRA_JOINTS, weights))
    path = repository / FOLDER / FILE
    body.write(path)
    return path


def need_body_model(settings: ExportSettings) -> Path:
    """Return the path of the repository's `body_model.npz`, which is written first if it is not there yet."""
    path = settings.repository / FOLDER / FILE
    return path if path.is_file() else write_body_model(settings.weights, settings.repository)

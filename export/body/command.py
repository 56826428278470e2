"""`python -m export body-model`: SMPL's pickle to `body_model.npz`."""

from pathlib import Path

from export.body.smpl_file import read_smpl
from export.options import Repository, Weights, settings_with
from export.weights import EXTRA_JOINTS, SMPL, locate

FOLDER = "hmr2"
FILE = "body_model.npz"


def body_model(weights: Weights = None, repository: Repository = None) -> None:
    """Convert the SMPL body once into arrays that the service reads without unpickling."""
    settings = settings_with(weights, repository)
    print(f"wrote {write_body_model(settings.weights, settings.repository)}")


def write_body_model(weights: Path, repository: Path) -> Path:
    """Read the authors' files in ``weights`` and write ``<repository>/hmr2/body_model.npz``."""
    body = read_smpl(locate(SMPL, weights), locate(EXTRA_JOINTS, weights))
    path = repository / FOLDER / FILE
    body.write(path)
    return path

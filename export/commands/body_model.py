"""`python -m export body-model`: SMPL's pickle to `body_model.npz`."""

from export.body.build import write_body_model
from export.commands.options import Repository, Weights, settings_with


def body_model(weights: Weights = None, repository: Repository = None) -> None:
    """Convert the SMPL body once into arrays that the service reads without unpickling."""
    settings = settings_with(weights, repository)
    print(f"wrote {write_body_model(settings.weights, settings.repository)}")

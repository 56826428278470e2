"""Which settings go with a job to the worker that computes it."""

from tracker_service.settings import Settings
from tracker_service.wiring.job_settings import COMPUTING, TRACKING

OF_THE_SERVICE = {"overwrite", "service", "api", "limits", "sessions", "live", "jobs", "bulk", "webhooks", "media"}
"""They decide nothing about the results of a video."""


def test_every_group_that_decides_results_is_kept_with_a_job() -> None:
    assert set(TRACKING) | set(COMPUTING) == set(Settings.model_fields) - OF_THE_SERVICE

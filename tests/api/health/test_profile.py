"""The sizes that a service works with, once it knows where its models run."""

from contextlib import closing

from tracker_service.api.service import Service
from tracker_service.settings import Settings


def test_sizes_are_a_cpus_until_a_model_runs_on_a_gpu() -> None:
    with closing(Service(Settings())) as service:
        assert service.in_use.pipeline.window == 4
        service.use_devices({"detector_lite": "cpu", "hmr_lite": "cpu"})
        assert (service.in_use.pipeline.sized_for, service.in_use.pipeline.window) == ("cpu", 4)
        service.use_devices({"detector_lite": "cpu", "hmr_lite": "cuda"})
        assert (service.in_use.pipeline.sized_for, service.in_use.pipeline.window) == ("gpu", 16)
        assert service.readiness.state.device == "cuda"

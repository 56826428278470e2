"""What a model's configuration on a server says of its device, for the devices that are not at hand, too."""

import pytest
from tritonclient.grpc.model_config_pb2 import ModelConfig, ModelInstanceGroup

from harness.triton.repository import MODEL_REPOSITORY, read_config
from tracker_service.errors import DeviceError
from tracker_service.inference.device_parameters import DeviceChoice, DeviceName
from tracker_service.inference.triton.served_device import RequiredDevice, ServedDevices

KINDS = ModelInstanceGroup
HMR = MODEL_REPOSITORY / "hmr_lite"


def loaded(file: str, *kinds: int) -> ModelConfig:
    """Return a config of the repository as a server gives it after loading: with what ``KIND_AUTO`` has become."""
    config = read_config(HMR / file)
    config.ClearField("instance_group")
    for kind in kinds:
        config.instance_group.add(kind=kind, count=1)
    return config


def of_backend(backend: str, kind: int) -> ModelConfig:
    return ModelConfig(backend=backend, instance_group=[ModelInstanceGroup(kind=kind)])


@pytest.mark.parametrize(
    ("config", "device"),
    [
        (loaded("config.pbtxt", KINDS.KIND_GPU), "cuda"),
        (loaded("config.pbtxt", KINDS.KIND_CPU), "cpu"),
        (loaded("configs/tensorrt.pbtxt", KINDS.KIND_GPU), "tensorrt"),
        (loaded("configs/tensorrt.pbtxt", KINDS.KIND_CPU), "cpu"),
        (of_backend("pytorch", KINDS.KIND_GPU), "cuda"),
        (of_backend("tensorrt", KINDS.KIND_GPU), "tensorrt"),
        (of_backend("openvino", KINDS.KIND_CPU), "openvino"),
    ],
)
def test_a_model_runs_on_what_its_instances_and_accelerators_say(config: ModelConfig, device: DeviceName) -> None:
    found = ServedDevices.of([config])
    assert found.main == device
    for wanted in ("auto", device):
        RequiredDevice(wanted, "triton:8001").check("hmr_lite", found)


@pytest.mark.parametrize(
    ("configs", "wanted", "told"),
    [
        ([loaded("config.pbtxt", KINDS.KIND_CPU)], "cuda", "cpu"),
        ([loaded("config.pbtxt", KINDS.KIND_GPU)], "cpu", "cuda"),
        ([loaded("configs/tensorrt.pbtxt", KINDS.KIND_GPU)], "cuda", "tensorrt"),
        ([loaded("config.pbtxt", KINDS.KIND_GPU, KINDS.KIND_CPU)], "cuda", "cuda and cpu"),
        (
            [loaded("config.pbtxt", KINDS.KIND_GPU), loaded("config.pbtxt", KINDS.KIND_CPU)],
            "cuda",
            "cuda and cpu",
        ),
        ([loaded("config.pbtxt", KINDS.KIND_MODEL)], "cpu", "a device that the server does not tell"),
        ([loaded("config.pbtxt")], "cpu", "a device that the server does not tell"),
        (
            [loaded("config.pbtxt", KINDS.KIND_GPU), loaded("config.pbtxt", KINDS.KIND_MODEL)],
            "cuda",
            "cuda and a device that the server does not tell",
        ),
    ],
)
def test_a_model_with_a_part_elsewhere_is_refused_with_both_names(
    configs: list[ModelConfig], wanted: DeviceChoice, told: str
) -> None:
    found = ServedDevices.of(configs)
    message = f"expected a server that runs the models on {wanted}, got {told} for model hmr_lite on Triton triton:8001"
    with pytest.raises(DeviceError, match=message):
        RequiredDevice(wanted, "triton:8001").check("hmr_lite", found)
    RequiredDevice("auto", "triton:8001").check("hmr_lite", found)

"""What a server runs a model on, as the model's configuration there says, and whether that is what was asked for."""

from collections.abc import Iterable
from dataclasses import dataclass

from tritonclient.grpc.model_config_pb2 import ModelConfig, ModelInstanceGroup

from tracker_service.errors import DeviceError
from tracker_service.inference.device_parameters import DeviceChoice, DeviceName

_MOST_TELLING: tuple[DeviceName, ...] = ("tensorrt", "cuda", "openvino", "cpu")


@dataclass(frozen=True, slots=True)
class ServedDevices:
    """What computes a model on a server.

    Attributes:
        names: of the devices of all its instances, for an ensemble those of its models.
        complete: false where the server leaves it to a backend, which does not tell (``KIND_MODEL``).
    """

    names: frozenset[DeviceName]
    complete: bool

    @classmethod
    def of(cls, configs: Iterable[ModelConfig]) -> "ServedDevices":
        """Read the configurations of the models that compute, as the server gives them after loading."""
        found = [_device(config, group) for config in configs for group in config.instance_group or [_UNKNOWN]]
        return cls(frozenset(name for name in found if name is not None), None not in found)

    @property
    def main(self) -> DeviceName:
        """The device to name where one must be named: a GPU before the CPU, which also stands for what is unknown."""
        return next((name for name in _MOST_TELLING if name in self.names), "cpu")

    def __str__(self) -> str:
        told = [name for name in _MOST_TELLING if name in self.names]
        return " and ".join([*told, *(() if self.complete else ("a device that the server does not tell",))])


@dataclass(frozen=True, slots=True)
class RequiredDevice:
    """What the models of one server have to run on.

    Attributes:
        device: its name; "auto" takes whatever the server has chosen.
        address: of the server, for messages.
    """

    device: DeviceChoice
    address: str

    def check(self, model: str, found: ServedDevices) -> None:
        """Raise `DeviceError` unless every instance of a model runs on the device that was asked for."""
        if self.device != "auto" and (found.names != {self.device} or not found.complete):
            raise DeviceError(
                f"inference.device: expected a server that runs the models on {self.device}, got {found} for model"
                f" {model} on Triton {self.address}; change the model's config.pbtxt there, or inference.device"
            )


_UNKNOWN = ModelInstanceGroup(kind=ModelInstanceGroup.KIND_MODEL)


def _device(config: ModelConfig, group: ModelInstanceGroup) -> DeviceName | None:
    accelerators = config.optimization.execution_accelerators
    if group.kind == ModelInstanceGroup.KIND_GPU:
        named = {each.name for each in accelerators.gpu_execution_accelerator}
        return "tensorrt" if "tensorrt" in named | {config.backend} else "cuda"
    if group.kind == ModelInstanceGroup.KIND_CPU:
        named = {each.name for each in accelerators.cpu_execution_accelerator}
        return "openvino" if "openvino" in named | {config.backend} else "cpu"
    return None

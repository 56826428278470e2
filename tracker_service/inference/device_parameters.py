"""Settings of the device that runs the models of this process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge

DeviceName = Literal["cpu", "cuda", "tensorrt", "openvino", "coreml", "directml"]
DeviceChoice = Literal["auto", DeviceName]
GPUS: frozenset[DeviceName] = frozenset({"cuda", "tensorrt"})
"""Those that run on an NVIDIA GPU."""


@dataclass(frozen=True)
class DeviceParameters:
    """What runs the models; all but ``device`` is for the models of this process, not for those behind Triton.

    Attributes:
        device: what runs the models. "auto" takes the first of cuda, openvino, directml and cpu that works and logs
            which, behind Triton whatever the server has chosen; any other name must work, behind Triton be what the
            server runs the models on, or it is an error. CoreML and TensorRT are taken only by name: the first
            computes in half precision, the second builds engines for minutes.
        device_id: number of the GPU where there are several (cuda, tensorrt, directml).
        openvino_device: OpenVINO's name of the processor, such as CPU, GPU, NPU, GPU.1 or AUTO:GPU,CPU.
        engine_cache: folder in which TensorRT keeps the engines it has built.
    """

    device: DeviceChoice = "auto"
    device_id: Annotated[int, Ge(0)] = 0
    openvino_device: str = "CPU"
    engine_cache: Path = Path("~/.cache/phalp-triton/engines")

"""On what the models of this process run, and the settings of that device."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

Device = Literal["auto", "cpu", "cuda", "tensorrt", "openvino", "coreml", "directml"]


@dataclass(frozen=True, slots=True)
class DeviceOptions:
    """What runs the models of this process; nothing here concerns models behind Triton.

    Attributes:
        device: ``auto`` takes the first of cuda, openvino, directml and cpu that works. A device that is named and
            does not work is an error.
        device_id: number of the GPU, where there are several (cuda, tensorrt, directml).
        openvino_device: OpenVINO's name of the processor: CPU, GPU, NPU, GPU.1, AUTO:GPU,CPU …
        engine_cache: folder in which TensorRT keeps its engines; building them takes minutes.
    """

    device: Annotated[Device, Field(description="what runs the models; auto takes the best that works")] = "auto"
    device_id: Annotated[int, Field(ge=0, description="number of the GPU")] = 0
    openvino_device: Annotated[str, Field(description="OpenVINO's name of the processor: CPU, GPU, NPU")] = "CPU"
    engine_cache: Annotated[Path, Field(description="folder of TensorRT's engines")] = Path(
        "~/.cache/phalp-triton/engines"
    )

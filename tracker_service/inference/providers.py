"""Devices as ONNX Runtime knows them: its execution providers, who brings them, and what is set for each."""

from dataclasses import dataclass
from pathlib import Path

from tracker_service.inference.device_parameters import DeviceChoice, DeviceName, DeviceParameters
from tracker_service.inference.onnx_runtime import installed_variants

Options = dict[str, str]


@dataclass(frozen=True, slots=True)
class Provider:
    """An execution provider.

    Attributes:
        name: what ONNX Runtime calls it.
        package: what brings it on PyPI.
        install: what to give to ``pip install``, with the libraries that the package can bring along.
    """

    name: str
    package: str
    install: str


_GPU_INSTALL = "'onnxruntime-gpu[cuda,cudnn]'"

PROVIDERS: dict[DeviceName, Provider] = {
    "cpu": Provider("CPUExecutionProvider", "onnxruntime", "onnxruntime"),
    "cuda": Provider("CUDAExecutionProvider", "onnxruntime-gpu", _GPU_INSTALL),
    "tensorrt": Provider("TensorrtExecutionProvider", "onnxruntime-gpu", f"{_GPU_INSTALL} tensorrt"),
    "openvino": Provider("OpenVINOExecutionProvider", "onnxruntime-openvino", "onnxruntime-openvino"),
    "coreml": Provider("CoreMLExecutionProvider", "onnxruntime", "onnxruntime"),
    "directml": Provider("DmlExecutionProvider", "onnxruntime-directml", "onnxruntime-directml"),
}

AUTOMATIC: tuple[DeviceName, ...] = ("cuda", "openvino", "directml", "cpu")
"""What ``auto`` tries, best first."""


def wanted_install(device: DeviceChoice) -> str:
    """Return what to give to ``pip install`` for a device; for ``auto`` the most special variant that is installed.

    Where several variants are installed, that is the one to keep.
    """
    if device != "auto":
        return PROVIDERS[device].install
    installed = installed_variants()
    found = (PROVIDERS[name] for name in AUTOMATIC)
    return next((each.install for each in found if each.package in installed), PROVIDERS["cpu"].install)


def provider_chain(device: DeviceName, parameters: DeviceParameters, threads: int) -> list[tuple[str, Options]]:
    """Return the providers of ``device`` with their options; each takes the nodes that those before it left.

    Args:
        device: what shall run a model.
        parameters: settings of the devices.
        threads: threads of one run on a CPU; 0 leaves it to the provider.
    """
    options = _options(device, parameters, threads)
    chain = [(PROVIDERS[device].name, options)]
    if device == "tensorrt":
        chain.append((PROVIDERS["cuda"].name, _options("cuda", parameters, threads)))
    return chain


def _options(device: DeviceName, parameters: DeviceParameters, threads: int) -> Options:
    gpu = {"device_id": str(parameters.device_id)}
    match device:
        case "cuda":
            return gpu | {
                "use_tf32": "0",  # its ten bits of mantissa move vertices by up to a millimetre
                "cudnn_conv_algo_search": "HEURISTIC",  # the default tries every algorithm at every new batch size
                "arena_extend_strategy": "kSameAsRequested",
            }
        case "tensorrt":
            cache = str(_made(parameters.engine_cache.expanduser()))
            return gpu | {
                "trt_engine_cache_enable": "1",
                "trt_engine_cache_path": cache,
                "trt_timing_cache_enable": "1",
                "trt_timing_cache_path": cache,
            }
        case "openvino":
            # ACCURACY keeps the graph's own types where the processor would rather compute in half precision.
            return {"device_type": parameters.openvino_device, "precision": "ACCURACY"} | (
                {"num_of_threads": str(threads)} if threads else {}
            )
        case "coreml":
            return {"ModelFormat": "MLProgram", "MLComputeUnits": "ALL"}
        case "directml":
            return gpu
        case "cpu":
            return {}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder

"""Which device runs the models, with the ONNX Runtime that is installed here, which knows only the CPU."""

import logging
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.inference.small_models import images, save_model
from tracker_service.errors import DeviceError
from tracker_service.inference.device_parameters import DeviceName, DeviceParameters
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.providers import PROVIDERS, provider_chain

_HERE = set(onnxruntime.get_available_providers())
_ABSENT = sorted(name for name, provider in PROVIDERS.items() if provider.name not in _HERE)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    save_model(tmp_path, "doubler")
    return tmp_path


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_a_plain_installation_runs_on_the_cpu_and_says_so(repository: Path, device: DeviceName) -> None:
    client = EmbeddedClient(repository, device=DeviceParameters(device=device))
    assert client.signature("doubler").device == "cpu"
    answer = client.infer("doubler", {"images": images(2)}, ["double"])
    np.testing.assert_array_equal(answer["double"], images(2).astype(np.float32) * 2)


@pytest.mark.parametrize("device", _ABSENT)
def test_a_device_that_is_not_there_is_an_error_with_the_command_that_helps(
    repository: Path, device: DeviceName
) -> None:
    version = onnxruntime.__version__
    with pytest.raises(DeviceError) as raised:
        EmbeddedClient(repository, device=DeviceParameters(device=device))
    text = str(raised.value)
    assert text.startswith(f"inference.device: expected a device that runs the models here, got {device}: only cpu")
    assert f"installed: onnxruntime {version}" in text
    if PROVIDERS[device].package == "onnxruntime":
        assert text.endswith(f"; see docs/install.md for what {device} needs")
    else:
        command = f"pip uninstall -y onnxruntime && pip install {PROVIDERS[device].install}"
        assert text.endswith(f"; run: {command}")


def test_a_mixed_installation_is_named_with_the_command_that_mends_it(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    metadata = tmp_path / "packages" / "onnxruntime_gpu-1.25.0.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: 1.25.0\n")
    monkeypatch.syspath_prepend(metadata.parents[1])
    mend = "pip uninstall -y onnxruntime onnxruntime-gpu && pip install 'onnxruntime-gpu[cuda,cudnn]'"

    with pytest.raises(DeviceError) as raised:
        EmbeddedClient(repository, device=DeviceParameters(device="cuda"))
    assert f"onnxruntime-gpu 1.25.0; run: {mend}" in str(raised.value)

    with caplog.at_level(logging.WARNING):
        client = EmbeddedClient(repository)
    assert client.signature("doubler").device == "cpu"
    assert "and onnxruntime-gpu 1.25.0 are installed, and they overwrite each other's files" in caplog.text
    assert caplog.text.rstrip().endswith(mend)


def test_geometry_keeps_its_precision_on_a_gpu(tmp_path: Path) -> None:
    parameters = DeviceParameters(device_id=2, engine_cache=tmp_path / "engines")
    ((cuda, options),) = provider_chain("cuda", parameters, threads=1)
    assert (cuda, options["use_tf32"], options["device_id"]) == ("CUDAExecutionProvider", "0", "2")
    assert [name for name, _ in provider_chain("tensorrt", parameters, threads=1)] == [
        "TensorrtExecutionProvider",
        "CUDAExecutionProvider",
    ]
    assert parameters.engine_cache.is_dir()


def test_openvino_gets_its_processor_and_the_number_of_threads() -> None:
    parameters = DeviceParameters(openvino_device="AUTO:GPU,CPU")
    ((_, options),) = provider_chain("openvino", parameters, threads=3)
    assert options == {"device_type": "AUTO:GPU,CPU", "precision": "ACCURACY", "num_of_threads": "3"}
    ((_, options),) = provider_chain("openvino", parameters, threads=0)
    assert "num_of_threads" not in options
